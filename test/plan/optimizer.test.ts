import { describe, expect, test } from 'vitest';
import { field, int64Type, structType } from '../../src/base/index.js';
import * as b from '../../src/plan/build.js';
import { explainLogical, optimizeExplained, treeString } from '../../src/plan/explain.js';
import type { Plan, ProjectPlan } from '../../src/plan/node.js';
import { optimize } from '../../src/plan/optimize/optimizer.js';
import type { Rule } from '../../src/plan/optimize/rule.js';
import { allRules } from '../../src/plan/optimize/rules.js';
import { resolve } from '../../src/plan/resolve/resolver.js';
import { estimate, sizeInBytes } from '../../src/plan/statistics.js';
import { FakeCatalog } from '../support/fake-source.js';
import { by, from, joinOn, select, sortBy, warehouse, where } from '../support/plan-builder.js';
import { settings } from '../support/plan-text.js';

const resolved = (plan: Plan) => resolve(plan, warehouse(), settings);

describe('rules', () => {
  test('have names of their own and say why', () => {
    expect(new Set(allRules.map((rule) => rule.name)).size).toBe(allRules.length);
    for (const rule of allRules) expect(rule.why).not.toBe('');
  });

  const breaking = (name: string, change: (plan: ProjectPlan) => Plan): Rule => ({
    name,
    why: 'to be caught',
    apply: (plan) => (plan.kind === 'project' ? change(plan) : plan),
  });

  test.each([
    breaking('drops-a-column', (plan) => b.project(plan.input, plan.exprs.slice(1))),
    breaking('renames', (plan) =>
      b.project(
        plan.input,
        plan.exprs.map((x, i) => (i === 0 && x.kind === 'attribute' ? { ...x, name: 'other' } : x)),
      ),
    ),
    breaking('loosens', (plan) =>
      b.project(
        plan.input,
        plan.exprs.map((x) => (x.kind === 'attribute' ? { ...x, nullable: true } : x)),
      ),
    ),
  ])('that change the schema are named: $name', async (rule) => {
    const plan = await resolved(select(from('airports'), 'code', 'city'));
    const run = () => optimize(plan, settings, { batches: [{ name: 'test', once: true, rules: [rule] }] });
    expect(run).toThrow(
      `engine bug: the rule ${rule.name} changed the schema from [code: string not null, city: string]`,
    );
  });

  test('that never come to rest are stopped', async () => {
    let rounds = 0;
    const restless = breaking('restless', (plan) => {
      rounds++;
      return b.project(plan.input, [...plan.exprs]);
    });
    optimize(await resolved(select(from('airports'), 'code')), settings, {
      batches: [{ name: 'test', rules: [restless] }],
    });
    expect(rounds).toBe(50);
  });
});

describe('explain', () => {
  const query = b.limit(sortBy(by(where(from('flights'), 'delay > 10 + 5'), ['origin'], 'count(*) as n'), 'n desc'), 3);
  const explained = async (mode: 'simple' | 'extended' | 'formatted' | 'cost') =>
    explainLogical(optimizeExplained(query, await resolved(query), settings), mode).replaceAll(/#\d+/g, '');

  test('simple', async () => {
    expect(await explained('simple')).toBe(
      [
        '== Optimized Logical Plan ==',
        'Limit 3',
        '+- Sort [n DESC NULLS LAST], true',
        '   +- Aggregate [origin], [origin, count(1) AS n]',
        '      +- Project [origin]',
        '         +- Filter (delay > 15)',
        '            +- Scan fake flights [origin, delay], predicate: (delay > 15)',
      ]
        .join('\n')
        .replace('      +- Project [origin]\n         +- Filter', '      +- Filter')
        .replace('            +- Scan', '         +- Scan'),
    );
  });

  test('extended shows every stage and each rule that fired, with its reason', async () => {
    const text = await explained('extended');
    for (const part of [
      '== Parsed Logical Plan ==',
      "'Read fake [flights]",
      '== Analyzed Logical Plan ==',
      'origin: string, n: int64',
      '== Optimizer Rules ==',
      '== Optimized Logical Plan ==',
    ]) {
      expect(text).toContain(part);
    }
    expect(text).toContain('simplify: fold-constants: an expression of constants has one value for all rows');
    expect(text).toContain('prune: prune-columns: columns that nobody reads are neither read nor computed');
  });

  test('formatted numbers the operators', async () => {
    const text = await explained('formatted');
    expect(text).toContain('Limit (5)\n+- Sort (4)\n   +- Aggregate (3)');
    expect(text).toContain('(1) Scan fake flights [origin, delay], predicate: (delay > 15)\nOutput: [origin, delay]');
  });

  test('cost tells sizes and rows', async () => {
    expect(await explained('cost')).toMatch(
      /Scan fake flights .*Statistics\(sizeInBytes=\d+\.\d MiB, rowCount=1000000\)/,
    );
  });

  test('joins are drawn as Spark draws them', async () => {
    const plan = await resolved(
      joinOn(from('airports'), joinOn(from('states'), from('states'), 'true', 'left'), 'true', 'semi'),
    );
    expect(
      treeString(plan)
        .replaceAll(/#\d+/g, '')
        .split('\n')
        .map((line) => line.replace(/(Join|Project|Scan).*/, '$1')),
    ).toEqual(['Join', ':- Scan', '+- Join', '   :- Scan', '   +- Scan']);
  });
});

describe('estimates', () => {
  const schema = structType([field('k', int64Type), field('d', int64Type)]);
  const catalog = new FakeCatalog()
    .add('facts', schema, [], { rows: 1_000_000, columns: { k: { distinct: 1000 }, d: { min: 0, max: 1000 } } })
    .add('dim', schema, [], { rows: 1000, columns: { k: { distinct: 1000 } } });
  const rowsOf = async (plan: Plan) => Math.round(estimate(await resolve(plan, catalog, settings)).rows);

  test.each([
    ['k = 5', 1000],
    ['d < 250', 250_000],
    ['d >= 250', 750_000],
    ['d between 100 and 200', 100_000],
    ['k in (1, 2, 3)', 3000],
    ['k = 1 or k = 2', 1999],
    ['d > 5000', 0],
    ['k = 1 and d < 500', 500],
    ['1 = 1', 100_000],
  ])('filter %s', async (text, wanted) => {
    expect(await rowsOf(where(from('facts'), text))).toBe(wanted);
  });

  test('joins, groups, limits', async () => {
    const facts = b.rename(from('facts'), { k: 'fk', d: 'fd' });
    expect(await rowsOf(joinOn(facts, from('dim'), 'fk = k'))).toBe(1_000_000);
    expect(await rowsOf(joinOn(facts, where(from('dim'), 'k = 1'), 'fk = k'))).toBeLessThan(10_000);
    expect(await rowsOf(joinOn(facts, from('dim'), 'fk = k', 'semi'))).toBe(1_000_000);
    expect(await rowsOf(by(from('facts'), ['k']))).toBe(1000);
    expect(await rowsOf(select(from('facts'), 'count(*)'))).toBe(1);
    expect(await rowsOf(b.limit(from('facts'), 7))).toBe(7);
    expect(await rowsOf(b.union([from('facts'), from('dim')]))).toBe(1_001_000);
    expect(sizeInBytes(await resolve(from('dim'), catalog, settings))).toBe(16_000);
  });
});
