import {
  type Batch,
  buildColumn,
  type Column,
  type Scalar,
  type ScanRequest,
  type SplitReader,
  type TaskContext,
} from '../../base/index.js';
import { batchColumns, type FileColumn } from '../batch-columns.js';
import { openUnchanged } from '../unchanged-file.js';
import { columnsOf, widening } from './columns.js';
import { type AvroBlock, blocksOf, readHeader } from './container.js';
import type { AvroSplit } from './open.js';
import { type AvroRead, avroType } from './schema.js';

const BATCH = 8192;
/** A batch ends when so many bytes were read for it. */
const BATCH_BYTES = 8 << 20;

/** Reads the blocks of a range value by value; columns that nobody wants are passed over. */
export const avroReader: SplitReader = {
  read: (split, request, context) => readSplit(split.payload as AvroSplit, request, context),
};

async function* readSplit(payload: AvroSplit, request: ScanRequest, context: TaskContext): AsyncGenerator<Batch> {
  const file = openUnchanged(payload, context);
  try {
    const header = readHeader(file);
    const rows = new Rows(header.schema, payload, context);
    let left =
      request.limit === undefined || request.predicate !== undefined ? Number.POSITIVE_INFINITY : request.limit;
    const onRead = (bytes: number): void => {
      context.metrics.bytesRead += bytes;
    };
    const mostBytes = context.arena.heap.limitBytes / 2;
    for (const block of blocksOf(file, header, payload, onRead, mostBytes)) {
      for (const batch of rows.add(block)) {
        yield batch;
        left -= batch.rows;
        if (left <= 0) return;
      }
    }
    const last = rows.take();
    if (last.rows > 0) yield last;
  } finally {
    file.close();
  }
}

/** Collects values column by column. */
class Rows {
  readonly #reads: readonly { readonly read: AvroRead; readonly into: Scalar[] | undefined }[];
  readonly #values = new Map<string, Scalar[]>();
  #rows = 0;

  constructor(
    schema: string,
    private readonly payload: AvroSplit,
    private readonly context: TaskContext,
  ) {
    const columns = columnsOf(avroType(schema, payload.path));
    const wanted = payload.columns.filter((c) => c.constant === undefined);
    for (const { name } of wanted) this.#values.set(name, []);
    this.#reads = columns.map((column) => {
      const asked = wanted.find((c) => c.name === column.name);
      if (asked === undefined) return { read: column.read, into: undefined };
      const widen = widening(column, asked, payload.path);
      const read: AvroRead =
        widen === undefined
          ? column.read
          : (cursor) => {
              const value = column.read(cursor);
              return value === null ? null : (widen(value) as Scalar);
            };
      return { read, into: this.#values.get(column.name) };
    });
  }

  *add({ count, cursor }: AvroBlock): Generator<Batch> {
    let from = cursor.at;
    for (let i = 0; i < count; i++) {
      cursor.next();
      for (const { read, into } of this.#reads) {
        const value = read(cursor);
        into?.push(value);
      }
      if (++this.#rows < BATCH && cursor.at - from < BATCH_BYTES) continue;
      from = cursor.at;
      yield this.take();
    }
    if (cursor.left !== 0) throw cursor.damaged(`${cursor.left} bytes are left behind ${count} values`);
  }

  take(): Batch {
    const { context, payload } = this;
    const rows = this.#rows;
    context.checkCancelled();
    context.metrics.rowsRead += rows;
    const own = (name: string): Column => {
      const { type } = payload.columns.find((c) => c.name === name) as FileColumn;
      const values = this.#values.get(name) ?? [];
      // A column that this file does not have.
      const filled = values.length === rows ? values : new Array<Scalar>(rows).fill(null);
      return buildColumn(context.batchArena, type, filled);
    };
    const columns = batchColumns(context.batchArena, payload.columns, rows, own);
    for (const values of this.#values.values()) values.length = 0;
    this.#rows = 0;
    return { rows, columns };
  }
}
