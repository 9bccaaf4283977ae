import { describe, expect, test } from 'vitest';
import * as b from '../../src/plan/build.js';
import type { JoinType, Plan } from '../../src/plan/node.js';
import { eliminateOuterJoins } from '../../src/plan/optimize/eliminate-outer-joins.js';
import { inferPredicates } from '../../src/plan/optimize/infer-predicates.js';
import { mergeFilters } from '../../src/plan/optimize/merge-filters.js';
import { pruneEmpty } from '../../src/plan/optimize/prune-empty.js';
import { pushFilters } from '../../src/plan/optimize/push-filters.js';
import { pushIntoScan } from '../../src/plan/optimize/push-into-scan.js';
import { pushLimits } from '../../src/plan/optimize/push-limits.js';
import type { Rule } from '../../src/plan/optimize/rule.js';
import { by, from, joinOn, select, sortBy, warehouse, where } from '../support/plan-builder.js';
import { applyRules, plainText } from '../support/plan-text.js';

const rewritten = async (plan: Plan, ...rules: readonly Rule[]): Promise<string> =>
  plainText(await applyRules(plan, warehouse(), rules));
const lines = (...text: readonly string[]): string => text.join('\n');

const FLIGHTS = 'Scan fake flights [origin, dest, delay, distance, day]';
const AIRPORTS = 'Scan fake airports [code, city, state]';
const joined = (how: JoinType): Plan => joinOn(from('flights'), from('airports'), 'origin = code', how);

describe('merge-filters', () => {
  test('joins conditions, the inner first', async () => {
    const plan = where(where(where(from('flights'), 'delay > 1'), 'delay > 2'), 'delay > 3');
    expect(await rewritten(plan, mergeFilters)).toBe(
      lines('Filter (((delay > 1) AND (delay > 2)) AND (delay > 3))', `+- ${FLIGHTS}`),
    );
  });

  test('not when the outer can fail where the inner is null: a filter drops that row, AND does not', async () => {
    const plan = where(where(from('flights'), 'delay != 0'), '10 / delay > 1');
    expect((await rewritten(plan, mergeFilters)).match(/Filter/g)).toHaveLength(2);
  });
});

describe('push-filters', () => {
  test('through a projection, in terms of what is below, when there is more below', async () => {
    const plan = where(select(joined('inner'), 'delay + 1 as d', 'city as town'), "town = 'X' and d > 5");
    // `delay + 1` can fail: on rows that the join drops it must not be computed.
    expect(await rewritten(plan, pushFilters)).toMatch(/^Project .*\n\+- Filter \(\(delay \+ 1\) > 5\)\n {3}\+- Join/);
    expect(await rewritten(plan, pushFilters)).toContain("Filter (city = 'X')\n");
  });

  test.each([
    ['inner', true, true],
    ['left', true, false],
    ['right', false, true],
    ['full', false, false],
  ] as const)('through a %s join', async (how, left, right) => {
    const text = await rewritten(where(joined(how), "delay > 5 and city = 'X'"), pushFilters);
    expect(text.includes(`Filter (delay > 5)\n`) && text.indexOf('Filter (delay > 5)') > text.indexOf('Join')).toBe(
      left,
    );
    expect(text.includes(`Filter (city = 'X')\n`) && text.indexOf("Filter (city = 'X')") > text.indexOf('Join')).toBe(
      right,
    );
  });

  test.each([['semi'], ['anti']] as const)('through a %s join to its left', async (how) => {
    expect(await rewritten(where(joined(how), 'delay > 5'), pushFilters)).toContain(
      `:- Filter (delay > 5)\n:  +- ${FLIGHTS}`,
    );
  });

  test.each([
    ['inner', true, true],
    ['left', false, true],
    ['right', true, false],
    ['full', false, false],
    ['semi', true, true],
    ['anti', false, true],
  ] as const)(
    'a term of the condition of a %s join goes where unmatched rows are not kept',
    async (how, left, right) => {
      const plan = joinOn(from('flights'), from('airports'), "origin = code and delay > 5 and city = 'X'", how);
      const text = await rewritten(plan, pushFilters);
      expect(text.includes('Filter (delay > 5)')).toBe(left);
      expect(text.includes("Filter (city = 'X')")).toBe(right);
    },
  );

  test('terms over both sides become the condition of an inner join, and stay above an outer one', async () => {
    const cross = b.join(from('flights'), from('airports'), 'cross');
    expect(await rewritten(where(cross, 'origin = code'), pushFilters)).toBe(
      lines('Join Inner, (origin = code)', `:- ${FLIGHTS}`, `+- ${AIRPORTS}`),
    );
    expect(await rewritten(where(joined('left'), 'delay > length(city)'), pushFilters)).toMatch(/^Filter/);
  });

  test('what can fail does not pass a join that drops rows, nor what guards it', async () => {
    expect(await rewritten(where(joined('inner'), '10 / delay > 1'), pushFilters)).toMatch(/^Filter/);
    const guarded = where(joined('left'), "city = 'X' and 10 / delay > 1");
    expect(await rewritten(guarded, pushFilters)).toMatch(/^Filter \(\(city = 'X'\) AND/);
    const free = where(joined('left'), "delay != 0 and 10 / delay > 1 and city = 'X'");
    expect(await rewritten(free, pushFilters)).toMatch(/^Filter \(city = 'X'\)\n/);
  });

  test('through an aggregate on grouping columns only', async () => {
    const plan = where(by(from('flights'), ['origin'], 'count(*) as n'), "origin = 'SEA' and n > 5");
    expect(await rewritten(plan, pushFilters)).toBe(
      lines(
        'Filter (n > 5)',
        '+- Aggregate [origin], [origin, count(1) AS n]',
        "   +- Filter (origin = 'SEA')",
        `      +- ${FLIGHTS}`,
      ),
    );
    const whole = where(select(from('flights'), 'count(*) as n'), 'n > 5');
    expect(await rewritten(whole, pushFilters)).toMatch(/^Filter/);
  });

  test('through a window on its partitioning only', async () => {
    const ranked = select(from('flights'), 'origin', 'delay', 'rank() over (partition by origin order by delay) as r');
    const text = await rewritten(where(ranked, "origin = 'SEA' and r <= 3 and delay > 0"), pushFilters);
    expect(text.split('\n').findIndex((line) => line.includes("Filter (origin = 'SEA')"))).toBeGreaterThan(
      text.split('\n').findIndex((line) => line.includes('Window')),
    );
    expect(text.indexOf('delay > 0')).toBeLessThan(text.indexOf('Window'));
  });

  test('through unions, sorts and distinct rows; not through limits and samples', async () => {
    const union = b.union([select(from('flights'), 'origin as o'), select(from('flights'), 'dest')]);
    expect((await rewritten(where(union, "o = 'SEA'"), pushFilters)).match(/Filter/g)).toHaveLength(2);
    for (const below of [
      sortBy(from('flights'), 'delay'),
      b.distinct(from('flights')),
      b.repartition(from('flights'), 4),
    ]) {
      expect(await rewritten(where(below, 'delay > 5'), pushFilters)).not.toMatch(/^Filter/);
    }
    for (const below of [b.limit(from('flights'), 5), b.sample(from('flights'), 0.5, { seed: 1 })]) {
      expect(await rewritten(where(below, 'delay > 5'), pushFilters)).toMatch(/^Filter/);
    }
  });
});

describe('push-into-scan', () => {
  test('tells the source, and still decides itself', async () => {
    expect(await rewritten(where(from('airports'), "state = 'CA'"), pushIntoScan)).toBe(
      lines("Filter (state = 'CA')", `+- ${AIRPORTS}, predicate: (state = 'CA')`),
    );
  });

  test('not what can fail; and a limit only where nothing is filtered', async () => {
    expect(await rewritten(where(from('flights'), '10 / delay > 1'), pushIntoScan)).not.toContain('predicate');
    expect(await rewritten(b.limit(from('airports'), 5, 2), pushIntoScan)).toContain(`${AIRPORTS}, limit 7`);
    expect(await rewritten(b.limit(where(from('airports'), "state = 'CA'"), 5), pushIntoScan)).not.toContain('limit 5');
  });
});

describe('eliminate-outer-joins', () => {
  test.each([
    ['left', "city = 'X'", 'Inner'],
    ['left', 'delay > 5', 'LeftOuter'],
    ['left', 'city is null', 'LeftOuter'],
    ['left', "coalesce(city, 'X') = 'X'", 'LeftOuter'],
    ['left', "city = 'X' or state = 'CA'", 'Inner'],
    ['left', "city = 'X' or delay > 5", 'LeftOuter'],
    ['left', 'not (city is null)', 'Inner'],
    ['right', 'delay > 5', 'Inner'],
    ['full', 'delay > 5', 'LeftOuter'],
    ['full', "city = 'X'", 'RightOuter'],
    ['full', "city = 'X' and delay > 5", 'Inner'],
  ] as const)('%s join below %s', async (how, text, wanted) => {
    expect(await rewritten(where(joined(how), text), eliminateOuterJoins)).toContain(`Join ${wanted}`);
  });

  test('by the condition of a join above', async () => {
    const plan = joinOn(joined('left'), from('states'), 'state = abbr');
    expect((await rewritten(plan, eliminateOuterJoins)).match(/Join Inner/g)).toHaveLength(2);
    const kept = joinOn(joined('left'), from('states'), 'state = abbr', 'left');
    expect((await rewritten(kept, eliminateOuterJoins)).match(/Join LeftOuter/g)).toHaveLength(2);
  });
});

describe('infer-predicates', () => {
  const filtered = (how: JoinType): Plan =>
    joinOn(where(from('flights'), "origin = 'SEA'"), from('airports'), 'origin = code', how);

  test.each([
    ['inner', true],
    ['left', true],
    ['semi', true],
    ['anti', true],
    ['right', false],
    ['full', false],
  ] as const)('from the left of a %s join', async (how, wanted) => {
    expect((await rewritten(filtered(how), inferPredicates)).includes("Filter (code = 'SEA')")).toBe(wanted);
  });

  test('what an OR over both sides demands of each', async () => {
    const condition = "origin = code and ((delay > 5 and city = 'X') or (delay < 1 and city = 'Y'))";
    const text = await rewritten(joinOn(from('flights'), from('airports'), condition), inferPredicates);
    expect(text).toContain('Filter ((delay > 5) OR (delay < 1))');
    expect(text).toContain("Filter ((city = 'X') OR (city = 'Y'))");
  });

  test('once only', async () => {
    const text = await rewritten(filtered('inner'), inferPredicates, pushFilters, mergeFilters);
    expect(text.match(/code = 'SEA'/g)).toHaveLength(1);
  });
});

describe('push-limits', () => {
  test('through projections and into outer joins and unions', async () => {
    expect(await rewritten(b.limit(select(from('flights'), 'delay'), 5), pushLimits)).toBe(
      lines('Project [delay]', '+- Limit 5', `   +- ${FLIGHTS}`),
    );
    const left = await rewritten(b.limit(joined('left'), 5, 2), pushLimits);
    expect(left).toContain(`:- Limit 7\n`);
    expect(
      (await rewritten(b.limit(b.union([from('airports'), from('airports')]), 5), pushLimits)).match(/Limit 5/g),
    ).toHaveLength(3);
  });

  test('not into inner joins, filters or aggregates', async () => {
    for (const below of [joined('inner'), where(from('flights'), 'delay > 1'), by(from('flights'), ['origin'])]) {
      expect((await rewritten(b.limit(below, 5), pushLimits)).match(/Limit/g)).toHaveLength(1);
    }
  });

  test('stays right above its sort', async () => {
    const plan = b.limit(select(sortBy(from('flights'), 'delay'), 'origin', 'delay'), 5);
    expect(await rewritten(plan, pushLimits)).toMatch(/^Project.*\n\+- Limit 5\n {3}\+- Sort/);
  });

  test('one of the other', async () => {
    expect(await rewritten(b.limit(b.limit(from('airports'), 10, 3), 5, 7), pushLimits)).toBe(
      lines('Limit 3, Offset 10', `+- ${AIRPORTS}`),
    );
  });
});

describe('prune-empty', () => {
  test.each([
    ['inner', 'LocalRelation'],
    ['semi', 'LocalRelation'],
    ['left', 'Project'],
    ['full', 'Project'],
    ['anti', 'Scan'],
    ['right', 'LocalRelation'],
  ] as const)('a %s join with nothing on the right', async (how, wanted) => {
    const plan = joinOn(from('flights'), where(from('airports'), 'false'), 'origin = code', how);
    expect(await rewritten(plan, pruneEmpty)).toMatch(new RegExp(`^${wanted}`));
  });

  test('an aggregate without groups still has its row', async () => {
    expect(await rewritten(select(where(from('flights'), 'false'), 'count(*)'), pruneEmpty)).toMatch(/^Aggregate/);
    expect(await rewritten(by(where(from('flights'), 'false'), ['origin']), pruneEmpty)).toMatch(/^LocalRelation/);
  });
});
