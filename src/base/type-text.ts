import { nearestNames, SparrowError } from './errors.js';
import {
  arrayType,
  binaryType,
  booleanType,
  calendarIntervalType,
  type DataType,
  dateType,
  decimalType,
  type Field,
  field,
  float32Type,
  float64Type,
  int8Type,
  int16Type,
  int32Type,
  int64Type,
  intervalType,
  intervalUnits,
  MAX_TIME_PRECISION,
  mapType,
  nullType,
  simpleString,
  stringType,
  structType,
  timeOfPrecision,
  timestampNtzType,
  timestampType,
  timeType,
  variantType,
} from './types.js';

/** Spark's names of the simple types, in lower case. */
export const namedTypes = {
  void: nullType,
  null: nullType,
  boolean: booleanType,
  bool: booleanType,
  tinyint: int8Type,
  byte: int8Type,
  smallint: int16Type,
  short: int16Type,
  int: int32Type,
  integer: int32Type,
  bigint: int64Type,
  long: int64Type,
  float: float32Type,
  real: float32Type,
  double: float64Type,
  decimal: decimalType(10, 0),
  dec: decimalType(10, 0),
  numeric: decimalType(10, 0),
  string: stringType,
  binary: binaryType,
  date: dateType,
  time: timeType,
  timestamp: timestampType,
  timestamp_ltz: timestampType,
  timestamp_ntz: timestampNtzType,
  variant: variantType,
  int8: int8Type,
  int16: int16Type,
  int32: int32Type,
  int64: int64Type,
  float32: float32Type,
  float64: float64Type,
} as const;

/**
 * A type written as Spark writes it: `bigint`, `decimal(12,2)`, `array<struct<a:int,b:string>>`.
 * Throws `UNSUPPORTED_DATATYPE` with the nearest names.
 */
export function parseType(text: string): DataType {
  const reader = new TypeReader(text);
  const type = reader.type();
  reader.end();
  return type;
}

/** A list of columns as Spark's DDL writes it: `id BIGINT NOT NULL, name STRING`. */
export function parseFields(text: string): Field[] {
  const reader = new TypeReader(text);
  const fields = reader.fields('');
  reader.end();
  return fields;
}

/** A list of columns, or a type: what from_json and its kin take as a schema. */
export function parseTypeOrFields(text: string): DataType {
  try {
    return parseType(text);
  } catch (error) {
    if (!(error instanceof SparrowError)) throw error;
    return structType(parseFields(text));
  }
}

/** A type as SQL text writes it: `STRUCT<a: BIGINT, b: ARRAY<STRING>>`. */
export function typeText(type: DataType): string {
  switch (type.kind) {
    case 'array':
      return `ARRAY<${typeText(type.element)}>`;
    case 'map':
      return `MAP<${typeText(type.key)}, ${typeText(type.value)}>`;
    case 'struct':
      return `STRUCT<${type.fields.map(fieldText).join(', ')}>`;
    default:
      return simpleString(type).toUpperCase();
  }
}

function fieldText({ name, type, nullable }: Field): string {
  const quoted = /^[A-Za-z_]\w*$/.test(name) ? name : `\`${name.replaceAll('`', '``')}\``;
  return `${quoted}: ${typeText(type)}${nullable ? '' : ' NOT NULL'}`;
}

class TypeReader {
  readonly #tokens: readonly string[];
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = text.match(/`(?:[^`]|``)*`|'(?:[^'])*'|[\p{L}_][\p{L}\p{N}_]*|\d+|[^\s]/gu) ?? [];
  }

  end(): void {
    if (this.#at < this.#tokens.length) throw this.#error(`unexpected \`${this.#peek()}\``);
  }

  type(): DataType {
    const word = this.#next().toLowerCase();
    switch (word) {
      case 'array': {
        this.#expect('<');
        const element = this.type();
        this.#expect('>');
        return arrayType(element);
      }
      case 'map': {
        this.#expect('<');
        const key = this.type();
        this.#expect(',');
        const value = this.type();
        this.#expect('>');
        return mapType(key, value);
      }
      case 'struct': {
        this.#expect('<');
        const fields = this.fields('>');
        this.#expect('>');
        return structType(fields);
      }
      case 'interval':
        return this.#interval();
      default:
        return this.#simple(word);
    }
  }

  fields(closing: string): Field[] {
    const fields: Field[] = [];
    while (this.#at < this.#tokens.length && this.#peek() !== closing) {
      const name = unquoted(this.#next());
      if (this.#peek() === ':') this.#at++;
      const type = this.type();
      fields.push(field(name, type, !this.#notNull()));
      if (this.#peek().toLowerCase() === 'comment') this.#at += 2;
      if (this.#peek() !== ',') break;
      this.#at++;
    }
    return fields;
  }

  #notNull(): boolean {
    if (this.#peek().toLowerCase() !== 'not') return false;
    this.#at++;
    this.#expect('null');
    return true;
  }

  #simple(word: string): DataType {
    const arguments_: number[] = [];
    if (this.#peek() === '(') {
      do {
        this.#at++;
        arguments_.push(Number(this.#next()));
      } while (this.#peek() === ',');
      this.#expect(')');
    }
    if (word === 'decimal' || word === 'dec' || word === 'numeric') {
      return decimalType(...([arguments_[0] ?? 10, arguments_[1] ?? 0] as const));
    }
    if (word === 'time') return timeOfPrecision(arguments_[0] ?? MAX_TIME_PRECISION);
    if (word === 'varchar' || word === 'char') return stringType;
    if (Object.hasOwn(namedTypes, word)) return namedTypes[word as keyof typeof namedTypes];
    throw this.#error(`there is no type \`${word}\``, nearestNames(word, Object.keys(namedTypes), 3));
  }

  #interval(): DataType {
    if (!/^[a-z]+$/i.test(this.#peek()) || /^(not|comment)$/i.test(this.#peek())) return calendarIntervalType;
    const from = this.#next().toLowerCase();
    let to = from;
    if (this.#peek().toLowerCase() === 'to') {
      this.#at++;
      to = this.#next().toLowerCase();
    }
    for (const kind of ['interval_ym', 'interval_dt'] as const) {
      const units: readonly string[] = intervalUnits[kind];
      const [first, last] = [units.indexOf(from), units.indexOf(to)];
      if (first >= 0 && last >= first) return intervalType(kind, first, last);
    }
    throw this.#error(`there is no interval from ${from} to ${to}`);
  }

  #peek(): string {
    return this.#tokens[this.#at] ?? '';
  }

  #next(): string {
    const token = this.#tokens[this.#at++];
    if (token === undefined) throw this.#error('it ends too early');
    return token;
  }

  #expect(token: string): void {
    const found = this.#peek();
    if (found.toLowerCase() !== token) throw this.#error(`expected \`${token}\`, found \`${found}\``);
    this.#at++;
  }

  #error(what: string, candidates: readonly string[] = []): SparrowError {
    return new SparrowError('UNSUPPORTED_DATATYPE', `cannot read the type '${this.#text}': ${what}`, {
      candidates,
      hint: "types are written as 'bigint', 'decimal(12,2)', 'array<string>', or with `t`",
      sqlState: '0A000',
    });
  }
}

const unquoted = (name: string): string => (name.startsWith('`') ? name.slice(1, -1).replaceAll('``', '`') : name);
