import { col, fn, Session, Window } from 'sparrow-df';
import { afterAll, beforeAll, expect, test } from 'vitest';

let session: Session;
beforeAll(async () => {
  session = (await Session.create({ workers: 2 })) as Session;
});
afterAll(() => session.stop());

const rows = [
  { k: 'a', v: 1 },
  { k: 'a', v: 3 },
  { k: 'b', v: 2 },
  { k: 'a', v: 3 },
  { k: 'b', v: 9 },
];

test('calls of every kind over one window', async () => {
  const byValue = Window.partitionBy('k').orderBy('v');
  const found = await session
    .createDataFrame(rows)
    .select(
      'k',
      'v',
      fn.rank().over(byValue).as('rank'),
      fn.lag('v').over(byValue).as('lag'),
      fn.lead('v', 1, 99).over(byValue).as('lead'),
      fn.ntile(2).over(byValue).as('half'),
      fn.collectList('v').over(byValue).as('list'),
      fn.sum('v').over(byValue.rowsBetween(-1, 0)).as('pair'),
      fn.sum('v').over(byValue.rangeBetween(-1, 1)).as('near'),
      fn.max('k').over(Window.partitionBy('k')).as('key'),
    )
    .orderBy('k', 'v', 'half')
    .collect();
  expect(found).toEqual([
    { k: 'a', v: 1, rank: 1, lag: null, lead: 3, half: 1, list: [1], pair: 1, near: 1, key: 'a' },
    { k: 'a', v: 3, rank: 2, lag: 1, lead: 3, half: 1, list: [1, 3, 3], pair: 4, near: 6, key: 'a' },
    { k: 'a', v: 3, rank: 2, lag: 3, lead: 99, half: 2, list: [1, 3, 3], pair: 6, near: 6, key: 'a' },
    { k: 'b', v: 2, rank: 1, lag: null, lead: 9, half: 1, list: [2], pair: 2, near: 2, key: 'b' },
    { k: 'b', v: 9, rank: 2, lag: 2, lead: 99, half: 2, list: [2, 9], pair: 11, near: 9, key: 'b' },
  ]);
});

test('many rows: partitions are whole, whatever the tasks', async () => {
  const last = Window.partitionBy('g').orderBy(col('id').desc());
  const big = session.range(0, 200_000).select('id', col('id').mod(7).as('g'));
  const numbered = big.select('id', fn.rowNumber().over(last).as('place'));
  const found = await numbered.filter(col('place').eq(1)).orderBy('id').collect();
  expect(found.map((row) => (row as { id: number }).id)).toEqual([
    199_993, 199_994, 199_995, 199_996, 199_997, 199_998, 199_999,
  ]);
  const running = big.select(fn.sum('id').over(Window.orderBy('id')).as('s')).agg(fn.max('s').as('most'));
  expect(await running.collect()).toEqual([{ most: 19_999_900_000 }]);
});
