import {
  booleanType,
  type DataType,
  type Field,
  float64Type,
  int64Type,
  integerBounds,
  type PackedColumn,
  type Scalar,
  stringType,
  timestampType,
} from '../base/index.js';

/*
 * Many rows at once, column by column: values of the kinds that JavaScript has a plain form for go into typed arrays,
 * by a loop for each kind. A column with anything else in it is left to the slow way, which also finds the error.
 */

/** Rows from which on this pays. */
export const PACK_ROWS = 128;

type Row = Readonly<Record<string, unknown>>;

/** A column as the plan keeps it, and the type it has when none was given. */
export interface Packed {
  readonly type: DataType;
  readonly column: PackedColumn | readonly Scalar[];
}

/** The names of all properties, in the order they first appear. */
export function namesOf(rows: readonly Row[]): string[] {
  const names = Object.keys(rows[0] ?? {});
  const known = new Set(names);
  for (const row of rows) {
    let i = 0;
    let same = true;
    for (const name in row) {
      if (name !== names[i]) {
        same = false;
        break;
      }
      i++;
    }
    if (same && i <= names.length) continue;
    for (const name of Object.keys(row)) {
      if (known.has(name)) continue;
      known.add(name);
      names.push(name);
    }
  }
  return names;
}

/** A column of values of one kind; undefined when it is not. */
export function packInferred(rows: readonly Row[], name: string): Packed | undefined {
  const first = rows.find((row) => row[name] !== null && row[name] !== undefined)?.[name];
  switch (typeof first) {
    case 'number': {
      const column = packNumbers(rows, name, 1);
      return column && { type: column.bounds === undefined ? float64Type : int64Type, column };
    }
    case 'string': {
      const column = packStrings(rows, name);
      return column && { type: stringType, column };
    }
    case 'boolean': {
      const column = packBooleans(rows, name);
      return column && { type: booleanType, column };
    }
    default: {
      const column = first instanceof Date ? packDates(rows, name) : undefined;
      return column && { type: timestampType, column };
    }
  }
}

/** A column of a given type; undefined when a value is not of the plain kind for it. */
export function packTyped(rows: readonly Row[], field: Field): Packed['column'] | undefined {
  const column = packOf(rows, field);
  if (column === undefined || field.nullable) return column;
  const hasNull = 'values' in column && 'bounds' in column ? column.nulls !== undefined : column.includes(null);
  return hasNull ? undefined : column;
}

function packOf(rows: readonly Row[], { name, type }: Field): Packed['column'] | undefined {
  switch (type.kind) {
    case 'int8':
    case 'int16':
    case 'int32':
    case 'int64': {
      const column = packNumbers(rows, name, 1);
      const [low, high] = integerBounds(type) as readonly [bigint, bigint];
      const { bounds } = column ?? {};
      return bounds !== undefined && BigInt(bounds[0]) >= low && BigInt(bounds[1]) <= high ? column : undefined;
    }
    case 'float64':
      return packNumbers(rows, name, 0);
    case 'string':
      return packStrings(rows, name);
    case 'boolean':
      return packBooleans(rows, name);
    case 'timestamp':
    case 'timestamp_ntz':
      return packDates(rows, name);
    default:
      return undefined;
  }
}

/** With `integers` 1, bounds are found when all are safe integers and none is -0. */
function packNumbers(rows: readonly Row[], name: string, integers: 0 | 1): PackedColumn | undefined {
  const values = new Float64Array(rows.length);
  let nulls: Uint8Array | undefined;
  let whole = integers === 1;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < rows.length; i++) {
    const value = (rows[i] as Row)[name];
    if (typeof value === 'number') {
      values[i] = value;
      if (!whole) continue;
      if (!Number.isSafeInteger(value) || Object.is(value, -0)) whole = false;
      if (value < min) min = value;
      if (value > max) max = value;
    } else if (value === null || value === undefined) {
      nulls ??= new Uint8Array(rows.length);
      nulls[i] = 1;
    } else return undefined;
  }
  return { values, nulls, bounds: whole && min <= max ? [min, max] : undefined };
}

function packBooleans(rows: readonly Row[], name: string): PackedColumn | undefined {
  const values = new Float64Array(rows.length);
  let nulls: Uint8Array | undefined;
  for (let i = 0; i < rows.length; i++) {
    const value = (rows[i] as Row)[name];
    if (value === true) values[i] = 1;
    else if (value === null || value === undefined) {
      nulls ??= new Uint8Array(rows.length);
      nulls[i] = 1;
    } else if (value !== false) return undefined;
  }
  return { values, nulls, bounds: undefined };
}

/** Milliseconds whose microseconds a number holds exactly: until the year 2255. */
const MOST_MILLIS = Math.floor(Number.MAX_SAFE_INTEGER / 1000);

function packDates(rows: readonly Row[], name: string): PackedColumn | undefined {
  const values = new Float64Array(rows.length);
  let nulls: Uint8Array | undefined;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < rows.length; i++) {
    const value = (rows[i] as Row)[name];
    if (value instanceof Date) {
      const millis = value.getTime();
      // An invalid Date fails here, too.
      if (!(millis <= MOST_MILLIS && millis >= -MOST_MILLIS)) return undefined;
      const micros = millis * 1000;
      values[i] = micros;
      if (micros < min) min = micros;
      if (micros > max) max = micros;
    } else if (value === null || value === undefined) {
      nulls ??= new Uint8Array(rows.length);
      nulls[i] = 1;
    } else return undefined;
  }
  return { values, nulls, bounds: min <= max ? [min, max] : undefined };
}

function packStrings(rows: readonly Row[], name: string): readonly Scalar[] | undefined {
  const values: (string | null)[] = new Array(rows.length);
  for (let i = 0; i < rows.length; i++) {
    const value = (rows[i] as Row)[name];
    if (typeof value === 'string') values[i] = value;
    else if (value === null || value === undefined) values[i] = null;
    else return undefined;
  }
  return values;
}
