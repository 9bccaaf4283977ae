import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Platform, SharedHeap } from '../../base/index.js';
import { isAlive, processName } from '../../io/process-name.js';
import { engineMode } from '../modes.js';
import type { SpillSettings } from '../task/task.js';

/** The share of the memory in use from which on tasks put what they keep on disk. */
const PRESSED_SHARE = 0.5;
/** What a join holds may be more, as far as so much is left to pass the other side by. */
const HELD_SHARE = 0.7;
const PASSING_BYTES = 80 << 20;
/** A task writes what it keeps when that is this share of the memory. */
const LEAST_SHARE = 1 / 8;
/** What the rows in a join's table may be: several are in memory at once. Where they are more, the other side is read twice or oftener. */
const TABLE_SHARE = 1 / 10;
const LEAST_TABLE_BYTES = 1 << 16;
const NAME = /^sparrow-spill-(\d+)(?:_(\d+))?-\d+$/;

/** Where a session's queries put rows on disk: a folder of its own, which is made when it is needed. */
export class SpillDirectory {
  readonly #parent: string;
  readonly #seed: number;
  #swept = false;
  #folders = 1;

  constructor(
    private readonly platform: Platform,
    directory: string | undefined,
  ) {
    this.#parent = directory ?? tmpdir();
    this.#seed = platform.seed();
  }

  get #path(): string {
    return join(this.#parent, `sparrow-spill-${processName()}-${this.#seed}`);
  }

  settings(heap: SharedHeap, query: number): SpillSettings {
    const always = engineMode() === 'spill';
    const { limitBytes } = heap;
    const fromBytes = always ? 0 : Math.floor(limitBytes * PRESSED_SHARE);
    const heldBytes = Math.max(fromBytes, Math.min(Math.floor(limitBytes * HELD_SHARE), limitBytes - PASSING_BYTES));
    return {
      directory: join(this.#path, `query-${query}`),
      fromBytes,
      heldFromBytes: always ? 0 : heldBytes,
      leastBytes: always ? 1 : Math.floor(limitBytes * LEAST_SHARE),
      tableBytes: always ? LEAST_TABLE_BYTES : Math.max(LEAST_TABLE_BYTES, Math.floor(limitBytes * TABLE_SHARE)),
    };
  }

  /** A folder for what outlives a query; made when it is needed. */
  newDirectory(name: string): string {
    return join(this.#path, `${name}-${this.#folders++}`);
  }

  /** Removes a folder some time soon. */
  drop(directory: string): void {
    // What is left behind goes with the session.
    this.#removeAll(directory).catch(() => undefined);
  }

  /** Removes what one query left, file by file, so that the caller's thread is not held. */
  async remove({ directory }: SpillSettings): Promise<void> {
    await this.#removeAll(directory);
    await this.#sweep();
  }

  /** Removes everything of the session. */
  async removeAll(): Promise<void> {
    await this.#removeAll(this.#path);
  }

  async #removeAll(directory: string): Promise<void> {
    const { files } = this.platform;
    if (files.stat(directory) === undefined) return;
    for (const file of files.list(directory)) {
      if (file.directory) await this.#removeAll(file.path);
      else files.remove(file.path);
      await nextTurn();
    }
    files.remove(directory);
  }

  /** Processes that were killed leave their folders behind. */
  async #sweep(): Promise<void> {
    if (this.#swept) return;
    this.#swept = true;
    for (const file of this.platform.files.list(this.#parent)) {
      const [, pid, born] = NAME.exec(basename(file.path)) ?? [];
      if (pid !== undefined && !isAlive(Number(pid), born)) await this.#removeAll(file.path);
    }
  }
}
