import { SparrowError, unreachable } from './errors.js';
import { describe } from './from-user.js';
import type { DataType, Schema } from './types.js';
import {
  arrayType,
  binaryType,
  booleanType,
  decimalType,
  field,
  float32Type,
  float64Type,
  int8Type,
  int16Type,
  int32Type,
  int64Type,
  mapType,
  nullType,
  stringType,
  structType,
  timestampType,
} from './types.js';

const INT64_TOP = 2n ** 63n;
const DECIMAL_TOP = 10n ** 38n;

/** What the values seen so far have in common; `none` when all were null. */
type Kind =
  | 'none'
  | 'boolean'
  | 'integer'
  | 'float'
  | 'long'
  | 'wide'
  | 'string'
  | 'date'
  | 'binary'
  | 'array'
  | 'struct'
  | 'map';

class Guess {
  kind: Kind = 'none';
  /** Of arrays: their elements; of maps: their values. */
  element: Guess | undefined;
  key: Guess | undefined;
  fields: Map<string, Guess> | undefined;

  /** `path` names it in errors. */
  constructor(readonly path: string) {}

  observe(value: unknown, where: () => string): void {
    if (value === null || value === undefined) return;
    const at = () => (this.path === '' ? where() : `column ${this.path}, ${where()}`);
    const kind = kindOf(value, at);
    if (kind !== this.kind) this.kind = this.#merge(kind, value, at);
    switch (kind) {
      case 'array':
        this.element ??= new Guess(`${this.path}[]`);
        for (const item of value as readonly unknown[]) this.element.observe(item, where);
        return;
      case 'struct':
        this.observeFields(value as object, where);
        return;
      case 'map':
        this.key ??= new Guess(`${this.path} keys`);
        this.element ??= new Guess(`${this.path} values`);
        for (const [k, v] of value as ReadonlyMap<unknown, unknown>) {
          this.key.observe(k, where);
          this.element.observe(v, where);
        }
        return;
      default:
        return;
    }
  }

  observeFields(value: object, where: () => string): void {
    this.fields ??= new Map();
    for (const name of Object.keys(value)) {
      let guess = this.fields.get(name);
      if (guess === undefined) {
        guess = new Guess(this.path === '' ? name : `${this.path}.${name}`);
        this.fields.set(name, guess);
      }
      guess.observe((value as Record<string, unknown>)[name], where);
    }
  }

  #merge(kind: Kind, value: unknown, where: () => string): Kind {
    if (this.kind === 'none') return kind;
    const order: readonly Kind[] = ['integer', 'long', 'wide', 'float'];
    const [a, b] = [order.indexOf(this.kind), order.indexOf(kind)];
    if (a >= 0 && b >= 0) return order[Math.max(a, b)] as Kind;
    throw new SparrowError(
      'CANNOT_MERGE_TYPE',
      `${describe(value)} follows values of another type (${NAMES[this.kind]})`,
      { where: where(), hint: 'give a schema, or make the values alike' },
    );
  }

  type(): DataType {
    switch (this.kind) {
      case 'none':
        return nullType;
      case 'boolean':
        return booleanType;
      case 'integer':
      case 'long':
        return int64Type;
      case 'wide':
        return decimalType(38, 0);
      case 'float':
        return float64Type;
      case 'string':
        return stringType;
      case 'date':
        return timestampType;
      case 'binary':
        return binaryType;
      case 'array':
        return arrayType(this.element?.type() ?? nullType);
      case 'map':
        return mapType(this.key?.type() ?? nullType, this.element?.type() ?? nullType);
      case 'struct':
        return this.struct();
      default:
        return unreachable(this.kind);
    }
  }

  struct(): Schema {
    return structType([...(this.fields ?? [])].map(([name, guess]) => field(name, guess.type())));
  }
}

const NAMES: Readonly<Record<Kind, string>> = {
  none: 'null',
  boolean: 'boolean',
  integer: 'integer',
  float: 'number',
  long: 'bigint',
  wide: 'bigint',
  string: 'string',
  date: 'Date',
  binary: 'bytes',
  array: 'array',
  struct: 'object',
  map: 'Map',
};

function kindOf(value: unknown, where: () => string): Kind {
  switch (typeof value) {
    case 'number':
      // -0 is kept, so it is no integer.
      return Number.isSafeInteger(value) && !Object.is(value, -0) ? 'integer' : 'float';
    case 'string':
      return 'string';
    case 'boolean':
      return 'boolean';
    case 'bigint':
      if (value >= -INT64_TOP && value < INT64_TOP) return 'long';
      if (value < DECIMAL_TOP && value > -DECIMAL_TOP) return 'wide';
      throw unsupported(`${describe(value)} has more than 38 digits`, where);
    case 'object':
      return objectKind(value as object, where);
    default:
      throw unsupported(`no type for ${describe(value)}`, where);
  }
}

function objectKind(value: object, where: () => string): Kind {
  if (Array.isArray(value)) return 'array';
  if (value instanceof Date) return 'date';
  if (value instanceof Map) return 'map';
  if (value instanceof Uint8Array) return 'binary';
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return 'array';
  if (Object.prototype.toString.call(value) === '[object Object]') return 'struct';
  throw unsupported(`no type for ${describe(value)}`, where);
}

function unsupported(what: string, where: () => string): SparrowError {
  return new SparrowError('CANNOT_INFER_TYPE', what, { where: where(), hint: 'give a schema, or convert the value' });
}

/**
 * The schema of row objects: columns in the order they first appear, all nullable. Numbers are int64 when all are
 * safe integers, else float64; bigint is int64, or decimal(38,0) where that is too small; Date is timestamp; plain
 * objects are structs, Maps maps, typed arrays arrays; a column of nulls has type null.
 */
export function inferSchema(rows: Iterable<object>): Schema {
  const guess = new Guess('');
  let row = 0;
  const where = () => `row ${row}`;
  for (const value of rows) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw unsupported(`a row is an object, not ${describe(value)}`, where);
    }
    guess.observeFields(value, where);
    row++;
  }
  return guess.struct();
}

/** The type of one column's values; typed arrays have theirs. */
export function inferColumnType(name: string, values: ArrayLike<unknown>): DataType {
  const known = typedArrayType(values);
  if (known !== undefined) return known;
  const guess = new Guess(name);
  let row = 0;
  const where = () => `row ${row}`;
  for (; row < values.length; row++) guess.observe(values[row], where);
  return guess.type();
}

function typedArrayType(values: unknown): DataType | undefined {
  if (values instanceof Float64Array) return float64Type;
  if (values instanceof Float32Array) return float32Type;
  if (values instanceof Int32Array || values instanceof Uint16Array) return int32Type;
  if (values instanceof Int16Array || values instanceof Uint8Array) return int16Type;
  if (values instanceof Int8Array) return int8Type;
  if (values instanceof BigInt64Array || values instanceof Uint32Array) return int64Type;
  return undefined;
}
