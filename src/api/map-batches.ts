import type { RecordBatch, Table } from 'apache-arrow';
import {
  type Arena,
  BATCH_ROWS,
  type Batch,
  buildColumn,
  fromUserColumn,
  readColumn,
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
    const { fromArrowTable } = await import('../base/arrow.js');
    const { Table: ArrowTable } = await import('apache-arrow');
    const made: Batch[] = [];
    for await (const given of map(recordBatches(context, plan))) {
      const table = 'batches' in given ? given : new ArrowTable([given]);
      const { schema: has, batches } = fromArrowTable(table, arena);
      for (const batch of batches) made.push(asDeclared(context, arena, schema, has, batch));
    }
    return made;
  });
}

/** The rows that a function gives for batch after batch. */
export function mappedBatches(context: FrameContext, plan: Plan, map: BatchMap, schema: Schema): Plan {
  return madeBy(schema, context, async (arena) => {
    const { heap } = context.engine;
    const query = await start(context, plan);
    const { fields } = query.schema;
    const readers = fields.map((field) => userColumnReader(heap, field, context.values));
    const made: Batch[] = [];
    let firstRow = 0;
    for await (const batch of query.batches) {
      const columns = Object.fromEntries(fields.map(({ name }, i) => [name, readers[i]?.(batch.columns[i] as never)]));
      const given = await map(columns as BatchColumns, batch.rows);
      const rows = rowsOf(given, schema);
      const built = schema.fields.map((field) =>
        buildColumn(arena, field.type, fromUserColumn(field, given[field.name] ?? [], firstRow)),
      );
      made.push(...sliceIntoBatches(built, rows, BATCH_ROWS));
      firstRow += rows;
    }
    return made;
  });
}

function madeBy(schema: Schema, context: FrameContext, fill: (arena: Arena) => Promise<Batch[]>): Plan {
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
