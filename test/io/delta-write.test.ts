import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { col, type DefaultValues, DeltaTable, lit, Session, t } from 'sparrow-df';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'sparrow-delta-write-'));
let session: Session<DefaultValues>;
let path = '';
let tables = 0;
beforeAll(async () => {
  session = await Session.create({ workers: 1, memory: '512MB' });
});
afterAll(async () => {
  await session.stop();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  path = join(folder, `table ${++tables}`);
});

const schema = { id: t.int64, name: t.string, part: t.string };
const frame = (...rows: readonly (readonly [number, string | null, string | null])[]) =>
  session.createDataFrame(
    rows.map(([id, name, part]) => ({ id, name, part })),
    schema,
  );
const rowsOf = async (options = {}) =>
  (await session.read.delta(path, options).orderBy('id').collect()).map((row) => Object.values(row));
const table = () => DeltaTable.forPath(session, path);
const commit = (version: number) =>
  readFileSync(join(path, '_delta_log', `${String(version).padStart(20, '0')}.json`), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('writing', () => {
  test('makes a table, adds to it, replaces it; old versions stay', async () => {
    await frame([1, 'a', 'x'], [2, null, 'y/ü =']).write.partitionBy('part').delta(path);
    expect(await frame([3, 'c', null]).write.mode('append').delta(path)).toMatchObject({ files: 1, rows: 1 });
    expect(await rowsOf()).toEqual([
      [1, 'a', 'x'],
      [2, null, 'y/ü ='],
      [3, 'c', null],
    ]);
    await expect(frame([4, 'd', 'x']).write.delta(path)).rejects.toMatchObject({ code: 'DELTA_PATH_EXISTS' });
    await frame([4, 'd', 'x']).write.mode('ignore').delta(path);
    await frame([5, 'e', 'x']).write.mode('overwrite').delta(path);
    expect(await rowsOf()).toEqual([[5, 'e', 'x']]);
    expect(await rowsOf({ versionAsOf: 0 })).toEqual([
      [1, 'a', 'x'],
      [2, null, 'y/ü ='],
    ]);
    await frame([6, 'f', 'z']).write.mode('overwrite').option('partitionOverwriteMode', 'dynamic').delta(path);
    expect(await rowsOf()).toEqual([
      [5, 'e', 'x'],
      [6, 'f', 'z'],
    ]);
    expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  test('brings columns to the table’s, by name; new ones only when asked', async () => {
    await frame([1, 'a', 'x']).write.delta(path);
    const other = session.createDataFrame([{ part: 'y', ID: 2, more: true }], {
      part: t.string,
      ID: t.int32,
      more: t.boolean,
    });
    await expect(other.write.mode('append').delta(path)).rejects.toMatchObject({ code: 'DELTA_METADATA_MISMATCH' });
    await other.write.mode('append').option('mergeSchema', true).delta(path);
    expect(await rowsOf()).toEqual([
      [1, 'a', 'x', null],
      [2, null, 'y', true],
    ]);
    const text = session.createDataFrame([{ id: 'one' }], { id: t.string });
    await expect(text.write.mode('append').delta(path)).rejects.toMatchObject({ code: 'DELTA_FAILED_TO_MERGE_FIELDS' });
    await text.write.mode('overwrite').option('overwriteSchema', true).delta(path);
    expect(await rowsOf()).toEqual([['one']]);
  });

  test('structs get the fields of what is appended, at any depth, where asked', async () => {
    const write = (sql: string, merge = true) =>
      session.sql(sql).write.mode('append').option('mergeSchema', merge).delta(path);
    await write("SELECT 1 AS id, named_struct('a', 1, 'in', named_struct('x', 'p')) AS s", false);
    const wider = "SELECT 2 AS id, named_struct('b', 2.5D, 'in', named_struct('y', true, 'x', 'q'), 'A', 7S) AS s";
    await expect(write(wider, false)).rejects.toMatchObject({ code: 'DELTA_FAILED_TO_MERGE_FIELDS' });
    // What else the table says of a field stays.
    const log = join(path, '_delta_log/00000000000000000000.json');
    const said = readFileSync(log, 'utf8');
    const noted = said.replace(
      '\\"name\\":\\"x\\",\\"type\\":\\"string\\",\\"nullable\\":true,\\"metadata\\":{',
      '$&\\"comment\\":\\"ex\\"',
    );
    expect(noted).not.toBe(said);
    writeFileSync(log, noted);
    await write(wider);
    expect(readFileSync(log.replace('0.json', '1.json'), 'utf8')).toContain('comment\\":\\"ex');
    await write("SELECT 3 AS id, named_struct('a', 9) AS s");
    await write('SELECT 4 AS id, CAST(NULL AS struct<b:double>) AS s');
    expect((await session.read.delta(path).schema()).simpleString()).toBe(
      'struct<id:int,s:struct<a:int,in:struct<x:string,y:boolean>,b:double>>',
    );
    expect(await session.read.delta(path).orderBy('id').collect()).toEqual([
      { id: 1, s: { a: 1, in: { x: 'p', y: null }, b: null } },
      { id: 2, s: { a: 7, in: { x: 'q', y: true }, b: 2.5 } },
      { id: 3, s: { a: 9, in: null, b: null } },
      { id: 4, s: null },
    ]);
    const wrong = write("SELECT 5 AS id, named_struct('a', 'text', 'c', 1) AS s");
    await expect(wrong).rejects.toMatchObject({ code: 'DELTA_FAILED_TO_MERGE_FIELDS' });
  });

  test('replaceWhere replaces the rows of a condition', async () => {
    await frame([1, 'a', 'x'], [2, 'b', 'y'], [3, 'c', 'y']).write.delta(path);
    const replace = (rows: ReturnType<typeof frame>) =>
      rows.write.mode('overwrite').option('replaceWhere', "part = 'y'").delta(path);
    await expect(replace(frame([9, 'z', 'x']))).rejects.toMatchObject({ code: 'DELTA_REPLACE_WHERE_MISMATCH' });
    await replace(frame([4, 'd', 'y']));
    expect(await rowsOf()).toEqual([
      [1, 'a', 'x'],
      [4, 'd', 'y'],
    ]);
  });

  test('of an application happens once', async () => {
    const write = (version: number) =>
      frame([version, 'a', 'x']).write.mode('append').options({ txnAppId: 'etl', txnVersion: version }).delta(path);
    for (const version of [1, 2, 2, 1]) await write(version);
    expect((await rowsOf()).map(([id]) => id)).toEqual([1, 2]);
  });

  test('every tenth version has a checkpoint, which reads as the log does', async () => {
    for (let i = 0; i <= 11; i++)
      await frame([i, `n${i}`, i % 2 ? 'odd' : null])
        .write.mode('append')
        .delta(path);
    expect(existsSync(join(path, '_delta_log', '00000000000000000010.checkpoint.parquet'))).toBe(true);
    for (let i = 0; i < 10; i++) rmSync(join(path, '_delta_log', `${String(i).padStart(20, '0')}.json`));
    expect((await rowsOf()).map(([id]) => id)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    await table().delete('id < 11');
    expect(await rowsOf()).toEqual([[11, 'n11', 'odd']]);
  });

  test('tells bounds that leave files out, and none that are wrong', async () => {
    const long = 'z'.repeat(40);
    await frame([1, long, 'x'], [5, `${long}z`, 'x']).write.delta(path);
    const { add } = commit(0).find((action) => action.add);
    expect(JSON.parse(add.stats)).toMatchObject({
      numRecords: 2,
      minValues: { id: 1, name: 'z'.repeat(32) },
      maxValues: { id: 5 },
      nullCount: { id: 0 },
    });
    expect(
      await session.read
        .delta(path)
        .filter(col('name').eq(`${long}z`))
        .count(),
    ).toBe(1);
  });
});

describe('changes of rows', () => {
  const start = () =>
    frame([1, 'a', 'x'], [2, 'b', 'x'], [3, 'c', 'y'], [4, null, 'y']).write.partitionBy('part').delta(path);

  test('delete', async () => {
    await start();
    await table().as('t').delete("t.name = 'a'");
    expect((await rowsOf()).map(([id]) => id)).toEqual([2, 3, 4]);
    // Only the file with the row was written again.
    expect(commit(1).filter((action) => action.remove).length).toBe(1);
    await table().delete(col('part').eq('y'));
    expect((await rowsOf()).map(([id]) => id)).toEqual([2]);
    await table().delete();
    expect(await rowsOf()).toEqual([]);
  });

  test('update', async () => {
    await start();
    await table().update({ condition: "part = 'y'", set: { name: "coalesce(name, 'none')", id: col('id').add(10) } });
    expect(await rowsOf()).toEqual([
      [1, 'a', 'x'],
      [2, 'b', 'x'],
      [13, 'c', 'y'],
      [14, 'none', 'y'],
    ]);
    await expect(table().update({ set: { nam: lit(1) } })).rejects.toMatchObject({ code: 'UNRESOLVED_COLUMN' });
  });

  test('merge: rows that belong together, that are new, that are gone', async () => {
    await start();
    const source = frame([2, 'zwei', 'x'], [3, 'drei', 'y'], [9, 'neun', 'z'], [10, 'zehn', 'z']);
    await table()
      .as('t')
      .merge(source.alias('s'), 't.id = s.id')
      .whenMatchedDelete('s.id = 3')
      .whenMatchedUpdate({ set: { name: "concat(t.name, '/', s.name)" } })
      .whenNotMatchedInsert({ condition: 's.id > 9', values: { id: 's.id', name: lit('new'), part: 's.part' } })
      .whenNotMatchedBySourceUpdate({ condition: 't.name IS NULL', set: { name: "'alone'" } })
      .execute();
    expect(await rowsOf()).toEqual([
      [1, 'a', 'x'],
      [2, 'b/zwei', 'x'],
      [4, 'alone', 'y'],
      [10, 'new', 'z'],
    ]);
    await table()
      .as('t')
      .merge(frame([1, 'A', 'x'], [11, 'K', 'q']).alias('s'), col('t.id').eq(col('s.id')))
      .whenMatchedUpdateAll()
      .whenNotMatchedInsertAll()
      .whenNotMatchedBySourceDelete()
      .execute();
    expect(await rowsOf()).toEqual([
      [1, 'A', 'x'],
      [11, 'K', 'q'],
    ]);
  });

  test('merge: several source rows for one row of the table', async () => {
    await start();
    const twice = frame([1, 'p', 'x'], [1, 'q', 'x']).alias('s');
    const merge = () => table().as('t').merge(twice, 't.id = s.id');
    await expect(merge().whenMatchedUpdateAll().execute()).rejects.toMatchObject({
      code: 'DELTA_MULTIPLE_SOURCE_ROW_MATCHING_TARGET_ROW_IN_MERGE',
    });
    // Only one of them changes it.
    await merge().whenMatchedUpdateAll("s.name = 'q'").execute();
    expect((await rowsOf())[0]).toEqual([1, 'q', 'x']);
    expect((await rowsOf()).length).toBe(4);
    await merge().whenMatchedDelete().execute();
    expect((await rowsOf()).map(([id]) => id)).toEqual([2, 3, 4]);
    await expect(merge().execute()).rejects.toMatchObject({ code: 'DELTA_MERGE_MISSING_WHEN' });
  });

  test('history and vacuum', async () => {
    await start();
    await table().delete('id = 1');
    expect((await table().history()).map(({ version, operation }) => [version, operation])).toEqual([
      [1, 'DELETE'],
      [0, 'WRITE'],
    ]);
    await expect(table().vacuum(0)).rejects.toMatchObject({ code: 'DELTA_VACUUM_RETENTION_PERIOD_TOO_SHORT' });
    expect(await table().vacuum()).toEqual([]);
    session.conf.set('spark.databricks.delta.retentionDurationCheck.enabled', false);
    expect((await table().vacuum(0)).length).toBe(1);
    session.conf.unset('spark.databricks.delta.retentionDurationCheck.enabled');
    expect((await rowsOf()).length).toBe(3);
    expect(await DeltaTable.isDeltaTable(session, path)).toBe(true);
    expect(await DeltaTable.isDeltaTable(session, folder)).toBe(false);
  });
});

describe('two writers', () => {
  test('that only add rows both succeed', async () => {
    await frame([0, 'a', 'x']).write.delta(path);
    await Promise.all(
      Array.from({ length: 6 }, (_, i) =>
        frame([i + 1, 'b', 'x'])
          .write.mode('append')
          .delta(path),
      ),
    );
    expect((await rowsOf()).map(([id]) => id)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  test('that change the same rows: one succeeds', async () => {
    await frame([1, 'a', 'x'], [2, 'b', 'x']).write.delta(path);
    const changes = [1, 2, 3].map((n) => table().update({ condition: 'id = 1', set: { name: lit(`by ${n}`) } }));
    const ends = await Promise.allSettled(changes);
    const failed = ends.filter((end) => end.status === 'rejected');
    expect(failed.length).toBeLessThan(3);
    for (const { reason } of failed) expect(String(reason.code)).toMatch(/^DELTA_CONCURRENT_/);
    expect((await rowsOf()).length).toBe(2);
    expect((await table().history()).length).toBe(1 + 3 - failed.length);
  });
});

describe('tables of others', () => {
  const make = (protocol: object, configuration: Record<string, string> = {}) => {
    mkdirSync(join(path, '_delta_log'), { recursive: true });
    const schemaString = JSON.stringify({
      type: 'struct',
      fields: [{ name: 'id', type: 'long', nullable: true, metadata: {} }],
    });
    const metaData = { id: 'x', format: { provider: 'parquet', options: {} }, partitionColumns: [], configuration };
    writeFileSync(
      join(path, '_delta_log', '00000000000000000000.json'),
      `${JSON.stringify({ protocol })}\n${JSON.stringify({ metaData: { ...metaData, schemaString } })}\n`,
    );
  };
  const add = () => session.range(3).write.mode('append').delta(path);

  test.each([
    [
      'a feature that is not known',
      { minReaderVersion: 3, minWriterVersion: 7, writerFeatures: ['domainMetadata'] },
      {},
    ],
    ['a later version', { minReaderVersion: 1, minWriterVersion: 8 }, {}],
    ['a constraint', { minReaderVersion: 1, minWriterVersion: 3 }, { 'delta.constraints.c': 'id > 0' }],
    ['a change feed', { minReaderVersion: 1, minWriterVersion: 4 }, { 'delta.enableChangeDataFeed': 'true' }],
    ['column mapping', { minReaderVersion: 2, minWriterVersion: 5 }, { 'delta.columnMapping.mode': 'name' }],
  ])('with %s are refused', async (_, protocol, configuration) => {
    make(protocol, configuration);
    await expect(add()).rejects.toMatchObject({ code: 'DELTA_UNSUPPORTED_FEATURES_FOR_WRITE' });
    expect(readdirSync(path)).toEqual(['_delta_log']);
  });

  test('that only take more rows keep those they have; times in commits grow', async () => {
    make(
      { minReaderVersion: 1, minWriterVersion: 7, writerFeatures: ['appendOnly', 'inCommitTimestamp'] },
      { 'delta.appendOnly': 'true', 'delta.enableInCommitTimestamps': 'true' },
    );
    await add();
    await add();
    await expect(table().delete()).rejects.toMatchObject({ code: 'DELTA_CANNOT_MODIFY_APPEND_ONLY' });
    const times = [1, 2].map((version) => commit(version)[0].commitInfo.inCommitTimestamp);
    expect(times[1]).toBeGreaterThan(times[0]);
  });
});
