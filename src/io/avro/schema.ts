import {
  arrayType,
  binaryType,
  booleanType,
  type DataType,
  dateType,
  decimalType,
  type Field,
  field,
  float32Type,
  float64Type,
  int32Type,
  int64Type,
  mapType,
  nullType,
  type Scalar,
  SparrowError,
  stringType,
  structType,
  timestampNtzType,
  timestampType,
} from '../../base/index.js';
import type { AvroCursor } from './cursor.js';

/** Reads one value as the engine's scalar. */
export type AvroRead = (cursor: AvroCursor) => Scalar;

/** A type of an Avro schema: what it is here, and how its values are read. */
export interface AvroType {
  readonly type: DataType;
  readonly nullable: boolean;
  readonly read: AvroRead;
  /** Of a record: its fields in order. */
  readonly fields?: readonly (AvroType & { readonly name: string })[];
}

type Json = string | readonly Json[] | { readonly [key: string]: unknown };

const MAX_DEPTH = 100;

/** Takes a schema apart, with Spark's types for Avro's (Spark's guide, "Supported types for Avro -> Spark SQL conversion"). */
export function avroType(text: string, path: string): AvroType {
  try {
    return new SchemaReader(path).type(JSON.parse(text) as Json, '', 0);
  } catch (cause) {
    if (cause instanceof SparrowError) throw cause;
    // No JSON, or JSON whose parts are not where a schema has them.
    const what = (cause as Error).message;
    throw new SparrowError('AVRO_INVALID_SCHEMA', `the schema of the Avro file cannot be read: ${what}`, {
      where: `file ${path}`,
      cause,
    });
  }
}

const once = (type: DataType, read: AvroRead, nullable = false): AvroType => ({ type, nullable, read });

const PRIMITIVES: Readonly<Record<string, AvroType>> = {
  null: once(nullType, () => null, true),
  boolean: once(booleanType, (c) => c.byte() !== 0),
  int: once(int32Type, (c) => c.int() | 0),
  long: once(int64Type, (c) => c.long()),
  float: once(float32Type, (c) => c.float()),
  double: once(float64Type, (c) => c.double()),
  bytes: once(binaryType, (c) => Uint8Array.from(c.counted())),
  string: once(stringType, (c) => c.text()),
};

class SchemaReader {
  readonly #named = new Map<string, AvroType>();
  readonly #open = new Set<string>();

  constructor(private readonly path: string) {}

  type(json: Json, space: string, depth: number): AvroType {
    if (depth > MAX_DEPTH) throw this.#invalid(`it is nested more than ${MAX_DEPTH} levels deep`);
    if (typeof json === 'string') return this.#byName(json, space);
    if (Array.isArray(json)) return this.#union(json, space, depth);
    const schema = json as Readonly<Record<string, unknown>>;
    switch (schema.type) {
      case 'record':
      case 'error':
        return this.#record(schema, space, depth);
      case 'enum':
        return this.#define(schema, space, this.#enum(schema));
      case 'fixed':
        return this.#define(schema, space, this.#fixed(schema));
      case 'array':
        return arrayOf(this.type(schema.items as Json, space, depth + 1));
      case 'map':
        return mapOf(this.type(schema.values as Json, space, depth + 1));
      default: {
        if (schema.type === undefined) throw this.#invalid('a type has no name');
        const plain = this.type(schema.type as Json, space, depth + 1);
        return logical(schema, plain) ?? plain;
      }
    }
  }

  #byName(name: string, space: string): AvroType {
    const primitive = Object.hasOwn(PRIMITIVES, name) ? PRIMITIVES[name] : undefined;
    if (primitive !== undefined) return primitive;
    const full = name.includes('.') || space === '' ? name : `${space}.${name}`;
    const found = this.#named.get(full) ?? this.#named.get(name);
    if (found !== undefined) return found;
    if (this.#open.has(full) || this.#open.has(name)) {
      throw new SparrowError('AVRO_RECURSIVE_SCHEMA', `the Avro type ${full} contains itself`, {
        where: `file ${this.path}`,
        hint: 'only types of a fixed depth can be read',
      });
    }
    throw this.#invalid(`there is no type ${full}`);
  }

  #fullName(schema: Readonly<Record<string, unknown>>, space: string): string {
    const name = String(schema.name ?? '');
    if (name.includes('.')) return name;
    const own = typeof schema.namespace === 'string' ? schema.namespace : space;
    return own === '' ? name : `${own}.${name}`;
  }

  #define(schema: Readonly<Record<string, unknown>>, space: string, type: AvroType): AvroType {
    this.#named.set(this.#fullName(schema, space), type);
    return type;
  }

  #record(schema: Readonly<Record<string, unknown>>, space: string, depth: number): AvroType {
    const name = this.#fullName(schema, space);
    if (!Array.isArray(schema.fields)) throw this.#invalid(`the record ${name} has no fields`);
    this.#open.add(name);
    const inside = name.slice(0, Math.max(0, name.lastIndexOf('.')));
    const names = new Set<string>();
    const fields = (schema.fields as readonly { readonly name: string; readonly type: Json }[]).map((f) => {
      if (typeof f.name !== 'string' || names.has(f.name)) {
        throw this.#invalid(`the record ${name} has a field without a name of its own`);
      }
      names.add(f.name);
      return { name: f.name, ...this.type(f.type, inside, depth + 1) };
    });
    this.#open.delete(name);
    const type = structType(fields.map((f): Field => field(f.name, f.type, f.nullable)));
    const reads = fields.map((f) => f.read);
    return this.#define(schema, space, {
      type,
      nullable: false,
      read: (c) => reads.map((read) => read(c)),
      fields,
    });
  }

  #enum(schema: Readonly<Record<string, unknown>>): AvroType {
    const symbols = schema.symbols as readonly string[];
    if (!Array.isArray(symbols) || symbols.some((symbol) => typeof symbol !== 'string')) {
      throw this.#invalid('an enum has no symbols');
    }
    return once(stringType, (c) => {
      const symbol = symbols[c.int()];
      if (symbol === undefined) throw c.damaged('an enum has a symbol that is not in its list');
      return symbol;
    });
  }

  #fixed(schema: Readonly<Record<string, unknown>>): AvroType {
    const size = Number(schema.size);
    if (!Number.isSafeInteger(size) || size < 0) throw this.#invalid('a fixed type has no size');
    const plain = once(binaryType, (c) => Uint8Array.from(c.fixed(size)));
    return logical(schema, plain) ?? plain;
  }

  /** One type and null: that type. Numbers of two widths: the wider. Others: a struct with a field for each. */
  #union(branches: readonly Json[], space: string, depth: number): AvroType {
    const all = branches.map((branch) => this.type(branch, space, depth + 1));
    const reads = all.map((branch) => branch.read);
    const pick = (c: AvroCursor): number => {
      const index = c.int();
      if (reads[index] === undefined) throw c.damaged('a union has a branch that it does not have');
      return index;
    };
    const values = all.filter((branch) => branch.type.kind !== 'null');
    const nullable = values.length < all.length || values.some((branch) => branch.nullable);
    const [only] = values;
    if (only === undefined) return once(nullType, (c) => (reads[pick(c)] as AvroRead)(c), true);
    if (values.length === 1) return { ...only, nullable, read: (c) => (reads[pick(c)] as AvroRead)(c) };
    const kinds = new Set(values.map((branch) => branch.type.kind));
    const wider = (...names: readonly string[]): boolean => [...kinds].every((kind) => names.includes(kind));
    if (wider('int32', 'int64')) {
      const read: AvroRead = (c) => {
        const value = (reads[pick(c)] as AvroRead)(c);
        return value === null ? null : BigInt(value as number | bigint);
      };
      return { type: int64Type, nullable, read };
    }
    if (wider('float32', 'float64'))
      return { type: float64Type, nullable, read: (c) => (reads[pick(c)] as AvroRead)(c) };
    const place = all.map((branch) => values.indexOf(branch));
    const type = structType(values.map((branch, i) => field(`member${i}`, branch.type, true)));
    return {
      type,
      nullable,
      read: (c) => {
        const index = pick(c);
        const value = (reads[index] as AvroRead)(c);
        const at = place[index] as number;
        return at < 0 ? null : values.map((_, i) => (i === at ? value : null));
      },
    };
  }

  #invalid(what: string): SparrowError {
    return new SparrowError('AVRO_INVALID_SCHEMA', `the schema of the Avro file cannot be read: ${what}`, {
      where: `file ${this.path}`,
    });
  }
}

function arrayOf(element: AvroType): AvroType {
  return once(arrayType(element.type, element.nullable), (c) => {
    const items: Scalar[] = [];
    c.items(() => items.push(element.read(c)));
    return items;
  });
}

function mapOf(value: AvroType): AvroType {
  return once(mapType(stringType, value.type, value.nullable), (c) => {
    const entries = new Map<string, Scalar>();
    c.items(() => entries.set(c.text(), value.read(c)));
    return { entries: [...entries] };
  });
}

/** A logical type that means something here; others are what they are made of. */
function logical(schema: Readonly<Record<string, unknown>>, plain: AvroType): AvroType | undefined {
  const micros = (type: DataType, scale: bigint): AvroType | undefined =>
    plain.type.kind === 'int64' ? once(type, (c) => inRange(c.long() * scale, LONGEST, c)) : undefined;
  switch (schema.logicalType) {
    case 'date':
      return plain.type.kind === 'int32' ? once(dateType, plain.read) : undefined;
    case 'timestamp-millis':
      return micros(timestampType, 1000n);
    case 'timestamp-micros':
      return micros(timestampType, 1n);
    case 'local-timestamp-millis':
      return micros(timestampNtzType, 1000n);
    case 'local-timestamp-micros':
      return micros(timestampNtzType, 1n);
    case 'decimal': {
      const [precision, scale] = [Number(schema.precision), Number(schema.scale ?? 0)];
      if (plain.type.kind !== 'binary' || !(precision >= 1 && precision <= 38 && scale >= 0 && scale <= precision)) {
        return undefined;
      }
      const most = 10n ** BigInt(precision);
      return once(decimalType(precision, scale), (c) => inRange(unscaled(plain.read(c) as Uint8Array), most, c));
    }
    default:
      return undefined;
  }
}

const LONGEST = 2n ** 63n;

/** Refuses what the type has no room for, as Spark does. */
function inRange(value: bigint, most: bigint, cursor: AvroCursor): bigint {
  if (value >= most || -value >= most) throw cursor.damaged(`the value ${value} is out of the range of its type`);
  return value;
}

/** Two's complement, the highest byte first. */
function unscaled(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const b of bytes) value = (value << 8n) | BigInt(b);
  return BigInt.asIntN(Math.max(8, bytes.length * 8), value);
}
