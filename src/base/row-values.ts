import type { Batch, Column } from './column.js';
import { clearNulls, isNullAt, numberStorage, readColumn, readDictionaryValues, readScalar } from './column-reader.js';
import { formatSafeDecimals } from './decimal-text.js';
import { engineBug, SparrowError } from './errors.js';
import type { SharedHeap } from './heap.js';
import { formatDecimal } from './number-text.js';
import type { Scalar } from './scalar.js';
import type { DataType, Field, Schema } from './types.js';
import { dateOfDays, numberOfDecimal, toUserValue, unsafeInteger } from './user-value.js';
import type { ValueOptions } from './value-options.js';
import { DEFAULT_VALUE_OPTIONS } from './value-options.js';

/** The rows of a batch as plain objects, one property per column in the schema's order. */
export function rowsFromBatch(
  heap: SharedHeap,
  schema: Schema,
  batch: Batch,
  options: ValueOptions = DEFAULT_VALUE_OPTIONS,
): object[] {
  return rowReader(heap, schema, options)(batch);
}

/** Reads batch after batch of one schema; what they share (row shape, dictionaries) is made once. */
export function rowReader(
  heap: SharedHeap,
  schema: Schema,
  options: ValueOptions = DEFAULT_VALUE_OPTIONS,
): (batch: Batch) => object[] {
  const names = schema.fields.map((field) => field.name);
  const template = rowTemplate(names);
  const readers = schema.fields.map((field) => userColumnReader(heap, field, options));
  return (batch) => {
    if (batch.columns.length !== names.length) {
      throw engineBug(`a batch of ${batch.columns.length} columns for ${names.length} names`);
    }
    return buildRows(
      template,
      names,
      batch.columns.map((column, i) => (readers[i] as UserColumnReader)(column)),
      batch.rows,
    );
  };
}

/**
 * Copies of one object, written over: every row has the same shape at once, whatever its names, without code made
 * at run time (object literals with computed names take 5 times as long once several schemas were seen).
 */
function buildRows(
  template: Readonly<Record<string, unknown>>,
  names: readonly string[],
  columns: readonly (readonly unknown[])[],
  rows: number,
): object[] {
  const out: object[] = new Array(rows);
  const width = names.length;
  for (let i = 0; i < rows; i++) {
    const row: Record<string, unknown> = { ...template };
    for (let c = 0; c < width; c++) row[names[c] as string] = (columns[c] as readonly unknown[])[i];
    out[i] = row;
  }
  return out;
}

/** JSON.parse makes objects with all their slots inside, and `__proto__` a property like any other. */
function rowTemplate(names: readonly string[]): Record<string, unknown> {
  const duplicate = names.find((name, i) => names.indexOf(name) !== i);
  if (duplicate !== undefined) {
    throw new SparrowError(
      'COLUMN_ALREADY_EXISTS',
      `two columns are named ${duplicate}: a row object can hold only one`,
      {
        where: `column ${duplicate}`,
        hint: 'give one of them another name with alias() or withColumnRenamed(), or drop it',
      },
    );
  }
  const template = JSON.parse(`{${names.map((name) => `${JSON.stringify(name)}:null`).join()}}`) as Record<
    string,
    unknown
  >;
  // Values of every kind make its slots general from the start; each later change of a slot's kind would copy the shape.
  for (const name of names) for (const value of [1, 0.5, 'x', null]) template[name] = value;
  return template;
}

type UserColumnReader = (column: Column) => unknown[];

/** Reads columns of a field as user values, straight from their buffers where that is faster. */
export function userColumnReader(heap: SharedHeap, field: Field, options: ValueOptions): UserColumnReader {
  const { name } = field;
  let dictionaryId: number | undefined;
  let dictionaryValues: readonly Scalar[] = [];
  return (column) => {
    const { dictionary, type } = column;
    if (dictionary !== undefined && dictionary.id === dictionaryId)
      return fromDictionary(heap, column, dictionaryValues);
    // A dictionary is worth decoding whole when it is not much larger than what uses it. Bytes of binary columns are
    // mutable, so there each row gets its own.
    if (dictionary !== undefined && type.kind === 'string' && dictionary.count <= 4 * column.length) {
      dictionaryValues = readDictionaryValues(heap, type, dictionary);
      dictionaryId = dictionary.id;
      return fromDictionary(heap, column, dictionaryValues);
    }
    return readUserColumn(heap, column, name, options);
  };
}

function fromDictionary(heap: SharedHeap, column: Column, values: readonly Scalar[]): unknown[] {
  const { array, base } = numberStorage(heap, column);
  const out: unknown[] = new Array(column.length);
  for (let i = 0; i < column.length; i++) out[i] = values[array[base + i] as number];
  if (column.validity !== 0) clearNulls(heap, column, out);
  return out;
}

function readUserColumn(heap: SharedHeap, column: Column, name: string, options: ValueOptions): unknown[] {
  const { type, storage } = column;
  const fast =
    storage === 'i64' || (storage !== 'i128' && storage !== 'utf8' && storage !== 'view' && storage !== 'none');
  const out = fast ? readFast(heap, column, name, options) : undefined;
  if (out !== undefined) {
    if (column.validity !== 0) clearNulls(heap, column, out);
    return out;
  }
  if (type.kind === 'binary' && column.dictionary !== undefined) return readOneByOne(heap, column);
  const scalars = readColumn(heap, column);
  if (isUserValue(type, options)) return scalars;
  return scalars.map((scalar) => toUserValue(type, scalar, options, name));
}

function readOneByOne(heap: SharedHeap, column: Column): unknown[] {
  return Array.from({ length: column.length }, (_, row) => readScalar(heap, column, row));
}

function isUserValue(type: DataType, options: ValueOptions): boolean {
  switch (type.kind) {
    case 'null':
    case 'boolean':
    case 'int8':
    case 'int16':
    case 'int32':
    case 'float32':
    case 'float64':
    case 'string':
    case 'binary':
      return true;
    case 'int64':
      return options.int64 === 'bigint';
    case 'timestamp':
    case 'timestamp_ntz':
      return options.timestamp === 'micros';
    default:
      return false;
  }
}

/** User values of the types that need no bigint on the way; undefined for others. */
function readFast(heap: SharedHeap, column: Column, name: string, options: ValueOptions): unknown[] | undefined {
  if (column.dictionary !== undefined) return undefined;
  const { type } = column;
  switch (type.kind) {
    case 'int64':
      return options.int64 === 'bigint' ? undefined : readInt64(heap, column, name, options);
    case 'decimal':
      return readDecimals(heap, column, type.scale, options);
    case 'date':
      return options.date === 'date' ? readDates(heap, column, name) : undefined;
    case 'timestamp':
    case 'timestamp_ntz':
      return options.timestamp === 'date' ? readTimestamps(heap, column, name, options) : undefined;
    default:
      return undefined;
  }
}

const HIGH = 4_294_967_296;
/** With the upper half in here, a 64-bit integer is at most 2^53 in size. */
const SAFE_HIGH = 0x20_0000;

/**
 * Integers of up to 64 bits as JS numbers; `unsafe` gives the value of a row whose integer is no safe number. Not
 * called for nulls.
 */
function readIntegers<T, U>(
  heap: SharedHeap,
  column: Column,
  map: (value: number) => T,
  unsafe: (value: bigint) => U,
): (T | U | null)[] {
  const { length } = column;
  const out: (T | U | null)[] = new Array(length);
  if (column.storage !== 'i64') {
    const { array, base } = numberStorage(heap, column);
    for (let i = 0; i < length; i++) out[i] = map(array[base + i] as number);
    return out;
  }
  const { i32, i64 } = heap;
  const base = column.data >>> 2;
  for (let i = 0; i < length; i++) {
    const high = i32[base + 2 * i + 1] as number;
    if (high < SAFE_HIGH && high >= -SAFE_HIGH) {
      const value = high * HIGH + ((i32[base + 2 * i] as number) >>> 0);
      if (value !== -Number.MAX_SAFE_INTEGER - 1) {
        out[i] = map(value);
        continue;
      }
    }
    out[i] = isNullAt(heap, column, i) ? null : unsafe(i64[(base >>> 1) + i] as bigint);
  }
  return out;
}

function readInt64(heap: SharedHeap, column: Column, name: string, options: ValueOptions): unknown[] {
  if (options.int64 === 'string') return readDecimalText(heap, column, 0);
  return readIntegers(
    heap,
    column,
    (value) => value,
    (value): number => {
      throw unsafeInteger(value, name);
    },
  );
}

function readDecimals(heap: SharedHeap, column: Column, scale: number, options: ValueOptions): unknown[] {
  if (options.decimal === 'string') return readDecimalText(heap, column, scale);
  const exact = (value: bigint) => numberOfDecimal(value, scale);
  // Both are exact up to 10^22, so the quotient is rounded once.
  const divisor = 10 ** scale;
  return readIntegers(heap, column, scale <= 22 ? (value) => value / divisor : (value) => exact(BigInt(value)), exact);
}

/** Texts of integers with a point before the last `scale` digits. */
function readDecimalText(heap: SharedHeap, column: Column, scale: number): unknown[] {
  const large: [row: number, text: string][] = [];
  let row = -1;
  const small = new Float64Array(column.length);
  const values = readIntegers(
    heap,
    column,
    (value) => value,
    (value) => value,
  );
  for (const value of values) {
    row++;
    if (typeof value === 'bigint') large.push([row, formatDecimal(value, scale)]);
    else small[row] = value ?? 0;
  }
  const out: unknown[] = formatSafeDecimals(small, scale);
  for (const [at, text] of large) out[at] = text;
  return out;
}

const MAX_DAYS = 100_000_000;
const MILLIS_PER_DAY = 86_400_000;

function readDates(heap: SharedHeap, column: Column, name: string): unknown[] {
  const { length } = column;
  const out: unknown[] = new Array(length);
  const { array, base } = numberStorage(heap, column);
  for (let i = 0; i < length; i++) {
    const days = array[base + i] as number;
    if (days <= MAX_DAYS && days >= -MAX_DAYS) out[i] = new Date(days * MILLIS_PER_DAY);
    else out[i] = isNullAt(heap, column, i) ? null : dateOfDays(days, name);
  }
  return out;
}

function readTimestamps(heap: SharedHeap, column: Column, name: string, options: ValueOptions): unknown[] {
  return readIntegers(
    heap,
    column,
    (micros) => new Date(Math.floor(micros / 1000)),
    (micros) => toUserValue(column.type, micros, options, name),
  );
}
