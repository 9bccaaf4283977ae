import { arrayType, type DataType, type Field, field, mapType, SparrowError, structType } from '../base/index.js';
import { t } from './types.js';

/** The part of a Standard Schema (zod, valibot, arktype, …) that is read here. */
export interface StandardSchema<Output = unknown> {
  readonly '~standard': {
    readonly vendor: string;
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
}

type Loose = Readonly<Record<string, unknown>>;
interface Entry {
  readonly type: DataType;
  readonly nullable: boolean;
}

const isObject = (value: unknown): value is Loose =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';

export const isStandardSchema = (value: unknown): value is StandardSchema =>
  isObject(value) && isObject(value['~standard']);

/**
 * The columns an object schema describes. Reads zod 3 and 4, valibot, and every library that gives a JSON schema.
 * Integers are bigint, other numbers double; optional and nullable fields are nullable.
 */
export function fieldsOfStandard(schema: StandardSchema): Field[] {
  const { type } = entryOf(schema, 'the schema');
  if (type.kind === 'struct') return [...type.fields];
  throw unreadable(schema['~standard'].vendor, 'the schema');
}

function entryOf(schema: unknown, where: string): Entry {
  if (!isObject(schema)) throw unreadable('unknown', where);
  const definition = zodDefinition(schema);
  if (definition !== undefined) return zodEntry(schema, definition, where);
  if (isObject(schema.entries) || typeof schema.type === 'string') return valibotEntry(schema, where);
  const json = jsonSchemaOf(schema);
  if (json !== undefined) return jsonEntry(json, where, false);
  throw unreadable(isStandardSchema(schema) ? schema['~standard'].vendor : 'unknown', where);
}

const structOf = (shape: Loose, where: string, read: (value: unknown, where: string) => Entry): Entry => ({
  type: structType(
    Object.entries(shape).map(([name, value]) => {
      const { type, nullable } = read(value, `${where}.${name}`);
      return field(name, type, nullable);
    }),
  ),
  nullable: false,
});

const required = (type: DataType): Entry => ({ type, nullable: false });
const nullable = (entry: Entry): Entry => ({ ...entry, nullable: true });

// ---- zod: version 4 keeps its definition in _zod.def, version 3 in _def ----

function zodDefinition(schema: Loose): Loose | undefined {
  const four = isObject(schema._zod) ? schema._zod.def : undefined;
  if (isObject(four)) return four;
  return isObject(schema._def) && 'typeName' in schema._def ? schema._def : undefined;
}

function zodEntry(schema: Loose, def: Loose, where: string): Entry {
  const kind = String(def.typeName ?? def.type)
    .replace(/^Zod/, '')
    .toLowerCase();
  switch (kind) {
    case 'object':
      return structOf(schema.shape as Loose, where, entryOf);
    case 'optional':
    case 'nullable':
    case 'nullish':
      return nullable(entryOf(def.innerType, where));
    case 'default':
    case 'prefault':
    case 'catch':
    case 'readonly':
    case 'nonoptional':
      return { ...entryOf(def.innerType, where), nullable: false };
    case 'branded':
      return entryOf(def.type, where);
    case 'effects':
      // What a transformation gives is known to nobody; a refinement gives what it takes.
      if (isObject(def.effect) && def.effect.type === 'transform') throw unreadable('zod', `${where} (transform)`);
      return entryOf(def.schema, where);
    case 'pipe':
    case 'pipeline':
      return entryOf(def.out, where);
    case 'array':
    case 'set': {
      const element = entryOf(def.element ?? def.valueType ?? def.type, `${where}[]`);
      return required(arrayType(element.type, element.nullable));
    }
    case 'map':
    case 'record': {
      const value = entryOf(def.valueType, `${where}.*`);
      return required(
        mapType(kind === 'map' ? entryOf(def.keyType, where).type : t.string, value.type, value.nullable),
      );
    }
    case 'number':
      return required(isZodInteger(def) ? t.int64 : t.float64);
    case 'literal':
      return literalEntry(Array.isArray(def.values) ? def.values : [def.value], where);
    default:
      return simpleEntry(kind, where, 'zod');
  }
}

function isZodInteger(def: Loose): boolean {
  const checks = (Array.isArray(def.checks) ? def.checks : []) as Loose[];
  const formats = [
    def.format,
    ...checks.map((c) => (isObject(c._zod) && isObject(c._zod.def) ? c._zod.def.format : c.kind)),
  ];
  return formats.some(
    (format) => format === 'safeint' || format === 'int32' || format === 'uint32' || format === 'int',
  );
}

function literalEntry(values: readonly unknown[], where: string): Entry {
  const kinds = new Set(values.filter((v) => v !== null).map((v) => typeof v));
  const [kind] = kinds;
  if (kinds.size !== 1 || kind === undefined) throw unreadable('zod', where);
  const entry =
    kind === 'number' && values.every(Number.isInteger) ? required(t.int64) : simpleEntry(kind, where, 'zod');
  return values.includes(null) ? nullable(entry) : entry;
}

function simpleEntry(kind: string, where: string, vendor: string): Entry {
  switch (kind) {
    case 'string':
    case 'enum':
    case 'nativeenum':
    case 'picklist':
    case 'template_literal':
      return required(t.string);
    case 'number':
      return required(t.float64);
    case 'bigint':
      return required(t.int64);
    case 'boolean':
      return required(t.boolean);
    case 'date':
      return required(t.timestamp);
    case 'instance':
    case 'file':
      return required(t.binary);
    case 'null':
    case 'undefined':
    case 'void':
      return nullable(required(t.null));
    default:
      throw unreadable(vendor, `${where} (${kind})`);
  }
}

// ---- valibot: plain objects with `type` ----

function valibotEntry(schema: Loose, where: string): Entry {
  const kind = String(schema.type).replace(/^(loose|strict)_/, '');
  switch (kind) {
    case 'object':
      return structOf(schema.entries as Loose, where, entryOf);
    case 'optional':
    case 'nullable':
    case 'nullish':
    case 'undefinedable':
    case 'exact_optional':
      return nullable(entryOf(schema.wrapped, where));
    case 'array': {
      const element = entryOf(schema.item, `${where}[]`);
      return required(arrayType(element.type, element.nullable));
    }
    case 'record': {
      const value = entryOf(schema.value, `${where}.*`);
      return required(mapType(t.string, value.type, value.nullable));
    }
    case 'number': {
      const pipe = (Array.isArray(schema.pipe) ? schema.pipe : []) as Loose[];
      return required(
        pipe.some((step) => step.type === 'integer' || step.type === 'safe_integer') ? t.int64 : t.float64,
      );
    }
    case 'literal':
      return literalEntry([schema.literal], where);
    default:
      return simpleEntry(kind, where, 'valibot');
  }
}

// ---- JSON schema ----

function jsonSchemaOf(schema: Loose): Loose | undefined {
  const standard = schema['~standard'];
  const converter = isObject(standard) ? standard.jsonSchema : undefined;
  if (isObject(converter) && typeof converter.output === 'function') {
    return converter.output({ target: 'draft-2020-12' }) as Loose;
  }
  return typeof schema.toJsonSchema === 'function' ? (schema.toJsonSchema() as Loose) : undefined;
}

function jsonEntry(json: unknown, where: string, optional: boolean): Entry {
  if (!isObject(json)) throw unreadable('JSON schema', where);
  const types = [json.type].flat().filter((kind) => kind !== undefined && kind !== 'null');
  const entry = types.length === 1 ? jsonType(String(types[0]), json, where) : jsonUnion(json, where);
  const hasNull = Array.isArray(json.type) && json.type.includes('null');
  return optional || hasNull ? nullable(entry) : entry;
}

function jsonUnion(json: Loose, where: string): Entry {
  const options = (json.anyOf ?? json.oneOf) as readonly Loose[] | undefined;
  const rest = options?.filter((option) => option.type !== 'null') ?? [];
  if (rest.length === 1 && options !== undefined) {
    const entry = jsonEntry(rest[0], where, false);
    return rest.length < options.length ? nullable(entry) : entry;
  }
  const values = json.enum ?? (json.const === undefined ? undefined : [json.const]);
  if (Array.isArray(values)) return literalEntry(values, where);
  throw unreadable('JSON schema', where);
}

function jsonType(kind: string, json: Loose, where: string): Entry {
  switch (kind) {
    case 'object': {
      if (!isObject(json.properties)) {
        const value = jsonEntry(json.additionalProperties, `${where}.*`, false);
        return required(mapType(t.string, value.type, value.nullable));
      }
      const needed = Array.isArray(json.required) ? json.required : [];
      const name = (path: string): string => path.slice(path.lastIndexOf('.') + 1);
      return structOf(json.properties, where, (value, path) => jsonEntry(value, path, !needed.includes(name(path))));
    }
    case 'array': {
      const element = jsonEntry(json.items, `${where}[]`, false);
      return required(arrayType(element.type, element.nullable));
    }
    case 'integer':
      return required(t.int64);
    case 'string':
      return required(t.string);
    default:
      return simpleEntry(kind, where, 'JSON schema');
  }
}

function unreadable(vendor: string, where: string): SparrowError {
  return new SparrowError('INVALID_SCHEMA', `no column types can be read from ${where} of this ${vendor} schema`, {
    hint: 'write the schema with `t`: { id: t.int64, name: t.string }',
  });
}
