import { describe, expect, test } from 'vitest';
import { int32Type } from '../../src/base/index.js';
import * as b from '../../src/plan/build.js';
import { treeString } from '../../src/plan/explain.js';
import type { Expr } from '../../src/plan/expr.js';
import type { Plan, ProjectPlan } from '../../src/plan/node.js';
import { optimize } from '../../src/plan/optimize/optimizer.js';
import { outputOf } from '../../src/plan/output.js';
import { resolve } from '../../src/plan/resolve/resolver.js';
import { allNodes } from '../../src/plan/walk.js';
import { e, from, warehouse } from '../support/plan-builder.js';
import { settings } from '../support/plan-text.js';

/*
 * Plans and expressions thousands deep: no stack overflows, and the work grows with the plan, not with its square.
 */

const catalog = warehouse();
const int = (value: number): Expr => b.literal(int32Type, value);

async function through(plan: Plan): Promise<{ resolved: Plan; optimized: Plan }> {
  const resolved = await resolve(plan, catalog, settings);
  const optimized = optimize(resolved, settings);
  expect(treeString(optimized)).not.toBe('');
  return { resolved, optimized };
}

function chain(count: number, step: (plan: Plan, i: number) => Plan): Plan {
  let plan = from('flights');
  for (let i = 0; i < count; i++) plan = step(plan, i);
  return plan;
}

describe('chains', () => {
  test('2,000 withColumn of the input are one projection', async () => {
    const plan = chain(2000, (input, i) =>
      b.withPlanId(b.withColumn(input, `c${i}`, b.call('+', b.column('delay'), int(i))), i + 1),
    );
    const { resolved, optimized } = await through(plan);
    expect(allNodes(resolved).map((node) => node.kind)).toEqual(['scan', 'project']);
    expect((optimized as ProjectPlan).exprs).toHaveLength(2005);
  });

  test('2,000 withColumn that build on each other', async () => {
    const plan = chain(2000, (input, i) =>
      b.withColumn(input, `c${i}`, b.call('+', b.column(i === 0 ? 'delay' : `c${i - 1}`), int(i))),
    );
    const { optimized } = await through(plan);
    expect(outputOf(optimized)).toHaveLength(2005);
    const last = await through(b.project(plan, [b.column('c1999')]));
    expect(allNodes(last.optimized).length).toBeLessThan(50);
  });

  test('2,000 replacements of one column', async () => {
    const { optimized } = await through(
      chain(2000, (input, i) => b.withColumn(input, 'delay', b.call('+', b.column('delay'), int(i)))),
    );
    expect(outputOf(optimized)).toHaveLength(5);
  });

  test('2,000 filters are one', async () => {
    const { optimized } = await through(
      chain(2000, (input, i) => b.filter(input, b.call('!=', b.column('delay'), int(i)))),
    );
    expect(allNodes(optimized)).toHaveLength(2);
  });

  test('1,000 unions, nested and flat', async () => {
    await through(chain(1000, (input) => b.union([input, from('flights')])));
    const flat = await through(b.union(Array.from({ length: 1000 }, () => from('flights'))));
    expect(allNodes(flat.optimized)).toHaveLength(1001);
  });

  test('one frame in a thousand unions is analysed once', async () => {
    const frame = from('airports');
    const { resolved } = await through(b.union(Array.from({ length: 1000 }, () => frame)));
    expect(allNodes(resolved)).toHaveLength(2);
  });

  test('200 joins', async () => {
    const plan = chain(200, (input, i) =>
      b.join(input, b.toNames(from('states'), [`a${i}`, `n${i}`]), 'left', e(`origin = a${i}`)),
    );
    await through(plan);
  });
});

describe('expressions', () => {
  test('an OR of 10,000 terms is balanced', async () => {
    let condition: Expr = b.call('=', b.column('delay'), int(0));
    for (let i = 1; i < 10_000; i++) condition = b.call('or', condition, b.call('=', b.column('delay'), int(i)));
    const { resolved } = await through(b.filter(from('flights'), condition));
    let depth = 0;
    for (
      let at: Expr | undefined = (resolved as { condition: Expr } & Plan).condition;
      at?.kind === 'call';
      at = at.args[0]
    )
      depth++;
    expect(depth).toBeLessThan(20);
  });

  test('a sum of 5,000 terms', async () => {
    let sum: Expr = b.column('delay');
    for (let i = 0; i < 5000; i++) sum = b.call('+', sum, b.column('distance'));
    await through(b.project(from('flights'), [b.alias(sum, 'x')]));
  });
});
