import { civilFromDays } from '../base/calendar.js';
import {
  instantToLocal,
  localToInstant,
  MICROS_PER_DAY,
  type Scalar,
  sameType,
  splitMicros,
  timestampType,
  timeZone,
} from '../base/index.js';
import { floorDiv } from './datetime-units.js';
import { type ArgType, type Mismatch, type Resolution, scalar } from './define.js';
import { wrongCount, wrongType } from './signature.js';
import { addMonthsToLocal } from './temporal-arithmetic.js';

const DAY = BigInt(MICROS_PER_DAY);

function resolveBucket(args: readonly ArgType[]): Resolution | Mismatch {
  const [size, ts, origin] = args;
  if (size === undefined || ts === undefined || args.length > 3) return wrongCount(args.length, 2, 3);
  if (size.type.kind !== 'interval_dt' && size.type.kind !== 'interval_ym')
    return wrongType(0, 'a day-time or year-month interval', size.type);
  const type = ts.type.kind === 'null' ? (origin?.type ?? timestampType) : ts.type;
  if (type.kind !== 'timestamp' && type.kind !== 'timestamp_ntz') return wrongType(1, 'a timestamp', ts.type);
  if (origin !== undefined && origin.type.kind !== type.kind) return wrongType(2, type.kind, origin.type);
  if (size.literal === undefined || (origin?.literal === undefined) !== (origin === undefined))
    return { mismatch: 'bucket and origin must be constants', code: 'DATATYPE_MISMATCH.NON_FOLDABLE_INPUT' };
  if (size.literal !== null && BigInt(size.literal as bigint) <= 0n)
    return { mismatch: 'a bucket is longer than nothing', code: 'DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE' };
  return { args: [size.type, type, ...(origin === undefined ? [] : [type])], returns: type };
}

const monthsOf = (local: bigint): bigint => {
  const { year, month } = civilFromDays(splitMicros(local).days);
  return BigInt(year * 12 + month);
};

function resolveWindowTime(args: readonly ArgType[]): Resolution | Mismatch {
  const [window] = args;
  if (window === undefined || args.length > 1) return wrongCount(args.length, 1, 1);
  const { type } = window;
  if (type.kind !== 'struct') return wrongType(0, 'a window of time', type);
  const [start, end] = type.fields;
  const isWindow = type.fields.length === 2 && start?.name === 'start' && end?.name === 'end';
  if (
    !isWindow ||
    (end.type.kind !== 'timestamp' && end.type.kind !== 'timestamp_ntz') ||
    !sameType(start.type, end.type)
  )
    return { mismatch: 'it takes the column of a window of time', code: '_LEGACY_ERROR_TEMP_3101' };
  return { args: [type], returns: end.type, ...(end.nullable ? { nullable: true } : {}) };
}

export const timeBucketFunctions = {
  windowTime: scalar({
    name: 'windowTime',
    sql: ['window_time'],
    summary:
      'The time of a window of time, a column of `window` or `session_window`: its last microsecond, by which its groups go into longer windows.',
    examples: [
      [
        "window_time(named_struct('start', TIMESTAMP '2024-01-01 11:00:00', 'end', TIMESTAMP '2024-01-01 11:15:00'))",
        '2024-01-01 11:14:59.999999',
      ],
    ],
    resolve: resolveWindowTime,
    nulls: 'propagate',
    compiled: 'a call per row: it is of groups',
    eval: ([window]): Scalar => {
      const end = (window as readonly Scalar[])[1] as bigint | null;
      return end === null ? null : end - 1n;
    },
  }),
  timeBucket: scalar({
    name: 'timeBucket',
    sql: ['time_bucket'],
    summary:
      'The start of the bucket of time that a timestamp falls into: buckets of a constant interval, from an origin on (1970-01-01 00:00:00 unless given). Months and days are those of the session’s time zone.',
    examples: [
      ["time_bucket(INTERVAL '15' MINUTE, TIMESTAMP '2024-01-01 11:27:00')", '2024-01-01 11:15:00'],
      [
        "time_bucket(INTERVAL '1' MONTH, TIMESTAMP '2024-07-20 14:30:00', TIMESTAMP '2024-06-15 09:00:00')",
        '2024-07-15 09:00:00',
      ],
    ],
    resolve: resolveBucket,
    nulls: 'propagate',
    fails: true,
    compiled: 'a call per row: buckets follow the calendar',
    eval: ([size, at, given], call): Scalar => {
      const zone = timeZone(call.returns.kind === 'timestamp' ? call.settings.timeZone : 'UTC');
      const origin = (given ?? localToInstant(zone, 0n)) as bigint;
      const [local, start] = [instantToLocal(zone, at as bigint), instantToLocal(zone, origin)];
      const byMonths = call.argTypes[0]?.kind === 'interval_ym';
      const length = BigInt(size as bigint);
      // Whole days go by the calendar, the rest of the interval by the clock.
      const rest = length % DAY;
      // The start of the bucket of this number.
      const bucket = (n: bigint): bigint => {
        if (byMonths) return localToInstant(zone, addMonthsToLocal(start, Number(n * length)));
        return localToInstant(zone, start + n * (length - rest)) + n * rest;
      };
      const apart = byMonths ? monthsOf(local) - monthsOf(start) : local - start;
      let n = floorDiv(apart, length);
      // What the clock was put forward or back since the origin may be very many short buckets.
      n += byMonths ? 0n : floorDiv((at as bigint) - bucket(n), length);
      while (bucket(n) > (at as bigint)) n--;
      while (bucket(n + 1n) <= (at as bigint)) n++;
      return bucket(n);
    },
  }),
};
