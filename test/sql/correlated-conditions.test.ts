import { type DefaultValues, Session } from 'sparrow-df';
import { afterAll, beforeAll, expect, test } from 'vitest';

let session: Session<DefaultValues>;
beforeAll(async () => {
  session = await Session.create({ workers: 1, memory: '256MB' });
  await session.execute('CREATE TEMP VIEW t AS SELECT * FROM VALUES (1, 2), (2, 5) v(k, a)');
});
afterAll(() => session.stop());

// Apache Spark 4.3 says so.
test.each([
  ['SELECT k FROM t WHERE (SELECT t.k = 2)', [2]],
  ['SELECT k FROM t WHERE NOT (SELECT t.k = 2)', [1]],
  ['SELECT k FROM t GROUP BY k HAVING (SELECT k = 1)', [1]],
])('a correlated subquery that is a condition is asked for its value: %s', async (text, keys) => {
  expect((await session.sql(text).collect()).map((row) => (row as { k: number }).k)).toEqual(keys);
});

test('numbers without a place for a sign have none', async () => {
  const found = session.sql("SELECT to_char(-12, '99') AS a, to_char(-12, 'S99') AS b, to_char(-12.5, '099.9') AS c");
  expect(await found.collect()).toEqual([{ a: '12', b: '-12', c: '012.5' }]);
});
