import { isUtf8 } from 'node:buffer';
import {
  BATCH_ROWS,
  type Batch,
  buildColumn,
  type Column,
  type ReadableFile,
  type ScanRequest,
  type SplitReader,
  stringType,
  type TaskContext,
} from '../../base/index.js';
import { batchColumns } from '../batch-columns.js';
import { decodedChunks, isPlain, mostRecordBytes } from '../byte-stream.js';
import { openUnchanged } from '../unchanged-file.js';
import { LineCutter } from './lines.js';
import type { TextSplit } from './open.js';

const CHUNK_BYTES = 1 << 20;
const BATCH_BYTES = 32 << 20;

/** Reads lines; compressed and foreign encodings asynchronously, in one piece. */
export const textReader: SplitReader = {
  read(split, request, context) {
    const payload = split.payload as TextSplit;
    if (payload.options.wholeText) return readWhole(payload, context);
    return isPlain(payload.path, payload.options.encoding)
      ? readPlain(payload, request, context)
      : readDecoded(payload, request, context);
  },
};

async function* readWhole(payload: TextSplit, context: TaskContext): AsyncGenerator<Batch> {
  const file = openUnchanged(payload, context);
  try {
    const pieces: Uint8Array[] = [];
    for await (const chunk of decodedChunks(file, payload.options.encoding)) pieces.push(chunk);
    context.metrics.bytesRead += file.size;
    const lines = new Lines(payload, context);
    const whole = Buffer.concat(pieces);
    lines.add(whole, 0, whole.length);
    yield lines.take();
  } finally {
    file.close();
  }
}

function* readPlain(payload: TextSplit, request: ScanRequest, context: TaskContext): Generator<Batch> {
  const file = openUnchanged(payload, context);
  try {
    const { path, start, end, options } = payload;
    const cutter = new LineCutter(path, start, end, options.lineSep, mostRecordBytes(context));
    const lines = new Lines(payload, context, request);
    for (const chunk of chunksFrom(file, cutter.firstByte)) {
      context.metrics.bytesRead += chunk.length;
      yield* take(cutter, lines, chunk);
      if (cutter.done || lines.enough) break;
    }
    if (!cutter.done && !lines.enough) yield* take(cutter, lines, undefined);
    if (lines.rows > 0) yield lines.take();
  } finally {
    file.close();
  }
}

async function* readDecoded(payload: TextSplit, request: ScanRequest, context: TaskContext): AsyncGenerator<Batch> {
  const file = openUnchanged(payload, context);
  try {
    const { path, options } = payload;
    const most = mostRecordBytes(context);
    const cutter = new LineCutter(path, 0, Number.POSITIVE_INFINITY, options.lineSep, most);
    const lines = new Lines(payload, context, request);
    for await (const chunk of decodedChunks(file, payload.options.encoding)) {
      yield* take(cutter, lines, chunk);
      if (lines.enough) break;
    }
    context.metrics.bytesRead += file.size;
    if (!lines.enough) yield* take(cutter, lines, undefined);
    if (lines.rows > 0) yield lines.take();
  } finally {
    file.close();
  }
}

function* chunksFrom(file: ReadableFile, start: number): Generator<Uint8Array> {
  for (let at = start; at < file.size; ) {
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, file.size - at));
    file.readInto(chunk, at, chunk.length);
    at += chunk.length;
    yield chunk;
  }
}

function* take(cutter: LineCutter, lines: Lines, chunk: Uint8Array | undefined): Generator<Batch> {
  for (const { bytes, from, to } of cutter.feed(chunk)) {
    lines.add(bytes, from, to);
    if (lines.enough) return;
    if (lines.full) yield lines.take();
  }
}

/** Lines on their way into a batch. */
class Lines {
  rows = 0;
  #bytes = Buffer.allocUnsafe(CHUNK_BYTES);
  #length = 0;
  readonly #ends = new Int32Array(BATCH_ROWS);
  #left: number;

  constructor(
    private readonly payload: TextSplit,
    private readonly context: TaskContext,
    request?: ScanRequest,
  ) {
    this.#left =
      request?.limit === undefined || request.predicate !== undefined ? Number.POSITIVE_INFINITY : request.limit;
  }

  get full(): boolean {
    return this.rows === BATCH_ROWS || this.#length > BATCH_BYTES;
  }

  get enough(): boolean {
    return this.#left <= 0;
  }

  add(bytes: Buffer, from: number, to: number): void {
    const needed = this.#length + to - from;
    if (needed > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
      this.#bytes.copy(grown, 0, 0, this.#length);
      this.#bytes = grown;
    }
    bytes.copy(this.#bytes, this.#length, from, to);
    this.#length = needed;
    this.#ends[this.rows++] = needed;
    this.#left--;
  }

  take(): Batch {
    const { batchArena: arena, metrics } = this.context;
    this.context.checkCancelled();
    const { rows } = this;
    metrics.rowsRead += rows;
    const columns = batchColumns(arena, this.payload.columns, rows, () => this.#column(rows));
    this.rows = 0;
    this.#length = 0;
    return { rows, columns };
  }

  #column(rows: number): Column {
    const { batchArena: arena } = this.context;
    const filled = this.#bytes.subarray(0, this.#length);
    if (!isUtf8(filled)) return buildColumn(arena, stringType, this.#repaired(rows));
    const offsets = arena.alloc((rows + 1) * 4);
    const data = arena.alloc(filled.length);
    arena.heap.u8.set(filled, data);
    arena.heap.i32[offsets >>> 2] = 0;
    arena.heap.i32.set(this.#ends.subarray(0, rows), (offsets >>> 2) + 1);
    return { type: stringType, storage: 'utf8', length: rows, nullCount: 0, validity: 0, data, offsets };
  }

  /** Decoding puts U+FFFD in place of what is no UTF-8. */
  #repaired(rows: number): string[] {
    return Array.from({ length: rows }, (_, i) =>
      this.#bytes.toString('utf8', i === 0 ? 0 : (this.#ends[i - 1] as number), this.#ends[i] as number),
    );
  }
}
