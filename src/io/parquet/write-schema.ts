import { type DataType, type Field, MAX_LONG_PRECISION, SparrowError, unreachable } from '../../base/index.js';
import { CONVERTED, type Converted, PHYSICAL, type Physical } from './metadata.js';
import type { ThriftWriter } from './write-thrift.js';

/** Decimals up to this precision are written as INT32, as Spark does. */
export const MAX_INT32_PRECISION = 9;

/** A column of values as Parquet sees it: one leaf of the schema. */
export interface WriteLeaf {
  readonly path: readonly string[];
  readonly physical: Physical;
  /** Bytes of a fixed-length value. */
  readonly typeLength: number;
  readonly type: DataType;
  readonly maxDefinition: number;
  readonly maxRepetition: number;
}

/** How a value is taken apart into its leaves. */
export type WriteNode =
  | {
      readonly kind: 'leaf';
      readonly leaf: number;
      readonly type: DataType;
      readonly nullable: boolean;
      readonly definition: number;
    }
  | {
      readonly kind: 'struct';
      readonly nullable: boolean;
      readonly definition: number;
      readonly fields: readonly WriteNode[];
    }
  | {
      readonly kind: 'list';
      readonly nullable: boolean;
      readonly definition: number;
      readonly repetition: number;
      readonly element: WriteNode;
    }
  | {
      readonly kind: 'map';
      readonly nullable: boolean;
      readonly definition: number;
      readonly repetition: number;
      readonly key: WriteNode;
      readonly value: WriteNode;
    }
  | {
      readonly kind: 'variant';
      readonly nullable: boolean;
      readonly definition: number;
      readonly metadata: WriteNode;
      readonly value: WriteNode;
    };

type LogicalWriter = (out: ThriftWriter) => void;

interface Element {
  readonly name: string;
  readonly repetition: 0 | 1 | 2;
  readonly physical?: Physical;
  readonly typeLength?: number;
  readonly children?: number;
  readonly converted?: Converted;
  readonly decimal?: { readonly precision: number; readonly scale: number };
  readonly logical?: LogicalWriter;
}

export interface WriteSchema {
  readonly elements: readonly Element[];
  readonly leaves: readonly WriteLeaf[];
  readonly columns: readonly WriteNode[];
}

interface Levels {
  readonly path: readonly string[];
  readonly definition: number;
  readonly repetition: number;
}

/** The Parquet schema of columns. */
export function writeSchema(columns: readonly Field[]): WriteSchema {
  const builder = new SchemaBuilder();
  const nodes = columns.map((column) => builder.add(column, { path: [], definition: 0, repetition: 0 }));
  const root: Element = { name: 'spark_schema', repetition: 0, children: columns.length };
  return { elements: [root, ...builder.elements], leaves: builder.leaves, columns: nodes };
}

const EMPTY: LogicalWriter = () => undefined;
const logical =
  (id: number, body: LogicalWriter = EMPTY): LogicalWriter =>
  (out) =>
    out.structField(id, () => body(out));
const STRING = logical(1);
const MAP = logical(2);
const LIST = logical(3);
const VARIANT_VERSION = 1;

class SchemaBuilder {
  readonly elements: Element[] = [];
  readonly leaves: WriteLeaf[] = [];

  add({ name, type, nullable }: Field, parent: Levels): WriteNode {
    const definition = parent.definition + (nullable ? 1 : 0);
    const levels = { path: [...parent.path, name], definition, repetition: parent.repetition };
    const repetition = nullable ? 1 : 0;
    switch (type.kind) {
      case 'struct': {
        if (type.fields.length === 0) {
          throw new SparrowError('UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE', 'Parquet has no structs without fields', {
            where: `column ${levels.path.join('.')}`,
            hint: 'drop the column',
          });
        }
        this.elements.push({ name, repetition, children: type.fields.length });
        return { kind: 'struct', nullable, definition, fields: type.fields.map((f) => this.add(f, levels)) };
      }
      case 'array': {
        this.elements.push({ name, repetition, children: 1, converted: 'list', logical: LIST });
        const inner = this.#repeated('list', 1, levels);
        const element = this.add({ name: 'element', type: type.element, nullable: type.containsNull }, inner);
        return { kind: 'list', nullable, definition, repetition: inner.repetition, element };
      }
      case 'map': {
        this.elements.push({ name, repetition, children: 1, converted: 'map', logical: MAP });
        const inner = this.#repeated('key_value', 2, levels);
        const key = this.add({ name: 'key', type: type.key, nullable: false }, inner);
        const value = this.add({ name: 'value', type: type.value, nullable: type.valueContainsNull }, inner);
        return { kind: 'map', nullable, definition, repetition: inner.repetition, key, value };
      }
      case 'variant': {
        this.elements.push({
          name,
          repetition,
          children: 2,
          logical: logical(16, (out) => out.i8(1, VARIANT_VERSION)),
        });
        const part = (partName: string) =>
          this.add({ name: partName, type: { kind: 'binary' }, nullable: false }, levels);
        return { kind: 'variant', nullable, definition, metadata: part('metadata'), value: part('value') };
      }
      default: {
        const shape = leafShape(type);
        this.elements.push({ name, repetition, ...shape });
        const { physical, typeLength = 0 } = shape;
        this.leaves.push({
          path: levels.path,
          physical,
          typeLength,
          type,
          maxDefinition: definition,
          maxRepetition: levels.repetition,
        });
        return { kind: 'leaf', leaf: this.leaves.length - 1, type, nullable, definition };
      }
    }
  }

  #repeated(name: string, children: number, parent: Levels): Levels {
    this.elements.push({ name, repetition: 2, children });
    return { path: [...parent.path, name], definition: parent.definition + 1, repetition: parent.repetition + 1 };
  }
}

type LeafShape = Omit<Element, 'name' | 'repetition' | 'children'> & { readonly physical: Physical };
type LeafKind = Exclude<DataType['kind'], 'struct' | 'array' | 'map' | 'variant'>;

function leafShape(type: DataType & { readonly kind: LeafKind }): LeafShape {
  switch (type.kind) {
    case 'boolean':
      return { physical: 'boolean' };
    case 'int8':
    case 'int16': {
      const bits = type.kind === 'int8' ? 8 : 16;
      return { physical: 'int32', converted: `int_${bits}`, logical: logical(10, integer(bits)) };
    }
    case 'int32':
    case 'interval_ym':
      return { physical: 'int32' };
    case 'int64':
    case 'interval_dt':
      return { physical: 'int64' };
    case 'float32':
      return { physical: 'float' };
    case 'float64':
      return { physical: 'double' };
    case 'decimal':
      return decimalShape(type.precision, type.scale);
    case 'string':
      return { physical: 'byte_array', converted: 'utf8', logical: STRING };
    case 'binary':
      return { physical: 'byte_array' };
    case 'date':
      return { physical: 'int32', converted: 'date', logical: logical(6) };
    case 'time':
      return { physical: 'int64', logical: logical(7, micros(false)) };
    case 'timestamp':
      return { physical: 'int64', converted: 'timestamp_micros', logical: logical(8, micros(true)) };
    case 'timestamp_ntz':
      return { physical: 'int64', logical: logical(8, micros(false)) };
    case 'null':
      return { physical: 'int32', logical: logical(11) };
    case 'interval':
      throw new SparrowError('UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE', 'Parquet has no columns of type interval', {
        hint: 'write it as string, or as months and microseconds',
      });
    default:
      return unreachable(type);
  }
}

const integer =
  (bits: number): LogicalWriter =>
  (out) => {
    out.i8(1, bits);
    out.bool(2, true);
  };

/** A unit of microseconds; `utc`: instants, not clock readings. */
const micros =
  (utc: boolean): LogicalWriter =>
  (out) => {
    out.bool(1, utc);
    out.structField(2, () => out.structField(2, () => undefined));
  };

function decimalShape(precision: number, scale: number): LeafShape {
  const common = {
    converted: 'decimal' as const,
    decimal: { precision, scale },
    logical: logical(5, (out) => {
      out.i32(1, scale);
      out.i32(2, precision);
    }),
  };
  if (precision <= MAX_INT32_PRECISION) return { physical: 'int32', ...common };
  if (precision <= MAX_LONG_PRECISION) return { physical: 'int64', ...common };
  return { physical: 'fixed', typeLength: decimalBytes(precision), ...common };
}

/** The fewest bytes that hold every decimal of a precision. */
function decimalBytes(precision: number): number {
  let bytes = 1;
  while (2n ** BigInt(8 * bytes - 1) < 10n ** BigInt(precision)) bytes++;
  return bytes;
}

export function writeSchemaElement(out: ThriftWriter, element: Element): void {
  if (element.physical !== undefined) out.i32(1, PHYSICAL.indexOf(element.physical));
  if (element.typeLength !== undefined) out.i32(2, element.typeLength);
  // The root has no repetition, and neither parent has a type.
  if (element.children === undefined || element.name !== 'spark_schema') out.i32(3, element.repetition);
  out.text(4, element.name);
  if (element.children !== undefined) out.i32(5, element.children);
  if (element.converted !== undefined) out.i32(6, CONVERTED.indexOf(element.converted));
  if (element.decimal !== undefined) {
    out.i32(7, element.decimal.scale);
    out.i32(8, element.decimal.precision);
  }
  const { logical: body } = element;
  if (body !== undefined) out.structField(10, () => body(out));
}

/** The columns as Spark notes them in its files, so that it finds its own types again. */
export function sparkSchemaJson(columns: readonly Field[]): string {
  return JSON.stringify(sparkType({ kind: 'struct', fields: columns }));
}

function sparkType(type: DataType): unknown {
  switch (type.kind) {
    case 'struct': {
      const fields = type.fields.map((f) => ({
        name: f.name,
        type: sparkType(f.type),
        nullable: f.nullable,
        metadata: {},
      }));
      return { type: 'struct', fields };
    }
    case 'array':
      return { type: 'array', elementType: sparkType(type.element), containsNull: type.containsNull };
    case 'map': {
      const { key, value, valueContainsNull } = type;
      return { type: 'map', keyType: sparkType(key), valueType: sparkType(value), valueContainsNull };
    }
    case 'decimal':
      return `decimal(${type.precision},${type.scale})`;
    default:
      return SPARK_NAMES[type.kind];
  }
}

const SPARK_NAMES: Readonly<Record<Exclude<DataType['kind'], 'struct' | 'array' | 'map' | 'decimal'>, string>> = {
  null: 'void',
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
  time: 'time(6)',
  timestamp: 'timestamp',
  timestamp_ntz: 'timestamp_ntz',
  interval_ym: 'interval year to month',
  interval_dt: 'interval day to second',
  interval: 'interval',
  variant: 'variant',
};
