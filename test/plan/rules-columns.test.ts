import { describe, expect, test } from 'vitest';
import { field, int32Type, structType } from '../../src/base/index.js';
import * as b from '../../src/plan/build.js';
import type { LocalPlan, Plan } from '../../src/plan/node.js';
import { chooseBuildSide } from '../../src/plan/optimize/choose-build-side.js';
import { collapseProjects } from '../../src/plan/optimize/collapse-projects.js';
import { distinctToAggregate } from '../../src/plan/optimize/distinct-to-aggregate.js';
import { optimize } from '../../src/plan/optimize/optimizer.js';
import { pruneColumns } from '../../src/plan/optimize/prune-columns.js';
import { pushFilters } from '../../src/plan/optimize/push-filters.js';
import { removeNoopProjects } from '../../src/plan/optimize/remove-noop-projects.js';
import { connectJoins, reorderJoins } from '../../src/plan/optimize/reorder-joins.js';
import { rewriteDistinctAggregates } from '../../src/plan/optimize/rewrite-distinct-aggregates.js';
import type { Rule } from '../../src/plan/optimize/rule.js';
import { semiJoinForDistinct } from '../../src/plan/optimize/semi-join-for-distinct.js';
import { shareCommonExpressions } from '../../src/plan/optimize/share-common-expressions.js';
import { as, by, from, joinOn, select, sortBy, states, warehouse, where } from '../support/plan-builder.js';
import { applyRules, optimized, plainText, settings } from '../support/plan-text.js';

const rewritten = async (plan: Plan, ...rules: readonly Rule[]): Promise<string> =>
  plainText(await applyRules(plan, warehouse(), rules));
const lines = (...text: readonly string[]): string => text.join('\n');

describe('prune-columns', () => {
  test('down to what the source reads', async () => {
    const plan = select(where(from('flights'), 'delay > 5'), 'origin');
    expect(await rewritten(plan, pruneColumns)).toBe(
      lines('Project [origin]', '+- Filter (delay > 5)', '   +- Scan fake flights [origin, delay]'),
    );
  });

  test('of aggregates, windows and projections what is read', async () => {
    const plan = select(by(from('flights'), ['origin'], 'count(*) as n', 'sum(distance) as s'), 'n');
    expect(await rewritten(plan, pruneColumns)).toBe(
      lines('Project [n]', '+- Aggregate [origin], [count(1) AS n]', '   +- Scan fake flights [origin]'),
    );
    const ranked = select(select(from('flights'), 'origin', 'rank() over (order by delay) as r'), 'origin');
    expect(await rewritten(ranked, pruneColumns)).not.toContain('Window');
  });

  test('a join holds only what is read above it', async () => {
    const plan = select(
      joinOn(from('flights'), where(from('airports'), "state = 'CA'"), 'origin = code'),
      'delay',
      'city',
    );
    expect(await rewritten(plan, pruneColumns)).toBe(
      lines(
        'Project [delay, city]',
        '+- Join Inner, (origin = code)',
        '   :- Scan fake flights [origin, delay]',
        '   +- Project [code, city]',
        "      +- Filter (state = 'CA')",
        '         +- Scan fake airports [code, city, state]',
      ),
    );
  });

  test('of a union by position', async () => {
    const plan = select(
      b.union([select(from('flights'), 'origin', 'dest'), select(from('airports'), 'code', 'city')]),
      'origin',
    );
    expect(await rewritten(plan, pruneColumns, collapseProjects, removeNoopProjects)).toBe(
      lines('Union', ':- Scan fake flights [origin]', '+- Scan fake airports [code]').replace(/^/, ''),
    );
  });

  test('not of distinct rows, nor of the result', async () => {
    expect(await rewritten(select(b.distinct(from('airports')), 'city'), pruneColumns)).toContain(
      'Scan fake airports [code, city, state]',
    );
    expect(await rewritten(from('airports'), pruneColumns)).toBe('Scan fake airports [code, city, state]');
  });

  test('of local and cached data by their positions', async () => {
    const data = {
      schema: structType([field('x', int32Type), field('y', int32Type)]),
      content: { kind: 'scalars', rows: 1, columns: [[1], [2]] },
    } as const;
    const own = (await applyRules(select(b.local(data), 'y'), warehouse(), [
      pruneColumns,
      removeNoopProjects,
    ])) as LocalPlan;
    expect([own.kind, own.columns, own.data]).toEqual(['local', [1], data]);
    const cached = await applyRules(select(b.cached(from('airports'), 7), 'state'), warehouse(), [
      pruneColumns,
      removeNoopProjects,
    ]);
    expect(cached).toMatchObject({ kind: 'cached', columns: [2] });
    expect(plainText(cached)).toContain('Scan fake airports [code, city, state]');
  });
});

describe('collapse-projects', () => {
  test('puts expressions together that are used once', async () => {
    const plan = select(select(from('flights'), 'delay + 1 as d', 'origin as o'), 'd * 2 as x', 'o', 'upper(o) as u');
    expect(await rewritten(plan, collapseProjects)).toBe(
      lines(
        'Project [((delay + CAST(1 AS BIGINT)) * CAST(2 AS BIGINT)) AS x, origin AS o, upper(origin) AS u]',
        '+- Scan fake flights [origin, dest, delay, distance, day]',
      ).replaceAll(/CAST\((\d) AS BIGINT\)/g, '$1'),
    );
  });

  test('computes nothing twice', async () => {
    const plan = select(select(from('flights'), 'delay + 1 as d'), 'd * 2 as x', 'd');
    expect((await rewritten(plan, collapseProjects)).match(/Project/g)).toHaveLength(2);
  });

  test('keeps expressions handy', async () => {
    let plan = select(from('flights'), 'delay as d');
    for (let i = 0; i < 300; i++) plan = select(plan, 'd + 1 as d');
    const text = await rewritten(plan, collapseProjects);
    const projects = text.match(/Project/g)?.length ?? 0;
    expect(projects).toBeGreaterThan(2);
    expect(projects).toBeLessThan(10);
  });

  test('into an aggregate', async () => {
    const plan = select(by(from('flights'), ['origin'], 'sum(delay) as s', 'count(*) as n'), 's / n as mean');
    expect(await rewritten(plan, collapseProjects)).toMatch(
      /^Aggregate \[origin\], \[\(.*sum\(delay\).*count\(1\).* AS mean\]\n\+- Scan/,
    );
  });
});

describe('remove-noop-projects', () => {
  test('and aliases of tables, and new names of ids', async () => {
    expect(await rewritten(as(select(from('airports'), 'code', 'city', 'state'), 'a'), removeNoopProjects)).toBe(
      'Scan fake airports [code, city, state]',
    );
    const self = b.join(as(from('airports'), 'a'), as(from('airports'), 'z'), 'cross');
    const frame = from('airports');
    expect(await rewritten(b.join(frame, frame, 'cross'), removeNoopProjects)).toBe(
      lines('Join Cross', ':- Scan fake airports [code, city, state]', '+- Scan fake airports [code, city, state]'),
    );
    expect(await rewritten(self, removeNoopProjects)).not.toContain('Alias');
    expect(await rewritten(select(from('airports'), 'city', 'code', 'state'), removeNoopProjects)).toMatch(/^Project/);
  });
});

describe('distinct-to-aggregate', () => {
  test('groups by all columns', async () => {
    expect(await rewritten(b.distinct(select(from('flights'), 'origin')), distinctToAggregate)).toMatch(
      /^Aggregate \[origin\], \[origin\]/,
    );
  });
});

describe('rewrite-distinct-aggregates', () => {
  test('one set of values: two levels, exact partial results beside it', async () => {
    const plan = by(
      from('flights'),
      ['origin'],
      'count(distinct dest) as d',
      'count(*) as n',
      'sum(delay) as s',
      'max(delay) as m',
    );
    expect(await rewritten(plan, rewriteDistinctAggregates)).toBe(
      lines(
        'Aggregate [origin], [origin, count(dest) AS d, coalesce(sum(count(1)), 0) AS n, sum(sum(delay)) AS s, max(max(delay)) AS m]',
        '+- Aggregate [origin, dest], [origin, dest, count(1) AS count(1), sum(delay) AS sum(delay), max(delay) AS max(delay)]',
        '   +- Scan fake flights [origin, dest, delay, distance, day]',
      ),
    );
  });

  test('several sets: one pair of levels for each, joined on the groups', async () => {
    const text = await rewritten(
      by(from('flights'), ['origin'], 'count(distinct dest) as d', 'count(distinct day) as y'),
      rewriteDistinctAggregates,
    );
    expect(text).toContain('Join Inner, (origin <=> origin)');
    expect(text.match(/Aggregate/g)).toHaveLength(4);
    const whole = await rewritten(
      select(from('flights'), 'count(distinct dest)', 'count(distinct day)'),
      rewriteDistinctAggregates,
    );
    expect(whole).toContain('Join Cross');
  });

  test('inexact partial results stand apart', async () => {
    const text = await rewritten(
      by(from('flights'), ['origin'], 'count(distinct dest) as d', 'avg(delay) as a'),
      rewriteDistinctAggregates,
    );
    expect(text).toContain('Join Inner');
  });

  test('the least of the different is the least', async () => {
    expect(
      await rewritten(by(from('flights'), ['origin'], 'min(distinct delay) as m'), rewriteDistinctAggregates),
    ).toContain('[origin, min(delay) AS m]');
  });
});

describe('semi-join-for-distinct', () => {
  const keys = by(from('airports'), ['code']);

  test('where nothing but the key of the distinct side is used', async () => {
    const plan = select(
      joinOn(from('flights'), b.distinct(select(from('airports'), 'code')), 'origin = code'),
      'delay',
    );
    const text = await rewritten(plan, distinctToAggregate, semiJoinForDistinct);
    expect(text).toContain('Join LeftSemi, (origin = code)');
    expect(text).not.toContain('Aggregate');
  });

  test('not where its columns are used, or it is joined on less', async () => {
    expect(
      await rewritten(select(joinOn(from('flights'), keys, 'origin = code'), 'delay', 'code'), semiJoinForDistinct),
    ).toContain('Join Inner');
    const two = by(from('airports'), ['code', 'city']);
    expect(
      await rewritten(select(joinOn(from('flights'), two, 'origin = code'), 'delay'), semiJoinForDistinct),
    ).toContain('Join Inner');
    expect(
      await rewritten(select(joinOn(from('flights'), from('airports'), 'origin = code'), 'delay'), semiJoinForDistinct),
    ).toContain('Join Inner');
  });
});

describe('share-common-expressions', () => {
  test('in a projection', async () => {
    const plan = select(from('flights'), 'delay * 2 + 1 as x', 'delay * 2 as y');
    expect(await rewritten(plan, shareCommonExpressions)).toBe(
      lines(
        'Project [((delay * 2) + 1) AS x, (delay * 2) AS y]',
        '+- Project [origin, dest, delay, distance, day, (delay * 2) AS (delay * 2)]',
        '   +- Scan fake flights [origin, dest, delay, distance, day]',
      ),
    );
  });

  test('in the arguments of aggregates', async () => {
    const plan = by(from('flights'), ['origin'], 'sum(delay * 2) as x', 'sum(delay * 2 * distance) as y');
    expect((await rewritten(plan, shareCommonExpressions)).split('\n')[1]).toContain('(delay * 2) AS (delay * 2)');
  });

  test('not behind conditions, where it may never run', async () => {
    const plan = select(from('flights'), 'if(delay != 0, 10 / delay, 0) as x', 'if(delay > 1, 10 / delay, 1) as y');
    expect((await rewritten(plan, shareCommonExpressions)).match(/Project/g)).toHaveLength(1);
  });

  test('the whole optimizer leaves it shared', async () => {
    const plan = select(from('flights'), 'delay * distance + 1 as x', 'delay * distance + 2 as y');
    const text = plainText(await optimized(plan, warehouse()));
    expect(text.match(/delay \* CAST\(distance AS BIGINT\)\) AS/g)).toHaveLength(1);
    expect(text.split('\n')).toHaveLength(3);
  });
});

describe('reorder-joins', () => {
  const big = joinOn(
    joinOn(from('states'), from('airports'), '1 = 1'),
    from('flights'),
    'origin = code and state = abbr',
  );

  const reordered = async () => {
    const plan = await applyRules(big, warehouse(), [pushFilters]);
    return optimize(plan, settings, { batches: [{ name: 'test', once: true, rules: [reorderJoins] }] });
  };

  test('joins what a condition connects, the large side streaming', async () => {
    const text = plainText(await reordered());
    const order = text
      .split('\n')
      .filter((line) => line.includes('Scan'))
      .map((line) => /fake (\w+)/.exec(line)?.[1]);
    expect(text.match(/Join Inner, \((state = abbr|origin = code)\)/g)).toHaveLength(2);
    expect(order[0]).toBe('flights');
  });

  test('keeps the columns in their order', async () => {
    expect(plainText(await reordered()).split('\n')[0]).toContain('abbr, name, code, city, state, origin');
  });

  test('not outer joins, nor sources that say nothing of their rows', async () => {
    const own = warehouse();
    own.add('states', states, [], { columns: {} });
    expect((await applyRules(big, own, [reorderJoins])).kind).toBe('join');
  });
});

describe('connect-joins', () => {
  test('what a condition connects comes before what none does, whatever the sources say', async () => {
    const plan = joinOn(
      joinOn(from('states'), from('airports'), '1 = 1'),
      from('flights'),
      'origin = code and origin = abbr',
    );
    const own = warehouse();
    own.add('states', states, [], { columns: {} });
    const text = plainText(await applyRules(plan, own, [connectJoins]));
    expect([...text.matchAll(/fake (\w+)/g)].map(([, name]) => name)).toEqual(['states', 'flights', 'airports']);
    expect(text.match(/Join Inner.*origin = (code|abbr)/g)).toHaveLength(2);
    expect(text.split('\n')[0]).toContain('abbr, name, code, city, state, origin');
  });

  test('joins that have a condition each stay as they are', async () => {
    const plan = joinOn(joinOn(from('states'), from('airports'), 'state = abbr'), from('flights'), 'origin = code');
    expect(await rewritten(plan, connectJoins)).toBe(await rewritten(plan));
  });
});

describe('choose-build-side', () => {
  test('the smaller', async () => {
    expect(await rewritten(joinOn(from('flights'), from('airports'), 'origin = code'), chooseBuildSide)).toContain(
      'build right',
    );
    expect(await rewritten(joinOn(from('airports'), from('flights'), 'origin = code'), chooseBuildSide)).toContain(
      'build left',
    );
    expect(
      await rewritten(joinOn(from('airports'), from('flights'), 'origin = code', 'left'), chooseBuildSide),
    ).toContain('build left');
    expect(
      await rewritten(joinOn(from('airports'), from('states'), 'state = abbr', 'left'), chooseBuildSide),
    ).toContain('build right');
  });

  test('of a semi join the one that takes less memory, not the one of fewer rows', async () => {
    const twice = b.union([from('airports'), from('airports')]);
    const keys = b.rename(select(twice, 'code'), { code: 'k' });
    expect(await rewritten(joinOn(from('airports'), keys, 'code = k', 'semi'), chooseBuildSide)).toContain(
      'build right',
    );
    expect(
      await rewritten(joinOn(from('airports'), from('flights'), 'code = origin', 'semi'), chooseBuildSide),
    ).toContain('build left');
  });
});

test('a top-k query keeps sort and limit together over the least columns', async () => {
  const grouped = by(where(from('flights'), 'delay > 15'), ['origin'], 'count(*) as n', 'avg(delay) as a');
  const plan = b.limit(
    sortBy(b.usingJoin(grouped, b.rename(from('airports'), { code: 'origin' }), ['origin'], 'left'), 'a desc'),
    10,
  );
  expect(plainText(await optimized(plan, warehouse()))).toBe(
    lines(
      'Limit 10',
      '+- Sort [a DESC NULLS LAST], true',
      '   +- Project [origin, n, a, city, state]',
      '      +- Join LeftOuter, (origin = origin), build right',
      '         :- Aggregate [origin], [origin, count(1) AS n, avg(delay) AS a]',
      '         :  +- Filter (delay > 15)',
      '         :     +- Scan fake flights [origin, delay], predicate: (delay > 15)',
      '         +- Project [code AS origin, city, state]',
      '            +- Scan fake airports [code, city, state]',
    ),
  );
});
