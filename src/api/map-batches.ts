import type { RecordBatch, Table } from 'apache-arrow';
import {
  type Arena,
  BATCH_ROWS,
  type Batch,
  buildColumn,
  fromUserColumn,
  readColumn,
  type Scalar,
  type Schema,
  SparrowError,
  sameType,
  simpleString,
  sliceIntoBatches,
  toUserValue,
  userColumnReader,
} from '../base/index.js';
import { local } from '../plan/build.js';
import type { LocalData } from '../plan/local-data.js';
import type { Plan } from '../plan/node.js';
import { start } from './actions.js';
import { recordBatches } from './arrow.js';
import type { FrameContext } from './context.js';

/** Columns of one batch by name, each with a value for every row, as `collect()` gives them. */
export type BatchColumns = Readonly<Record<string, ArrayLike<unknown>>>;

/** A function of Arrow batches: all of them in, any number out. */
export type ArrowMap = (
  batches: AsyncIterable<RecordBatch>,
) => AsyncIterable<RecordBatch | Table> | Iterable<RecordBatch | Table>;

/** A function of one batch's columns, which may give more or fewer rows. */
export type BatchMap = (columns: BatchColumns, rows: number) => BatchColumns | Promise<BatchColumns>;

/** The rows that a function of Arrow batches gives, as a plan: it is called when the rows are first asked for. */
export function mappedInArrow(context: FrameContext, plan: Plan, map: ArrowMap, schema: Schema): Plan {
  return madeBy(schema, context, async (arena) => {
    const take = await arrowTaker(context, arena, schema);
    for await (const given of map(recordBatches(context, plan))) take.add(given);
    return take.finish();
  });
}

/** The rows that a function gives for batch after batch. */
export function mappedBatches(context: FrameContext, plan: Plan, map: BatchMap, schema: Schema): Plan {
  return madeBy(schema, context, async (arena) => {
    const { heap } = context.engine;
    const query = await start(context, plan);
    const { fields } = query.schema;
    const readers = fields.map((field) => userColumnReader(heap, field, context.values));
    const take = new ColumnTaker(arena, schema);
    for await (const batch of query.batches) {
      const columns = Object.fromEntries(fields.map(({ name }, i) => [name, readers[i]?.(batch.columns[i] as never)]));
      take.add(await map(columns as BatchColumns, batch.rows));
    }
    return take.finish();
  });
}

/** So many rows are worth a batch of their own. */
const OWN_BATCH_ROWS = 4096;

/** Batches of what functions give, in the declared schema: what comes in small pieces is put together. */
class Taker {
  readonly made: Batch[] = [];
  readonly arena: Arena;
  readonly schema: Schema;
  #pending: Scalar[][] = [];
  #rows = 0;

  constructor(arena: Arena, schema: Schema) {
    this.arena = arena;
    this.schema = schema;
  }

  /** Rows as columns of scalars. */
  protected scalars(columns: readonly Scalar[][], rows: number): void {
    if (rows >= OWN_BATCH_ROWS) this.finish();
    if (this.#rows === 0) this.#pending = this.schema.fields.map(() => []);
    columns.forEach((values, i) => {
      const all = this.#pending[i] as Scalar[];
      for (const value of values) all.push(value);
    });
    this.#rows += rows;
    if (this.#rows >= OWN_BATCH_ROWS) this.finish();
  }

  /** What waited to be put together becomes batches. */
  finish(): Batch[] {
    if (this.#rows > 0) {
      const built = this.schema.fields.map(({ type }, i) =>
        buildColumn(this.arena, type, this.#pending[i] as Scalar[]),
      );
      this.made.push(...sliceIntoBatches(built, this.#rows, BATCH_ROWS));
    }
    this.#rows = 0;
    return this.made;
  }
}

type FromArrow = (table: Table, arena: Arena) => { readonly schema: Schema; readonly batches: readonly Batch[] };

/** Takes tables and record batches of Arrow. */
class ArrowTaker extends Taker {
  readonly #context: FrameContext;
  readonly #from: FromArrow;
  readonly #tableOf: (batch: RecordBatch) => Table;

  constructor(
    context: FrameContext,
    arena: Arena,
    schema: Schema,
    from: FromArrow,
    tableOf: (batch: RecordBatch) => Table,
  ) {
    super(arena, schema);
    this.#context = context;
    this.#from = from;
    this.#tableOf = tableOf;
  }

  add(given: RecordBatch | Table): void {
    const table = 'batches' in given ? given : this.#tableOf(given);
    const { heap } = this.#context.engine;
    if (table.numRows >= OWN_BATCH_ROWS) {
      this.finish();
      const { schema: has, batches } = this.#from(table, this.arena);
      for (const batch of batches) this.made.push(asDeclared(this.#context, this.arena, this.schema, has, batch));
      return;
    }
    const arena = heap.newArena('a small table of a function');
    try {
      const { schema: has, batches } = this.#from(table, arena);
      for (const batch of batches) {
        const { columns, rows } = asDeclared(this.#context, arena, this.schema, has, batch);
        this.scalars(
          columns.map((values) => readColumn(heap, values)),
          rows,
        );
      }
    } finally {
      arena.release();
    }
  }
}

export async function arrowTaker(context: FrameContext, arena: Arena, schema: Schema): Promise<ArrowTaker> {
  const { fromArrowTable } = await import('../base/arrow.js');
  const { Table: ArrowTable } = await import('apache-arrow');
  return new ArrowTaker(context, arena, schema, fromArrowTable, (batch) => new ArrowTable([batch]));
}

/** Takes columns of JavaScript values by name. */
export class ColumnTaker extends Taker {
  #given = 0;

  add(given: BatchColumns): void {
    const rows = rowsOf(given, this.schema);
    const columns = this.schema.fields.map((field) => fromUserColumn(field, given[field.name] ?? [], this.#given));
    this.scalars(columns, rows);
    this.#given += rows;
  }
}

/** Rows that are made by a function when they are first asked for. */
export function madeBy(schema: Schema, context: FrameContext, fill: (arena: Arena) => Promise<Batch[]>): Plan {
  const make = async (): Promise<{ batches: readonly Batch[]; arena: number }> => {
    const arena = context.engine.heap.newArena('batches of a function');
    try {
      return { batches: await fill(arena), arena: arena.id };
    } catch (error) {
      arena.release();
      throw error;
    }
  };
  const data: LocalData = { schema, content: { kind: 'made', rows: undefined, make } };
  return local(data);
}

/** How many rows a function gave; its columns must be the declared ones and of one length. */
function rowsOf(given: BatchColumns, schema: Schema): number {
  const names = schema.fields.map((field) => field.name);
  const missing = names.filter((name) => given[name] === undefined);
  const extra = Object.keys(given).filter((name) => !names.includes(name));
  if (missing.length > 0 || extra.length > 0) {
    throw new SparrowError(
      'RESULT_COLUMN_NAMES_MISMATCH',
      `a batch has${missing.length > 0 ? ` no column ${missing.join(', ')}` : ''}${extra.length > 0 ? ` a column ${extra.join(', ')} that was not declared` : ''}`,
      { sqlState: '42601', hint: `give the columns ${names.join(', ')}` },
    );
  }
  const lengths = new Set(names.map((name) => given[name]?.length));
  if (lengths.size > 1) {
    throw new SparrowError('AXIS_LENGTH_MISMATCH', `the columns of a batch have ${[...lengths].join(', ')} values`);
  }
  return [...lengths][0] ?? 0;
}

/** An Arrow batch with the declared names and types; a column of another type is converted where that is exact. */
function asDeclared(context: FrameContext, arena: Arena, schema: Schema, has: Schema, batch: Batch): Batch {
  if (has.fields.length !== schema.fields.length) {
    throw new SparrowError(
      'RESULT_COLUMN_SCHEMA_MISMATCH',
      `a batch has ${has.fields.length} columns, ${schema.fields.length} were declared`,
      { sqlState: '42000' },
    );
  }
  const columns = schema.fields.map((field, i) => {
    const column = batch.columns[i] as Batch['columns'][number];
    const from = has.fields[i] as Schema['fields'][number];
    if (from.name !== field.name) {
      throw new SparrowError(
        'RESULT_COLUMN_NAMES_MISMATCH',
        `column ${i + 1} of a batch is ${from.name}, but ${field.name} was declared`,
        { sqlState: '42601' },
      );
    }
    if (sameType(from.type, field.type)) return column;
    try {
      const values = readColumn(context.engine.heap, column).map((scalar) =>
        toUserValue(from.type, scalar, context.values, field.name),
      );
      return buildColumn(arena, field.type, fromUserColumn(field, values));
    } catch (cause) {
      throw new SparrowError(
        'RESULT_COLUMN_TYPES_MISMATCH',
        `column ${field.name} of a batch is ${simpleString(from.type)}, but ${simpleString(field.type)} was declared`,
        { sqlState: '42000', cause },
      );
    }
  });
  return { rows: batch.rows, columns };
}
