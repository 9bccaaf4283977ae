import { type DataType, type Field, SparrowError, simpleString } from '../../base/index.js';

const SIMPLE: Readonly<Partial<Record<DataType['kind'], string>>> = {
  boolean: 'boolean',
  int8: 'byte',
  int16: 'short',
  int32: 'integer',
  int64: 'long',
  float32: 'float',
  float64: 'double',
  string: 'string',
  binary: 'binary',
  date: 'date',
  timestamp: 'timestamp',
  timestamp_ntz: 'timestamp_ntz',
  variant: 'variant',
};

/** A field as schemas are written to the log. */
export function fieldJson({ name, type, nullable }: Field): Record<string, unknown> {
  return { name, type: typeJson(type, name), nullable, metadata: {} };
}

/** The schema of a table as JSON; types that Delta does not have throw `DELTA_UNSUPPORTED_DATA_TYPES`. */
export function schemaJson(fields: readonly Field[]): string {
  return JSON.stringify({ type: 'struct', fields: fields.map(fieldJson) });
}

function typeJson(type: DataType, column: string): unknown {
  switch (type.kind) {
    case 'decimal':
      return `decimal(${type.precision},${type.scale})`;
    case 'array':
      return { type: 'array', elementType: typeJson(type.element, column), containsNull: type.containsNull };
    case 'map':
      return {
        type: 'map',
        keyType: typeJson(type.key, column),
        valueType: typeJson(type.value, column),
        valueContainsNull: type.valueContainsNull,
      };
    case 'struct':
      return {
        type: 'struct',
        fields: type.fields.map((f) => ({
          name: f.name,
          type: typeJson(f.type, column),
          nullable: f.nullable,
          metadata: {},
        })),
      };
    default: {
      const simple = SIMPLE[type.kind];
      if (simple !== undefined) return simple;
      throw new SparrowError('DELTA_UNSUPPORTED_DATA_TYPES', `Delta tables have no type ${simpleString(type)}`, {
        where: `column ${column}`,
        hint: 'cast the column, or leave it out',
      });
    }
  }
}

/** Whether a type holds another of this kind, or is one. */
export function holds(type: DataType, kind: DataType['kind']): boolean {
  if (type.kind === kind) return true;
  if (type.kind === 'array') return holds(type.element, kind);
  if (type.kind === 'map') return holds(type.key, kind) || holds(type.value, kind);
  return type.kind === 'struct' && type.fields.some((f) => holds(f.type, kind));
}
