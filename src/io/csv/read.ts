import {
  type Batch,
  type Column,
  type ScanRequest,
  SparrowError,
  type SplitReader,
  type TaskContext,
} from '../../base/index.js';
import { decodedChunks, isPlain } from '../byte-stream.js';
import { constantColumn } from '../constant-column.js';
import { openUnchanged } from '../unchanged-file.js';
import { addBytes, fillFrom } from './byte-source.js';
import { ColumnReader } from './columns.js';
import { lineOf } from './line-of.js';
import type { CsvColumn, CsvSplit } from './split.js';
import { TextIndex } from './text-index.js';

/** Reads ranges of CSV files; compressed and foreign encodings asynchronously, in one piece. */
export const csvReader: SplitReader = {
  read(split, request, context) {
    const payload = split.payload as CsvSplit;
    const reader = new SplitScan(payload, request, context);
    return isPlain(payload.path, payload.options.encoding) ? reader.plain() : reader.decoded();
  },
};

class SplitScan {
  readonly #index: TextIndex;
  readonly #columns: ColumnReader;
  #rowsLeft: number;
  /** Records that are no rows: those to skip, and the header. */
  #pending: number;
  /** Whether every record must be looked at for the right number of fields. */
  readonly #strict: boolean;
  readonly #corrupt: CsvColumn | undefined;

  constructor(
    private readonly payload: CsvSplit,
    request: ScanRequest,
    private readonly context: TaskContext,
  ) {
    const { columns, options } = payload;
    const positions = columns.map(({ source }) => (source.kind === 'field' ? source.position + 1 : 0));
    const shape = { width: Math.max(0, ...positions), fields: payload.fields };
    this.#index = new TextIndex(context.arena, options.dialect, shape, payload.end - payload.start);
    this.#columns = new ColumnReader(this.#index, columns, options, payload.path, context.batchArena);
    this.#rowsLeft =
      request.limit === undefined || request.predicate !== undefined ? Number.POSITIVE_INFINITY : request.limit;
    this.#pending = payload.start === 0 ? options.skipRows + (payload.header ? 1 : 0) : 0;
    this.#corrupt = columns.find(({ source }) => source.kind === 'corrupt');
    this.#strict = options.mode !== 'PERMISSIVE' || this.#corrupt !== undefined;
  }

  *plain(): Generator<Batch> {
    const { payload, context } = this;
    const file = openUnchanged(payload, context);
    try {
      for (let at = payload.start; at < payload.end && this.#rowsLeft > 0; ) {
        const from = at;
        at = fillFrom(file, this.#index, at, payload.end);
        context.metrics.bytesRead += at - from;
        if (from === 0) skipMark(this.#index);
        yield* this.#blocks();
      }
      if (this.#rowsLeft > 0) this.#checkEnd();
    } finally {
      file.close();
    }
  }

  async *decoded(): AsyncGenerator<Batch> {
    const { payload, context } = this;
    const file = openUnchanged(payload, context);
    try {
      let first = true;
      for await (const chunk of decodedChunks(file, payload.options.encoding)) {
        for (let done = 0; done < chunk.length && this.#rowsLeft > 0; ) {
          done += addBytes(this.#index, chunk.subarray(done));
          // Three bytes tell whether there is a mark; fewer only in the first pieces of a stream.
          if (first && this.#index.pending < 3) continue;
          if (first) skipMark(this.#index);
          first = false;
          yield* this.#blocks();
        }
        if (this.#rowsLeft <= 0) return;
      }
      context.metrics.bytesRead += file.size;
      this.#index.added(0, true);
      yield* this.#blocks();
    } finally {
      file.close();
    }
  }

  /** A split ends where a record does, or it was cut in the wrong place. */
  #checkEnd(): void {
    const { start, end, size, path, options } = this.payload;
    if (end === size || options.dialect.lineMode || this.#endsCleanly) return;
    throw new SparrowError(
      'MALFORMED_RECORD_IN_PARSING',
      `a quoted field goes across byte ${end}, where the file was to be split`,
      {
        where: `file ${path}, bytes ${start} to ${end}`,
        hint: 'set the option multiLine to true (the file is read by one task), or to false if no field has line breaks',
      },
    );
  }

  #endsCleanly = true;

  *#blocks(): Generator<Batch> {
    const { context } = this;
    while (this.#rowsLeft > 0 && this.#index.next(this.#pending > 0 ? 1 : undefined)) {
      this.#noteEnd();
      if (this.#pending > 0) {
        this.#pending--;
        continue;
      }
      context.checkCancelled();
      const batch = this.#batch();
      if (batch.rows === 0) continue;
      context.metrics.rowsRead += batch.rows;
      this.#rowsLeft -= batch.rows;
      yield batch;
    }
  }

  #noteEnd(): void {
    const last = this.#index.rows - 1;
    this.#endsCleanly = !this.#index.isUnclosed(last) && this.#index.endsWithLineBreak(last);
  }

  #batch(): Batch {
    const bad = new Set<number>();
    if (this.#strict) this.#findBadRecords(bad);
    let columns = this.#read(bad);
    if (this.payload.options.mode === 'DROPMALFORMED' && bad.size > 0) {
      this.#index.filterRows((row) => !bad.has(row));
      bad.clear();
      columns = this.#read(bad);
    }
    const { rows } = this.#index;
    const { batchArena } = this.context;
    return {
      rows,
      columns: this.payload.columns.map((column, i) => {
        const { source } = column;
        if (source.kind === 'corrupt') return this.#columns.corrupt(column, bad);
        if (source.kind === 'constant') return constantColumn(batchArena, column.type, rows, source.value);
        return columns[i] as Column;
      }),
    };
  }

  #read(bad: Set<number>): (Column | undefined)[] {
    const { options, sampled } = this.payload;
    const refuse = options.mode === 'FAILFAST' || (sampled && !options.modeGiven);
    return this.#columns.read((row, column, text) => {
      if (refuse) throw this.#badValue(row, column, text);
      bad.add(row);
    });
  }

  #findBadRecords(bad: Set<number>): void {
    const index = this.#index;
    for (let row = 0; row < index.rows; row++) {
      const unclosed = index.isUnclosed(row);
      if (!unclosed && !index.isRagged(row)) continue;
      if (this.payload.options.mode === 'FAILFAST') {
        const what = unclosed ? 'a quoted field is never closed' : `a record has not ${this.payload.fields} fields`;
        throw this.#malformed(row, `${what}: ${shown(index.recordText(row))}`, '');
      }
      bad.add(row);
    }
  }

  #badValue(row: number, column: CsvColumn, text: string): SparrowError {
    const { sampled, options } = this.payload;
    const hint =
      options.mode === 'FAILFAST' || !sampled
        ? 'mode PERMISSIVE reads such values as null'
        : 'types were inferred from a sample: give the schema, or set samplingRatio to 1, or mode to PERMISSIVE to read null';
    const what = `${shown(text)} is no ${column.type.kind}`;
    return this.#malformed(row, what, `, column ${column.name}`, hint);
  }

  #malformed(row: number, what: string, place: string, hint = 'mode PERMISSIVE reads what it can'): SparrowError {
    const { path, start, options } = this.payload;
    const position = start + this.#index.recordPosition(row);
    const at = isPlain(path, options.encoding)
      ? `line ${lineOf(this.context.platform.files, path, position)}`
      : `byte ${position} of its text`;
    return new SparrowError('MALFORMED_RECORD_IN_PARSING', what, { where: `file ${path}, ${at}${place}`, hint });
  }
}

const SHOWN_CHARACTERS = 100;
const shown = (text: string): string =>
  JSON.stringify(text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text);

/** Past the byte order mark of UTF-8. */
export function skipMark(index: TextIndex): void {
  if (index.byteAt(0) === 0xef && index.byteAt(1) === 0xbb && index.byteAt(2) === 0xbf) index.skip(3);
}
