import {
  type DataType,
  findTimeZone,
  localToInstant,
  parseScalar,
  type Scalar,
  SparrowError,
  type Storage,
  simpleString,
  timeZone,
} from '../../base/index.js';
import { compileDatePattern } from './date-pattern.js';
import type { ValueKernelName } from './emit-field.js';
import type { CsvReadOptions } from './options.js';

/** How a column of a type is read. */
export interface Cell {
  readonly storage: Storage;
  /** `decimal` has a kernel for each precision and scale; `text` columns are copied. */
  readonly kernel: ValueKernelName | 'decimal' | 'text';
  /** Reads what the kernel leaves; undefined when the text is no value of the type. */
  readonly parse: (text: string) => Scalar | undefined;
  /** The kernel reads clocks, which are to become instants. */
  readonly local: boolean;
}

/** What numbers and booleans are stored as, and the kernels that read them. */
export const plainKernels: Readonly<Record<PlainKind, readonly [Storage, ValueKernelName]>> = {
  boolean: ['u8', 'boolean'],
  int8: ['i8', 'int8'],
  int16: ['i16', 'int16'],
  int32: ['i32', 'int32'],
  int64: ['i64', 'int64'],
  float32: ['f32', 'float32'],
  float64: ['f64', 'float64'],
};

type PlainKind = 'boolean' | 'int8' | 'int16' | 'int32' | 'int64' | 'float32' | 'float64';

export function cellOf(type: DataType, options: CsvReadOptions, where: string): Cell {
  const general = (text: string): Scalar | undefined => parseScalar(type, text, options.timeZone);
  const cell = (storage: Storage, kernel: Cell['kernel'], parse = general): Cell => ({
    storage,
    kernel,
    parse,
    local: false,
  });
  switch (type.kind) {
    case 'boolean':
      return cell(...plainKernels.boolean, parseBoolean);
    case 'int8':
    case 'int16':
    case 'int32':
    case 'int64':
      return cell(...plainKernels[type.kind]);
    case 'float32':
    case 'float64':
      return cell(...plainKernels[type.kind], (text) => specialNumber(text, options) ?? general(text));
    case 'decimal':
      return cell(type.precision <= 18 ? 'i64' : 'i128', 'decimal');
    case 'string':
    case 'binary':
      return cell('utf8', 'text', (text) => text);
    case 'date':
      return options.dateFormat === undefined
        ? cell('i32', 'date')
        : cell('i32', 'slow4', dateParser(options.dateFormat, options.firstShortYear));
    case 'timestamp':
      return timestampCell(options);
    case 'timestamp_ntz':
      if (options.timestampNtzFormat === undefined) return cell('i64', 'timestamp');
      return cell('i64', 'slow8', timestampParser(options.timestampNtzFormat, options.firstShortYear));
    case 'time':
    case 'interval_dt':
      return cell('i64', 'slow8');
    case 'interval_ym':
      return cell('i32', 'slow4');
    case 'null':
    case 'interval':
    case 'array':
    case 'struct':
    case 'map':
    case 'variant':
      throw new SparrowError(
        'UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE',
        `CSV has no columns of type ${simpleString(type)}`,
        {
          where,
          hint: 'read the column as string',
        },
      );
  }
}

function timestampCell(options: CsvReadOptions): Cell {
  const { timestampFormat } = options;
  if (timestampFormat !== undefined) {
    const parse = timestampParser(timestampFormat, options.firstShortYear, options.timeZone);
    return { storage: 'i64', kernel: 'slow8', parse, local: false };
  }
  const utc = isUtc(options.timeZone);
  const parse = (text: string): Scalar | undefined => parseScalar({ kind: 'timestamp' }, text, options.timeZone);
  return { storage: 'i64', kernel: utc ? 'instant' : 'timestamp', parse, local: !utc };
}

/** Whether clocks of a zone read as those of UTC always. */
export const isUtc = (zone: string): boolean => timeZone(zone).offsetAt(0) === 0 && /^(UTC|GMT|UT|Z|GMT0)$/.test(zone);

function parseBoolean(text: string): boolean | undefined {
  const word = text.toLowerCase();
  return word === 'true' ? true : word === 'false' ? false : undefined;
}

function specialNumber(text: string, options: CsvReadOptions): number | undefined {
  if (text === options.nanValue) return Number.NaN;
  if (text === options.positiveInf) return Number.POSITIVE_INFINITY;
  return text === options.negativeInf ? Number.NEGATIVE_INFINITY : undefined;
}

function dateParser(format: string, firstShortYear: number | undefined): (text: string) => Scalar | undefined {
  const pattern = compileDatePattern(format, firstShortYear);
  return (text) => {
    const parsed = pattern.parse(text);
    return parsed === undefined ? undefined : parsed.days;
  };
}

/** Without a zone the reading is taken as it is. */
function timestampParser(
  format: string,
  firstShortYear: number | undefined,
  zoneId?: string,
): (text: string) => Scalar | undefined {
  const pattern = compileDatePattern(format, firstShortYear);
  const sessionZone = zoneId === undefined ? undefined : timeZone(zoneId);
  return (text) => {
    const parsed = pattern.parse(text);
    if (parsed === undefined) return undefined;
    const micros = BigInt(parsed.days) * 86_400_000_000n + BigInt(parsed.microsOfDay);
    if (sessionZone === undefined) return micros;
    const zone = parsed.zone === undefined ? sessionZone : findTimeZone(parsed.zone);
    return zone === undefined ? undefined : localToInstant(zone, micros);
  };
}
