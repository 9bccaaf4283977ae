import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { booleanType, field, int32Type, int64Type, stringType, structType } from '../../src/base/index.js';
import * as b from '../../src/plan/build.js';
import { parseQuery } from '../../src/sql/query-parser.js';
import { describeFake, FakeCatalog } from '../support/fake-source.js';
import { planText, settings } from '../support/plan-text.js';

/*
 * Rules pass over what lacks the traits they need. What they do is the same as if they looked everywhere.
 */

const inner = structType([field('x', int32Type), field('y', stringType)]);
const columns = [
  field('k', int32Type),
  field('l', int64Type),
  field('s', stringType),
  field('f', booleanType),
  field('sure', booleanType, false),
  field('inner', inner),
];
const catalog = new FakeCatalog().add('t', structType(columns)).add('u', structType(columns));
for (const name of ['t', 'u']) catalog.views.set(name, b.read(describeFake(name)));

const queries = [
  'select k + 1 + 2, upper(lower(s)) from t',
  'select 1 + 2 as three, null + k as none, current_date() = current_date() as today from t',
  'select * from t where cast(k as bigint) > 5 and cast(cast(k as bigint) as bigint) < 1000000000000',
  'select * from t where not (k > 1 and s is not null) or null',
  'select * from t where k > 1 and (s = "a" or k > 1) and k > 1',
  'select * from t where sure and not sure',
  'select * from t where (k = 1 and s = "a") or (k = 1 and s = "b")',
  'select coalesce(null, k), if(true, k, l), k <=> null, nullif(s, null) from t where true',
  'select * from (select * from (select k, s from t where k > 1) where s = "a") where k < 9 limit 5',
  'select * from (select k as a from (select k + 1 as k from t)) where a in (1, 2)',
  'select distinct k, s from t',
  'select k, count(distinct s), min(distinct l) from t group by k',
  'select t.k, u.s from t left join u on t.k = u.k where u.s = "a"',
  'select t.k from t full join u on t.k = u.k and t.l > 3 where t.s = "a" or u.l is null',
  'select t.k from t, u where t.k = u.k and t.l = 5 and u.l < 7 and (t.s = "a" or u.s = "b")',
  'select * from t where k in (select k from u) and not exists (select 1 from u where u.l = t.l)',
  'select k, (select max(l) from u where u.k = t.k) from t',
  'select t.k, x from t, lateral (select max(l) as x from u where u.k = t.k)',
  'select * from t where s rlike "abc.*d"',
  'select inner.x from t where inner.y = "a"',
  'select * from t where false union all select * from u limit 0',
  'select * from (select * from t limit 10) limit 5 offset 2',
  'select s, sum(k) over (partition by s order by l) from t where s = "a" limit 3',
  'select map(s, k), count(*) from t group by map(s, k)',
  'select t.k, count(*) from t join (select distinct k from u) d on t.k = d.k group by t.k having count(*) > 1',
  'with q as (select t.k, u.l from t join u on t.k = u.k where t.l = 1) select * from q a join q b on a.k = b.l',
];

let passing: readonly string[];
let everywhere: readonly string[];

beforeAll(async () => {
  passing = await optimized();
  vi.resetModules();
  vi.doMock('../../src/plan/traits.js', async (original) => ({
    ...(await original<typeof import('../../src/plan/traits.js')>()),
    exprTraits: () => -1,
    planTraits: () => -1,
  }));
  everywhere = await optimized();
});
afterAll(() => vi.doUnmock('../../src/plan/traits.js'));

/** What the modules as they are now make of the queries; numbers in names are left out. */
async function optimized(): Promise<readonly string[]> {
  const { resolve } = await import('../../src/plan/resolve/resolver.js');
  const { withParts } = await import('../../src/base/index.js');
  const { optimize } = await import('../../src/plan/optimize/optimizer.js');
  const texts: string[] = [];
  for (const query of queries) {
    const plan = await withParts(async () => parseQuery(query));
    const resolved = await resolve(plan, catalog, settings);
    const text = planText(await withParts(async () => optimize(resolved, settings)));
    texts.push(text.replaceAll(/(part |outer_)\d+/g, '$1'));
  }
  return texts;
}

test.each(queries.map((query, i) => [query, i] as const))('%s', (_, i) => {
  expect(passing[i]).toBe(everywhere[i]);
});
