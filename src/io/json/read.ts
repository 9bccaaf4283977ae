import {
  BATCH_ROWS,
  type Batch,
  buildColumn,
  type Column,
  type ScanRequest,
  SparrowError,
  type SplitReader,
  type TaskContext,
} from '../../base/index.js';
import { isPlain, mostRecordBytes } from '../byte-stream.js';
import { constantColumn } from '../constant-column.js';
import { openUnchanged } from '../unchanged-file.js';
import type { Sink } from './base-sink.js';
import { BlockReader } from './block-reader.js';
import type { Bytes } from './bytes.js';
import type { JsonFault } from './fault.js';
import { KeyTable } from './key-table.js';
import { chunksOf, DocumentRecords, LineRecords, type RecordFinder, type RecordHandler } from './records.js';
import { JsonScanner, TOKEN } from './scanner.js';
import { sinkOf } from './sinks.js';
import type { JsonColumn, JsonSplit } from './split.js';

/** A batch ends when a column has so many bytes. */
const BATCH_BYTES = 32 << 20;
const CLOSE_OBJECT = 125;

/** Reads ranges of JSON files; compressed and foreign encodings asynchronously, in one piece. */
export const jsonReader: SplitReader = {
  read(split, request, context) {
    const payload = split.payload as JsonSplit;
    return isPlain(payload.path, payload.options.encoding)
      ? readPlain(payload, request, context)
      : readDecoded(payload, request, context);
  },
};

function* readPlain(payload: JsonSplit, request: ScanRequest, context: TaskContext): Generator<Batch> {
  const file = openUnchanged(payload, context);
  try {
    const rows = new SplitRows(payload, request, context);
    const wasRead = (bytes: number): void => {
      context.metrics.bytesRead += bytes;
    };
    const finder = finderOf(payload, rows, context);
    for (const _ of finder.read(file, wasRead)) {
      yield* rows.batch();
      if (rows.enough) return;
    }
    yield* rows.batch();
  } finally {
    file.close();
  }
}

function finderOf(payload: JsonSplit, handler: RecordHandler, context: TaskContext): RecordFinder {
  const { path, start, options } = payload;
  const scanner = new JsonScanner(options.syntax);
  const source = { path, mostBytes: mostRecordBytes(context) };
  if (options.multiLine) return new DocumentRecords(source, scanner, handler);
  // What is unpacked may be any number of times as long as its file.
  const end = isPlain(path, options.encoding) ? payload.end : Number.POSITIVE_INFINITY;
  return new LineRecords(source, start, end, scanner, handler, context.arena);
}

async function* readDecoded(payload: JsonSplit, request: ScanRequest, context: TaskContext): AsyncGenerator<Batch> {
  const file = openUnchanged(payload, context);
  try {
    const rows = new SplitRows(payload, request, context);
    const finder = finderOf(payload, rows, context);
    for await (const chunk of chunksOf(file, payload.options, 0)) {
      for (const _ of finder.feed(chunk)) yield* rows.batch();
      if (finder.done || rows.enough) break;
    }
    context.metrics.bytesRead += file.size;
    if (!finder.done && !rows.enough) for (const _ of finder.feed(undefined)) yield* rows.batch();
    yield* rows.batch();
  } finally {
    file.close();
  }
}

/** Collects the records of a split: blocks of plain ones at once, others one by one. */
class SplitRows implements RecordHandler {
  full = false;
  readonly #blocks: BlockReader | undefined;
  /** Made when a record comes alone. */
  #single: RowHandler | undefined;
  /** Read at once, after the rows that came alone. */
  #ready: Batch | undefined;
  #rowsLeft: number;

  constructor(
    private readonly payload: JsonSplit,
    request: ScanRequest,
    private readonly context: TaskContext,
  ) {
    this.#rowsLeft =
      request.limit === undefined || request.predicate !== undefined ? Number.POSITIVE_INFINITY : request.limit;
    this.#blocks = BlockReader.suits(payload) ? new BlockReader(payload, context) : undefined;
  }

  /** The limit is reached. */
  get enough(): boolean {
    return this.#rowsLeft <= 0;
  }

  block(from: number, to: number): number {
    if (this.#blocks === undefined) return from - to;
    if (this.enough) return to - from;
    const block = this.#blocks.read(from, to, this.#rowsLeft);
    if (block?.batch === undefined) return block === undefined ? 0 : -block.bytes;
    this.#ready = block.batch;
    this.full = true;
    return block.bytes;
  }

  value(scanner: JsonScanner): void {
    if (this.enough) scanner.skip();
    else this.#rows().value(scanner);
  }

  commit(): void {
    if (!this.enough) this.#rows().commit();
    this.#noteFull();
  }

  malformed(fault: JsonFault, bytes: Bytes, from: number, to: number, position: number): void {
    if (!this.enough) this.#rows().malformed(fault, bytes, from, to, position);
    this.#noteFull();
  }

  #rows(): RowHandler {
    this.#single ??= new RowHandler(this.payload, this.context);
    return this.#single;
  }

  #noteFull(): void {
    const rows = this.#single?.rows ?? 0;
    this.full = this.#single?.full === true || rows >= this.#rowsLeft;
  }

  /** The rows so far, if there are any. */
  *batch(): Generator<Batch> {
    this.full = false;
    for (const batch of [this.#single?.batch(), this.#ready]) {
      if (batch === undefined || batch.rows === 0) continue;
      this.context.checkCancelled();
      this.context.metrics.rowsRead += batch.rows;
      this.#rowsLeft -= batch.rows;
      yield batch;
    }
    this.#ready = undefined;
  }
}

/** A record with a value of another type than its column. */
interface BadRecord {
  readonly what: string;
  readonly bytes: Bytes;
  readonly from: number;
  readonly to: number;
}

/** Collects records as rows, one by one. */
class RowHandler implements RecordHandler {
  full = false;
  #rows = 0;
  /** One for each field of the table; undefined for those nobody wants. */
  readonly #sinks: (Sink | undefined)[];
  readonly #keys: KeyTable;
  readonly #used: readonly Sink[];
  readonly #corrupt: (string | null)[] = [];
  readonly #keepsCorrupt: boolean;
  readonly #wholeRecord: Sink | undefined;
  readonly #refuses: boolean;
  #bad: BadRecord | undefined;
  readonly #columnSinks: readonly (Sink | undefined)[];

  constructor(
    private readonly payload: JsonSplit,
    private readonly context: TaskContext,
  ) {
    const { columns, fields, options } = payload;
    const byName = new Map<string, Sink>();
    this.#columnSinks = columns.map(({ name, type, source }) => {
      if (source.kind !== 'field' && source.kind !== 'record') return undefined;
      const sink = sinkOf(type, options);
      if (source.kind === 'field') byName.set(name, sink);
      return sink;
    });
    this.#wholeRecord = this.#columnSinks[columns.findIndex(({ source }) => source.kind === 'record')];
    this.#sinks = fields.map((name) => byName.get(name));
    this.#used = this.#columnSinks.filter((sink) => sink !== undefined);
    this.#keys = new KeyTable(fields);
    this.#keepsCorrupt = columns.some(({ source }) => source.kind === 'corrupt');
    this.#refuses = options.mode === 'FAILFAST' || (payload.sampled && !options.modeGiven);
  }

  get rows(): number {
    return this.#rows;
  }

  value(scanner: JsonScanner): void {
    scanner.peek();
    const start = scanner.at;
    const what = this.#record(scanner);
    this.#bad = what === undefined ? undefined : { what, bytes: scanner.bytes, from: start, to: scanner.at };
  }

  commit(): void {
    if (this.#bad === undefined) this.#next(null);
    else this.#badRow(this.#bad);
  }

  /** Reads a record into the current row; says what is not of its type. */
  #record(scanner: JsonScanner): string | undefined {
    const row = this.#rows;
    if (this.#wholeRecord !== undefined) {
      return this.#wholeRecord.read(scanner, row) ? undefined : 'the record is no value of the column';
    }
    const start = scanner.at;
    if (scanner.token() !== TOKEN.object) {
      scanner.at = start;
      return this.#other(scanner, row);
    }
    let bad: string | undefined;
    this.#keys.restart();
    if (scanner.closes(CLOSE_OBJECT)) return undefined;
    do {
      scanner.key();
      const at = this.#keys.find(scanner);
      if (at < 0 && this.payload.sampled && !this.payload.options.modeGiven) throw this.#unknownField(scanner.text());
      const sink = at < 0 ? undefined : this.#sinks[at];
      if (sink === undefined) scanner.skip();
      else if (!sink.read(scanner, row)) bad ??= `the value of ${this.payload.fields[at]} is of another type`;
    } while (scanner.nextField());
    return bad;
  }

  /** A record that is no object is the value of the column for such, if there is one. */
  #other(scanner: JsonScanner, row: number): string | undefined {
    const { valueColumn } = this.payload.options;
    const at = valueColumn === undefined ? -1 : this.payload.fields.indexOf(valueColumn);
    if (at < 0) {
      scanner.skip();
      return 'the record is no object';
    }
    const sink = this.#sinks[at];
    if (sink === undefined) scanner.skip();
    else if (!sink.read(scanner, row)) return `the value of ${valueColumn} is of another type`;
    return undefined;
  }

  #badRow({ what, bytes, from, to }: BadRecord): void {
    if (this.#refuses) throw this.#refusal(`${what}: ${excerpt(bytes, from, to)}`, this.#rows);
    if (this.payload.options.mode === 'DROPMALFORMED') this.#drop();
    else this.#next(this.#keepsCorrupt ? bytes.utf8Slice(from, to) : null);
  }

  malformed(fault: JsonFault, bytes: Bytes, from: number, to: number, position: number): void {
    this.#drop();
    if (this.#refuses) {
      const { path } = this.payload;
      throw new SparrowError(
        'MALFORMED_RECORD_IN_PARSING',
        `a record is no JSON: ${fault.what}: ${excerpt(bytes, from, to)}`,
        {
          where: `file ${path}, byte ${position + Math.max(0, fault.at - from)}`,
          hint: "set the option mode to 'PERMISSIVE' to get null for it, or to 'DROPMALFORMED'",
        },
      );
    }
    if (this.payload.options.mode !== 'DROPMALFORMED')
      this.#next(this.#keepsCorrupt ? bytes.utf8Slice(from, to) : null);
  }

  #refusal(what: string, row: number): SparrowError {
    const { sampled, options, path } = this.payload;
    const hint =
      sampled && !options.modeGiven
        ? 'the types were found in a part of the data: give a schema, set samplingRatio to 1, or name a mode'
        : "set the option mode to 'PERMISSIVE' to get null for it, or give another schema";
    return new SparrowError('MALFORMED_RECORD_IN_PARSING', what, { where: `file ${path}, record near ${row}`, hint });
  }

  #unknownField(name: string): SparrowError {
    return new SparrowError(
      'UNKNOWN_FIELD',
      `a record has the field ${JSON.stringify(name)}, which the sample had not`,
      {
        where: `file ${this.payload.path}`,
        hint: 'give a schema, set samplingRatio to 1 to look at all records, or name a mode to leave such fields out',
      },
    );
  }

  #drop(): void {
    for (const sink of this.#used) sink.clear(this.#rows);
  }

  #next(corrupt: string | null): void {
    if (this.#keepsCorrupt) this.#corrupt.push(corrupt);
    this.#rows++;
    if (this.#rows === BATCH_ROWS) this.full = true;
    else if ((this.#rows & 255) === 0) this.full = this.#used.some((sink) => sink.bytes > BATCH_BYTES);
  }

  /** The rows so far. */
  batch(): Batch {
    this.full = false;
    const rows = this.#rows;
    const columns = rows === 0 ? [] : this.payload.columns.map((column, i) => this.#column(column, i, rows));
    this.#rows = 0;
    this.#corrupt.length = 0;
    return { rows, columns };
  }

  #column(column: JsonColumn, i: number, rows: number): Column {
    const { batchArena: arena } = this.context;
    const { source, type } = column;
    if (source.kind === 'constant') return constantColumn(arena, type, rows, source.value);
    if (source.kind === 'corrupt') return buildColumn(arena, type, this.#corrupt);
    return (this.#columnSinks[i] as Sink).take(arena, rows);
  }
}

const EXCERPT_BYTES = 200;

function excerpt(bytes: Bytes, from: number, to: number): string {
  const text = bytes.utf8Slice(from, Math.min(to, from + EXCERPT_BYTES));
  return JSON.stringify(to - from > EXCERPT_BYTES ? `${text}…` : text);
}
