import {
  type Field,
  field,
  fromUserValue,
  inferColumnType,
  inferSchema,
  type Scalar,
  type Schema,
  SparrowError,
  structType,
} from '../base/index.js';
import { local } from '../plan/build.js';
import type { LocalColumn } from '../plan/local-data.js';
import type { Plan } from '../plan/node.js';
import type { FrameContext } from './context.js';
import { describe } from './literal.js';
import { type InPieces, namesOf, PACK_ROWS, packInferred, packTyped, SLICE_ROWS } from './pack-rows.js';
import type { ShapeOfRow } from './row-types.js';

/** Values column by column: arrays or typed arrays of one length. */
export type ColumnData = { readonly [name: string]: ArrayLike<unknown> };

/** The schema that columns of TypeScript types have. */
export type ShapeOfColumns<C extends ColumnData> = ShapeOfRow<{ [K in keyof C]: C[K][number] }>;

/** Rows or columns given by the caller as a plan; values are converted at once, so later changes do not show. */
export function localPlan(data: unknown, context: FrameContext, schema: Schema | readonly string[] | undefined): Plan {
  const zone = context.settings.timeZone;
  if (typeof data === 'object' && data !== null) {
    if (Symbol.iterator in data) return atOnce(ofRows([...(data as Iterable<unknown>)], schema, zone));
    const prototype = Object.getPrototypeOf(data) as unknown;
    if (prototype === Object.prototype || prototype === null) return ofColumns(data as ColumnData, schema, zone);
  }
  throw new SparrowError('CANNOT_ACCEPT_OBJECT_IN_TYPE', `${describe(data)} has no rows`, {
    hint: 'give an iterable of objects, an object of columns, or an apache-arrow table',
  });
}

/** How long rows are taken before others get the event loop, and after how many one looks at the clock. */
const PAUSE_MS = 10;
const LOOK_ROWS = 256;

/** Rows that come one by one. Neither reading nor converting them holds the event loop. */
export async function rowsToPlan(
  data: AsyncIterable<unknown>,
  context: FrameContext,
  schema: Schema | readonly string[] | undefined,
): Promise<Plan> {
  const rows: unknown[] = [];
  let since = performance.now();
  const pause = async (): Promise<void> => {
    if (performance.now() - since < PAUSE_MS) return;
    await new Promise(setImmediate);
    since = performance.now();
  };
  for await (const row of data) {
    // Rows that are there already come without a turn of the event loop.
    if (rows.push(row) % LOOK_ROWS === 0) await pause();
  }
  const pieces = ofRows(rows, schema, context.settings.timeZone);
  for (;;) {
    const { done, value } = pieces.next();
    if (done === true) return value;
    await pause();
  }
}

function atOnce<R>(pieces: InPieces<R>): R {
  for (;;) {
    const { done, value } = pieces.next();
    if (done === true) return value;
  }
}

function* ofRows(
  rows: readonly unknown[],
  given: Schema | readonly string[] | undefined,
  zone: string,
): InPieces<Plan> {
  const names = isNames(given) ? given : given?.fields.map((f) => f.name);
  const objects: Record<string, unknown>[] = [];
  for (let from = 0; from < rows.length; from += SLICE_ROWS) {
    const to = Math.min(rows.length, from + SLICE_ROWS);
    for (let i = from; i < to; i++) objects.push(rowObject(rows[i], names, i));
    yield;
  }
  if (rows.length >= PACK_ROWS) return yield* packedPlan(objects, given, zone);
  if (isNames(given) || given === undefined) {
    if (objects.length === 0) {
      throw new SparrowError('CANNOT_INFER_EMPTY_SCHEMA', 'no rows, no schema: the columns cannot be told', {
        hint: 'pass a schema: createDataFrame([], { id: t.int64 })',
      });
    }
    return plan(inferSchema(objects), rows.length, (name, i) => objects[i]?.[name], zone);
  }
  return plan(given, rows.length, (name, i) => objects[i]?.[name], zone);
}

/** Many rows: each column the quick way where its values allow, else value by value. */
function* packedPlan(
  rows: readonly Record<string, unknown>[],
  given: Schema | readonly string[] | undefined,
  zone: string,
): InPieces<Plan> {
  const at = (name: string, i: number): unknown => rows[i]?.[name];
  if (given !== undefined && !isNames(given)) {
    const columns: LocalColumn[] = [];
    for (const f of given.fields)
      columns.push((yield* packTyped(rows, f)) ?? (yield* scalarsInPieces(f, rows.length, at, zone)));
    return local({ schema: given, content: { kind: 'scalars', rows: rows.length, columns } });
  }
  const fields: Field[] = [];
  const columns: LocalColumn[] = [];
  for (const name of yield* namesOf(rows)) {
    const packed = yield* packInferred(rows, name);
    const type =
      packed?.type ??
      inferColumnType(
        name,
        rows.map((row) => row[name]),
      );
    const made = field(name, type);
    fields.push(made);
    columns.push(packed?.column ?? (yield* scalarsInPieces(made, rows.length, at, zone)));
  }
  return local({ schema: structType(fields), content: { kind: 'scalars', rows: rows.length, columns } });
}

const isNames = (given: unknown): given is readonly string[] => Array.isArray(given);

/** A row as an object; a row that is an array takes its names from the schema. */
function rowObject(row: unknown, names: readonly string[] | undefined, i: number): Record<string, unknown> {
  if (Array.isArray(row) && names !== undefined) {
    if (row.length === names.length) return Object.fromEntries(names.map((name, c) => [name, row[c] as unknown]));
    throw new SparrowError('AXIS_LENGTH_MISMATCH', `row ${i} has ${row.length} values for ${names.length} columns`, {
      where: `row ${i}`,
    });
  }
  if (typeof row === 'object' && row !== null && !Array.isArray(row)) return row as Record<string, unknown>;
  throw new SparrowError('CANNOT_ACCEPT_OBJECT_IN_TYPE', `row ${i} is ${describe(row)}, not an object`, {
    where: `row ${i}`,
    hint: 'rows are objects, or arrays with a list of names: createDataFrame([[1]], ["id"])',
  });
}

function ofColumns(data: ColumnData, given: Schema | readonly string[] | undefined, zone: string): Plan {
  const lengths = Object.entries(data).map(([name, values]) => [name, lengthOf(name, values)] as const);
  const rows = lengths[0]?.[1] ?? 0;
  for (const [name, length] of lengths) {
    if (length === rows) continue;
    throw new SparrowError('AXIS_LENGTH_MISMATCH', `column ${name} has ${length} values, the first has ${rows}`, {
      where: `column ${name}`,
    });
  }
  const schema =
    given === undefined || isNames(given)
      ? structType(Object.entries(data).map(([name, values]) => field(name, inferColumnType(name, values))))
      : given;
  return plan(schema, rows, (name, i) => data[name]?.[i], zone);
}

function lengthOf(name: string, values: unknown): number {
  if (typeof values === 'object' && values !== null && 'length' in values && typeof values.length === 'number') {
    return values.length;
  }
  throw new SparrowError('CANNOT_ACCEPT_OBJECT_IN_TYPE', `column ${name} is ${describe(values)}, not an array`, {
    where: `column ${name}`,
  });
}

function plan(schema: Schema, rows: number, at: (name: string, row: number) => unknown, zone: string): Plan {
  const columns = schema.fields.map((f) => scalars(f, rows, at, zone));
  return local({ schema, content: { kind: 'scalars', rows, columns } });
}

type At = (name: string, row: number) => unknown;

const scalars = (made: Field, rows: number, at: At, zone: string): Scalar[] =>
  atOnce(scalarsInPieces(made, rows, at, zone));

function* scalarsInPieces({ name, type, nullable }: Field, rows: number, at: At, zone: string): InPieces<Scalar[]> {
  const out: Scalar[] = new Array(rows);
  let row = 0;
  const where = (): string => `column ${name}, row ${row}`;
  for (; row < rows; row++) {
    const value = fromUserValue(type, at(name, row), where, zone);
    if (value === null && !nullable) {
      throw new SparrowError('FIELD_NOT_NULLABLE', `column ${name} takes no nulls`, {
        where: where(),
        hint: 'leave t.notNull away where values may be missing',
      });
    }
    out[row] = value;
    if (row % SLICE_ROWS === SLICE_ROWS - 1) yield;
  }
  return out;
}
