import { col, fn, Session, Window } from 'sparrow-df';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cellsOf, Duck, unordered } from './duckdb.js';

let session: Session;
let duck: Duck;
beforeAll(async () => {
  session = (await Session.create({ workers: 2 })) as Session;
  duck = await Duck.open();
  const table = `SELECT id, id % 3 AS p, CASE WHEN id % 11 = 5 THEN NULL ELSE id * 7 % 5 END AS a, id * 5 % 4 AS b,
    id * 13 % 10 AS v`;
  await session.execute(`CREATE TEMP VIEW t AS ${table} FROM range(200)`);
  await duck.run(`CREATE TABLE t AS ${table} FROM range(200) r(id)`);
});
afterAll(async () => {
  duck.close();
  await session.stop();
});

const bounds = [
  'UNBOUNDED PRECEDING',
  '2 PRECEDING',
  '1 PRECEDING',
  'CURRENT ROW',
  '1 FOLLOWING',
  '3 FOLLOWING',
  'UNBOUNDED FOLLOWING',
];
const frames = bounds
  .flatMap((start, i) => bounds.slice(i).map((end) => [`GROUPS BETWEEN ${start} AND ${end}`, start, end] as const))
  .filter(([, start, end]) => start !== 'UNBOUNDED FOLLOWING' && end !== 'UNBOUNDED PRECEDING');

test.each([
  'PARTITION BY p ORDER BY a NULLS FIRST',
  'PARTITION BY p ORDER BY a DESC NULLS LAST, b NULLS FIRST',
  'ORDER BY b DESC NULLS LAST',
])('frames of groups are DuckDB’s: %s', { timeout: 60_000 }, async (window) => {
  const calls = frames.flatMap(([frame], i) => {
    const over = `OVER (${window} ${frame})`;
    return [`sum(v) ${over} AS s${i}`, `count(a) ${over} AS c${i}`, `max(id) ${over} AS m${i}`];
  });
  const text = `SELECT id, ${calls.join(', ')} FROM t`;
  const ours = cellsOf(await session.sql(text).collect());
  expect(unordered(ours)).toEqual(unordered(await duck.rows(text.replaceAll(/ AS s\d/g, '::BIGINT$&'))));
});

test('frames of groups by the builder, beside other calls of the window', async () => {
  const byA = Window.partitionBy('p').orderBy(col('a').asc());
  const frame = session
    .table('t')
    .select('id', fn.sum('v').over(byA.groupsBetween(-1, 0)).as('s'), fn.denseRank().over(byA).as('r'))
    .filter(col('r').le(2));
  const text = `SELECT id, sum(v) OVER (PARTITION BY p ORDER BY a NULLS FIRST GROUPS 1 PRECEDING)::BIGINT AS s,
    dense_rank() OVER (PARTITION BY p ORDER BY a NULLS FIRST) AS r FROM t QUALIFY r <= 2`;
  expect(unordered(cellsOf(await frame.collect()))).toEqual(unordered(await duck.rows(text)));
  expect(await session.sql('SELECT sum(v) OVER (ORDER BY a GROUPS 1 PRECEDING) FROM t').columns()).toEqual([
    'sum(v) OVER (ORDER BY a ASC NULLS FIRST GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW)',
  ]);
});

test.each([
  ['sum(v) OVER (GROUPS 1 PRECEDING)', 'DATATYPE_MISMATCH.RANGE_FRAME_WITHOUT_ORDER'],
  ['sum(v) OVER (ORDER BY a GROUPS 1.5 PRECEDING)', 'DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_UNACCEPTED_TYPE'],
  [
    'sum(v) OVER (ORDER BY a GROUPS BETWEEN 1 FOLLOWING AND 1 PRECEDING)',
    'DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_WRONG_COMPARISON',
  ],
  ['sum(v) OVER (ORDER BY a GROUPS 1 PRECEDING EXCLUDE TIES)', 'PARSE_SYNTAX_ERROR'],
])('%s is refused', async (call, code) => {
  await expect(session.sql(`SELECT ${call} FROM t`).collect()).rejects.toMatchObject({ code });
});
