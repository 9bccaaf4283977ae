// A process that is killed while it writes leaves the old rows or the new ones, in every mode.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { col, fn, lit, Session } from 'sparrow-df';
import { describe, expect, it } from 'vitest';
import { root } from '../support/files.js';
import { randoms } from './harness.js';

/** More of them, and others: SPARROW_KILLS=500 SPARROW_SEED=7. */
const KILLS = Number(process.env.SPARROW_KILLS ?? 20);
const MOST_MS = 300;
/** After so many kills what grows begins anew, so that its first write is killed, too. */
const ANEW = 20;
const ROWS = 300;
const library = pathToFileURL(join(root, 'dist/index.js')).href;
const program = join(root, 'test/support/kill-writes/child.mjs');

interface Killed {
  /** The last number of each mode that had been finished. */
  readonly finished: ReadonlyMap<string, number>;
  /** The mode that was being written. */
  readonly during: string;
  readonly modes: number;
}

/** Starts the writer, and kills it after a while. */
function killed(folder: string, from: number, afterMs: number): Promise<Killed> {
  return new Promise((resolve, reject) => {
    const running = spawn(process.execPath, [program, library, folder, String(from)]);
    let output = '';
    let errors = '';
    running.stderr.on('data', (text) => (errors += text));
    running.stdout.on('data', (text: Buffer) => {
      const isFirst = output === '';
      output += text;
      if (isFirst) setTimeout(() => running.kill('SIGKILL'), afterMs);
    });
    running.on('close', (_, signal) => {
      if (signal !== 'SIGKILL') reject(new Error(`the writer ended by itself: ${errors}`));
      const [first = '', ...lines] = output.split('\n').slice(0, -1);
      const names = first.split(' ');
      const told = lines.map((line) => line.split(' ')).map(([mode = '', number]) => [mode, Number(number)] as const);
      const during = names[(from + lines.length) % names.length] ?? '';
      resolve({ finished: new Map(told), during, modes: names.length });
    });
  });
}

type Frame = ReturnType<Session['read']['parquet']>;

/** What is in the folder after a kill; throws where a write is there in part, or is lost. */
class Targets {
  readonly finished = new Map<string, number>();
  /** The highest number that was seen in a target. */
  highest = 0;

  constructor(
    private readonly session: Session,
    private readonly folder: string,
  ) {}

  get names(): string[] {
    return readdirSync(this.folder).filter((name) => !name.startsWith('.'));
  }

  /** The first read of a target settles what was cut off. */
  async check(name: string, anew: boolean): Promise<void> {
    const [kind = '', format = ''] = name.split('-');
    const mode = kind === 'error' ? kind : name;
    const least = kind === 'error' ? -1 : (this.finished.get(mode) ?? -1);
    const found = await this.#counts(this.#frame(name, kind, format)).catch((error) => {
      // Nobody said that the first write was done.
      if (least < 0) return new Map<number, number>();
      throw error;
    });
    if (least >= 0) expect([name, found.size > 0]).toEqual([name, true]);
    if (found.size === 0) return;
    const numbers = [...found.keys()];
    this.highest = Math.max(this.highest, ...numbers);
    if (kind === 'append' || name === 'delta-append') {
      for (const [number, count] of found) expect([name, number, count]).toEqual([name, number, ROWS]);
      if (least >= 0) expect(numbers).toContain(least);
      if (!anew) return;
    } else {
      const rows = kind === 'dynamic' ? (ROWS * 2) / 3 : ROWS;
      expect([name, ...found.values()]).toEqual([name, rows]);
      if (kind !== 'ignore') expect(numbers[0]).toBeGreaterThanOrEqual(least);
      if (kind === 'dynamic') expect(await this.#read(name, format).count()).toBe(ROWS);
      if (kind !== 'ignore' && kind !== 'error' && !anew) return;
    }
    rmSync(join(this.folder, name), { recursive: true });
    this.finished.delete(mode);
  }

  #frame(name: string, kind: string, format: string): Frame {
    const frame = this.#read(name, kind === 'error' ? 'arrow' : kind === 'delta' ? kind : format);
    return kind === 'dynamic' ? frame.filter(col('part').lt(2)) : frame;
  }

  #read(name: string, format: string): Frame {
    const reader = this.session.read.format(format).option('header', true).option('inferSchema', true);
    return (format === 'csv' ? reader : this.session.read.format(format)).load(join(this.folder, name)) as Frame;
  }

  async #counts(frame: Frame): Promise<Map<number, number>> {
    const found = await frame.groupBy('number').agg(fn.count().as('n')).collect();
    return new Map(found.map(({ number, n }) => [Number(number), Number(n)]));
  }
}

/** One write to each target that was cut off removes what the dead writers left beside it. */
async function writeOnceMore(session: Session, folder: string): Promise<void> {
  const names = new Set(readdirSync(folder).map((name) => /^\.(.+)\.tmp-/.exec(name)?.[1] ?? name));
  for (const name of names) {
    const write = session.range(1).select('id', lit(-1).as('number')).write.mode('overwrite');
    if (!name.startsWith('delta-')) await write.parquet(join(folder, name));
    else {
      await write.delta(join(folder, name));
      const log = readdirSync(join(folder, name, '_delta_log'));
      const known = /^\d{20}[.\d]*\.(json|checkpoint.*parquet)$|^_last_checkpoint$/;
      expect(log.filter((file) => !known.test(file))).toEqual([]);
    }
  }
  expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([]);
}

describe('a writer that is killed', () => {
  it(
    `${KILLS} times at any moment leaves no part of a write, loses none, and no temporary files after the next`,
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'sparrow-kill-'));
      const session = (await Session.create({ workers: 1 })) as unknown as Session;
      const targets = new Targets(session, folder);
      const random = randoms(Number(process.env.SPARROW_SEED ?? 42));
      const during = new Map<string, number>();
      let from = 0;
      let modes = 0;
      try {
        for (let kill = 1; kill <= KILLS; kill++) {
          const end = await killed(folder, from, random() * MOST_MS);
          for (const [mode, number] of end.finished) targets.finished.set(mode, number);
          during.set(end.during, (during.get(end.during) ?? 0) + 1);
          modes = end.modes;
          for (const name of targets.names) await targets.check(name, kill % ANEW === 0);
          from = Math.max(from, targets.highest, ...targets.finished.values()) + 1;
          if (kill % 100 === 0) await writeOnceMore(session, folder);
          if (kill % 100 === 0) for (const name of targets.names) rmSync(join(folder, name), { recursive: true });
          if (kill % 100 === 0) targets.finished.clear();
        }
        await writeOnceMore(session, folder);
        // What was cut off, for the record.
        if (process.env.SPARROW_KILLS !== undefined) console.info(Object.fromEntries(during));
        if (KILLS >= modes * 20) expect(during.size).toBe(modes);
      } finally {
        await session.stop();
        rmSync(folder, { recursive: true, force: true });
      }
    },
    120_000 + KILLS * 10_000,
  );
});
