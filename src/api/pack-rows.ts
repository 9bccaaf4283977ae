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

/** Rows of one column between two places to pause. */
export const SLICE_ROWS = 1 << 14;

/** Work that can be left off between its pieces: whoever may wait gives way to others there. */
export type InPieces<R> = Generator<undefined, R>;

type Row = Readonly<Record<string, unknown>>;

/** A column as the plan keeps it, and the type it has when none was given. */
export interface Packed {
  readonly type: DataType;
  readonly column: PackedColumn | readonly Scalar[];
}

/** The names of all properties, in the order they first appear. */
export function* namesOf(rows: readonly Row[]): InPieces<string[]> {
  const names = Object.keys(rows[0] ?? {});
  const known = new Set(names);
  for (let from = 0; from < rows.length; from += SLICE_ROWS) {
    addNames(rows.slice(from, from + SLICE_ROWS), names, known);
    yield;
  }
  return names;
}

function addNames(rows: readonly Row[], names: string[], known: Set<string>): void {
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
}

/** A column of values of one kind; undefined when it is not. */
export function* packInferred(rows: readonly Row[], name: string): InPieces<Packed | undefined> {
  const first = rows.find((row) => row[name] !== null && row[name] !== undefined)?.[name];
  switch (typeof first) {
    case 'number': {
      const column = yield* packNumbers(rows, name, 1);
      return column && { type: column.bounds === undefined ? float64Type : int64Type, column };
    }
    case 'string': {
      const column = yield* packStrings(rows, name);
      return column && { type: stringType, column };
    }
    case 'boolean': {
      const column = yield* packBooleans(rows, name);
      return column && { type: booleanType, column };
    }
    default: {
      const column = first instanceof Date ? yield* packDates(rows, name) : undefined;
      return column && { type: timestampType, column };
    }
  }
}

/** A column of a given type; undefined when a value is not of the plain kind for it. */
export function* packTyped(rows: readonly Row[], field: Field): InPieces<Packed['column'] | undefined> {
  const column = yield* packOf(rows, field);
  if (column === undefined || field.nullable) return column;
  const hasNull = 'values' in column && 'bounds' in column ? column.nulls !== undefined : column.includes(null);
  return hasNull ? undefined : column;
}

function* packOf(rows: readonly Row[], { name, type }: Field): InPieces<Packed['column'] | undefined> {
  switch (type.kind) {
    case 'int8':
    case 'int16':
    case 'int32':
    case 'int64': {
      const column = yield* packNumbers(rows, name, 1);
      const [low, high] = integerBounds(type) as readonly [bigint, bigint];
      const { bounds } = column ?? {};
      return bounds !== undefined && BigInt(bounds[0]) >= low && BigInt(bounds[1]) <= high ? column : undefined;
    }
    case 'float64':
      return yield* packNumbers(rows, name, 0);
    case 'string':
      return yield* packStrings(rows, name);
    case 'boolean':
      return yield* packBooleans(rows, name);
    case 'timestamp':
    case 'timestamp_ntz':
      return yield* packDates(rows, name);
    default:
      return undefined;
  }
}

/** A column as far as it has come. */
interface Packing {
  readonly values: Float64Array;
  nulls: Uint8Array | undefined;
  whole: boolean;
  min: number;
  max: number;
}

/** Takes the values of rows from…to; false when one of them is of another kind. */
type Take = (packing: Packing, rows: readonly Row[], name: string, from: number, to: number) => boolean;

function* packed(rows: readonly Row[], name: string, whole: boolean, take: Take): InPieces<PackedColumn | undefined> {
  const values = new Float64Array(rows.length);
  const packing: Packing = {
    values,
    nulls: undefined,
    whole,
    min: Number.POSITIVE_INFINITY,
    max: Number.NEGATIVE_INFINITY,
  };
  for (let from = 0; from < rows.length; from += SLICE_ROWS) {
    if (!take(packing, rows, name, from, Math.min(rows.length, from + SLICE_ROWS))) return undefined;
    yield;
  }
  const { nulls, min, max } = packing;
  return { values, nulls, bounds: packing.whole && min <= max ? [min, max] : undefined };
}

function setNull(packing: Packing, row: number): void {
  packing.nulls ??= new Uint8Array(packing.values.length);
  packing.nulls[row] = 1;
}

/** With `integers` 1, bounds are found when all are safe integers and none is -0. */
const packNumbers = (rows: readonly Row[], name: string, integers: 0 | 1): InPieces<PackedColumn | undefined> =>
  packed(rows, name, integers === 1, takeNumbers);

const takeNumbers: Take = (packing, rows, name, from, to) => {
  const { values } = packing;
  let { whole, min, max } = packing;
  for (let i = from; i < to; i++) {
    const value = (rows[i] as Row)[name];
    if (typeof value === 'number') {
      values[i] = value;
      if (!whole) continue;
      if (!Number.isSafeInteger(value) || Object.is(value, -0)) whole = false;
      if (value < min) min = value;
      if (value > max) max = value;
    } else if (value === null || value === undefined) setNull(packing, i);
    else return false;
  }
  Object.assign(packing, { whole, min, max });
  return true;
};

const packBooleans = (rows: readonly Row[], name: string): InPieces<PackedColumn | undefined> =>
  packed(rows, name, false, takeBooleans);

const takeBooleans: Take = (packing, rows, name, from, to) => {
  for (let i = from; i < to; i++) {
    const value = (rows[i] as Row)[name];
    if (value === true) packing.values[i] = 1;
    else if (value === null || value === undefined) setNull(packing, i);
    else if (value !== false) return false;
  }
  return true;
};

/** Milliseconds whose microseconds a number holds exactly: until the year 2255. */
const MOST_MILLIS = Math.floor(Number.MAX_SAFE_INTEGER / 1000);

const packDates = (rows: readonly Row[], name: string): InPieces<PackedColumn | undefined> =>
  packed(rows, name, true, takeDates);

const takeDates: Take = (packing, rows, name, from, to) => {
  const { values } = packing;
  let { min, max } = packing;
  for (let i = from; i < to; i++) {
    const value = (rows[i] as Row)[name];
    if (value instanceof Date) {
      const millis = value.getTime();
      // An invalid Date fails here, too.
      if (!(millis <= MOST_MILLIS && millis >= -MOST_MILLIS)) return false;
      const micros = millis * 1000;
      values[i] = micros;
      if (micros < min) min = micros;
      if (micros > max) max = micros;
    } else if (value === null || value === undefined) setNull(packing, i);
    else return false;
  }
  Object.assign(packing, { min, max });
  return true;
};

function* packStrings(rows: readonly Row[], name: string): InPieces<readonly Scalar[] | undefined> {
  const values: (string | null)[] = new Array(rows.length);
  for (let from = 0; from < rows.length; from += SLICE_ROWS) {
    if (!takeStrings(values, rows, name, from, Math.min(rows.length, from + SLICE_ROWS))) return undefined;
    yield;
  }
  return values;
}

function takeStrings(values: (string | null)[], rows: readonly Row[], name: string, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    const value = (rows[i] as Row)[name];
    if (typeof value === 'string') values[i] = value;
    else if (value === null || value === undefined) values[i] = null;
    else return false;
  }
  return true;
}
