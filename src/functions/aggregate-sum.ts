import {
  type DataType,
  dayTimeIntervalType,
  decimalType,
  float64Type,
  int8Type,
  int64Type,
  integerBounds,
  isFloating,
  isInteger,
  isNumeric,
  type Scalar,
  simpleString,
  yearMonthIntervalType,
} from '../base/index.js';
import {
  addChecked,
  addTo,
  arg,
  ifPresent,
  increment,
  narrowSum,
  presentIf,
  pushFlag,
  type SumCheck,
  storeFlag,
  storeZero,
} from './aggregate-emit.js';
import { toDecimal } from './arithmetic-eval.js';
import { boundedDecimal, divideHalfUp, pow10 } from './decimal.js';
import { type ArgType, aggregate, type Call, type Mismatch, type Resolution } from './define.js';
import { part, pushConst, pushInt, take, value } from './emit.js';
import { intervalOverflow, overflow } from './eval-errors.js';
import { checked, pushOutside } from './int-emit.js';
import { wrongCount } from './signature.js';
import type { Emitter, StateAccess, Value } from './value.js';

type Resolved = (Resolution & { readonly state: readonly DataType[] }) | Mismatch;

/** Sums of fewer digits cannot reach 38 digits with any number of rows there can be. */
const SAFE_SUM_PRECISION = 28;
/** Without ANSI a decimal sum that overflowed is null: the flag says so. */
const OVERFLOWED = 2;

function summable(args: readonly ArgType[]): DataType | Mismatch {
  const [first] = args;
  if (first === undefined || args.length !== 1) return wrongCount(args.length, 1, 1);
  const { type } = first;
  if (isNumeric(type) || type.kind === 'interval_ym' || type.kind === 'interval_dt') return type;
  if (type.kind === 'string' || type.kind === 'null') return float64Type;
  return { mismatch: `it takes numbers or intervals, not ${simpleString(type).toUpperCase()}` };
}

function sumType(type: DataType): DataType {
  if (isInteger(type)) return int64Type;
  if (type.kind === 'decimal') return boundedDecimal(type.precision + 10, type.scale);
  return isFloating(type) ? float64Type : type;
}

function resolveSum(args: readonly ArgType[]): Resolved {
  const type = summable(args);
  if ('mismatch' in type) return type;
  const returns = sumType(type);
  return { args: [type], returns, nullable: true, state: [returns, int8Type] };
}

function checkOf(argType: DataType, ansi: boolean): SumCheck {
  if (argType.kind === 'decimal') return argType.precision > SAFE_SUM_PRECISION ? 'digits' : 'none';
  if (isFloating(argType)) return 'none';
  return ansi || argType.kind.startsWith('interval') ? 'long' : 'none';
}

const argTypeOf = (call: Call): DataType => call.argTypes[0] as DataType;

/** The sum of two scalars of the sum's type; undefined when it overflows. */
function addScalars(a: Scalar, b: Scalar, type: DataType, ansi: boolean): Scalar | undefined {
  if (type.kind === 'float64') return (a as number) + (b as number);
  const sum = BigInt(a as bigint) + BigInt(b as bigint);
  const [low, high] = integerBounds(type) as readonly [bigint, bigint];
  const like = (n: bigint): Scalar => (type.kind === 'interval_ym' ? Number(n) : n);
  if (sum >= low && sum <= high) return like(sum);
  return ansi || type.kind !== 'int64' ? undefined : BigInt.asIntN(64, sum);
}

function evalAdd(state: Scalar[], value: Scalar, call: Call): void {
  const type = call.returns;
  const added = type.kind === 'float64' ? Number(value) : value;
  const sum = addScalars(state[0] as Scalar, added, type, call.settings.ansi);
  if (sum === undefined) {
    if (call.settings.ansi || type.kind !== 'decimal') throw sumOverflow(type);
    state[1] = OVERFLOWED;
    return;
  }
  state[0] = sum;
  if (state[1] === 0) state[1] = 1;
}

const sumOverflow = (type: DataType) =>
  type.kind === 'decimal' || type.kind === 'int64'
    ? overflow(type.kind === 'decimal' ? 'sum of decimals' : 'long')
    : intervalOverflow('try_add');

const zeroOf = (type: DataType): Scalar => (type.kind === 'float64' || type.kind === 'interval_ym' ? 0 : 0n);

function emitSumAdd(e: Emitter, state: StateAccess, v: Value, call: Call): void {
  const isTolerant = !call.settings.ansi && call.returns.kind === 'decimal';
  if (call.returns.kind === 'interval_ym') {
    emitMonths(e, state, v);
    return;
  }
  storeFlag(e, state, 1, 1);
  addChecked(
    e,
    state,
    v,
    checkOf(argTypeOf(call), call.settings.ansi),
    isTolerant ? () => storeFlag(e, state, 1, OVERFLOWED) : undefined,
  );
}

/** Months are 32 bits: summed in 64 and checked. */
function emitMonths(e: Emitter, state: StateAccess, v: Value): void {
  pushInt(e, state.load(0), 'i64');
  pushInt(e, v, 'i64');
  e.code.op('i64.add');
  const sum = take(e, v.type, 'i64', undefined, [-(2n ** 63n), 2n ** 63n - 1n]);
  const fitted = checked(e, sum, v.type, 'error');
  pushInt(e, fitted, state.carrier(0) as 'i32');
  const kept = take(e, v.type, state.carrier(0));
  state.store(0, kept.parts);
  storeFlag(e, state, 1, 1);
}

function emitSumFinish(e: Emitter, [sum, flag]: readonly Value[], call: Call): Value {
  const result = presentIf(e, sum as Value, flag as Value, call.returns);
  if (call.returns.kind !== 'decimal' || result.carrier === 'i32') return result;
  const bounds = integerBounds(call.returns) as readonly [bigint, bigint];
  if (result.carrier === 'i64' && bounds[1] > 2n ** 63n) return result;
  // A narrower sum that left its digits without leaving its words.
  pushOutside(e, result, bounds);
  if (call.settings.ansi) {
    e.code.get(result.isNull as NonNullable<Value['isNull']>).op('i32.gt_u');
    e.failIf();
    return result;
  }
  const isNull = e.code.local('i32');
  e.code
    .get(result.isNull as NonNullable<Value['isNull']>)
    .op('i32.or')
    .set(isNull);
  return { ...result, isNull };
}

export const sum = aggregate({
  name: 'sum',
  sql: ['sum'],
  summary:
    'Sum of the values that are not null; null when there are none. Integers sum to bigint, decimals get 10 more digits. Overflow is an error.',
  resolve: resolveSum,
  narrowState: (ranges, rows, call) =>
    argTypeOf(call).kind === 'interval_ym' ? undefined : narrowSum(ranges, rows, call, ['i32']),
  eval: {
    init: (call) => [zeroOf(call.returns), 0],
    update: (state, [value], call) => {
      if (value !== null && value !== undefined) evalAdd(state, integerScalar(value, call), call);
    },
    merge: (state, other, call) => {
      if (other[1] === 0) return;
      if (other[1] === OVERFLOWED) state[1] = OVERFLOWED;
      else evalAdd(state, other[0] as Scalar, call);
    },
    finish: ([total, flag], call) => (flag === 1 ? finishSum(total as Scalar, call) : null),
  },
  emit: {
    init: (e, state) => {
      storeZero(e, state, 0);
      storeFlag(e, state, 1, 0);
    },
    update: (e, state, args, call) => ifPresent(e, arg(args), () => emitSumAdd(e, state, arg(args), call)),
    merge: (e, state, other, call) => {
      const flag = arg(other, 1);
      pushFlag(e, flag);
      e.code.if(() => {
        emitSumAdd(e, state, arg(other), call);
        pushFlag(e, flag);
        e.code
          .i32(OVERFLOWED)
          .op('i32.eq')
          .if(() => storeFlag(e, state, 1, OVERFLOWED));
      });
    },
    finish: emitSumFinish,
  },
  examples: [
    ['sum(col) from values (5), (10), (15) as tab(col)', '30'],
    ['sum(col) from values (null) as tab(col)', null],
  ],
});

/** Integers are summed as bigint. */
const integerScalar = (value: Scalar, call: Call): Scalar =>
  call.returns.kind === 'int64' ? BigInt(value as number | bigint) : value;

function finishSum(total: Scalar, call: Call): Scalar {
  const bounds = integerBounds(call.returns);
  if (call.returns.kind !== 'decimal' || bounds === undefined) return total;
  if ((total as bigint) >= bounds[0] && (total as bigint) <= bounds[1]) return total;
  if (call.settings.ansi) throw sumOverflow(call.returns);
  return null;
}

/** Average: the state's sum is exact for integers and decimals. */
function averageState(type: DataType): DataType {
  if (type.kind === 'int64') return decimalType(38, 0);
  if (isInteger(type)) return int64Type;
  if (type.kind === 'decimal') return boundedDecimal(type.precision + 10, type.scale);
  if (type.kind === 'interval_ym') return int64Type;
  return type.kind === 'interval_dt' ? decimalType(38, 0) : float64Type;
}

function averageType(type: DataType): DataType {
  if (type.kind === 'decimal') return boundedDecimal(type.precision + 4, type.scale + 4);
  if (isNumeric(type)) return float64Type;
  return type.kind === 'interval_ym' ? yearMonthIntervalType : dayTimeIntervalType;
}

function resolveAvg(args: readonly ArgType[]): Resolved {
  // Instants count in seconds, as their cast to a number does.
  const isInstant = args.length === 1 && args[0]?.type.kind === 'timestamp';
  const type = isInstant ? float64Type : summable(args);
  if ('mismatch' in type) return type;
  return { args: [type], returns: averageType(type), nullable: true, state: [averageState(type), int64Type] };
}

function finishAvg([total, count]: readonly Scalar[], call: Call): Scalar {
  if (count === 0n) return null;
  const type = argTypeOf(call);
  if (call.returns.kind === 'float64') return Number(total) / Number(count);
  const shift = type.kind === 'decimal' && call.returns.kind === 'decimal' ? call.returns.scale - type.scale : 0;
  const average = divideHalfUp((total as bigint) * pow10(shift), count as bigint);
  if (call.returns.kind === 'decimal') return toDecimal(average, call.returns.scale, call.returns, call);
  return type.kind === 'interval_ym' ? Number(average) : average;
}

function emitAvgFinish(e: Emitter, [total, count]: readonly Value[], call: Call): Value {
  const { code } = e;
  const [s, n] = [total as Value, count as Value];
  const isNull = code.local('i32');
  pushInt(e, n, 'i64');
  code.op('i64.eqz').set(isNull);
  if (call.returns.kind === 'float64') {
    pushDouble(e, s, call);
    code
      .get(part(n))
      .op(n.carrier === 'i32' ? 'f64.convert_i32_s' : 'f64.convert_i64_s')
      .op('f64.div');
    return take(e, float64Type, 'f64', isNull);
  }
  const carrier =
    call.returns.kind === 'decimal' && call.returns.precision > 18
      ? 'i128'
      : call.returns.kind === 'interval_ym'
        ? 'i32'
        : 'i64';
  const out = e.newParts(carrier);
  code
    .get(isNull)
    .op('i32.eqz')
    .if(() => {
      const average = emitExactAverage(e, s, n, call);
      // One that its type cannot hold is null where it is no error.
      if (average.isNull !== undefined) code.get(average.isNull).set(isNull);
      pushInt(e, average, carrier);
      for (const local of [...out].reverse()) code.set(local);
    });
  return value(call.returns, carrier, out, isNull);
}

function emitExactAverage(e: Emitter, s: Value, n: Value, call: Call): Value {
  const { code } = e;
  const type = argTypeOf(call);
  const scale = call.returns.kind === 'decimal' ? call.returns.scale : 0;
  const shift = type.kind === 'decimal' ? scale - type.scale : 0;
  const digits = type.kind === 'decimal' ? Math.min(38, type.precision + 10) : 19;
  if (digits + shift > 38) {
    const argTypes = [s.type, decimalType(20, 0)] as const;
    const division: Call = {
      fn: 'div',
      argTypes,
      literals: [undefined, undefined],
      returns: call.returns,
      settings: call.settings,
    };
    pushInt(e, s, 'i128');
    const total = take(e, s.type, 'i128');
    pushInt(e, n, 'i128');
    return e.js(division, [total, take(e, decimalType(20, 0), 'i128')]);
  }
  pushInt(e, s, 'i128');
  if (shift > 0) {
    pushConst(e, 'i128', pow10(shift));
    code.call(e.helper('i128_mul'));
  }
  pushInt(e, n, 'i128');
  code.call(e.helper('i128_div_half_up'));
  return take(e, call.returns, 'i128');
}

/** The sum as a double; 128 bits only where it does not fit 64. */
function pushDouble(e: Emitter, s: Value, call: Call): void {
  const { code } = e;
  if (s.carrier === 'f64') return void code.get(part(s));
  if (s.carrier !== 'i128')
    return void code.get(part(s)).op(s.carrier === 'i32' ? 'f64.convert_i32_s' : 'f64.convert_i64_s');
  const out = code.local('f64');
  code
    .get(part(s))
    .i64(63)
    .op('i64.shr_s')
    .get(part(s, 1))
    .op('i64.eq')
    .if(
      () => code.get(part(s)).op('f64.convert_i64_s').set(out),
      () => {
        const toDouble: Call = {
          fn: 'cast',
          argTypes: [s.type],
          literals: [undefined],
          returns: float64Type,
          settings: call.settings,
        };
        code.get(part(e.js(toDouble, [s]))).set(out);
      },
    );
  code.get(out);
}

const stateScalar = (value: Scalar, call: Call): Scalar =>
  averageState(argTypeOf(call)).kind === 'float64' ? Number(value) : BigInt(value as number | bigint);

function addToAverage(state: Scalar[], total: Scalar, count: bigint, call: Call): void {
  const sumType = averageState(argTypeOf(call));
  const sum = addScalars(state[0] as Scalar, total, sumType, true);
  if (sum === undefined) throw sumOverflow(sumType);
  state[0] = sum;
  state[1] = (state[1] as bigint) + count;
}

const averageCheck = (call: Call): SumCheck =>
  argTypeOf(call).kind === 'decimal' ? checkOf(argTypeOf(call), true) : 'none';

export const avg = aggregate({
  name: 'avg',
  sql: ['avg', 'mean'],
  summary:
    'Average of the values that are not null; null when there are none. Doubles for integers, decimals get 4 more digits.',
  resolve: resolveAvg,
  narrowState: (ranges, rows, call) => narrowSum(ranges, rows, call, ['i64']),
  eval: {
    init: (call) => [zeroOf(averageState(argTypeOf(call))), 0n],
    update: (state, [value], call) => {
      if (value !== null && value !== undefined) addToAverage(state, stateScalar(value, call), 1n, call);
    },
    merge: (state, other, call) => addToAverage(state, other[0] as Scalar, other[1] as bigint, call),
    finish: finishAvg,
  },
  emit: {
    init: (e, state) => {
      storeZero(e, state, 0);
      storeZero(e, state, 1);
    },
    update: (e, state, args, call) =>
      ifPresent(e, arg(args), () => {
        addChecked(e, state, arg(args), averageCheck(call));
        increment(e, state, 1);
      }),
    merge: (e, state, other, call) => {
      addChecked(e, state, arg(other), averageCheck(call));
      addTo(e, state, 1, arg(other, 1));
    },
    finish: emitAvgFinish,
  },
  examples: [['avg(col) from values (1), (2), (null) as tab(col)', '1.5']],
});
