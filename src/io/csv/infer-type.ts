import {
  booleanType,
  type DataType,
  type DecimalType,
  dateType,
  decimalType,
  float64Type,
  int32Type,
  int64Type,
  MAX_PRECISION,
  nullType,
  parseDateTime,
  parseDouble,
  stringType,
  timestampNtzType,
  timestampType,
} from '../../base/index.js';
import { cellOf } from './cells.js';
import type { CsvReadOptions } from './options.js';

const INTEGER = /^[+-]?[0-9]+$/;
const EXACT = /^[+-]?([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,4}))?$/;
export const LEADING_ZERO = /^[+-]?0[0-9]+$/;
const ISO_DATE = /^\d{4}-\d{2}-\d{2}$/;
const INT32_TOP = 2n ** 31n;
const INT64_TOP = 2n ** 63n;

/** Widens the type of a column by one more of its values, by the rules of Spark's schema inference. */
export class TypeInference {
  readonly #isDate: (text: string) => boolean;
  readonly #isTimestamp: (text: string) => boolean;
  readonly #timestamp: DataType;

  constructor(private readonly options: CsvReadOptions) {
    this.#timestamp = options.inferLocalTimestamps ? timestampNtzType : timestampType;
    const date = cellOf(dateType, options, 'schema inference');
    const timestamp = cellOf(this.#timestamp, options, 'schema inference');
    const hasFormat =
      (options.inferLocalTimestamps ? options.timestampNtzFormat : options.timestampFormat) !== undefined;
    this.#isDate = (text) =>
      (options.dateFormat !== undefined || ISO_DATE.test(text)) && date.parse(text) !== undefined;
    this.#isTimestamp = (text) =>
      timestamp.parse(text) !== undefined &&
      // With a zone of its own it is an instant.
      (hasFormat || !options.inferLocalTimestamps || parseDateTime(text)?.zone === undefined);
  }

  widen(soFar: DataType, text: string): DataType {
    if (this.options.keepLeadingZeros && LEADING_ZERO.test(text)) return stringType;
    return commonType(soFar, this.#infer(soFar, text));
  }

  /** The type of the text alone, trying nothing narrower than what the column has already. */
  #infer(soFar: DataType, text: string): DataType {
    switch (soFar.kind) {
      case 'null':
      case 'int32':
        return this.#number(text);
      case 'int64': {
        const type = this.#number(text);
        return type.kind === 'int32' ? int64Type : type;
      }
      case 'decimal':
        return this.#decimal(text);
      case 'float64':
        return this.#double(text);
      case 'date':
        return this.#date(text);
      case 'timestamp':
      case 'timestamp_ntz':
        return this.#clock(text);
      case 'boolean':
        return boolean(text);
      default:
        return stringType;
    }
  }

  #number(text: string): DataType {
    if (!INTEGER.test(text) || text.length > 40) return this.#decimal(text);
    const value = BigInt(text.startsWith('+') ? text.slice(1) : text);
    if (value < INT32_TOP && value >= -INT32_TOP) return int32Type;
    return value < INT64_TOP && value >= -INT64_TOP ? int64Type : this.#decimal(text);
  }

  /** Whole numbers beyond 64 bits; with `prefersDecimal` also those with a point. */
  #decimal(text: string): DataType {
    const match = EXACT.exec(text);
    if (match === null) return this.#double(text);
    const [whole = '', fraction = ''] = [match[1], match[2]];
    if (whole + fraction === '') return this.#double(text);
    const scale = fraction.length - Number(match[3] ?? 0);
    const precision = (whole + fraction).replace(/^0+(?=.)/, '').length;
    if (scale < 0 || (scale > 0 && !this.options.preferDecimal)) return this.#double(text);
    const type = decimalType(Math.max(precision, scale, 1), scale);
    return type.precision > MAX_PRECISION ? this.#double(text) : type;
  }

  #double(text: string): DataType {
    const { nanValue, positiveInf, negativeInf } = this.options;
    if (text === nanValue || text === positiveInf || text === negativeInf) return float64Type;
    // Java reads NaN and Infinity in this spelling only, and so does inference; what casts trim beyond blanks it does not.
    const special = /[nN]/.test(text) ? /^\s*[+-]?(NaN|Infinity)\s*$/.test(text) : !text.includes('\x7f');
    return special && parseDouble(text) !== undefined ? float64Type : this.#date(text);
  }

  #date(text: string): DataType {
    return this.options.preferDate && this.#isDate(text) ? dateType : this.#clock(text);
  }

  #clock(text: string): DataType {
    return this.#isTimestamp(text) ? this.#timestamp : boolean(text);
  }
}

function boolean(text: string): DataType {
  return /^(true|false)$/i.test(text) ? booleanType : stringType;
}

const AS_DECIMAL: Readonly<Record<string, DecimalType>> = { int32: decimalType(10, 0), int64: decimalType(20, 0) };

/** The type that holds both; a string when there is none better. */
export function commonType(a: DataType, b: DataType): DataType {
  if (a.kind === 'null') return b;
  if (b.kind === 'null' || (a.kind === b.kind && a.kind !== 'decimal')) return a;
  const [x, y] = [AS_DECIMAL[a.kind] ?? a, AS_DECIMAL[b.kind] ?? b];
  const isNumber = (type: DataType): boolean => type.kind === 'decimal' || type.kind === 'float64';
  if (isNumber(x) && isNumber(y)) {
    if (a.kind === 'float64' || b.kind === 'float64') return float64Type;
    if (a.kind !== 'decimal' && b.kind !== 'decimal') return int64Type;
    return commonDecimal(x as DecimalType, y as DecimalType);
  }
  if (a.kind === 'date' && isTimestamp(b)) return b;
  return b.kind === 'date' && isTimestamp(a) ? a : stringType;
}

const isTimestamp = (type: DataType): boolean => type.kind === 'timestamp' || type.kind === 'timestamp_ntz';

function commonDecimal(a: DecimalType, b: DecimalType): DataType {
  const scale = Math.max(a.scale, b.scale);
  const whole = Math.max(a.precision - a.scale, b.precision - b.scale);
  return whole + scale > MAX_PRECISION ? float64Type : decimalType(whole + scale, scale);
}

export const unknownType = nullType;
