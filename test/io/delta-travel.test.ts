// Spark's temporalClause over Delta tables: versions and times in SQL.
import { mkdtempSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DefaultValues, Session } from 'sparrow-df';
import { afterAll, beforeAll, expect, test } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'sparrow-travel-'));
const path = join(folder, 't');
let session: Session<DefaultValues>;
beforeAll(async () => {
  session = await Session.create({
    workers: 1,
    timeZone: 'Europe/Berlin',
    config: { 'spark.sql.warehouse.dir': join(folder, 'warehouse') },
  });
  for (const [version, end] of [10, 20, 30].entries()) {
    await session.range(end).write.mode('overwrite').delta(path);
    // Of a log without times of its own, those of its files count: the 1st, 2nd and 3rd of July, noon in Berlin.
    const at = Date.parse(`2024-07-0${version + 1}T10:00:00Z`) / 1000;
    utimesSync(join(path, '_delta_log', `${String(version).padStart(20, '0')}.json`), at, at);
  }
});
afterAll(async () => {
  await session.stop();
  rmSync(folder, { recursive: true, force: true });
});

const count = async (from: string) => (await session.sql(`SELECT count(*) AS n FROM ${from}`).collect())[0]?.n;

test.each([
  ['', 30],
  ['VERSION AS OF 0', 10],
  ["VERSION AS OF '1'", 20],
  ['FOR SYSTEM_VERSION AS OF 1', 20],
  ['FOR VERSION AS OF 0 AS old WHERE old.id > 4', 5],
  ["TIMESTAMP AS OF '2024-07-01 12:00:00'", 10],
  ["TIMESTAMP AS OF '2024-07-02 11:59:59'", 10],
  ["FOR SYSTEM_TIME AS OF timestamp'2024-07-02 12:00:00'", 20],
  ["TIMESTAMP AS OF date_add(date'2024-07-01', 1) old", 10],
  ["TIMESTAMP AS OF timestamp'2024-07-04 12:00:00' - INTERVAL 2 DAYS", 20],
])('a table by its path %s', async (clause, rows) => {
  expect(await count(`delta.\`${path}\` ${clause}`)).toBe(rows);
});

test('tables of the catalog, and two versions of one in a query', async () => {
  await session.sql(`CREATE TABLE log USING delta LOCATION '${path}'`).collect();
  expect(await count('log VERSION AS OF 1')).toBe(20);
  const added = 'log b LEFT ANTI JOIN log VERSION AS OF 1 AS a ON a.id = b.id';
  expect(await count(added)).toBe(10);
  expect(
    await count(
      `(SELECT * FROM log VERSION AS OF 0 UNION ALL SELECT * FROM log TIMESTAMP AS OF '2024-07-02 13:00:00')`,
    ),
  ).toBe(30);
  const read = session.read.option('timestampAsOf', '2024-07-02 12:00:00').delta(path);
  expect(await read.count()).toBe(20);
});

test('what has no versions, and times that are none', async () => {
  await session.range(3).createOrReplaceTempView('v');
  await session.range(3).write.parquet(join(folder, 'p'));
  const travel = { code: 'UNSUPPORTED_FEATURE.TIME_TRAVEL' };
  await expect(count('v VERSION AS OF 1')).rejects.toMatchObject(travel);
  await expect(count(`parquet.\`${join(folder, 'p')}\` VERSION AS OF 1`)).rejects.toMatchObject(travel);
  const query = 'WITH w AS (SELECT 1) SELECT * FROM w VERSION AS OF 1';
  await expect(session.sql(query).collect()).rejects.toMatchObject(travel);
  const code = (detail: string) => ({ code: `INVALID_TIME_TRAVEL_TIMESTAMP_EXPR.${detail}` });
  const at = (time: string) => count(`delta.\`${path}\` TIMESTAMP AS OF ${time}`);
  await expect(at("'soon'")).rejects.toMatchObject(code('INPUT'));
  await expect(at('(SELECT 1)')).rejects.toMatchObject(code('UNEVALUABLE'));
  await expect(at('timestamp_micros(bigint(rand() * 10))')).rejects.toMatchObject(code('NON_DETERMINISTIC'));
  await expect(at("'1999-01-01'")).rejects.toMatchObject({ code: 'DELTA_TIMESTAMP_EARLIER_THAN_COMMIT_RETENTION' });
});
