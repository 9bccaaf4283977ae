import {
  arrayType,
  booleanType,
  type DataType,
  dayTimeIntervalType,
  float64Type,
  int64Type,
  isInteger,
  isNumeric,
  type Scalar,
  SparrowError,
  yearMonthIntervalType,
} from '../base/index.js';
import { collecting, readRecords } from './aggregate-collect.js';
import { isOnFor } from './asked-settings.js';
import { compareScalars } from './compare-scalars.js';
import type { AggregateFunction, ArgType, Call, Mismatch, Resolution } from './define.js';
import { finishDoubles } from './percentile-doubles.js';
import { isGroupable, isIntervalType, wrongCount, wrongType } from './signature.js';

type Resolved = Resolution | Mismatch;

const outOfRange = (what: string): Mismatch => ({
  mismatch: `${what} must be between 0.0 and 1.0`,
  code: 'DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE',
});

/** The percentages: a constant number between 0 and 1, or an array of them. */
function percentages(arg: ArgType): { readonly type: DataType; readonly many: boolean } | Mismatch {
  const many = arg.type.kind === 'array';
  const element = arg.type.kind === 'array' ? arg.type.element : arg.type;
  if (!isNumeric(element) && element.kind !== 'null' && element.kind !== 'string')
    return wrongType(1, 'a number', arg.type);
  if (arg.literal === undefined)
    return { mismatch: 'the percentage must be a constant', code: 'DATATYPE_MISMATCH.NON_FOLDABLE_INPUT' };
  if (arg.literal === null)
    return { mismatch: 'the percentage must not be null', code: 'DATATYPE_MISMATCH.UNEXPECTED_NULL' };
  for (const one of numbersOf(arg.literal, arg.type)) if (!(one >= 0 && one <= 1)) return outOfRange('the percentage');
  return { type: many ? arrayType(float64Type, false) : float64Type, many };
}

function numbersOf(literal: Scalar, type: DataType): number[] {
  const element = type.kind === 'array' ? type.element : type;
  const values = type.kind === 'array' ? (literal as readonly Scalar[]) : [literal];
  return values.map((v) => (element.kind === 'decimal' ? Number(v) / 10 ** element.scale : Number(v)));
}

/** percentile(x, percentage [, frequency | descending]). */
function resolvePercentile(args: readonly ArgType[], descending = false): Resolved {
  const [x, percentage, third] = args;
  if (x === undefined || percentage === undefined || args.length > 3) return wrongCount(args.length, 2, 3);
  const type = x.type.kind === 'string' || x.type.kind === 'null' ? float64Type : x.type;
  if (!isNumeric(type) && !isIntervalType(type)) return wrongType(0, 'a number or an interval', type);
  const share = percentages(percentage);
  if ('mismatch' in share) return share;
  if (third !== undefined && !descending && !isInteger(third.type)) return wrongType(2, 'an integer', third.type);
  const input = isIntervalType(type) ? type : float64Type;
  // What lies between two intervals has all units.
  const of =
    input.kind === 'interval_ym' ? yearMonthIntervalType : input.kind === 'interval_dt' ? dayTimeIntervalType : input;
  const types = [input, share.type, ...(third === undefined ? [] : [descending ? booleanType : int64Type])];
  return { args: types, returns: share.many ? arrayType(of, false) : of, nullable: true };
}

/** percentile_cont and percentile_disc: without WITHIN GROUP there is no third argument. */
function resolveShare(args: readonly ArgType[]): Resolved {
  if (args.length === 1)
    return {
      mismatch: 'it takes WITHIN GROUP (ORDER BY …)',
      code: 'INVALID_WITHIN_GROUP_EXPRESSION.WITHIN_GROUP_MISSING',
    };
  return resolvePercentile(args, true);
}

/** Values in order, each with how often it counts. */
interface Counted {
  readonly values: readonly number[];
  /** Rows up to and with each value. */
  readonly upTo: readonly number[];
}

function counted(rows: readonly Scalar[][], call: Call, ordered: boolean): Counted {
  const type = call.argTypes[0] as DataType;
  const sign = ordered && call.literals[2] === true ? -1 : 1;
  const pairs = rows.map((row) => [row[0] as Scalar, ordered || row[2] === undefined ? 1 : Number(row[2])] as const);
  const sorted = pairs.filter(([, n]) => n > 0).sort(([a], [b]) => sign * compareScalars(type, a, b));
  for (const [, n] of pairs) if (n < 0) throw negativeFrequency(n);
  let total = 0;
  return { values: sorted.map(([v]) => Number(v)), upTo: sorted.map(([, n]) => (total += n)) };
}

const negativeFrequency = (n: number): SparrowError =>
  new SparrowError('NEGATIVE_VALUES_IN_FREQUENCY_EXPRESSION', `a frequency must not be negative, but one is ${n}`, {
    sqlState: '22023',
  });

/** The value at a row number from 0. */
function valueAt({ values, upTo }: Counted, row: number): number {
  let [low, high] = [0, upTo.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((upTo[middle] as number) > row) high = middle;
    else low = middle + 1;
  }
  return values[low] as number;
}

/** Rows in order: how many, and the value of each. */
interface Ordered {
  readonly count: number;
  at(row: number): number;
}

/** Between two rows the value lies between theirs, as far as the position does. */
function continuous(all: Ordered, share: number): number {
  const position = (all.count - 1) * share;
  const [lower, higher] = [Math.floor(position), Math.ceil(position)];
  const [low, high] = [all.at(lower), all.at(higher)];
  return lower === higher || low === high ? low : low + (high - low) * (position - lower);
}

/** The first value that at least this share of the rows does not come after. */
function discrete(all: Ordered, share: number, call: Call): number {
  if (isOnFor(call, 'spark.sql.legacy.percentileDiscCalculation')) return all.at(Math.floor((all.count - 1) * share));
  return all.at(Math.max(Math.ceil(all.count * share) - 1, 0));
}

type At = (all: Ordered, share: number, call: Call) => number;

const orderOf = (all: Counted): Ordered => ({ count: Number(all.upTo.at(-1)), at: (row) => valueAt(all, row) });

/** The same from the records as they lie in memory: doubles are not put in order for the few values that are asked for. */
const bytesWith =
  (
    at: At,
    ordered: boolean,
    callOf: (call: Call) => Call,
    { finish, required }: NonNullable<AggregateFunction['collect']>,
  ) =>
  (records: Uint8Array, given: Call): Scalar => {
    const call = callOf(given);
    const { argTypes, literals, returns } = call;
    if (records.length === 0) return null;
    if (argTypes[0]?.kind === 'float64' && (ordered || literals.length === 2)) {
      const shares = numbersOf(literals[1] ?? null, argTypes[1] as DataType);
      const found = finishDoubles(records, shares, ordered && literals[2] === true, (all, share) =>
        at(all, share, call),
      );
      if (found !== undefined) return returns.kind === 'array' ? found : (found[0] as Scalar);
    }
    return finish(readRecords(records, given, required), given);
  };

const asGiven = (call: Call): Call => call;

/** An aggregate that has both ways to finish. */
function withBytes(entry: AggregateFunction, at: At, ordered: boolean, callOf = asGiven): AggregateFunction {
  const { collect } = entry;
  return collect === undefined ? entry : { ...entry, finishBytes: bytesWith(at, ordered, callOf, collect) };
}

const finishWith =
  (at: At, ordered: boolean) =>
  (rows: Scalar[][], call: Call): Scalar => {
    const all = counted(rows, call, ordered);
    if (all.values.length === 0) return null;
    const { returns } = call;
    const element = returns.kind === 'array' ? returns.element : returns;
    const asType = (n: number): Scalar =>
      element.kind === 'interval_dt' ? toLong(n) : element.kind === 'interval_ym' ? toInt(n) : n;
    const literal = call.literals[1] ?? null;
    const shares = numbersOf(literal, call.argTypes[1] as DataType).map((share) =>
      asType(at(orderOf(all), share, call)),
    );
    return returns.kind === 'array' ? shares : (shares[0] as Scalar);
  };

function resolveMedian(args: readonly ArgType[]): Resolved {
  const [x] = args;
  if (x === undefined || args.length > 1) return wrongCount(args.length, 1, 1);
  const resolved = resolvePercentile([x, { type: float64Type, nullable: false, literal: 0.5 }]);
  return 'mismatch' in resolved ? resolved : { ...resolved, args: resolved.args.slice(0, 1) };
}

const finishExact = finishWith(continuous, false);
const half = (call: Call): Call => ({
  ...call,
  argTypes: [call.argTypes[0] as DataType, float64Type],
  literals: [call.literals[0], 0.5],
});

/** percentile_approx(x, percentage [, accuracy]): any type with an order that is a number inside. */
function resolveApproximate(args: readonly ArgType[]): Resolved {
  const [x, percentage, accuracy] = args;
  if (x === undefined || percentage === undefined || args.length > 3) return wrongCount(args.length, 2, 3);
  const type = x.type.kind === 'string' || x.type.kind === 'null' ? float64Type : x.type;
  const counts = isNumeric(type) || isIntervalType(type) || ['date', 'timestamp', 'timestamp_ntz'].includes(type.kind);
  if (!counts) return wrongType(0, 'a number, date, timestamp or interval', type);
  const share = percentages(percentage);
  if ('mismatch' in share) return share;
  if (accuracy !== undefined) {
    if (accuracy.literal === undefined)
      return { mismatch: 'the accuracy must be a constant', code: 'DATATYPE_MISMATCH.NON_FOLDABLE_INPUT' };
    if (accuracy.literal === null)
      return { mismatch: 'the accuracy must not be null', code: 'DATATYPE_MISMATCH.UNEXPECTED_NULL' };
    if (!(Number(accuracy.literal) > 0 && Number(accuracy.literal) <= 2147483647))
      return { mismatch: 'the accuracy must be positive', code: 'DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE' };
  }
  const types = [type, share.type, ...(accuracy === undefined ? [] : [int64Type])];
  return { args: types, returns: share.many ? arrayType(type, false) : type, nullable: true };
}

/** Exact, which is within any accuracy: the value at the rank of the percentage. */
function finishApproximate(rows: Scalar[][], call: Call): Scalar {
  if (rows.length === 0) return null;
  const type = call.argTypes[0] as DataType;
  const values = rows.map(([v]) => v as Scalar).sort((a, b) => compareScalars(type, a, b));
  const accuracy = Number(call.literals[2] ?? 10_000);
  const at = (share: number): Scalar => {
    if (share <= 1 / accuracy) return values[0] as Scalar;
    if (share >= 1 - 1 / accuracy) return values.at(-1) as Scalar;
    return values[Math.max(Math.ceil(share * values.length) - 1, 0)] as Scalar;
  };
  const found = numbersOf(call.literals[1] ?? null, call.argTypes[1] as DataType).map(at);
  return call.returns.kind === 'array' ? found : (found[0] as Scalar);
}

/** mode(x [, deterministic [, from WITHIN GROUP]]). */
function resolveMode(args: readonly ArgType[]): Resolved {
  const [x, flag] = args;
  if (x === undefined)
    return {
      mismatch: 'it takes WITHIN GROUP (ORDER BY …) or an argument',
      code: 'INVALID_WITHIN_GROUP_EXPRESSION.WITHIN_GROUP_MISSING',
    };
  if (args.length > 3) return wrongCount(args.length, 1, 2);
  if (!isGroupable(x.type)) return wrongType(0, 'a type whose values can be compared', x.type);
  if (flag?.literal === null)
    return { mismatch: 'argument 2 must not be null', code: 'DATATYPE_MISMATCH.UNEXPECTED_NULL' };
  if (flag !== undefined && flag.type.kind !== 'boolean')
    return { ...wrongType(1, 'a boolean', flag.type), code: 'UNEXPECTED_INPUT_TYPE' };
  if (flag !== undefined && flag.literal === undefined)
    return { mismatch: 'argument 2 must be a constant', code: 'NON_FOLDABLE_ARGUMENT' };
  return { args: [x.type, ...args.slice(1).map(() => booleanType)], returns: x.type, nullable: true };
}

/** The most frequent value; of equally frequent ones the least, or the greatest when asked for from the end. */
function finishMode(rows: Scalar[][], call: Call): Scalar {
  const type = call.argTypes[0] as DataType;
  const sign = call.literals[1] === false ? -1 : 1;
  const values = rows.map(([v]) => v as Scalar).sort((a, b) => sign * compareScalars(type, a, b));
  let best: Scalar = null;
  let most = 0;
  for (let from = 0; from < values.length; ) {
    let to = from + 1;
    while (to < values.length && compareScalars(type, values[from] as Scalar, values[to] as Scalar) === 0) to++;
    if (to - from > most) [best, most] = [values[from] as Scalar, to - from];
    from = to;
  }
  return best;
}

const tab = 'from values (0), (10) as tab(col)';

export const percentileAggregates: Readonly<
  Record<'percentile' | 'median' | 'percentileCont' | 'percentileDisc' | 'percentileApprox' | 'mode', AggregateFunction>
> = {
  percentile: withBytes(
    collecting({
      name: 'percentile',
      sql: ['percentile'],
      summary:
        'The exact value (or values) at a share of the ordered rows, between two rows interpolated; a third argument says how often each row counts.',
      examples: [
        [`percentile(col, 0.3) ${tab}`, '3.0'],
        [`percentile(col, array(0.25, 0.75)) ${tab}`, '[2.5, 7.5]'],
      ],
      resolve: (args) => resolvePercentile(args),
      required: [0],
      finish: (rows, call) =>
        finishExact(
          rows.filter((row) => row[2] !== null),
          call,
        ),
    }),
    continuous,
    false,
  ),
  median: withBytes(
    collecting({
      name: 'median',
      sql: ['median'],
      summary: 'The value in the middle of the ordered rows, interpolated between two.',
      examples: [[`median(col) ${tab}`, '5.0']],
      resolve: resolveMedian,
      required: [0],
      finish: (rows, call) => finishExact(rows, half(call)),
    }),
    continuous,
    false,
    half,
  ),
  percentileCont: withBytes(
    collecting({
      name: 'percentileCont',
      sql: ['percentile_cont'],
      summary: 'percentile_cont(p) WITHIN GROUP (ORDER BY x): the interpolated value at a share of the ordered rows.',
      examples: [[`percentile_cont(0.25) within group (order by col) ${tab}`, '2.5']],
      resolve: resolveShare,
      required: [0],
      finish: finishWith(continuous, true),
    }),
    continuous,
    true,
  ),
  percentileDisc: withBytes(
    collecting({
      name: 'percentileDisc',
      sql: ['percentile_disc'],
      summary:
        'percentile_disc(p) WITHIN GROUP (ORDER BY x): the first value that this share of the ordered rows does not come after.',
      examples: [[`percentile_disc(0.25) within group (order by col) ${tab}`, '0.0']],
      resolve: resolveShare,
      required: [0],
      finish: finishWith(discrete, true),
    }),
    discrete,
    true,
  ),
  percentileApprox: collecting({
    name: 'percentileApprox',
    sql: ['percentile_approx', 'approx_percentile'],
    summary:
      'The least value that is not below a share of the rows (or several); computed exactly, whatever accuracy is asked for.',
    examples: [
      ['percentile_approx(col, array(0.5, 0.4, 0.1), 100) from values (0), (1), (2), (10) as tab(col)', '[1, 1, 0]'],
    ],
    resolve: resolveApproximate,
    required: [0],
    finish: finishApproximate,
  }),
  mode: collecting({
    name: 'mode',
    sql: ['mode'],
    summary: 'The most frequent value; of equally frequent ones the least.',
    examples: [['mode(col) from values (0), (10), (10) as tab(col)', '10']],
    resolve: resolveMode,
    required: [0],
    finish: finishMode,
  }),
};

/** As Java makes whole numbers of doubles: what is too large becomes the largest there is. */
function toLong(n: number): bigint {
  const [low, high] = [-(2n ** 63n), 2n ** 63n - 1n];
  const whole = BigInt(Math.trunc(n));
  return whole < low ? low : whole > high ? high : whole;
}

const toInt = (n: number): number => Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, Math.trunc(n))) + 0;
