import {
  type ArrayType,
  arrayType,
  type DataType,
  type MapScalar,
  type MapType,
  mapType,
  type Scalar,
  SparrowError,
  type StructType,
} from '../base/index.js';
import type { Mismatch } from './define.js';
import { describeNested } from './describe-nested.js';
import type { Param } from './implicit.js';
import { commonType } from './signature.js';

/** What the functions over arrays, maps and structs share. */

export const isArray = (type: DataType): type is ArrayType => type.kind === 'array';
export const isMap = (type: DataType): type is MapType => type.kind === 'map';
export const isStruct = (type: DataType): type is StructType => type.kind === 'struct';

const nothing: DataType = { kind: 'null' };
/** An array, or a NULL without type as one. */
export const anyArray: Param = {
  wants: 'an ARRAY',
  accept: (type) => (isArray(type) ? type : type.kind === 'null' ? arrayType(nothing) : undefined),
};
/** A map, or a NULL without type as one. */
export const anyMap: Param = {
  wants: 'a MAP',
  accept: (type) => (isMap(type) ? type : type.kind === 'null' ? mapType(nothing, nothing) : undefined),
};

export const elementOf = (type: DataType | undefined): DataType =>
  type !== undefined && isArray(type) ? type.element : { kind: 'null' };

export const items = (value: Scalar | undefined): readonly Scalar[] => value as readonly Scalar[];
export const entriesOf = (value: Scalar | undefined): MapScalar['entries'] => (value as MapScalar).entries;

/** The least type that both elements or keys can become; unlike elsewhere, strings do not become numbers or dates. */
export function commonElement(a: DataType, b: DataType): DataType | undefined {
  if (a.kind !== b.kind && (a.kind === 'string' || b.kind === 'string') && a.kind !== 'null' && b.kind !== 'null') {
    return undefined;
  }
  return commonType(a, b);
}

/** A value as a key of a JavaScript Map: equal values of one type give equal keys; -0 and 0 differ, as in Spark's sets. */
export function identityOf(type: DataType): (value: Scalar) => unknown {
  switch (type.kind) {
    case 'float32':
    case 'float64':
      return (value) => (Object.is(value, -0) ? '-0' : value);
    case 'binary':
    case 'variant':
    case 'array':
    case 'struct':
    case 'map':
      return (value) => (value === null ? null : textKey(type, value));
    default:
      return (value) => value;
  }
}

function textKey(type: DataType, value: Scalar): string {
  if (value === null) return 'n';
  switch (type.kind) {
    case 'array':
      return `[${items(value)
        .map((item) => textKey(type.element, item))
        .join()}]`;
    case 'struct':
      return `{${items(value)
        .map((item, i) => textKey(type.fields[i]?.type as DataType, item))
        .join()}}`;
    case 'map':
      return `<${entriesOf(value)
        .map(([k, v]) => `${textKey(type.key, k)}:${textKey(type.value, v)}`)
        .join()}>`;
    case 'string':
      return JSON.stringify(value);
    case 'binary':
      return Buffer.from(value as Uint8Array).toString('hex');
    case 'float32':
    case 'float64':
      return Object.is(value, -0) ? '-0' : String(value);
    case 'variant': {
      const { metadata, value: bytes } = value as { metadata: Uint8Array; value: Uint8Array };
      return `${Buffer.from(metadata).toString('hex')}/${Buffer.from(bytes).toString('hex')}`;
    }
    default:
      return String(value);
  }
}

/** Puts a map together; a key that is null or comes twice is an error. */
export class MapBuilder {
  readonly #entries: [Scalar, Scalar][] = [];
  readonly #seen = new Set<unknown>();
  readonly #identity: (value: Scalar) => unknown;

  constructor(readonly keyType: DataType) {
    this.#identity = identityOf(keyType);
  }

  add(key: Scalar, value: Scalar): void {
    if (key === null) throw nullMapKey();
    // -0 and 0 are one key, kept as 0.
    const own = key === 0 ? 0 : key;
    const identity = this.#identity(own);
    if (this.#seen.has(identity)) throw duplicatedMapKey(this.keyType, own);
    this.#seen.add(identity);
    this.#entries.push([own, value]);
  }

  finish(): MapScalar {
    return { entries: this.#entries };
  }
}

export function nullMapKey(): SparrowError {
  return new SparrowError('NULL_MAP_KEY', 'null cannot be a key of a map', { sqlState: '2200E' });
}

function duplicatedMapKey(type: DataType, key: Scalar): SparrowError {
  const text = describeNested(type, key);
  return new SparrowError('DUPLICATED_MAP_KEY', `the map has the key ${text} twice`, {
    sqlState: '23505',
    parameters: { key: text, mapKeyDedupPolicy: '"spark.sql.mapKeyDedupPolicy"' },
  });
}

/** A result may not have more elements than Spark allows in an array. */
export const MAX_ARRAY_LENGTH = 2147483632;

/** Beyond this many elements a single value would not fit the memory it is built in. */
const MOST_ELEMENTS = 2 ** 26;

export function checkArrayLength(count: number, fn: string): void {
  if (count <= MOST_ELEMENTS) return;
  if (count <= MAX_ARRAY_LENGTH) {
    throw new SparrowError('MEMORY_LIMIT_EXCEEDED', `\`${fn}\` would make one array of ${count} elements`, {
      hint: `an array can have ${MOST_ELEMENTS} elements here: make rows of it instead, for example by session.range()`,
    });
  }
  throw new SparrowError(
    'COLLECTION_SIZE_LIMIT_EXCEEDED.FUNCTION',
    `\`${fn}\` would make an array of ${count} elements, but ${MAX_ARRAY_LENGTH} is the most`,
    { sqlState: '54000', parameters: { functionName: `\`${fn}\``, numberOfElements: String(count) } },
  );
}

export const mismatch = (text: string, code: string): Mismatch => ({
  mismatch: text,
  code: `DATATYPE_MISMATCH.${code}`,
});

/** Whether maps are somewhere in the type: they have no equality, so they cannot be keys. */
export function holdsMap(type: DataType): boolean {
  if (type.kind === 'array') return holdsMap(type.element);
  if (type.kind === 'struct') return type.fields.some((f) => holdsMap(f.type));
  return type.kind === 'map';
}

export function badMapKey(type: DataType): Mismatch | undefined {
  if (!holdsMap(type) && type.kind !== 'variant') return undefined;
  return mismatch('the key of a map cannot be or hold a map', 'INVALID_MAP_KEY_TYPE');
}
