import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Session } from 'sparrow-df';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cellsOf, Duck, unordered } from './duckdb.js';

// Order statistics of doubles are selected from the values of a group as they lie in memory.
const folder = mkdtempSync(join(tmpdir(), 'sparrow-percentile-'));
let duck: Duck;
let session: Session;

beforeAll(async () => {
  duck = await Duck.open();
  session = await Session.create({ workers: 2, memory: '512MB' });
  const file = join(folder, 'facts.parquet');
  // Groups of one row, of equal values, of many; values that repeat, are null, have both signs of zero.
  await duck.run(`CREATE TABLE facts AS SELECT (CASE WHEN i < 40 THEN 1000 + i ELSE i * i % 211 END)::INTEGER AS g,
      CASE WHEN i % 17 = 0 THEN NULL WHEN i * i % 211 = 4 THEN 2.5 WHEN i % 501 = 1 THEN 0.0 WHEN i % 20011 = 2 THEN -0.0
        ELSE ((i * 7919) % 5003 - 2500) / 8 END::DOUBLE AS x FROM range(60011) t(i)`);
  await duck.run(`COPY facts TO '${file}' (FORMAT parquet)`);
  const frame = session.read.parquet(file).cache();
  await frame.createOrReplaceTempView('facts');
});

afterAll(async () => {
  await session.stop();
  duck.close();
  rmSync(folder, { recursive: true });
});

test('medians and percentiles of groups', async () => {
  const ours = `SELECT g, median(x) AS m, percentile(x, 0.1) AS a, percentile(x, 1.0) AS b,
      percentile_cont(0.77) WITHIN GROUP (ORDER BY x) AS c, percentile_disc(0.3) WITHIN GROUP (ORDER BY x) AS d,
      percentile_disc(0.3) WITHIN GROUP (ORDER BY x DESC) AS e FROM facts GROUP BY g`;
  const theirs = `SELECT g, median(x), quantile_cont(x, 0.1), quantile_cont(x, 1.0), quantile_cont(x, 0.77),
      quantile_disc(x, 0.3), -quantile_disc(-x, 0.3) FROM facts GROUP BY g`;
  expect(unordered(cellsOf(await session.sql(ours).collect()))).toEqual(unordered(await duck.rows(theirs)));
});

test('several shares at once, over all rows', async () => {
  const ours = 'SELECT percentile(x, array(0.25, 0.5, 0.999)) AS p FROM facts';
  const theirs = 'SELECT quantile_cont(x, 0.25), quantile_cont(x, 0.5), quantile_cont(x, 0.999) FROM facts';
  const [row] = await session.sql(ours).collect();
  expect(row?.p).toEqual((await duck.rows(theirs))[0]?.map(Number));
});

test('NaN is greater than all numbers', async () => {
  const sql = `SELECT percentile(x, 0.5) AS half, percentile(x, 1.0) AS last, median(y) AS nothing
      FROM VALUES (double('NaN'), double(NULL)), (1.0, NULL), (double('-Infinity'), NULL) AS t(x, y)`;
  expect(await session.sql(sql).collect()).toEqual([{ half: 1, last: Number.NaN, nothing: null }]);
});

test('what else keeps doubles of groups', async () => {
  const ours = `SELECT g, size(collect_list(x)) AS n, array_size(collect_set(x + 0.0)) AS d, percentile(x, 0.5, 3) AS p,
      mode(x, true) AS m, percentile_approx(x, 0.3) AS a, array_sort(collect_list(x))[0] AS least
    FROM facts WHERE g < 200 AND (x > 0 OR x IS NULL) GROUP BY g`;
  const theirs = `SELECT g, count(x), count(DISTINCT x),
      (SELECT quantile_cont(y, 0.5) FROM (SELECT unnest(list(x) || list(x) || list(x)) AS y) WHERE y IS NOT NULL),
      (SELECT y FROM (SELECT unnest(list(x)) AS y) WHERE y IS NOT NULL GROUP BY y ORDER BY count(*) DESC, y LIMIT 1),
      quantile_disc(x, 0.3), min(x) FROM facts WHERE g < 200 AND (x > 0 OR x IS NULL) GROUP BY g`;
  expect(unordered(cellsOf(await session.sql(ours).collect()))).toEqual(unordered(await duck.rows(theirs)));
});
