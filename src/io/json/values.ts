import {
  type ArrayType,
  type DataType,
  findTimeZone,
  integerBounds,
  localToInstant,
  type MapType,
  parseDecimal,
  parseDouble,
  parseFloat32,
  parseScalar,
  type Scalar,
  type StructType,
  timeZone,
  writeVariant,
} from '../../base/index.js';
import { compileDatePattern } from '../csv/date-pattern.js';
import { JsonFault } from './fault.js';
import { KeyTable } from './key-table.js';
import type { JsonReadOptions } from './options.js';
import { type JsonScanner, MAX_DEPTH, nonNumericValue, TOKEN } from './scanner.js';

/** Reads the value a scanner stands before as a scalar of one type; `BAD` when it is none, and the value is passed. */
export type ValueReader = (scanner: JsonScanner) => Scalar | typeof BAD;

/** The value is JSON, but none of the type. */
export const BAD = Symbol('bad value');

const MOST_INTEGER_CHARACTERS = 32;
const CLOSE_ARRAY = 93;
const CLOSE_OBJECT = 125;

/** The reader of a type; what it reads is as Spark's JSON reader takes it. */
export function valueReader(type: DataType, options: JsonReadOptions, depth = 0): ValueReader {
  const nested = (inner: DataType): ValueReader => valueReader(inner, options, depth + 1);
  switch (type.kind) {
    case 'array':
      return arrayReader(type, nested(type.element));
    case 'map':
      return mapReader(type, nested(type.value));
    case 'struct':
      return structReader(
        type,
        type.fields.map((f) => nested(f.type)),
      );
    case 'string':
      return stringReader;
    case 'variant':
      return (scanner) => writeVariant(plainValue(scanner, 0), 'a JSON value');
    case 'null':
      return (scanner) => {
        const token = scanner.token();
        return token === TOKEN.null ? null : passed(scanner, token);
      };
    default:
      return scalarReader(type, options);
  }
}

/** Passes the rest of a value whose first token was read. */
function passed(scanner: JsonScanner, token: number): typeof BAD {
  if (token === TOKEN.object || token === TOKEN.array) {
    scanner.at--;
    scanner.skip();
  }
  return BAD;
}

/** Strings as they are; any other value as the JSON it is written in. */
export const stringReader: ValueReader = (scanner) => {
  scanner.peek();
  const start = scanner.at;
  const token = scanner.token();
  if (token === TOKEN.string) return scanner.text();
  if (token === TOKEN.null) return null;
  passed(scanner, token);
  return scanner.bytes.utf8Slice(start, scanner.at);
};

function scalarReader(type: DataType, options: JsonReadOptions): ValueReader {
  const number = numberParser(type);
  const text = textParser(type, options);
  return (scanner) => {
    const token = scanner.token();
    let value: Scalar | undefined;
    if (token === TOKEN.null) return null;
    if (token === TOKEN.number) value = number?.(scanner.bytes.latin1Slice(scanner.from, scanner.to), scanner.integral);
    else if (token === TOKEN.string) value = text?.(scanner.text());
    else if (token === TOKEN.true || token === TOKEN.false)
      value = type.kind === 'boolean' ? token === TOKEN.true : undefined;
    else return passed(scanner, token);
    return value === undefined ? BAD : value;
  };
}

type Parser = (text: string, integral: boolean) => Scalar | undefined;

function numberParser(type: DataType): Parser | undefined {
  switch (type.kind) {
    case 'int8':
    case 'int16':
    case 'int32':
    case 'int64': {
      const [least, most] = integerBounds(type) as readonly [bigint, bigint];
      return (text, integral) => {
        if (!integral || text.length > MOST_INTEGER_CHARACTERS) return undefined;
        const value = BigInt(text);
        if (value < least || value > most) return undefined;
        return type.kind === 'int64' ? value : Number(value);
      };
    }
    case 'float64':
      return (text) => nonNumericValue(text) ?? Number(text);
    case 'float32':
      return (text) => nonNumericValue(text) ?? parseFloat32(text);
    case 'decimal':
      return (text) => parseDecimal(text, type);
    case 'timestamp':
    case 'timestamp_ntz':
      // Whole numbers are seconds, as in Spark.
      return (text, integral) =>
        integral && text.length < MOST_INTEGER_CHARACTERS ? BigInt.asIntN(64, BigInt(text) * 1_000_000n) : undefined;
    default:
      return undefined;
  }
}

function textParser(type: DataType, options: JsonReadOptions): ((text: string) => Scalar | undefined) | undefined {
  const zone = options.timeZone;
  switch (type.kind) {
    case 'float64':
      return (text) => nonNumericValue(text) ?? (/\d/.test(text) ? undefined : parseDouble(text));
    case 'float32':
      return (text) => nonNumericValue(text);
    case 'decimal':
      return (text) => parseDecimal(text, type);
    case 'binary':
      return (text) => (/^[A-Za-z0-9+/]*={0,2}$/.test(text) ? new Uint8Array(Buffer.from(text, 'base64')) : undefined);
    case 'date':
      return options.dateFormat === undefined
        ? (text) => parseScalar(type, text, zone)
        : byPattern(options.dateFormat, (parsed) => parsed.days);
    case 'timestamp':
      return options.timestampFormat === undefined
        ? (text) => parseScalar(type, text, zone)
        : byPattern(options.timestampFormat, (parsed) => instantOf(parsed, zone));
    case 'timestamp_ntz':
      return options.timestampNtzFormat === undefined
        ? (text) => parseScalar(type, text, zone)
        : byPattern(options.timestampNtzFormat, microsOf);
    case 'time':
    case 'interval_dt':
    case 'interval_ym':
      return (text) => parseScalar(type, text, zone);
    default:
      return undefined;
  }
}

type ReadDate = NonNullable<ReturnType<ReturnType<typeof compileDatePattern>['parse']>>;

function byPattern(
  format: string,
  value: (parsed: ReadDate) => Scalar | undefined,
): (text: string) => Scalar | undefined {
  const pattern = compileDatePattern(format);
  return (text) => {
    const parsed = pattern.parse(text);
    return parsed === undefined ? undefined : value(parsed);
  };
}

const microsOf = (parsed: ReadDate): bigint => BigInt(parsed.days) * 86_400_000_000n + BigInt(parsed.microsOfDay);

function instantOf(parsed: ReadDate, session: string): bigint | undefined {
  const zone = parsed.zone === undefined ? timeZone(session) : findTimeZone(parsed.zone);
  return zone === undefined ? undefined : localToInstant(zone, microsOf(parsed));
}

function arrayReader(_type: ArrayType, element: ValueReader): ValueReader {
  return (scanner) => {
    const token = scanner.token();
    if (token === TOKEN.null) return null;
    if (token !== TOKEN.array) return passed(scanner, token);
    const values: Scalar[] = [];
    let bad = false;
    if (scanner.closes(CLOSE_ARRAY)) return values;
    do {
      const value = element(scanner);
      if (value === BAD) bad = true;
      else values.push(value);
    } while (scanner.nextElement());
    return bad ? BAD : values;
  };
}

function mapReader(_type: MapType, item: ValueReader): ValueReader {
  return (scanner) => {
    const token = scanner.token();
    if (token === TOKEN.null) return null;
    if (token !== TOKEN.object) return passed(scanner, token);
    const entries = new Map<string, Scalar>();
    let bad = false;
    if (scanner.closes(CLOSE_OBJECT)) return { entries: [] };
    do {
      scanner.key();
      const key = scanner.text();
      const value = item(scanner);
      if (value === BAD) bad = true;
      else entries.set(key, value);
    } while (scanner.nextField());
    return bad ? BAD : { entries: [...entries] };
  };
}

function structReader(type: StructType, readers: readonly ValueReader[]): ValueReader {
  const keys = new KeyTable(type.fields.map((f) => f.name));
  return (scanner) => {
    const token = scanner.token();
    if (token === TOKEN.null) return null;
    if (token !== TOKEN.object) return passed(scanner, token);
    const values: Scalar[] = new Array<Scalar>(readers.length).fill(null);
    let bad = false;
    if (scanner.closes(CLOSE_OBJECT)) return values;
    do {
      scanner.key();
      const at = keys.find(scanner);
      if (at < 0) {
        scanner.skip();
        continue;
      }
      const value = (readers[at] as ValueReader)(scanner);
      if (value === BAD) bad = true;
      else values[at] = value;
    } while (scanner.nextField());
    return bad ? BAD : values;
  };
}

/** A value as plain JavaScript, for variants: integers exactly, other numbers as doubles. */
function plainValue(scanner: JsonScanner, depth: number): unknown {
  if (depth > MAX_DEPTH) throw JsonFault.of(`values are nested more than ${MAX_DEPTH} deep`, scanner.at);
  switch (scanner.token()) {
    case TOKEN.string:
      return scanner.text();
    case TOKEN.number: {
      const text = scanner.bytes.latin1Slice(scanner.from, scanner.to);
      return scanner.integral ? BigInt(text) : (nonNumericValue(text) ?? Number(text));
    }
    case TOKEN.true:
      return true;
    case TOKEN.false:
      return false;
    case TOKEN.null:
      return null;
    case TOKEN.array: {
      const values: unknown[] = [];
      if (scanner.closes(CLOSE_ARRAY)) return values;
      do values.push(plainValue(scanner, depth + 1));
      while (scanner.nextElement());
      return values;
    }
    default: {
      const entries = new Map<string, unknown>();
      if (scanner.closes(CLOSE_OBJECT)) return entries;
      do {
        scanner.key();
        const key = scanner.text();
        entries.set(key, plainValue(scanner, depth + 1));
      } while (scanner.nextField());
      return entries;
    }
  }
}
