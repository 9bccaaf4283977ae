import '../support/all-functions.js';
import fc from 'fast-check';
import { describe, test } from 'vitest';
import { type DataType, decimalType, type Scalar, sameType } from '../../src/base/index.js';
import { canCast, castNullable } from '../../src/functions/cast.js';
import type { ArgType, ScalarFunction } from '../../src/functions/define.js';
import { isNullable, type PhysicalExpr } from '../../src/functions/expression.js';
import { findFunction } from '../../src/functions/registry.js';
import { expectSame } from '../support/compare-modes.js';
import type { InputColumn } from '../support/expression-harness.js';
import { Random, randomScalar } from '../support/random-scalars.js';

const ROWS = 30;

const columnTypes: readonly DataType[] = [
  { kind: 'int32' },
  { kind: 'int64' },
  { kind: 'float64' },
  decimalType(12, 2),
  decimalType(30, 4),
  { kind: 'string' },
  { kind: 'boolean' },
  { kind: 'date' },
  { kind: 'int16' },
];

const names = [
  'add',
  'sub',
  'mul',
  'div',
  'mod',
  'intDiv',
  'pmod',
  'neg',
  'abs',
  'tryAdd',
  'tryDivide',
  'eq',
  'ne',
  'lt',
  'le',
  'gt',
  'ge',
  'eqNullSafe',
  'isin',
  'between',
  'greatest',
  'least',
  'and',
  'or',
  'not',
  'and',
  'or',
  'if',
  'when',
  'coalesce',
  'nvl2',
  'nullif',
  'isnull',
  'isnotnull',
  'isnan',
  'if',
  'coalesce',
  'and',
  'or',
];
const counts: Readonly<Record<string, number>> = {
  neg: 1,
  abs: 1,
  not: 1,
  isnull: 1,
  isnotnull: 1,
  isnan: 1,
  if: 3,
  when: 5,
  nvl2: 3,
  between: 3,
  isin: 4,
  coalesce: 3,
};

function castTo(expr: PhysicalExpr, type: DataType): PhysicalExpr {
  if (sameType(expr.type, type)) return expr;
  const nullable = isNullable(expr) || castNullable(expr.type, type, false, true);
  return { kind: 'call', fn: 'cast', args: [expr], type, nullable };
}

/** A random expression that types, of whatever type it happens to get. */
function randomExpression(
  random: Random,
  input: readonly InputColumn[],
  depth: number,
  wanted?: DataType,
): PhysicalExpr {
  if (depth === 0 || random.below(6) === 0) return leaf(random, input, wanted);
  for (let attempt = 0; attempt < 20; attempt++) {
    const name = random.pick(names);
    const entry = findFunction(name) as ScalarFunction;
    const args = Array.from({ length: counts[name] ?? 2 }, (_, i) => {
      const condition = (name === 'if' || name === 'when') && i % 2 === 0 && i < (counts[name] ?? 2) - 1;
      return randomExpression(
        random,
        input,
        depth - 1,
        condition || name === 'and' || name === 'or' || name === 'not' ? { kind: 'boolean' } : undefined,
      );
    });
    const argTypes = args.map<ArgType>((arg) => ({
      type: arg.type,
      nullable: isNullable(arg),
      ...(arg.kind === 'literal' ? { literal: arg.value } : {}),
    }));
    const resolution = entry.resolve(argTypes, { ansi: true });
    if ('mismatch' in resolution) continue;
    if (!args.every((arg, i) => canCast(arg.type, resolution.args[i] as DataType))) continue;
    const call: PhysicalExpr = {
      kind: 'call',
      fn: entry.name,
      args: args.map((arg, i) => castTo(arg, resolution.args[i] as DataType)),
      type: resolution.returns,
      nullable: resolution.nullable ?? args.some(isNullable),
    };
    if (wanted === undefined || sameType(call.type, wanted)) return call;
  }
  return leaf(random, input, wanted);
}

function leaf(random: Random, input: readonly InputColumn[], wanted?: DataType): PhysicalExpr {
  const choices = input.flatMap((c, index) => (wanted === undefined || sameType(c.type, wanted) ? [index] : []));
  if (choices.length > 0 && random.below(4) > 0) {
    const index = random.pick(choices);
    const { type, nullable } = input[index] as InputColumn;
    return { kind: 'column', index, type, nullable };
  }
  const type = wanted ?? random.pick(columnTypes);
  return { kind: 'literal', type, value: random.below(10) === 0 ? null : randomScalar(type, random, true) };
}

describe('nested expressions', () => {
  test('mean the same compiled and interpreted', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const random = new Random(seed);
        const ranged = random.pick([false, true, 'when loaded'] as const);
        const small = random.below(2) === 0;
        const input = columnTypes.map<InputColumn>((type) => {
          const nullable = random.below(3) > 0;
          const value = (): Scalar => (nullable && random.below(5) === 0 ? null : randomScalar(type, random, small));
          return { type, nullable, ranged, values: Array.from({ length: ROWS }, value) };
        });
        expectSame(randomExpression(random, input, 4), input);
      }),
      { numRuns: 300 },
    );
  });
});
