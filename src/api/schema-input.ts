import { type DataType, type Field, field, type Schema, SparrowError, structType } from '../base/index.js';
import { describe } from './literal.js';
import type { Shape, ShapeOfRow, Unknown } from './row-types.js';
import { fieldsOfStandard, isStandardSchema, type StandardSchema } from './standard-schema.js';
import { parseFields } from './type-text.js';
import { fieldsOf, type TypeInput } from './types.js';

/**
 * Where a schema is taken: an object of types (`{ id: t.int64 }`), Spark's DDL (`'id BIGINT, name STRING'`), a schema
 * another frame gave, or a Standard Schema such as zod's.
 */
export type SchemaInput = string | { readonly [name: string]: TypeInput } | Schema | StandardSchema;

/** The columns a schema input declares, at compile time. */
export type ShapeOfInput<I> = I extends string | Schema
  ? Unknown
  : I extends StandardSchema<infer Output>
    ? ShapeOfRow<Output>
    : I extends Shape
      ? { [K in keyof I]: I[K] }
      : Unknown;

/** A schema input as a schema; refuses duplicates and what is no schema. */
export function schemaOf(input: SchemaInput): Schema {
  const fields = fieldsIn(input);
  const seen = new Set<string>();
  for (const { name } of fields) {
    if (seen.has(name)) {
      throw new SparrowError('COLUMN_ALREADY_EXISTS', `the schema has two columns named \`${name}\``, {
        sqlState: '42711',
      });
    }
    seen.add(name);
  }
  return structType(fields.map((f) => field(f.name, plain(f.type), f.nullable)));
}

function fieldsIn(input: unknown): readonly Field[] {
  if (typeof input === 'string') return parseFields(input.replace(/^\s*struct\s*<(.*)>\s*$/is, '$1'));
  if (isStandardSchema(input)) return fieldsOfStandard(input);
  if (typeof input === 'object' && input !== null) {
    if ('fields' in input && Array.isArray(input.fields) && 'kind' in input) return input.fields as Field[];
    if (Object.values(input).every(isType)) return fieldsOf(input as Shape);
  }
  throw new SparrowError('INVALID_SCHEMA', `${describe(input)} is no schema`, {
    hint: "write { id: t.int64, name: t.string } or 'id BIGINT, name STRING'",
  });
}

/** Types that came from a frame's schema carry a method; plans hold plain data. */
const plain = (type: DataType): DataType => ({ ...type });

const isType = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && ('kind' in value || 'notNull' in value);
