import {
  arrayType,
  type DataType,
  decimalType,
  type Field,
  field,
  mapType,
  nearestNames,
  SparrowError,
  structType,
} from '../base/index.js';
import { t } from './types.js';

/** Spark's names of the simple types, in lower case. */
const named = {
  void: t.null,
  null: t.null,
  boolean: t.boolean,
  bool: t.boolean,
  tinyint: t.int8,
  byte: t.int8,
  smallint: t.int16,
  short: t.int16,
  int: t.int32,
  integer: t.int32,
  bigint: t.int64,
  long: t.int64,
  float: t.float32,
  real: t.float32,
  double: t.float64,
  decimal: t.decimal(10, 0),
  dec: t.decimal(10, 0),
  numeric: t.decimal(10, 0),
  string: t.string,
  binary: t.binary,
  date: t.date,
  time: t.time,
  timestamp: t.timestamp,
  timestamp_ltz: t.timestamp,
  timestamp_ntz: t.timestampNtz,
  variant: t.variant,
  int8: t.int8,
  int16: t.int16,
  int32: t.int32,
  int64: t.int64,
  float32: t.float32,
  float64: t.float64,
} as const;

type NamedTypes = typeof named;

/** A type by Spark's name, as the compiler reads it: `'int'`, `'decimal(12,2)'`, `'array<string>'`. */
export type TypeByName<N extends string> =
  Lowercase<N> extends keyof NamedTypes
    ? NamedTypes[Lowercase<N>]
    : Lowercase<N> extends `decimal(${string})` | `dec(${string})` | `numeric(${string})`
      ? NamedTypes['decimal']
      : Lowercase<N> extends `${'varchar' | 'char'}(${string})`
        ? NamedTypes['string']
        : Lowercase<N> extends `${'array' | 'struct' | 'map'}<${string}>` | `interval ${string}` | `time(${string})`
          ? { readonly kind: 'unknown' }
          : string extends N
            ? { readonly kind: 'unknown' }
            : never;

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
    if (word === 'varchar' || word === 'char') return t.string;
    if (Object.hasOwn(named, word)) return named[word as keyof NamedTypes];
    throw this.#error(`there is no type \`${word}\``, nearestNames(word, Object.keys(named), 3));
  }

  #interval(): DataType {
    const from = this.#next().toLowerCase();
    if (this.#peek().toLowerCase() === 'to') this.#at += 2;
    return from === 'year' || from === 'month' ? t.yearMonthInterval : t.dayTimeInterval;
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
