import { inspect } from 'node:util';
import { type DataType, type Field, type Schema, simpleString } from '../base/index.js';

/** A column's type, which can also print itself. */
export type FieldType = DataType & { simpleString(): string };

/** A column of a frame's schema: Spark's StructField. */
export interface FrameField extends Field {
  readonly type: FieldType;
  /** The type, by Spark's name of the property. */
  readonly dataType: FieldType;
}

function fieldOf({ name, type, nullable }: Field): FrameField {
  const printable = Object.defineProperty({ ...type }, 'simpleString', {
    value: () => simpleString(type),
  }) as FieldType;
  const made = { name, type: Object.freeze(printable), nullable };
  // Not enumerable, so that fields print and compare as the plain data they are.
  return Object.freeze(Object.defineProperty(made, 'dataType', { value: printable }) as FrameField);
}

/** The columns of a frame, as Spark's StructType: plain fields, and Spark's ways to print them. */
export class FrameSchema implements Schema {
  readonly kind = 'struct';
  readonly fields: readonly FrameField[];

  constructor(fields: readonly Field[]) {
    this.fields = Object.freeze(fields.map(fieldOf));
    Object.freeze(this);
  }

  /** The column names, in order. */
  get names(): string[] {
    return this.fields.map((f) => f.name);
  }

  /** The column names, in order: Spark's method. */
  fieldNames(): string[] {
    return this.names;
  }

  /** `struct<id:bigint,name:string>`. */
  simpleString(): string {
    return simpleString(this);
  }

  /** The tree `printSchema()` prints. */
  treeString(): string {
    return `root\n${this.fields.map((f) => fieldTree(f, ' |')).join('')}`;
  }

  /** The schema as Spark writes it to JSON. */
  jsonValue(): Record<string, unknown> {
    return jsonOf(this) as Record<string, unknown>;
  }

  /** The schema as Spark's JSON text. */
  json(): string {
    return JSON.stringify(this.jsonValue());
  }

  toJSON(): Record<string, unknown> {
    return this.jsonValue();
  }

  toString(): string {
    return this.simpleString();
  }

  [inspect.custom](): string {
    return this.treeString().trimEnd();
  }
}

/** Spark's type names in trees and JSON, where they differ from `simpleString`. */
function typeName(type: DataType): string {
  switch (type.kind) {
    case 'int8':
      return 'byte';
    case 'int16':
      return 'short';
    case 'int32':
      return 'integer';
    case 'int64':
      return 'long';
    case 'array':
    case 'struct':
    case 'map':
      return type.kind;
    default:
      return simpleString(type);
  }
}

const fieldTree = ({ name, type, nullable }: Field, prefix: string): string =>
  `${prefix}-- ${name}: ${typeName(type)} (nullable = ${nullable})\n${innerTree(type, `${prefix}    |`)}`;

function innerTree(type: DataType, prefix: string): string {
  switch (type.kind) {
    case 'struct':
      return type.fields.map((f) => fieldTree(f, prefix)).join('');
    case 'array':
      return `${prefix}-- element: ${typeName(type.element)} (containsNull = ${type.containsNull})\n${innerTree(type.element, `${prefix}    |`)}`;
    case 'map':
      return (
        `${prefix}-- key: ${typeName(type.key)}\n${innerTree(type.key, `${prefix}    |`)}` +
        `${prefix}-- value: ${typeName(type.value)} (valueContainsNull = ${type.valueContainsNull})\n` +
        innerTree(type.value, `${prefix}    |`)
      );
    default:
      return '';
  }
}

function jsonOf(type: DataType): unknown {
  switch (type.kind) {
    case 'struct':
      return {
        type: 'struct',
        fields: type.fields.map((f) => ({ name: f.name, type: jsonOf(f.type), nullable: f.nullable, metadata: {} })),
      };
    case 'array':
      return { type: 'array', elementType: jsonOf(type.element), containsNull: type.containsNull };
    case 'map':
      return {
        type: 'map',
        keyType: jsonOf(type.key),
        valueType: jsonOf(type.value),
        valueContainsNull: type.valueContainsNull,
      };
    default:
      return typeName(type);
  }
}
