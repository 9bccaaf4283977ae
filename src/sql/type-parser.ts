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
  MAX_PRECISION,
  MAX_TIME_PRECISION,
  mapType,
  nearestNames,
  nullType,
  type Schema,
  SparrowError,
  stringType,
  structType,
  timeOfPrecision,
  timestampNtzType,
  timestampType,
  timeType,
  variantType,
} from '../base/index.js';
import { type ParseSettings, plainSettings, TokenStream } from './token-stream.js';

const named: Readonly<Record<string, DataType>> = {
  VOID: nullType,
  BOOLEAN: booleanType,
  TINYINT: int8Type,
  BYTE: int8Type,
  SMALLINT: int16Type,
  SHORT: int16Type,
  INT: int32Type,
  INTEGER: int32Type,
  BIGINT: int64Type,
  LONG: int64Type,
  FLOAT: float32Type,
  REAL: float32Type,
  DOUBLE: float64Type,
  DATE: dateType,
  TIME: timeType,
  TIMESTAMP_LTZ: timestampType,
  TIMESTAMP_NTZ: timestampNtzType,
  STRING: stringType,
  TEXT: stringType,
  BINARY: binaryType,
  VARIANT: variantType,
};

/** A type as Spark's DDL writes it: `DECIMAL(12, 2)`, `array<struct<a: int>>`. */
export function parseType(text: string, settings: ParseSettings = plainSettings): DataType {
  const tokens = new TokenStream(text);
  const type = readType(tokens, settings);
  tokens.end();
  return type;
}

/** A list of columns as Spark's DDL writes it: `id BIGINT NOT NULL, name STRING`. */
export function parseSchema(text: string, settings: ParseSettings = plainSettings): Schema {
  const tokens = new TokenStream(text);
  const fields: Field[] = [];
  if (tokens.peek().kind !== 'end') {
    do fields.push(readField(tokens, settings));
    while (tokens.accept(','));
  }
  tokens.end();
  return structType(fields);
}

export function readType(tokens: TokenStream, settings: ParseSettings): DataType {
  const start = tokens.peek();
  const name = tokens.name('a type').toUpperCase();
  switch (name) {
    case 'ARRAY': {
      tokens.expect('<');
      const element = readType(tokens, settings);
      closeAngle(tokens);
      return arrayType(element);
    }
    case 'MAP': {
      tokens.expect('<');
      const key = readType(tokens, settings);
      tokens.expect(',');
      const value = readType(tokens, settings);
      closeAngle(tokens);
      return mapType(key, value);
    }
    case 'STRUCT':
      return readStruct(tokens, settings);
    case 'DECIMAL':
    case 'DEC':
    case 'NUMERIC': {
      if (!tokens.accept('(')) return decimalType(10, 0);
      const precision = tokens.integer('a precision');
      const scale = tokens.accept(',') ? tokens.integer('a scale') : 0;
      tokens.expect(')');
      if (precision > MAX_PRECISION || scale > precision) {
        throw tokens.error(
          `decimal(${precision},${scale}) is out of range: at most ${MAX_PRECISION} digits, not more behind the point`,
          start,
          'DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION',
        );
      }
      return decimalType(precision, scale);
    }
    case 'CHAR':
    case 'CHARACTER':
    case 'VARCHAR':
      tokens.expect('(');
      tokens.integer('a length');
      tokens.expect(')');
      return stringType;
    case 'TIME':
      return readTime(tokens);
    case 'TIMESTAMP':
      return readTimestamp(tokens, settings);
    case 'INTERVAL':
      return readInterval(tokens);
    default: {
      const type = Object.hasOwn(named, name) ? named[name] : undefined;
      if (type !== undefined) return type;
      throw new SparrowError('UNSUPPORTED_DATATYPE', `there is no type \`${start.text}\``, {
        candidates: nearestNames(start.text, [...Object.keys(named), 'DECIMAL', 'TIMESTAMP', 'ARRAY', 'MAP', 'STRUCT']),
        sqlState: '0A000',
      });
    }
  }
}

function readTime(tokens: TokenStream): DataType {
  let precision = MAX_TIME_PRECISION;
  if (tokens.accept('(')) {
    const token = tokens.peek();
    precision = tokens.integer('a precision');
    if (precision > MAX_TIME_PRECISION)
      throw tokens.error(`a time has up to ${MAX_TIME_PRECISION} digits`, token, 'UNSUPPORTED_TIME_PRECISION');
    tokens.expect(')');
  }
  tokens.accept('WITHOUT', 'TIME', 'ZONE');
  return timeOfPrecision(precision);
}

function readTimestamp(tokens: TokenStream, settings: ParseSettings): DataType {
  if (tokens.accept('WITHOUT', 'TIME', 'ZONE')) return timestampNtzType;
  if (tokens.accept('WITH', 'LOCAL', 'TIME', 'ZONE')) return timestampType;
  return settings.timestampType === 'ntz' ? timestampNtzType : timestampType;
}

/** `INTERVAL DAY`, `INTERVAL DAY TO SECOND`. */
function readInterval(tokens: TokenStream): DataType {
  const from = tokens.peek().upper.toLowerCase();
  const kind = (['interval_ym', 'interval_dt'] as const).find((k) =>
    (intervalUnits[k] as readonly string[]).includes(from),
  );
  if (kind === undefined) return calendarIntervalType;
  tokens.next();
  const units: readonly string[] = intervalUnits[kind];
  const to = tokens.accept('TO') ? tokens.next().upper.toLowerCase() : from;
  if (units.indexOf(to) < units.indexOf(from)) throw tokens.unexpected('a later unit of the same kind');
  return intervalType(kind, units.indexOf(from), units.indexOf(to));
}

function readStruct(tokens: TokenStream, settings: ParseSettings): DataType {
  if (tokens.accept('<>')) return structType([]);
  tokens.expect('<');
  const fields: Field[] = [];
  if (!tokens.is('>')) {
    do fields.push(readField(tokens, settings));
    while (tokens.accept(','));
  }
  closeAngle(tokens);
  return structType(fields);
}

function readField(tokens: TokenStream, settings: ParseSettings): Field {
  const name = tokens.name('a column name');
  // `a:string` reads like a parameter.
  if (!tokens.accept(':')) tokens.splitParameter();
  const type = readType(tokens, settings);
  const nullable = !tokens.accept('NOT', 'NULL');
  if (tokens.accept('COMMENT')) tokens.string('a comment');
  return field(name, type, nullable);
}

/** `>>` of nested types is two closing brackets. */
function closeAngle(tokens: TokenStream): void {
  if (tokens.splitFirst('>')) return;
  tokens.expect('>');
}
