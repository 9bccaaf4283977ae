import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Session } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cellsOf, Duck, unordered } from './duckdb.js';

// Many groups by keys of known bounds: each has a place, rows are added to it one by one, behind joins too.
const folder = mkdtempSync(join(tmpdir(), 'sparrow-places-'));
const rows = 400_003;
let duck: Duck;
let session: Session;

beforeAll(async () => {
  duck = await Duck.open();
  session = await Session.create({ workers: 2, memory: '1GB', int64: 'string' });
  const tables: Readonly<Record<string, string>> = {
    // `o` is clustered: the rows of a task lie between near bounds.
    facts: `SELECT i::INTEGER AS id, (i // 4 * 3 - 70000)::INTEGER AS o, ((i * 7919) % 30011 - 15000)::INTEGER AS k,
        ((i * 31) % 601)::SMALLINT AS s, ((i * 37) % 101 - 50)::TINYINT AS b,
        (((i * 104729) % 1000003) / 100)::DECIMAL(10, 2) AS price, ((i * 13) % 1009 / 8)::DOUBLE AS x,
        CASE WHEN i % 7 = 0 THEN NULL ELSE ((i * 11) % 5003)::INTEGER END AS gap,
        ((i * 17) % 900007)::BIGINT * 1000003 AS wide, 'word ' || (i * 13 % 7001) AS w
      FROM range(${rows}) t(i)`,
    dims: `SELECT i::INTEGER AS k, (i % 11)::INTEGER AS grp FROM range(-15000, 18000) t(i)`,
  };
  for (const [name, sql] of Object.entries(tables)) {
    const file = join(folder, `${name}.parquet`);
    await duck.run(`CREATE TABLE ${name} AS ${sql}`);
    await duck.run(`COPY ${name} TO '${file}' (FORMAT parquet, ROW_GROUP_SIZE 61440)`);
    await session.read.parquet(file).createOrReplaceTempView(`${name}_read`);
    const frame = session.read.parquet(file).cache();
    expect(await frame.count()).toBeGreaterThan(0);
    await frame.createOrReplaceTempView(name);
  }
});

afterAll(async () => {
  await session.stop();
  duck.close();
  rmSync(folder, { recursive: true });
});

/** What the groups come to as a few rows: every figure of every group counts. */
const folded = (groups: string): string =>
  `SELECT count(*) AS groups, sum(a) AS a, sum(b) AS b, max(a) AS most, min(b) AS least, sum(a * key) AS weighted FROM (${groups}) g`;

const groups = {
  clustered: 'SELECT o AS key, count(*) AS a, sum(b) AS b FROM facts GROUP BY o',
  'clustered, some left out': `SELECT o AS key, count(*) AS a, sum(price) AS b FROM facts WHERE w LIKE '%3%' GROUP BY o`,
  scattered: `SELECT k AS key, count(*) AS a, sum(b) AS b FROM facts WHERE w LIKE '%3%' GROUP BY k`,
  averages: `SELECT k AS key, count(id) AS a, avg(CAST(price AS DOUBLE)) AS b FROM facts WHERE w LIKE '%1%' GROUP BY k`,
  doubles: `SELECT k AS key, count(*) AS a, sum(x) AS b FROM facts WHERE w LIKE '%1%' GROUP BY k`,
  'numbers too great to add up': `SELECT k AS key, count(*) AS a, sum(wide) AS b FROM facts WHERE w LIKE '%1%' GROUP BY k`,
  'counts of what may be null': `SELECT k AS key, count(gap) AS a, count(*) AS b FROM facts WHERE w LIKE '%1%' GROUP BY k`,
  'a key that may be null': `SELECT gap AS key, count(*) AS a, sum(b) AS b FROM facts WHERE w LIKE '%1%' GROUP BY gap`,
  'two keys': `SELECT CAST(s AS INTEGER) * 1000 + b AS key, a, sum AS b FROM (SELECT s, b, count(*) AS a, sum(id % 10) AS sum FROM facts
      WHERE w LIKE '%1%' GROUP BY s, b) t`,
  'behind a join': `SELECT facts.k AS key, count(*) AS a, sum(grp) AS b FROM facts JOIN dims ON facts.k = dims.k
      WHERE grp < 9 GROUP BY facts.k`,
  'behind an outer join, with groups of its own': `SELECT dims.k AS key, count(id) AS a, count(*) AS b
      FROM dims LEFT JOIN facts ON facts.k = dims.k AND w LIKE '%1%' GROUP BY dims.k`,
} as const;

describe('groups with places', () => {
  test.for(Object.entries(groups))('%s', async ([, sql]) => {
    const expected = await duck.rows(folded(sql));
    expect(unordered(cellsOf(await session.sql(folded(sql)).collect()))).toEqual(unordered(expected));
  });

  test.for(Object.entries(groups))('%s, from files', async ([, sql]) => {
    const expected = await duck.rows(folded(sql));
    const read = session.sql(folded(sql).replaceAll(/(FROM|JOIN) (facts|dims)/g, '$1 $2_read $2'));
    expect(unordered(cellsOf(await read.collect()))).toEqual(unordered(expected));
  });

  test('sums of decimals have places where a scan says how many rows there are', async () => {
    const text = await session.sql('SELECT k, sum(price) FROM facts_read GROUP BY k').explain('analyze');
    // Rows go to places: the scan gives no groups of its own.
    expect(text).toMatch(/scan [^\n]*> aggregate: 400003 rows in, 0 out/);
  });
});
