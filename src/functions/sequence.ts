import {
  arrayType,
  type DataType,
  instantToLocal,
  isInteger,
  localToInstant,
  MICROS_PER_DAY,
  type Scalar,
  SparrowError,
  timeZone,
} from '../base/index.js';
import { type ArgType, type Call, type Mismatch, type Resolution, scalar } from './define.js';
import { checkArrayLength, elementOf, MAX_ARRAY_LENGTH, mismatch } from './nested-values.js';
import { commonTypeOf, wrongCount } from './signature.js';
import { addMonths } from './temporal-arithmetic.js';

type Resolved = Resolution | Mismatch;

const DAY = BigInt(MICROS_PER_DAY);
const INT_BITS = 32;

const isMoment = (type: DataType): boolean =>
  type.kind === 'date' || type.kind === 'timestamp' || type.kind === 'timestamp_ntz';
const isInterval = (type: DataType): boolean => type.kind === 'interval_ym' || type.kind === 'interval_dt';

const wrongTypes = mismatch(
  'a sequence is of integers, or of dates or timestamps with an interval as step',
  'SEQUENCE_WRONG_INPUT_TYPES',
);

/** Start and stop of one type; the step is of that type too, or an interval. */
function resolveSequence(args: readonly ArgType[]): Resolved {
  const [start, stop, step] = args;
  if (start === undefined || stop === undefined || args.length > 3) return wrongCount(args.length, 2, 3);
  const common = commonTypeOf([start.type, stop.type]);
  if (common === undefined) return wrongTypes;
  if (isMoment(common)) {
    if (step !== undefined && !isInterval(step.type)) return wrongTypes;
    const types = step === undefined ? [common, common] : [common, common, step.type];
    return { args: types, returns: arrayType(common, false) };
  }
  const all = step === undefined ? common : commonTypeOf([common, step.type]);
  if (all === undefined || !isInteger(all)) return wrongTypes;
  return { args: args.map(() => all), returns: arrayType(all, false) };
}

function evalSequence([start, stop, step]: readonly Scalar[], call: Call): Scalar {
  const type = elementOf(call.returns);
  if (isMoment(type)) return ofMoments(start as Scalar, stop as Scalar, step, type, call);
  const [from, to] = [BigInt(start as number | bigint), BigInt(stop as number | bigint)];
  const by = step === undefined ? (from <= to ? 1n : -1n) : BigInt(step as number | bigint);
  return numbers(from, to, by, type.kind === 'int64');
}

function numbers(from: bigint, to: bigint, by: bigint, wide: boolean): Scalar[] {
  const legal = by === 0n ? from === to : by > 0n ? from <= to : from >= to;
  if (!legal) throw illegal(`${from} to ${to} by ${by}`);
  const count = by === 0n ? 1 : Number((to - from) / by) + 1;
  checkLength(count);
  if (wide) return Array.from({ length: count }, (_, i) => from + BigInt(i) * by);
  const [first, each] = [Number(from), Number(by)];
  return Array.from({ length: count }, (_, i) => first + i * each);
}

function illegal(what: string): SparrowError {
  return new SparrowError('ILLEGAL_SEQUENCE_BOUNDARIES', `illegal sequence boundaries: ${what}`, { sqlState: '22023' });
}

function checkLength(count: number): void {
  if (count > MAX_ARRAY_LENGTH) {
    throw new SparrowError(
      'COLLECTION_SIZE_LIMIT_EXCEEDED.PARAMETER',
      `\`sequence\` would make an array of ${count} elements, but ${MAX_ARRAY_LENGTH} is the most`,
      { sqlState: '54000', parameters: { functionName: '`sequence`', numberOfElements: String(count) } },
    );
  }
  checkArrayLength(count, 'sequence');
}

/** A step as months, whole days and what is left. */
interface Step {
  readonly months: number;
  readonly days: bigint;
  readonly micros: bigint;
}

function stepOf(step: Scalar | undefined, forward: boolean, call: Call): Step {
  if (step === undefined) return { months: 0, days: forward ? 1n : -1n, micros: 0n };
  if (call.argTypes[2]?.kind === 'interval_ym') return { months: step as number, days: 0n, micros: 0n };
  const whole = step as bigint;
  return { months: 0, days: whole / DAY, micros: whole % DAY };
}

function ofMoments(start: Scalar, stop: Scalar, by: Scalar | undefined, type: DataType, call: Call): Scalar {
  const isDate = type.kind === 'date';
  const zone = timeZone(type.kind === 'timestamp' ? call.settings.timeZone : 'UTC');
  const asMicros = (value: Scalar): bigint => (isDate ? BigInt(value as number) * DAY : (value as bigint));
  const [from, to] = [asMicros(start), asMicros(stop)];
  const step = stepOf(by, from <= to, call);
  if (isDate && step.micros !== 0n) {
    throw new SparrowError('ILLEGAL_SEQUENCE_STEP', 'a sequence of dates steps by whole days or months', {
      sqlState: '22023',
      hint: 'make timestamps of the dates to step by hours',
    });
  }
  const size = BigInt(step.months) * 28n * DAY + step.days * DAY + step.micros;
  const legal = size === 0n ? from === to : size > 0n ? from <= to : from >= to;
  if (!legal) throw illegal(`from ${from} to ${to} by ${size} microseconds`);
  if (size === 0n) return [start];
  const longest = Number((to - from) / size) + 1;
  checkLength(longest);
  const local = instantToLocal(zone, from);
  const made: Scalar[] = [];
  for (let i = 0n; ; i++) {
    const wall = addMonthsTo(local, step.months * Number(i)) + i * step.days * DAY;
    const at = (isDate ? wall : localToInstant(zone, wall)) + i * step.micros;
    if (size > 0n ? at > to : at < to) return made;
    made.push(isDate ? Number(at / DAY) : BigInt.asIntN(2 * INT_BITS, at));
  }
}

function addMonthsTo(local: bigint, months: number): bigint {
  if (months === 0) return local;
  const ofDay = ((local % DAY) + DAY) % DAY;
  return BigInt(addMonths(Number((local - ofDay) / DAY), months)) * DAY + ofDay;
}

export const sequenceFunctions = {
  /** The values from one to another. */
  sequence: scalar({
    name: 'sequence',
    sql: ['sequence'],
    summary:
      'The integers, dates or timestamps from start to stop, both included, by a step (an interval for dates and times); by default one, or one day, towards stop.',
    resolve: resolveSequence,
    nulls: 'propagate',
    compiled: 'arrays are made by JS',
    fails: true,
    eval: evalSequence,
    examples: [
      ['sequence(1, 5)', '[1, 2, 3, 4, 5]'],
      ['sequence(5, 1, -2)', '[5, 3, 1]'],
      [
        "sequence(to_date('2018-01-01'), to_date('2018-03-01'), interval 1 month)",
        '[2018-01-01, 2018-02-01, 2018-03-01]',
      ],
    ],
  }),
};
