import { Session } from 'sparrow-df';
import { afterAll, beforeAll, expect, test } from 'vitest';

let session: Session;
beforeAll(async () => {
  session = await Session.create({ workers: 1 });
});
afterAll(() => session.stop());

// What PySpark 4.3.0 gives: aggregates that only a window call holds make one group of all rows, too.
test.each([
  ['SELECT sum(sum(x)) OVER () AS a FROM VALUES (1), (2) AS t(x)', [[3]]],
  ['SELECT rank() OVER (ORDER BY sum(x)) AS a FROM VALUES (1), (2) AS t(x)', [[1]]],
  ['SELECT row_number() OVER (PARTITION BY max(x) ORDER BY min(x)) + 1 AS a FROM VALUES (1), (2) AS t(x)', [[2]]],
  ['SELECT sum(x) OVER () AS a FROM VALUES (1), (2) AS t(x)', [[3], [3]]],
])('%s', async (text, expected) => {
  expect((await session.sql(text).collect()).map((row) => Object.values(row))).toEqual(expected);
});
