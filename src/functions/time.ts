import {
  type DataType,
  dateType,
  decimalType,
  int64Type,
  isInteger,
  MICROS_PER_DAY,
  parseTime,
  type Scalar,
  SparrowError,
  stringType,
  timestampType,
  timeType,
  timeZone,
} from '../base/index.js';
import { castScalar } from './cast-eval.js';
import { parseMoment } from './datetime-parse.js';
import { besideMoments } from './datetime-pattern-types.js';
import { localMicros, UNIT_MICROS } from './datetime-units.js';
import { scalar } from './define.js';
import { anyInt, anyNumber, anyString, anyTime, justString, type Param, takes } from './implicit.js';
import { tolerantOf } from './tolerant.js';

const rare = 'a call per row: rare';
const DAY = BigInt(MICROS_PER_DAY);

const justTime = {
  wants: 'time',
  accept: (type: DataType) => (type.kind === 'time' || type.kind === 'null' ? timeType : undefined),
};
const seconds: Param = {
  wants: 'decimal',
  accept: (type) => (anyNumber.accept(type) === undefined ? undefined : decimalType(16, 6)),
};

const outOfBounds = (what: string): SparrowError =>
  new SparrowError('DATETIME_FIELD_OUT_OF_BOUNDS.WITHOUT_SUGGESTION', what, { sqlState: '22023' });

function within(micros: bigint, what: string): bigint {
  if (micros >= 0n && micros < DAY) return micros;
  throw outOfBounds(`${what} is no time of day`);
}

const cannotParse = (text: string): SparrowError =>
  new SparrowError('CANNOT_PARSE_TIME', `'${text}' is no time of day by its format`, { sqlState: '22010' });

const toTime = scalar({
  name: 'toTime',
  sql: ['to_time'],
  summary: 'The time of day that a text means, by a pattern when one is given; what is malformed is an error.',
  examples: [
    ["to_time('00:12:00')", '00:12:00'],
    ["to_time('12.10.05', 'HH.mm.ss')", '12:10:05'],
  ],
  resolve: takes([justString, justString], timeType, { optional: 1 }),
  nulls: 'propagate',
  fails: true,
  eval: ([text, pattern]) => {
    const micros =
      pattern === undefined
        ? parseTime(text as string)
        : parseMoment(text as string, timeZone('UTC'), pattern as string);
    if (micros === undefined) throw cannotParse(text as string);
    return ((BigInt(micros) % DAY) + DAY) % DAY;
  },
  compiled: rare,
});

const TIME_UNITS = new Set(['HOUR', 'MINUTE', 'SECOND', 'MILLISECOND', 'MICROSECOND']);

function unitSize(fn: string, unit: Scalar | undefined): bigint {
  const name = String(unit).toUpperCase();
  const size = TIME_UNITS.has(name) ? UNIT_MICROS[name.toLowerCase() as 'hour'] : undefined;
  if (size !== undefined) return size;
  throw new SparrowError(
    'INVALID_PARAMETER_VALUE.TIME_UNIT',
    `${fn} knows HOUR, MINUTE, SECOND, MILLISECOND and MICROSECOND, not '${unit}'`,
    { sqlState: '22023' },
  );
}

/** A count of units, perhaps with a fraction, in microseconds. */
function microsOf(count: Scalar, type: DataType, size: bigint): bigint {
  if (type.kind === 'decimal') return ((count as bigint) * size) / 10n ** BigInt(type.scale);
  if (typeof count === 'bigint') return count * size;
  const micros = (count as number) * Number(size);
  if (Number.isFinite(micros)) return BigInt(Math.trunc(micros));
  throw outOfBounds(`${count} is no time of day`);
}

/** A count of a unit since midnight as a time. */
const fromUnit = (
  name: string,
  sql: string,
  unit: string,
  scale: number,
  size: bigint,
  example: readonly [string, string],
) =>
  scalar({
    name,
    sql: [sql],
    summary: `The time of day so many ${unit} after midnight.`,
    examples: [example],
    resolve: takes(
      [
        {
          wants: 'numeric',
          accept: (type) =>
            scale > 0
              ? type.kind === 'string'
                ? undefined
                : anyNumber.accept(type)
              : isInteger(type) || type.kind === 'null'
                ? int64Type
                : undefined,
        },
      ],
      timeType,
    ),
    nulls: 'propagate',
    fails: true,
    eval: ([n], call) => within(microsOf(n as Scalar, call.argTypes[0] as DataType, size), `${n}`),
    compiled: rare,
  });

const toUnit = (
  name: string,
  sql: string,
  unit: string,
  returns: DataType,
  size: bigint,
  example: readonly [string, string],
) =>
  scalar({
    name,
    sql: [sql],
    summary: `${unit} since midnight of a time of day.`,
    examples: [example],
    resolve: takes([justTime], returns),
    nulls: 'propagate',
    eval: ([time]) => (time as bigint) / size,
    compiled: rare,
  });

/** Times of day. */
export const timeFunctions = {
  makeTime: scalar({
    name: 'makeTime',
    sql: ['make_time'],
    summary: 'The time of day of hour, minute and seconds; fields out of range are errors.',
    examples: [['make_time(6, 30, 45.887)', '06:30:45.887']],
    resolve: takes([anyInt, anyInt, seconds], timeType),
    nulls: 'propagate',
    fails: true,
    eval: ([hour, minute, micros]) => {
      const [h, m, s] = [hour as number, minute as number, micros as bigint];
      if (h < 0 || h > 23 || m < 0 || m > 59 || s < 0n || s >= 60_000_000n)
        throw outOfBounds(`${h}:${m}:${Number(s) / 1e6} is no time of day`);
      return BigInt(h) * 3_600_000_000n + BigInt(m) * 60_000_000n + s;
    },
    compiled: rare,
  }),
  currentTime: scalar({
    name: 'currentTime',
    sql: ['current_time'],
    summary:
      'The time of day when the query started, in the session’s zone; the argument is the number of digits kept of a second.',
    examples: [],
    resolve: (args, settings) => {
      const digits = args[0]?.literal;
      const isWrong = typeof digits !== 'number' || digits < 0 || digits > 6;
      if (args.length === 1 && isWrong)
        return { mismatch: 'the precision is a constant from 0 to 6', code: 'DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE' };
      return takes([anyInt], timeType, { optional: 1 })(args, settings);
    },
    nulls: 'propagate',
    eval: ([digits = 6], { settings }) => {
      const ofDay = ((localMicros(settings.nowMicros, 'timestamp', settings.timeZone) % DAY) + DAY) % DAY;
      return ofDay - (ofDay % 10n ** BigInt(6 - (digits as number)));
    },
    compiled: rare,
  }),
  tryToDate: scalar({
    name: 'tryToDate',
    sql: ['try_to_date'],
    summary: 'The date that a text means, by a pattern when one is given; null when it is malformed.',
    examples: [
      ["try_to_date('2024-02-29')", '2024-02-29'],
      ["try_to_date('2024-02-30')", null],
    ],
    resolve: besideMoments(dateType, takes([anyString, anyString], dateType, { optional: 1, nullable: true })),
    nulls: 'custom',
    eval: ([text, pattern], call) => {
      const mode = { mode: 'try', timeZone: call.settings.timeZone } as const;
      if (typeof text === 'bigint') return castScalar(text, timestampType, dateType, mode);
      if (typeof text === 'number') return text;
      if (text === null || pattern === null) return null;
      if (pattern === undefined) return castScalar(text as Scalar, stringType, dateType, mode);
      const micros = parseMoment(text as string, timeZone(mode.timeZone), pattern as string);
      return micros === undefined ? null : castScalar(micros, timestampType, dateType, mode);
    },
    compiled: rare,
  }),
  toTime,
  tryToTime: tolerantOf(
    toTime,
    'tryToTime',
    'try_to_time',
    'The time of day that a text means; null when it is malformed.',
    [
      ["try_to_time('00:12:00')", '00:12:00'],
      ["try_to_time('x')", null],
    ],
  ),
  timeTrunc: scalar({
    name: 'timeTrunc',
    sql: ['time_trunc'],
    summary: 'The time of day cut to HOUR, MINUTE, SECOND, MILLISECOND or MICROSECOND.',
    examples: [["time_trunc('HOUR', time'09:32:05.359')", '09:00:00']],
    resolve: takes([anyString, anyTime], timeType),
    nulls: 'propagate',
    fails: true,
    eval: ([unit, time]) => {
      const size = unitSize('time_trunc', unit);
      return (time as bigint) - ((time as bigint) % size);
    },
    compiled: rare,
  }),
  timeDiff: scalar({
    name: 'timeDiff',
    sql: ['time_diff'],
    summary: 'Whole HOURs, MINUTEs, SECONDs, MILLISECONDs or MICROSECONDs from one time of day to another.',
    examples: [["time_diff('HOUR', time'20:30:29', time'21:30:28')", '0']],
    resolve: takes([anyString, anyTime, anyTime], int64Type),
    nulls: 'propagate',
    fails: true,
    eval: ([unit, start, end]) => ((end as bigint) - (start as bigint)) / unitSize('time_diff', unit),
    compiled: rare,
  }),
  timeFromSeconds: fromUnit('timeFromSeconds', 'time_from_seconds', 'seconds', 6, 1_000_000n, [
    'time_from_seconds(52200.5)',
    '14:30:00.5',
  ]),
  timeFromMillis: fromUnit('timeFromMillis', 'time_from_millis', 'milliseconds', 0, 1000n, [
    'time_from_millis(52200000)',
    '14:30:00',
  ]),
  timeFromMicros: fromUnit('timeFromMicros', 'time_from_micros', 'microseconds', 0, 1n, [
    'time_from_micros(52200000000)',
    '14:30:00',
  ]),
  timeToSeconds: toUnit('timeToSeconds', 'time_to_seconds', 'Seconds', decimalType(14, 6), 1n, [
    "time_to_seconds(time'14:30:00')",
    '52200.000000',
  ]),
  timeToMillis: toUnit('timeToMillis', 'time_to_millis', 'Milliseconds', int64Type, 1000n, [
    "time_to_millis(time'14:30:00')",
    '52200000',
  ]),
  timeToMicros: toUnit('timeToMicros', 'time_to_micros', 'Microseconds', int64Type, 1n, [
    "time_to_micros(time'14:30:00')",
    '52200000000',
  ]),
};
