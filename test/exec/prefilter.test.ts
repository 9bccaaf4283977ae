import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DataFrame, fn, Session } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cellsOf, Duck, unordered } from './duckdb.js';

// Leading filters over columns in memory: decided in vectors, 64 rows to a word, whatever the columns are stored in.
const folder = mkdtempSync(join(tmpdir(), 'sparrow-prefilter-'));
// More than two batches, and a last word that is not full.
const rows = 140_013;
let duck: Duck;
let session: Session;
let facts: DataFrame;

beforeAll(async () => {
  duck = await Duck.open();
  const file = join(folder, 'facts.parquet');
  const gaps = (value: string, every: number): string => `CASE WHEN i % ${every} = 0 THEN NULL ELSE ${value} END`;
  await duck.run(`CREATE TABLE facts AS SELECT i::INTEGER AS id,
      ((i * 13) % 97 - 48)::TINYINT AS b, ((i * 17) % 1000)::SMALLINT AS s, ((i * 104729) % 1000003)::INTEGER - 500000 AS n,
      ((i * 29) % 1000)::SMALLINT AS s2, ((i * 31) % 97 - 48)::TINYINT AS b2,
      (i * 7919 % 140009)::BIGINT * 1000000007 - 70000000000000 AS wide,
      ((i * 37) % 100000 / 100)::DECIMAL(15, 2) AS price,
      CASE WHEN i % 211 = 0 THEN 'NaN'::DOUBLE WHEN i % 5 = 0 THEN -0.0 ELSE ((i * 7) % 1001 - 500) / 8 END AS x,
      CASE WHEN i % 307 = 0 THEN 'NaN'::FLOAT ELSE (((i * 11) % 501 - 250) / 4)::FLOAT END AS f,
      DATE '1992-01-01' + (i % 2500)::INTEGER AS d, TIMESTAMP '2001-01-01 00:00:00' + to_seconds(i % 100000) AS moment,
      (i % 3 = 0) AS flag, ${gaps('(i % 7 = 1)', 11)} AS maybe,
      ${gaps('((i * 19) % 101)::TINYINT', 9)} AS gb, ${gaps('((i * 23) % 3001)::INTEGER', 4)} AS gn,
      ${gaps('((i * 7) % 1001) / 8', 6)} AS gx, ${gaps("'word ' || (i % 7)", 10)} AS w,
      'mode ' || (i % 7) AS mode, 'k' || (i * 7 % 101) AS many, 'h' || (i * 11 % 301) AS hundreds
    FROM range(${rows}) t(i)`);
  await duck.run(`COPY facts TO '${file}' (FORMAT parquet, ROW_GROUP_SIZE 61440)`);
  session = await Session.create({ workers: 2, memory: '512MB' });
  facts = session.read.parquet(file).cache();
  expect(await facts.count()).toBe(rows);
});

afterAll(async () => {
  await session.stop();
  duck.close();
  rmSync(folder, { recursive: true });
});

/** Conditions that mean the same to both engines. */
const conditions = [
  'b < -40',
  'b <= -48',
  'b > 127',
  'b >= -128 AND b < -45',
  'b = 5 AND s = 17',
  'b <> 5 AND s < 10',
  's BETWEEN 990 AND 1005 AND b > 0',
  'n < -499000',
  'n >= 499000 OR n < -499500',
  'wide > 69000000000000',
  'wide = 0',
  'wide BETWEEN -100000000000 AND 100000000000',
  'price < 1.5',
  'price < 1.505 AND b > 0',
  'price >= 999.985',
  'price = 0.005',
  "d >= DATE '1998-01-01' AND d < DATE '1998-02-01'",
  "moment < TIMESTAMP '2001-01-01 00:10:00'",
  'x < -60',
  'x <= -62.5',
  'x > 61',
  'x >= 62.5 AND b > 0',
  'x = 0 AND b = 0',
  'x <> 0 AND b = 0',
  'f > CAST(62 AS FLOAT)',
  'f <= CAST(-62.25 AS FLOAT)',
  's < s2 AND b > 40',
  's = s2',
  'b <= b2 AND s < 50',
  'flag AND b > 30',
  'maybe',
  'maybe AND flag',
  'gb < 3',
  'gb >= 99 OR gn < 5',
  'gn IS NULL AND b > 40',
  'gn IS NOT NULL AND b > 45',
  '(gb < 2 AND gn < 1000) OR (gb > 98 AND x > 0) OR gx > 124',
  'gb IN (1, 7, 55)',
  'gx < 1 AND w IS NOT NULL',
  '(gn IS NULL OR gn < 10) AND b < -40',
  'b = 200',
  'b < 200 AND s < 5',
  'gb < 200 AND s < 5',
  'gb > 100',
  "mode = 'mode 3'",
  "mode = 'mode 3' AND s < 100",
  "mode = 'nowhere'",
  "w IN ('word 1', 'word 2') AND b > 0",
  "NOT (mode = 'mode 3') AND mode <> 'mode 4' AND s < 200",
  "mode LIKE '%3' OR gb < 3",
  "w = 'word 5' OR (gn IS NULL AND b > 40)",
  "NOT (w = 'word 5') AND b > 40",
  "many = 'k77'",
  "many < 'k15' AND w = 'word 2'",
  "many BETWEEN 'k2' AND 'k29' AND mode >= 'mode 5'",
  "w IS NULL AND mode = 'mode 0'",
  "hundreds = 'h250' OR many = 'k100'",
  "(w = 'word 1' AND many = 'k50') OR (mode = 'mode 2' AND gb = 7)",
];

describe('leading filters', () => {
  test.each(conditions)('%s: counts and sums', async (condition) => {
    const found = await facts
      .filter(condition)
      .agg(fn.count().as('c'), fn.sum('id').as('i'), fn.count('gn').as('g'), fn.min('w').as('w'))
      .collect();
    const sql = `SELECT count(*), sum(id)::DOUBLE, count(gn), min(w) FROM facts WHERE ${condition}`;
    expect(unordered(cellsOf(found))).toEqual(unordered(await duck.rows(sql)));
  });

  test.each(['b = 5 AND s < 100', 'gb < 3 AND x < 0', 'wide = 0 OR gn = 2999'])(
    '%s: rows in order',
    async (condition) => {
      const found = await facts.filter(condition).select('id', 'gb', 'w').collect();
      expect(cellsOf(found)).toEqual(await duck.rows(`SELECT id, gb, w FROM facts WHERE ${condition} ORDER BY id`));
    },
  );

  test('rows that an offset passes over', async () => {
    const [from, kept] = [70_001, 66_000];
    const found = await facts
      .offset(from)
      .limit(kept)
      .filter('s < 7')
      .agg(fn.count().as('c'), fn.sum('id').as('i'))
      .collect();
    const sql = `SELECT count(*), sum(id)::DOUBLE FROM facts WHERE s < 7 AND id >= ${from} AND id < ${from + kept}`;
    expect(cellsOf(found)).toEqual(await duck.rows(sql));
  });
});
