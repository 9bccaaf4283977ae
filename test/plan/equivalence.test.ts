import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  booleanType,
  field,
  int32Type,
  int64Type,
  type Scalar,
  SparrowError,
  stringType,
  structType,
} from '../../src/base/index.js';
import * as b from '../../src/plan/build.js';
import { treeString } from '../../src/plan/explain.js';
import type { Expr } from '../../src/plan/expr.js';
import type { JoinType, Plan, ResolvedPlan } from '../../src/plan/node.js';
import { optimize } from '../../src/plan/optimize/optimizer.js';
import { resolve } from '../../src/plan/resolve/resolver.js';
import { describeFake, FakeCatalog } from '../support/fake-source.js';
import { evaluatePlan, type Row } from '../support/naive-evaluator.js';
import { settings } from '../support/plan-text.js';

/*
 * Random small plans over random rows: what the optimizer makes of them gives the same rows, in the same order where
 * the order is defined, and raises an error only where the plan as written does.
 */

const schema = structType([
  field('k', int32Type),
  field('v', int64Type),
  field('s', stringType),
  field('f', booleanType),
]);

const nullable = <T extends Scalar>(values: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(values, { freq: 5 });
const row = fc.tuple(
  nullable(fc.integer({ min: 0, max: 4 })),
  nullable(fc.bigInt({ min: -3n, max: 3n })),
  nullable(fc.constantFrom('', 'a', 'b', 'ab')),
  nullable(fc.boolean()),
);
const rows = fc.array(row, { maxLength: 5 });

/** A number that later choices are drawn from: plans are built by hand, so that names always resolve. */
interface Draw {
  below(n: number): number;
  of<T>(items: readonly T[]): T;
}

function drawer(numbers: readonly number[]): Draw {
  let at = 0;
  const below = (n: number): number => (numbers[at++ % Math.max(1, numbers.length)] ?? 0) % n;
  return { below, of: (items) => items[below(items.length)] as never };
}

interface Shape {
  readonly plan: Plan;
  /** Columns by kind; names are unique within a shape. */
  readonly numbers: readonly string[];
  readonly strings: readonly string[];
  readonly booleans: readonly string[];
}

const int = (value: number): Expr => b.literal(int32Type, value);

function condition(draw: Draw, shape: Shape, depth = 2): Expr {
  const number = (): Expr => numeric(draw, shape, 1);
  const choice = draw.below(depth > 0 ? 13 : 7);
  switch (choice) {
    case 0:
      return b.call(draw.of(['=', '<', '>=', '!=', '<=>']), number(), number());
    case 1:
      return b.call(draw.of(['<', '>', '=', '<=']), number(), int(draw.below(4)));
    case 2:
      return b.call(draw.of(['isnull', 'isnotnull']), number());
    case 3:
      return shape.booleans.length > 0
        ? b.column(draw.of(shape.booleans))
        : b.literal(booleanType, draw.of([true, false, null]));
    case 4:
      return shape.strings.length > 0
        ? b.call(
            draw.of(['=', 'like']),
            b.column(draw.of(shape.strings)),
            b.literal(stringType, draw.of(['a', 'a%', ''])),
          )
        : b.call('>', number(), int(1));
    case 5:
      return b.call('in', number(), int(draw.below(3)), int(2), b.literal(int32Type, draw.of([1, null])));
    case 6:
      return b.literal(booleanType, draw.of([true, false, null]));
    case 7:
    case 8:
      return b.call('and', condition(draw, shape, depth - 1), condition(draw, shape, depth - 1));
    case 9:
    case 10: {
      const shared = condition(draw, shape, depth - 1);
      const one = b.call('and', shared, condition(draw, shape, depth - 1));
      return b.call('or', one, draw.below(2) === 0 ? shared : b.call('and', condition(draw, shape, depth - 1), shared));
    }
    case 11:
      return b.call('not', condition(draw, shape, depth - 1));
    default:
      // A guard, and behind it something that fails where the guard does not hold.
      return b.call('and', b.call('!=', number(), int(0)), b.call('>', b.call('intDiv', int(6), number()), int(1)));
  }
}

function numeric(draw: Draw, shape: Shape, depth: number): Expr {
  const name = shape.numbers.length > 0 ? b.column(draw.of(shape.numbers)) : int(1);
  switch (draw.below(depth > 0 ? 8 : 3)) {
    case 0:
      return int(draw.below(3));
    case 3:
      return b.call(draw.of(['+', '*', '-']), name, numeric(draw, shape, depth - 1));
    case 4:
      return b.call('coalesce', name, int(0));
    case 5:
      return b.call('when', condition(draw, shape, 0), name, numeric(draw, shape, depth - 1));
    case 6:
      return b.cast(name, int64Type);
    default:
      return name;
  }
}

let names = 0;
const fresh = (): string => `c${++names}`;

function grow(draw: Draw, leaves: readonly Shape[], size: number): Shape {
  if (size <= 0) return draw.of(leaves);
  const below = grow(draw, leaves, size - 1 - draw.below(2));
  const step = draw.of(steps);
  return step(draw, below, () => grow(draw, leaves, size >= 4 ? draw.below(2) : 0));
}

type Step = (draw: Draw, input: Shape, other: () => Shape) => Shape;

const steps: readonly Step[] = [
  (draw, input) => ({ ...input, plan: b.filter(input.plan, condition(draw, input)) }),
  (draw, input) => ({ ...input, plan: b.filter(input.plan, condition(draw, input)) }),
  (draw, input) => {
    const name = fresh();
    const plan = b.withColumn(input.plan, name, numeric(draw, input, 2));
    return { ...input, plan, numbers: [...input.numbers, name] };
  },
  (draw, input) => {
    const numbers = [fresh(), fresh()];
    const flag = fresh();
    const shared = numeric(draw, input, 2);
    const exprs = [
      b.alias(b.call('+', shared, int(1)), numbers[0] as string),
      b.alias(draw.below(2) === 0 ? shared : numeric(draw, input, 1), numbers[1] as string),
      b.alias(condition(draw, input, 1), flag),
      ...input.strings.slice(0, 1).map((name) => b.column(name)),
    ];
    return { plan: b.project(input.plan, exprs), numbers, strings: input.strings.slice(0, 1), booleans: [flag] };
  },
  (draw, input) => aggregated(draw, input),
  (draw, input) => aggregated(draw, input),
  (draw, input, other) => joined(draw, input, other()),
  (draw, input, other) => joined(draw, input, other()),
  (draw, input, other) => joined(draw, input, other()),
  (draw, input) => {
    const orders = [...input.numbers, ...input.strings].map((name) => b.sortOrder(b.column(name), draw.below(2) === 0));
    return { ...input, plan: b.sort(input.plan, orders) };
  },
  (draw, input) => {
    const orders = [...input.numbers, ...input.strings, ...input.booleans].map((name) => b.sortOrder(b.column(name)));
    return { ...input, plan: b.limit(b.sort(input.plan, orders), draw.below(5), draw.below(2)) };
  },
  (_, input) => ({ ...input, plan: b.distinct(input.plan) }),
  (draw, input) => {
    const again = { ...input, plan: b.filter(input.plan, condition(draw, input, 1)) };
    return { ...input, plan: b.union([input.plan, again.plan]) };
  },
  (draw, input) => {
    if (input.numbers.length === 0) return input;
    const name = fresh();
    const key = b.column(draw.of(input.numbers));
    const orders = [...input.numbers, ...input.strings, ...input.booleans].map((each) => b.sortOrder(b.column(each)));
    const window =
      draw.below(2) === 0
        ? b.over(b.call('sum', numeric(draw, input, 0)), { partitionBy: [key], orderBy: [] })
        : b.over(b.call('rank'), { partitionBy: [key], orderBy: orders });
    return { ...input, plan: b.withColumn(input.plan, name, window), numbers: [...input.numbers, name] };
  },
  (draw, input) => ({ ...input, plan: b.dropDuplicates(input.plan, input.numbers.slice(0, 1 + draw.below(2))) }),
];

function aggregated(draw: Draw, input: Shape): Shape {
  const keys = [...input.numbers, ...input.strings].slice(0, draw.below(3));
  const results = [fresh(), fresh(), fresh()];
  const value = numeric(draw, input, 1);
  const other = numeric(draw, input, 1);
  const distinct = draw.below(2) === 0;
  const calls = [
    b.alias(b.aggregateCall('count', [value], { distinct }), results[0] as string),
    b.alias(
      b.aggregateCall(draw.of(['sum', 'min', 'max', 'count']), [other], { distinct: draw.below(3) === 0 }),
      results[1] as string,
    ),
    b.alias(
      b.aggregateCall('count', [b.star()], draw.below(2) === 0 ? { filter: condition(draw, input, 0) } : {}),
      results[2] as string,
    ),
  ];
  const plan = b.aggregate(
    input.plan,
    keys.map((name) => b.column(name)),
    [...keys.map((name) => b.column(name)), ...calls],
  );
  return {
    plan,
    numbers: [...input.numbers.filter((name) => keys.includes(name)), ...results],
    strings: input.strings.filter((name) => keys.includes(name)),
    booleans: [],
  };
}

function joined(draw: Draw, left: Shape, second: Shape): Shape {
  // The right side's columns get names of their own.
  const rename = new Map([...second.numbers, ...second.strings, ...second.booleans].map((name) => [name, fresh()]));
  const renamed = (list: readonly string[]): readonly string[] => list.map((name) => rename.get(name) as string);
  const right: Shape = {
    plan: b.rename(second.plan, Object.fromEntries(rename)),
    numbers: renamed(second.numbers),
    strings: renamed(second.strings),
    booleans: renamed(second.booleans),
  };
  const both: Shape = {
    plan: left.plan,
    numbers: [...left.numbers, ...right.numbers],
    strings: [...left.strings, ...right.strings],
    booleans: [...left.booleans, ...right.booleans],
  };
  const how = draw.of<JoinType>(['inner', 'left', 'right', 'full', 'semi', 'anti', 'inner', 'cross']);
  const terms: Expr[] = [];
  const [l, r] = [left.numbers[0], right.numbers[0]];
  if (l !== undefined && r !== undefined && draw.below(4) > 0) terms.push(b.call('=', b.column(l), b.column(r)));
  if (draw.below(2) === 0) terms.push(condition(draw, both, 1));
  const on = terms.reduce<Expr | undefined>(
    (all, term) => (all === undefined ? term : b.call('and', all, term)),
    undefined,
  );
  const plan = b.join(left.plan, right.plan, how, how === 'cross' ? undefined : on);
  return how === 'semi' || how === 'anti' ? { ...left, plan } : { ...both, plan };
}

const leaf = (name: string): Shape => ({
  plan: b.read(describeFake(name)),
  numbers: ['k', 'v'],
  strings: ['s'],
  booleans: ['f'],
});

const text = (row: Row): string =>
  JSON.stringify(row, (_, value) => (typeof value === 'bigint' ? Number(value) : value));

/** The rows of a plan, or the code of the error it ends in. */
function outcome(plan: ResolvedPlan): readonly string[] | { readonly error: string } {
  try {
    return evaluatePlan(plan, settings).map(text).sort();
  } catch (error) {
    if (error instanceof SparrowError && error.code !== 'INTERNAL_ERROR') return { error: error.code };
    throw error;
  }
}

const runs = Number(process.env.SPARROW_PLAN_RUNS ?? 400);

describe('the optimizer', () => {
  test('changes no result', { timeout: 600_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(
        rows,
        rows,
        fc.array(fc.nat({ max: 1_000_000 }), { minLength: 40, maxLength: 80 }),
        fc.integer({ min: 1, max: 6 }),
        async (one, two, numbers, size) => {
          const catalog = new FakeCatalog().add('one', schema, one).add('two', schema, two);
          const { plan } = grow(drawer(numbers), [leaf('one'), leaf('two')], size);
          const resolved = await resolve(plan, catalog, settings);
          const wanted = outcome(resolved);
          // An error in a row that is then dropped, or in a column nobody reads, need not be raised.
          if ('error' in wanted) return;
          const after = optimize(resolved, settings);
          const got = outcome(after);
          if (JSON.stringify(got) !== JSON.stringify(wanted)) {
            throw new Error(
              `${JSON.stringify(wanted)}\n became\n${JSON.stringify(got)}\n${treeString(resolved)}\n became\n${treeString(after)}`,
            );
          }
        },
      ),
      { numRuns: runs },
    );
  });

  test('comes to rest: optimizing again changes nothing but the source and build hints', async () => {
    const catalog = new FakeCatalog().add('one', schema, []).add('two', schema, []);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat({ max: 1_000_000 }), { minLength: 40, maxLength: 80 }),
        fc.integer({ min: 1, max: 6 }),
        async (numbers, size) => {
          const { plan } = grow(drawer(numbers), [leaf('one'), leaf('two')], size);
          const once = optimize(await resolve(plan, catalog, settings), settings);
          const rounds: string[] = [];
          optimize(once, settings, { onFire: ({ rule }) => rounds.push(rule) });
          expect(rounds.length).toBeLessThan(100);
        },
      ),
      { numRuns: Math.min(runs, 200) },
    );
  });
});
