// Stages that were quick are run by the caller's thread or with its help from then on: the answers stay the same, and what
// only workers had loaded until then is loaded there, too.
import { col, type DataFrame, fn, Session, when } from 'sparrow-df';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { engineOf } from '../fault/harness.js';

const ROWS = 200_000;
const TIMES = 8;

let session: Session;
let orders: DataFrame;
let lines: DataFrame;
beforeAll(async () => {
  session = await Session.create({ workers: 2, memory: '1GB' });
  orders = session
    .range(ROWS / 4)
    .select(
      col('id').as('key'),
      fn.concat(fn.lit('priority '), col('id').mod(5).cast('string')).as('priority'),
      fn.dateAdd(fn.lit('1995-01-01').cast('date'), col('id').mod(2_000).cast('int')).as('day'),
    )
    .cache() as unknown as DataFrame;
  lines = session
    .range(ROWS)
    .select(
      col('id')
        .mod(ROWS / 4)
        .as('key'),
      col('id').mul(7).mod(1_000).cast('decimal(12,2)').as('price'),
      fn.concat(fn.lit('text '), col('id').mod(997).cast('string')).as('text'),
    )
    .cache() as unknown as DataFrame;
  await Promise.all([orders.count(), lines.count()]);
});
afterAll(() => session.stop());

const questions: Readonly<Record<string, () => DataFrame>> = {
  'rows that have others': () =>
    orders
      .filter("day >= DATE'1995-07-01' AND day < DATE'1996-01-01'")
      .join(lines.filter('price > 100'), 'key', 'left_semi')
      .groupBy('priority')
      .agg(fn.count().as('n'))
      .orderBy('priority') as unknown as DataFrame,
  'sums of decimals by text': () =>
    lines
      .filter("text LIKE '%9%'")
      .groupBy('text')
      .agg(fn.sum('price').as('sum'), fn.avg('price').as('mean'))
      .orderBy(col('sum').desc(), 'text')
      .limit(20) as unknown as DataFrame,
  'a join with sums': () =>
    lines
      .join(orders, 'key')
      .groupBy('priority', fn.year('day').as('year'))
      .agg(fn.sum(when(col('price').gt(500), col('price')).otherwise(0)).as('sum'), fn.max('text').as('text'))
      .orderBy('priority', 'year') as unknown as DataFrame,
};

test.each(Object.keys(questions))('%s, again and again, and at once', async (name) => {
  const ask = () => (questions[name] as () => DataFrame)().collect();
  const first = await ask();
  expect(first.length).toBeGreaterThan(4);
  for (let i = 1; i < TIMES; i++) expect(await ask()).toEqual(first);
  for (const rows of await Promise.all(Array.from({ length: TIMES }, ask))) expect(rows).toEqual(first);
});

test.each(Object.keys(questions))('%s, while workers are killed', async (name) => {
  const { pool } = engineOf(session as never);
  const ask = () => (questions[name] as () => DataFrame)().collect();
  const first = await ask();
  for (let i = 0; i < 2 * TIMES; i++) {
    const rows = ask();
    setTimeout(() => pool.workers.slice().forEach((worker) => void worker.terminate()), i % 5);
    expect(await rows).toEqual(first);
  }
});
