import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DataFrame, Session } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'sparrow-partitions-'));
let session: Session;
beforeAll(async () => {
  session = await Session.create({
    workers: 1,
    timeZone: 'America/New_York',
    config: { 'spark.sql.warehouse.dir': join(folder, 'warehouse') },
  });
});
afterAll(async () => {
  await session.stop();
  rmSync(folder, { recursive: true, force: true });
});

const FORMATS = ['csv', 'json', 'arrow', 'parquet'];

describe.each(FORMATS)('partition columns of %s', (format) => {
  const table = `t_${format}`;

  test('of every type that is declared have values of it', async () => {
    await session.execute(`CREATE TABLE ${table} (a INT, b BOOLEAN, c DECIMAL(5,2), w DECIMAL(38,1), f FLOAT, t TIMESTAMP, n TIMESTAMP_NTZ, l BIGINT)
      USING ${format} PARTITIONED BY (b, c, w, f, t, n, l)`);
    await session.execute(`INSERT INTO ${table} VALUES
      (1, true, 1.50, 12345678901234567890123456789012345.6, 0.5, timestamp'2020-01-02 03:04:05', timestamp_ntz'2020-01-02 03:04:05', 7),
      (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL)`);
    const rows = await session.sql(`SELECT * FROM ${table} ORDER BY a`).collect();
    expect(rows[0]).toEqual({
      a: 1,
      b: true,
      c: '1.50',
      w: '12345678901234567890123456789012345.6',
      f: 0.5,
      // The clock of New York names the folder.
      t: new Date('2020-01-02T08:04:05Z'),
      n: new Date('2020-01-02T03:04:05Z'),
      l: 7,
    });
    expect(Object.values(rows[1] as object)).toEqual([2, null, null, null, null, null, null, null]);
    const kept = `b AND c = 1.5 AND w > 1 AND f < 1 AND t = timestamp'2020-01-02 03:04:05' AND n < timestamp_ntz'2021-01-01' AND l IN (7)`;
    expect(await session.sql(`SELECT a FROM ${table} WHERE ${kept}`).collect()).toEqual([{ a: 1 }]);
  });

  test('rule files out', async () => {
    const frame = session.sql(`SELECT a FROM ${table} WHERE l > 7 OR l IS NULL`) as DataFrame;
    expect(await frame.collect()).toEqual([{ a: 2 }]);
    expect(await frame.explain('analyze')).toContain('1 rows in, 1 out, 1 tasks');
    expect(await frame.explain('analyze')).toContain('1 row groups skipped');
  });

  test('with a value that the type has not are refused', async () => {
    const path = join(folder, `wrong-${format}`);
    await session.sql("SELECT 1 AS a, 'x' AS p").write.partitionBy('p').format(format).save(path);
    const frame = session.read.schema('a INT, p INT').format(format).load(path);
    await expect(frame.collect()).rejects.toThrow(/p=x does not give the partition column a value of int/);
  });
});

test('times without a zone are of the session’s zone, read and written', async () => {
  const file = join(folder, 'times');
  mkdirSync(file);
  writeFileSync(join(file, 'a.csv'), 't\n2020-01-01 00:00:00\n');
  writeFileSync(join(file, 'a.json'), '{"t":"2020-01-01 00:00:00"}\n');
  const midnight = [{ t: new Date('2020-01-01T05:00:00Z') }];
  expect(
    await session.read.option('header', true).option('inferSchema', true).csv(join(file, 'a.csv')).collect(),
  ).toEqual(midnight);
  expect(await session.read.schema('t TIMESTAMP').json(join(file, 'a.json')).collect()).toEqual(midnight);
  for (const format of ['csv', 'json']) {
    const path = join(file, `out-${format}`);
    await session.sql("SELECT timestamp'2020-07-01 12:00:00' AS t").write.format(format).save(path);
    const part = readdirSync(path).find((name) => name.startsWith('part')) as string;
    // As Spark 4 writes it.
    expect(readFileSync(join(path, part), 'utf8')).toContain('2020-07-01T12:00:00.000-04:00');
    expect(await session.read.schema('t TIMESTAMP').format(format).load(path).collect()).toEqual([
      { t: new Date('2020-07-01T16:00:00Z') },
    ]);
  }
});
