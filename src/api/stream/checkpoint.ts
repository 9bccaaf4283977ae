import { randomUUID } from 'node:crypto';
import { basename, join, resolve } from 'node:path';
import { type FileSystem, SparrowError } from '../../base/index.js';
import type { Plan } from '../../plan/node.js';

/** What of a source a batch reads: files, or the versions of a table after one and up to another. */
export type Piece =
  | { readonly files: readonly string[]; readonly rows?: number }
  | { readonly after: number; readonly upTo: number };

/** A streaming source of a query. */
export interface StreamSource {
  /** What is new after the pieces that were read; undefined when nothing is. */
  next(pieces: readonly Piece[]): Promise<Piece | undefined>;
  /** The rows of pieces. */
  rows(pieces: readonly Piece[], mode: 'append' | 'complete' | 'state'): Promise<Plan>;
  /** A batch is done, and is not read again. */
  forget?(batch: number): void;
  /** The query has ended. */
  close?(): void;
}

/** What a batch reads of each source, in the order in which the sources stand in the query. */
export type Offsets = readonly Piece[];

/** What is known when a batch is done. */
export interface Committed {
  readonly nextBatchWatermarkMs?: number;
  /** Of each watermark of the query; null before a row was seen. */
  readonly watermarksMs?: readonly (number | null)[];
  /** The batch from whose state on all are needed for the state after this one; without it, its own is enough. */
  readonly stateFrom?: number;
}

/**
 * The state of a streaming query, in a folder: its number, what each batch reads (written before the batch runs), and
 * which batches are done. Laid out as Spark does: `metadata`, `offsets/n`, `commits/n`; what
 * operators keep after a batch in `state/n`: all of it, or what the batch adds to that of batches before.
 */
export class Checkpoint {
  readonly #folder: string;
  readonly id: string;
  readonly #offsets: Offsets[] = [];
  /** By the batch that it holds for. */
  readonly #committed: Committed[] = [{}];
  /** Batches that are done. */
  done = 0;

  constructor(
    private readonly files: FileSystem,
    path: string,
  ) {
    this.#folder = resolve(path);
    for (const name of ['', 'offsets', 'commits', 'temporary']) files.makeDirectory(join(this.#folder, name));
    if (files.stat(join(this.#folder, 'metadata')) === undefined) this.#put('metadata', { id: randomUUID() });
    ({ id: this.id } = this.#get('metadata') as { id: string });
    for (let batch = 0; files.stat(join(this.#folder, 'offsets', String(batch))) !== undefined; batch++) {
      this.#offsets.push(this.#get(join('offsets', String(batch))) as Offsets);
      if (files.stat(join(this.#folder, 'commits', String(batch))) === undefined) continue;
      this.done = batch + 1;
      this.#committed[batch + 1] = this.#get(join('commits', String(batch))) as Committed;
    }
  }

  /** What the batches so far read, the one that is not done too. */
  get offsets(): readonly Offsets[] {
    return this.#offsets;
  }

  /** Says durably what the next batch reads. */
  begin(offsets: Offsets): void {
    this.#put(join('offsets', String(this.#offsets.length)), offsets);
    this.#offsets.push(offsets);
  }

  /** Says durably that the batch after the last one done is done, and how late rows of the next one may be. */
  commit(committed: Committed): void {
    this.#put(join('commits', String(this.done)), committed);
    this.done++;
    this.#committed[this.done] = committed;
  }

  /** Milliseconds since the epoch: times up to this are over in a batch. */
  watermark(batch: number): number | undefined {
    return this.#committed[batch]?.nextBatchWatermarkMs;
  }

  /** Each of the query's watermarks after the last batch that is done, as far as it was written down. */
  get latest(): readonly (number | null)[] {
    const { nextBatchWatermarkMs: only, watermarksMs } = this.#committed[this.done] ?? {};
    return watermarksMs ?? (only === undefined ? [] : [only]);
  }

  /** The batch whose state is whole, to which those after it up to the last one that is done add. */
  get stateFrom(): number {
    return this.#committed[this.done]?.stateFrom ?? this.done - 1;
  }

  /** Bytes of what is kept for some batches, the last one included. */
  bytes(what: 'state' | 'result', from: number, to: number): number {
    let bytes = 0;
    for (let batch = from; batch <= to; batch++)
      if (this.files.stat(this.place(what, batch)) !== undefined)
        for (const file of this.files.list(this.place(what, batch))) bytes += file.directory ? 0 : file.size;
    return bytes;
  }

  /** Where something is kept for a batch. */
  place(what: 'state' | 'result', batch: number): string {
    return join(this.#folder, what, String(batch));
  }

  /** Removes what was kept for batches before this one. */
  forget(what: 'state' | 'result', before: number): void {
    for (const name of this.files.names(join(this.#folder, what))) {
      if (Number(name) < before) this.files.remove(join(this.#folder, what, name));
    }
  }

  #get(name: string): unknown {
    const file = this.files.open(join(this.#folder, name));
    try {
      const bytes = Buffer.alloc(file.size);
      file.readInto(bytes, 0, file.size);
      return JSON.parse(bytes.toString('utf8'));
    } finally {
      file.close();
    }
  }

  /** A file appears whole, or is another query's. */
  #put(name: string, content: unknown): void {
    const path = join(this.#folder, name);
    const draft = join(this.#folder, 'temporary', `${basename(name)}-${randomUUID()}`);
    const file = this.files.create(draft);
    file.write(Buffer.from(JSON.stringify(content)));
    file.sync();
    file.close();
    const isOurs = this.files.claim(draft, path);
    this.files.remove(draft);
    this.files.syncDirectory(join(path, '..'));
    if (isOurs || name === 'metadata') return;
    throw new SparrowError('CONCURRENT_STREAM_LOG_UPDATE', `another query writes to the checkpoint ${this.#folder}`, {
      where: `checkpoint ${name}`,
      hint: 'run one query at a time with a checkpoint',
    });
  }
}
