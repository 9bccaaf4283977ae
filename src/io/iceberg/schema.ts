import {
  arrayType,
  binaryType,
  booleanType,
  type DataType,
  dateType,
  decimalType,
  field,
  float32Type,
  float64Type,
  int32Type,
  int64Type,
  mapType,
  nullType,
  parseScalar,
  type Scalar,
  stringType,
  structType,
  timestampNtzType,
  timestampType,
  timeType,
  variantType,
} from '../../base/index.js';
import type { FieldIds } from '../parquet/schema.js';
import { damagedTable, unsupportedTable } from './error.js';

/** A field of a table, known by its id whatever it is called. Plain data. */
export interface IceField {
  readonly id: number;
  readonly name: string;
  readonly type: DataType;
  readonly nullable: boolean;
  /** The word that the format has for a type without parts. */
  readonly word: string;
  /** The fields of a struct, the element of a list, key and value of a map. */
  readonly parts: readonly IceField[];
  /** What files that are older than the field have in its place. */
  readonly initial?: Scalar;
}

interface JsonType {
  readonly type?: unknown;
  readonly fields?: unknown;
  readonly [key: string]: unknown;
}

const SIMPLE: Readonly<Record<string, DataType>> = {
  boolean: booleanType,
  int: int32Type,
  long: int64Type,
  float: float32Type,
  double: float64Type,
  date: dateType,
  time: timeType,
  timestamp: timestampNtzType,
  timestamptz: timestampType,
  // Values keep microseconds.
  timestamp_ns: timestampNtzType,
  timestamptz_ns: timestampType,
  string: stringType,
  uuid: stringType,
  binary: binaryType,
  unknown: nullType,
  variant: variantType,
};
const MAX_DEPTH = 100;

/** The fields of a schema (Iceberg's specification, "Appendix C: JSON serialization"). */
export function schemaFields(json: unknown, where: string, depth = 0): IceField[] {
  const { fields } = json as JsonType;
  if (!Array.isArray(fields) || depth > MAX_DEPTH) throw damagedTable('a struct has no fields', where);
  return (fields as readonly JsonType[]).map((f): IceField => {
    const id = Number(f.id);
    if (!Number.isSafeInteger(id) || typeof f.name !== 'string') throw damagedTable('a field has no id', where);
    const made = part(id, f.name, f.type, f.required !== true, where, depth + 1);
    const given = f['initial-default'];
    return given === undefined || given === null ? made : { ...made, initial: initial(made, given, where) };
  });
}

function part(id: number, name: string, json: unknown, nullable: boolean, where: string, depth: number): IceField {
  const base = { id, name, nullable };
  if (typeof json === 'string') return { ...base, type: simple(json, where), word: json, parts: [] };
  const nested = (json ?? {}) as JsonType;
  const below = (key: string, required: unknown): IceField =>
    part(Number(nested[`${key}-id`]), key, nested[key], required !== true, where, depth + 1);
  if (nested.type === 'struct') {
    const parts = schemaFields(nested, where, depth);
    return { ...base, type: structType(parts.map((p) => field(p.name, p.type, p.nullable))), word: 'struct', parts };
  }
  if (nested.type === 'list') {
    const element = below('element', nested['element-required']);
    return { ...base, type: arrayType(element.type, element.nullable), word: 'list', parts: [element] };
  }
  if (nested.type === 'map') {
    const [key, value] = [below('key', true), below('value', nested['value-required'])];
    return { ...base, type: mapType(key.type, value.type, value.nullable), word: 'map', parts: [key, value] };
  }
  throw damagedTable(`there is no type ${JSON.stringify(json)}`, where);
}

function simple(word: string, where: string): DataType {
  const known = Object.hasOwn(SIMPLE, word) ? SIMPLE[word] : undefined;
  if (known !== undefined) return known;
  const decimal = /^decimal\((\d+),\s*(\d+)\)$/.exec(word);
  if (decimal !== null) return decimalType(Number(decimal[1]), Number(decimal[2]));
  if (/^fixed\[\d+\]$/.test(word)) return binaryType;
  throw unsupportedTable('TYPE', `the type ${word} of Iceberg tables cannot be read`, where);
}

function initial({ name, type }: IceField, given: unknown, where: string): Scalar {
  if (type.kind === 'binary') return new Uint8Array(Buffer.from(String(given), 'hex'));
  const value = typeof given === 'object' ? undefined : parseScalar(type, String(given), 'UTC');
  if (value === undefined) throw damagedTable(`${JSON.stringify(given)} is no value of ${name}`, where);
  return value;
}

/** A field by its id, at any depth. */
export function fieldById(fields: readonly IceField[], id: number): IceField | undefined {
  for (const f of fields) {
    const found = f.id === id ? f : fieldById(f.parts, id);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Names that stand for ids in files that have none (`schema.name-mapping.default`). */
interface MappedField {
  readonly 'field-id'?: number;
  readonly names?: readonly string[];
  readonly fields?: readonly MappedField[];
}

/** Finds ids by names, in the order of a file's columns: by the table's mapping, or else by its own names. */
export function namedIds(
  columns: readonly { readonly name: string; readonly type?: DataType }[],
  mapping: string | undefined,
  fields: readonly IceField[],
  where: string,
): FieldIds[] {
  const asMapping = (of: readonly IceField[]): MappedField[] =>
    of.map(({ id, name, parts }) => ({ 'field-id': id, names: [name], fields: asMapping(parts) }));
  try {
    const names = mapping === undefined ? asMapping(fields) : (JSON.parse(mapping) as readonly MappedField[]);
    return columns.map(({ name, type }) => mapped(name, type, names));
  } catch (cause) {
    throw damagedTable('its mapping of names is no JSON of that form', where, cause);
  }
}

function mapped(name: string, type: DataType | undefined, names: readonly MappedField[]): FieldIds {
  const found = names.find((m) => m.names?.includes(name));
  const inner = (part: string, of: DataType): FieldIds => mapped(part, of, found?.fields ?? []);
  const parts =
    type?.kind === 'struct'
      ? type.fields.map((f) => inner(f.name, f.type))
      : type?.kind === 'array'
        ? [inner('element', type.element)]
        : type?.kind === 'map'
          ? [inner('key', type.key), inner('value', type.value)]
          : [];
  return found?.['field-id'] === undefined ? { parts } : { id: found['field-id'], parts };
}
