import { float64Type, isFloating } from '../base/index.js';
import {
  absRange,
  basicFails,
  basicRange,
  divisionFails,
  emitAbs,
  emitBasic,
  emitDivide,
  emitIntDivide,
  emitNegate,
  emitRemainder,
  remainderRange,
} from './arithmetic-emit.js';
import {
  type BinaryEval,
  evalAbs,
  evalBasic,
  evalDivide,
  evalIntDivide,
  evalNegate,
  evalPmod,
  evalRemainder,
  tolerant,
} from './arithmetic-eval.js';
import { type ArithmeticOperator, resolveArithmetic, resolveNumeric } from './arithmetic-types.js';
import { type ArgType, type Call, type Mismatch, type Resolution, scalar, type TypingSettings } from './define.js';
import { part, take } from './emit.js';
import { anyDouble, type Param, takes } from './implicit.js';
import { isIntervalType } from './signature.js';

const resolveTolerant =
  (operator: ArithmeticOperator) =>
  (args: readonly ArgType[], settings: TypingSettings): Resolution | Mismatch => {
    const resolution = resolveArithmetic(operator)(args, settings);
    return 'mismatch' in resolution ? resolution : { ...resolution, nullable: true, tolerant: true };
  };

/** Without ANSI, decimals that overflow and divisions by zero are null. */
const resolveNullable =
  (operator: ArithmeticOperator) =>
  (args: readonly ArgType[], settings: TypingSettings): Resolution | Mismatch => {
    const resolution = resolveArithmetic(operator)(args, settings);
    if (settings.ansi || 'mismatch' in resolution) return resolution;
    const isDivision = operator === 'div' || operator === 'mod' || operator === 'intDiv';
    return isDivision || resolution.returns.kind === 'decimal' ? { ...resolution, nullable: true } : resolution;
  };

const evaluate =
  (binary: BinaryEval) =>
  (args: readonly Parameters<BinaryEval>[0][], call: Call): ReturnType<BinaryEval> =>
    binary(args[0] as never, args[1] as never, call);

const noFloatRemainder = 'floating remainders have no instruction: a JS call per row';

const signed: Param = {
  wants: 'double or interval',
  accept: (type) => (isIntervalType(type) ? type : anyDouble.accept(type)),
};

/** Whether the least value has no opposite: integers under ANSI, and intervals. */
const hasNoOpposite = ({ returns, settings }: Call): boolean =>
  returns.kind.startsWith('interval') || (settings.ansi && !isFloating(returns) && returns.kind !== 'decimal');

export const arithmeticFunctions = {
  /** Sum of two numbers; moves dates and timestamps by days and intervals. Overflow is an error. */
  add: scalar({
    name: 'add',
    sql: ['+'],
    summary: 'Sum of two numbers; also date + days, timestamp + interval. Overflow is an error.',
    resolve: resolveNullable('add'),
    nulls: 'propagate',
    narrow: true,
    fails: basicFails('add'),
    range: basicRange('add'),
    eval: evaluate(evalBasic('add')),
    emit: (e, args, call) => emitBasic(e, 'add', args, call),
    examples: [
      ['1 + 2', '3'],
      ["cast('2024-02-28' as date) + 2", '2024-03-01'],
      ['1.5 + 2', '3.5'],
    ],
  }),
  /** Difference of two numbers, dates or timestamps. Overflow is an error. */
  sub: scalar({
    name: 'sub',
    sql: ['-'],
    summary: 'Difference of two numbers, dates or timestamps. Overflow is an error.',
    resolve: resolveNullable('sub'),
    nulls: 'propagate',
    narrow: true,
    fails: basicFails('sub'),
    range: basicRange('sub'),
    eval: evaluate(evalBasic('sub')),
    emit: (e, args, call) => emitBasic(e, 'sub', args, call),
    examples: [
      ['1 - 2', '-1'],
      ['1 - 0.05', '0.95'],
    ],
  }),
  /** Product of two numbers, or of an interval and a number. Overflow is an error. */
  mul: scalar({
    name: 'mul',
    sql: ['*'],
    summary: 'Product of two numbers, or of an interval and a number. Overflow is an error.',
    resolve: resolveNullable('mul'),
    nulls: 'propagate',
    narrow: true,
    fails: basicFails('mul'),
    range: basicRange('mul'),
    eval: evaluate(evalBasic('mul')),
    emit: (e, args, call) => emitBasic(e, 'mul', args, call),
    examples: [
      ['6 * 7', '42'],
      ['1.50 * 2.5', '3.750'],
    ],
  }),
  /** Quotient: double for integers and doubles, decimal for decimals. Division by zero is an error. */
  div: scalar({
    name: 'div',
    sql: ['/'],
    summary: 'Quotient: double for integers and doubles, decimal for decimals. Division by zero is an error.',
    resolve: resolveNullable('div'),
    nulls: 'propagate',
    narrow: true,
    rightFirst: true,
    fails: divisionFails,
    eval: evaluate(evalDivide),
    emit: (e, args, call) => emitDivide(e, args, call),
    examples: [
      ['7 / 2', '3.5'],
      ['7.0 / 2', '3.500000'],
    ],
  }),
  /** Integer part of a quotient, as bigint. Division by zero is an error. */
  intDiv: scalar({
    name: 'intDiv',
    sql: ['div'],
    summary: 'Integer part of a quotient, as bigint. Division by zero is an error.',
    resolve: resolveNullable('intDiv'),
    nulls: 'propagate',
    narrow: true,
    rightFirst: true,
    fails: divisionFails,
    eval: evaluate(evalIntDivide),
    emit: emitIntDivide,
    examples: [
      ['-7 div 2', '-3'],
      ['7.5 div 2', '3'],
    ],
  }),
  /** Remainder with the sign of the dividend. A divisor of zero is an error. */
  mod: scalar({
    name: 'mod',
    sql: ['%', 'mod'],
    summary: 'Remainder with the sign of the dividend. A divisor of zero is an error.',
    resolve: resolveNullable('mod'),
    nulls: 'propagate',
    narrow: true,
    rightFirst: true,
    fails: divisionFails,
    range: remainderRange('sign of a'),
    eval: evaluate(evalRemainder),
    emit: (e, args, call) => emitRemainder(e, args, call, 'sign of a'),
    compiled: noFloatRemainder,
    examples: [
      ['-7 % 3', '-1'],
      ['mod(7.5, 2)', '1.5'],
    ],
  }),
  /** Positive remainder of a divided by b, for positive b. */
  pmod: scalar({
    name: 'pmod',
    sql: ['pmod'],
    summary: 'Remainder of a divided by b, positive where b is. A divisor of zero is an error.',
    resolve: resolveNullable('mod'),
    nulls: 'propagate',
    narrow: true,
    rightFirst: true,
    fails: divisionFails,
    eval: evaluate(evalPmod),
    emit: (e, args, call) => emitRemainder(e, args, call, 'positive'),
    compiled: noFloatRemainder,
    examples: [
      ['pmod(-7, 3)', '2'],
      ['pmod(10, 3)', '1'],
    ],
  }),
  /** The number with its sign turned. */
  neg: scalar({
    name: 'neg',
    sql: ['negative'],
    summary: 'The number or interval with its sign turned. The least integer has no opposite: an error.',
    resolve: resolveNumeric,
    nulls: 'propagate',
    narrow: true,
    fails: hasNoOpposite,
    eval: ([a], call) => evalNegate(a ?? null, call),
    emit: emitNegate,
    examples: [['negative(5)', '-5']],
  }),
  /** The number itself. */
  positive: scalar({
    name: 'positive',
    sql: ['positive'],
    summary: 'The number itself.',
    resolve: resolveNumeric,
    nulls: 'propagate',
    narrow: true,
    range: ([range]) => range,
    eval: ([a]) => a ?? null,
    emit: (_, [a]) => a,
    examples: [['positive(5)', '5']],
  }),
  /** Absolute value. */
  abs: scalar({
    name: 'abs',
    sql: ['abs'],
    summary: 'Absolute value. The least integer has none: an error.',
    resolve: resolveNumeric,
    nulls: 'propagate',
    narrow: true,
    fails: hasNoOpposite,
    range: absRange,
    eval: ([a], call) => evalAbs(a ?? null, call),
    emit: emitAbs,
    examples: [['abs(-1.5)', '1.5']],
  }),
  /** -1.0, 0.0 or 1.0 by the sign of the number. */
  sign: scalar({
    name: 'sign',
    sql: ['sign', 'signum'],
    summary: '-1.0, 0.0 or 1.0 by the sign of the number or interval; NaN for NaN.',
    resolve: takes([signed], float64Type),
    nulls: 'propagate',
    eval: ([a]) => Math.sign(Number(a)),
    emit: (e, [a], call) => {
      if (call.argTypes[0]?.kind !== 'float64') return undefined;
      const x = part(a as never);
      // The number itself where it is 0, -0 or NaN.
      e.code.f64(1).get(x).op('f64.copysign').get(x);
      e.code.get(x).op('f64.abs').f64(0).op('f64.gt').select();
      return take(e, float64Type, 'f64');
    },
    compiled: 'intervals have a call per row',
    examples: [['sign(-3)', '-1.0']],
  }),
  /** Sum, or null on overflow. */
  tryAdd: scalar({
    name: 'tryAdd',
    sql: ['try_add'],
    summary: 'Sum of two values, null when it overflows.',
    resolve: resolveTolerant('add'),
    nulls: 'propagate',
    narrow: true,
    eval: evaluate(tolerant(evalBasic('add'))),
    emit: (e, args, call) => emitBasic(e, 'add', args, call, true),
    examples: [['try_add(2147483647, 1)', null]],
  }),
  /** Difference, or null on overflow. */
  trySubtract: scalar({
    name: 'trySubtract',
    sql: ['try_subtract'],
    summary: 'Difference of two values, null when it overflows.',
    resolve: resolveTolerant('sub'),
    nulls: 'propagate',
    narrow: true,
    eval: evaluate(tolerant(evalBasic('sub'))),
    emit: (e, args, call) => emitBasic(e, 'sub', args, call, true),
    examples: [['try_subtract(-2147483648, 1)', null]],
  }),
  /** Product, or null on overflow. */
  tryMultiply: scalar({
    name: 'tryMultiply',
    sql: ['try_multiply'],
    summary: 'Product of two values, null when it overflows.',
    resolve: resolveTolerant('mul'),
    nulls: 'propagate',
    narrow: true,
    eval: evaluate(tolerant(evalBasic('mul'))),
    emit: (e, args, call) => emitBasic(e, 'mul', args, call, true),
    examples: [['try_multiply(2147483647, 2)', null]],
  }),
  /** Quotient, or null for a divisor of zero. */
  tryDivide: scalar({
    name: 'tryDivide',
    sql: ['try_divide'],
    summary: 'Quotient, null when the divisor is zero.',
    resolve: resolveTolerant('div'),
    nulls: 'propagate',
    narrow: true,
    eval: evaluate(tolerant(evalDivide)),
    emit: (e, args, call) => emitDivide(e, args, call, true),
    examples: [
      ['try_divide(3, 0)', null],
      ['try_divide(3, 2)', '1.5'],
    ],
  }),
  /** Remainder, or null for a divisor of zero. */
  tryMod: scalar({
    name: 'tryMod',
    sql: ['try_mod'],
    summary: 'Remainder, null when the divisor is zero.',
    resolve: resolveTolerant('mod'),
    nulls: 'propagate',
    narrow: true,
    range: remainderRange('sign of a'),
    eval: evaluate(tolerant(evalRemainder)),
    emit: (e, args, call) => emitRemainder(e, args, call, 'sign of a', true),
    compiled: noFloatRemainder,
    examples: [['try_mod(3, 0)', null]],
  }),
};
