import {
  binaryType,
  type DataType,
  dateType,
  decimalType,
  float32Type,
  float64Type,
  int8Type,
  int16Type,
  int32Type,
  int64Type,
  integerBounds,
  MAX_PRECISION,
  parseScalar,
  stringType,
  timestampNtzType,
  timestampType,
  timeType,
} from '../base/index.js';
import { cast, literal } from '../plan/build.js';
import type { Expr, Literal } from '../plan/expr.js';
import type { Token } from './lexer.js';
import type { ParseSettings, TokenStream } from './token-stream.js';

const FLOAT_MAX = 3.4028234663852886e38;
const integerSuffix: Readonly<Record<string, DataType>> = { Y: int8Type, S: int16Type, L: int64Type };

/** A number as SQL types it: `1` int (or the next type that holds it), `1.5` decimal, `1e5` double, by suffix otherwise. */
export function numberLiteral(tokens: TokenStream, token: Token, negative: boolean): Literal {
  const [, digits = '', suffix = ''] = /^(.*?)(BD|[LSYDF])?$/i.exec(token.text) ?? [];
  const text = negative ? `-${digits}` : digits;
  const kind = suffix.toUpperCase();
  const outOfRange = (what: string) =>
    tokens.error(`${text} is out of the range of ${what}`, token, 'INVALID_NUMERIC_LITERAL_RANGE');
  if (kind === 'D' || kind === 'F' || (kind === '' && /e/i.test(text))) {
    const value = Number(text);
    const isFloat = kind === 'F';
    if (Math.abs(value) > (isFloat ? FLOAT_MAX : Number.MAX_VALUE)) throw outOfRange(isFloat ? 'float' : 'double');
    return isFloat ? literal(float32Type, Math.fround(value)) : literal(float64Type, value);
  }
  const integer = integerSuffix[kind];
  if (integer !== undefined) {
    if (!/^-?\d+$/.test(text)) throw tokens.error(`${token.text} is no whole number`, token);
    const value = BigInt(text);
    if (!within(integer, value)) throw outOfRange(integer.kind);
    return literal(integer, integer.kind === 'int64' ? value : Number(value));
  }
  if (kind === '' && /^-?\d+$/.test(text)) {
    const value = BigInt(text);
    if (within(int32Type, value)) return literal(int32Type, Number(value));
    if (within(int64Type, value)) return literal(int64Type, value);
  }
  const tooLong = (): Error =>
    tokens.error(`${text} has more than ${MAX_PRECISION} digits`, token, 'DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION');
  return decimalLiteral(text) ?? fail(tooLong());
}

function fail(error: Error): never {
  throw error;
}

function within(type: DataType, value: bigint): boolean {
  const bounds = integerBounds(type);
  return bounds !== undefined && value >= bounds[0] && value <= bounds[1];
}

/** As Spark: as many digits as are written, leading zeros aside. */
function decimalLiteral(text: string): Literal | undefined {
  const [mantissa = '', exponent = '0'] = text.toLowerCase().split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  let unscaled = BigInt(`${whole}${fraction}` === '-' ? '0' : `${whole}${fraction}`);
  let scale = fraction.length - Number(exponent);
  if (scale < 0) {
    if (scale < -MAX_PRECISION) return undefined;
    unscaled *= 10n ** BigInt(-scale);
    scale = 0;
  }
  const digits = String(unscaled < 0n ? -unscaled : unscaled).length;
  const precision = Math.max(digits, scale);
  return precision > MAX_PRECISION ? undefined : literal(decimalType(precision, scale), unscaled);
}

/** DATE '…', TIMESTAMP '…', X'…' and their kin; undefined where the word does not begin such a literal. */
export function typedLiteral(tokens: TokenStream, settings: ParseSettings): Expr | undefined {
  const word = tokens.peek();
  if (word.kind !== 'word' || tokens.peek(1).kind !== 'string') return undefined;
  let type = typeOf(word.upper, settings);
  if (type === undefined) return undefined;
  tokens.next();
  const text = tokens.string();
  const isMoment = type.kind === 'date' || type.kind.startsWith('timestamp');
  if (isMoment && SPECIAL.test(text.trim())) return cast(literal(stringType, text), type);
  if (word.upper === 'TIMESTAMP' && type.kind === 'timestamp_ntz' && namesZone(text)) type = timestampType;
  const value = type.kind === 'binary' ? parseHex(text) : parseScalar(type, text, settings.timeZone);
  if (value === undefined || value === null) {
    throw tokens.error(`'${text}' is no value of type ${word.upper}`, word, 'INVALID_TYPED_LITERAL');
  }
  return literal(type, value);
}

/** Times that have a name: what casts make of constant texts. */
const SPECIAL = /^(?:epoch|now|today|yesterday|tomorrow)$/i;

/** A time with a zone is an instant, whatever TIMESTAMP means. */
const namesZone = (text: string): boolean => /:\d+(\.\d*)?\s*[^\s\d:.]/.test(text);

function typeOf(word: string, settings: ParseSettings): DataType | undefined {
  switch (word) {
    case 'DATE':
      return dateType;
    case 'TIME':
      return timeType;
    case 'TIMESTAMP':
      return settings.timestampType === 'ntz' ? timestampNtzType : timestampType;
    case 'TIMESTAMP_LTZ':
      return timestampType;
    case 'TIMESTAMP_NTZ':
      return timestampNtzType;
    case 'X':
      return binaryType;
    default:
      return undefined;
  }
}

/** An odd number of digits has a zero before it. */
function parseHex(text: string): Uint8Array | undefined {
  if (!/^[0-9a-fA-F]*$/.test(text)) return undefined;
  return new Uint8Array(Buffer.from(text.length % 2 === 1 ? `0${text}` : text, 'hex'));
}
