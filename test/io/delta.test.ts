import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { col, type DefaultValues, Session } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'sparrow-delta-'));
let session: Session<DefaultValues>;
beforeAll(async () => {
  session = await Session.create({ workers: 1, memory: '512MB' });
});
afterAll(async () => {
  await session.stop();
  rmSync(folder, { recursive: true, force: true });
});

const golden = join(process.env.SPARROW_CORPORA ?? '', 'delta/golden-tables');
const isThere = process.env.SPARROW_CORPORA !== undefined && existsSync(golden);
if (!isThere) console.warn('SPARROW_CORPORA is not set: the golden tables of Delta Lake are left out');

const table = (name: string, options = {}) => session.read.delta(join(golden, name), options);

// The expected rows are those the generator of the golden tables writes (GoldenTables.scala of delta-io/delta).
describe.skipIf(!isThere)('golden tables', () => {
  test.each(['dv-partitioned-with-checkpoint', 'dv-with-columnmapping'])(
    '%s: rows deleted by vectors',
    async (name) => {
      const expected = Array.from({ length: 50 }, (_, i) => ({ part: i % 10, col1: i, col2: `foo${i % 5}` }));
      expect(await table(name).orderBy('col1').collect()).toEqual(
        expected.filter(({ col1 }) => col1 >= 30 || col1 % 2 === 1),
      );
      // Only of the files that may hold such rows.
      expect(await table(name).filter(col('part').eq(3)).count()).toBe(5);
      expect(await table(name).filter(col('part').eq(4)).select('col1').orderBy('col1').collect()).toEqual([
        { col1: 34 },
        { col1: 44 },
      ]);
    },
  );

  test('variants that the Parquet files do not mark as such, nested ones too', async () => {
    // Spark's preview of the feature wrote them before the format had an annotation.
    const rows = await table('spark-variant-checkpoint').collect();
    expect(rows.length).toBeGreaterThan(100);
    for (const { id, v, struct_of_variants: inner } of rows) {
      expect([id, v]).toEqual([id, { key: id }]);
      expect(inner).toEqual({ v: { key: id } });
    }
  });

  test('timestamps of partitions without a zone are of the session’s, as Spark reads them', async () => {
    const western = await Session.create({ workers: 1, timeZone: 'America/Los_Angeles' });
    try {
      const read = (name: string) => western.read.delta(join(golden, name));
      const parts = read('kernel-timestamp-PST').selectExpr('id', 'string(part) AS part').orderBy('id');
      expect(await parts.collect()).toEqual([
        { id: 0, part: '2020-01-01 08:09:10.001' },
        { id: 1, part: '2021-10-01 08:09:20' },
        { id: 2, part: '2021-10-01 08:09:20' },
        { id: 3, part: '1969-01-01 00:00:00' },
        { id: 4, part: null },
      ]);
      const day = read('kernel-timestamp-PST').filter("part = timestamp'2021-10-01 08:09:20'");
      expect(await day.count()).toBe(2);
      expect(
        await read('kernel-timestamp-partition-col-ISO8601').filter("ts < timestamp'2024-01-01 02:00:01'").count(),
      ).toBe(1);
    } finally {
      await western.stop();
    }
  });

  test('versions', async () => {
    const versions = 'time-travel-start-start20-start40';
    const ids = async (options: object) =>
      (await table(versions, options).orderBy('id').collect()).map((row) => row.id);
    const numbers = (end: number) => Array.from({ length: end }, (_, i) => i);
    expect(await ids({ versionAsOf: 0 })).toEqual(numbers(10));
    expect(await ids({ versionAsOf: 1 })).toEqual(numbers(20));
    expect(await ids({})).toEqual(numbers(30));
    await expect(ids({ versionAsOf: 9 })).rejects.toMatchObject({ code: 'DELTA_VERSION_NOT_FOUND' });
    await expect(ids({ timestampAsOf: '1999-01-01' })).rejects.toMatchObject({
      code: 'DELTA_TIMESTAMP_EARLIER_THAN_COMMIT_RETENTION',
    });
  });

  test.each(['v2-checkpoint-json', 'v2-checkpoint-parquet'])('%s: checkpoints with sidecars', async (name) => {
    expect((await table(name).orderBy('id').collect()).map((row) => row.id)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test.each([
    ['versions-not-contiguous', 'DELTA_VERSIONS_NOT_CONTIGUOUS'],
    ['deltalog-invalid-protocol-version', 'DELTA_UNSUPPORTED_FEATURES_FOR_READ'],
    ['deltalog-state-reconstruction-without-metadata', 'DELTA_STATE_RECOVER_ERROR'],
    ['deltalog-state-reconstruction-from-checkpoint-missing-protocol', 'DELTA_STATE_RECOVER_ERROR'],
    ['type-widening', 'DELTA_UNSUPPORTED_FEATURES_FOR_READ'],
  ])('%s is refused', async (name, code) => {
    await expect(table(name).collect()).rejects.toMatchObject({ code });
  });
});

test('a folder without a log, and a log that is damaged', async () => {
  await expect(session.read.delta(folder).collect()).rejects.toMatchObject({ code: 'DELTA_MISSING_DELTA_TABLE' });
  mkdirSync(join(folder, 'bad', '_delta_log'), { recursive: true });
  writeFileSync(join(folder, 'bad', '_delta_log', `${'0'.repeat(20)}.json`), '{"protocol": ');
  await expect(session.read.delta(join(folder, 'bad')).collect()).rejects.toMatchObject({ code: 'DELTA_LOG_CORRUPT' });
});
