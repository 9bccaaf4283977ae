import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { col, type DefaultValues, Session, t, udf } from 'sparrow-df';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'sparrow-tables-'));
let session: Session<DefaultValues>;
beforeAll(async () => {
  const config = { 'spark.sql.warehouse.dir': join(folder, 'warehouse') };
  session = await Session.create({ workers: 1, memory: '256MB', config });
});
beforeEach(() => session.execute('DROP TABLE IF EXISTS t'));
afterAll(async () => {
  await session.stop();
  rmSync(folder, { recursive: true, force: true });
});

const people = () =>
  session.createDataFrame([
    { name: 'Ada', age: 36 },
    { name: 'Bob', age: 41 },
  ]);
const rows = (): Promise<object[]> => session.table('t').orderBy('age').collect();
const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'no error',
    (error: { code: unknown }) => error.code,
  );

describe('saveAsTable', () => {
  test('makes a table once', async () => {
    await people().write.saveAsTable('t');
    expect(await rows()).toEqual([
      { name: 'Ada', age: 36 },
      { name: 'Bob', age: 41 },
    ]);
    expect(await codeOf(people().write.saveAsTable('t'))).toBe('TABLE_OR_VIEW_ALREADY_EXISTS');
    await people().limit(0).write.mode('ignore').saveAsTable('t');
    expect(await session.table('t').count()).toBe(2);
  });

  test('adds rows by the names of columns', async () => {
    await people().write.saveAsTable('t');
    await people().select(col('age').add(10).as('age'), 'name').write.mode('append').saveAsTable('default.t');
    expect((await rows()).map((row) => Object.values(row).join())).toEqual(['Ada,36', 'Bob,41', 'Ada,46', 'Bob,51']);
    const other = people().select('name', col('age').as('years'));
    expect(await codeOf(other.write.mode('append').saveAsTable('t'))).toBe('UNRESOLVED_COLUMN.WITH_SUGGESTION');
  });

  test('replaces the table with what it was made of, and keeps it when that fails', async () => {
    await people().write.saveAsTable('t');
    const older = session.table('t').withColumn('age', col('age').add(1)).withColumn('x', col('age').mul(2));
    await older.write.mode('overwrite').saveAsTable('t');
    expect(await rows()).toEqual([
      { name: 'Ada', age: 37, x: 74 },
      { name: 'Bob', age: 42, x: 84 },
    ]);
    const failing = session.table('t').selectExpr('age / (age - 42) AS age');
    expect(await codeOf(failing.write.mode('overwrite').saveAsTable('t'))).toBe('DIVIDE_BY_ZERO');
    expect(await session.table('t').columns()).toEqual(['name', 'age', 'x']);
    expect(await session.table('t').count()).toBe(2);
  });

  test('takes a format, its options, partitions and a place of its own', async () => {
    const place = join(folder, "it's here");
    const writer = people().write.format('csv').option('sep', '\\').partitionBy('name').option('path', place);
    await writer.saveAsTable('t');
    expect(existsSync(join(place, 'name=Ada'))).toBe(true);
    expect(await rows()).toEqual([
      { age: 36, name: 'Ada' },
      { age: 41, name: 'Bob' },
    ]);
    expect(session.catalog.getTable('t')).toMatchObject({ tableType: 'EXTERNAL', isTemporary: false });
    await session.execute('DROP TABLE t');
    expect(existsSync(join(place, 'name=Ada'))).toBe(true);
  });
});

test('insertInto adds or replaces rows by the places of columns', async () => {
  await people().write.saveAsTable('t');
  await people().selectExpr('upper(name)', 'age + 1').write.insertInto('t');
  expect((await rows()).map((row) => Object.values(row).join())).toEqual(['Ada,36', 'ADA,37', 'Bob,41', 'BOB,42']);
  await people().filter(col('age').gt(40)).write.mode('overwrite').insertInto('t');
  expect(await rows()).toEqual([{ name: 'Bob', age: 41 }]);
  expect(await codeOf(people().select('name').write.insertInto('t'))).toBe(
    'INSERT_COLUMN_ARITY_MISMATCH.NOT_ENOUGH_DATA_COLUMNS',
  );
  expect(await codeOf(people().write.insertInto('nowhere'))).toBe('TABLE_OR_VIEW_NOT_FOUND');
});

describe('the catalog', () => {
  test('makes tables of a schema and of files', async () => {
    const made = await session.catalog.createTable('t', { schema: 'age INT NOT NULL, `a b` STRUCT<c: STRING>' });
    expect((await made.schema()).simpleString()).toBe('struct<age:int,a b:struct<c:string>>');
    expect(await made.count()).toBe(0);
    await session.execute('DROP TABLE t');
    const files = join(folder, 'files');
    await people().write.json(files);
    const given = await session.catalog.createTable('t', { path: files, source: 'json', description: "Ada's" });
    expect(await given.orderBy('age').select('name').collect()).toEqual([{ name: 'Ada' }, { name: 'Bob' }]);
    expect(session.catalog.getTable('t').description).toBe("Ada's");
    expect(await codeOf(session.catalog.createTable('t', { schema: { a: t.int32 } }))).toBe(
      'TABLE_OR_VIEW_ALREADY_EXISTS',
    );
    expect(await codeOf(session.catalog.createTable('u', {}))).toBe('CANNOT_BE_EMPTY');
  });

  test('knows databases and functions', async () => {
    expect(session.catalog.getDatabase('DEFAULT').name).toBe('default');
    expect(() => session.catalog.getDatabase('none')).toThrow('SCHEMA_NOT_FOUND');
    session.udf.register(
      'twice',
      udf((x: number) => x * 2, { args: [t.int32], returns: t.int32 }),
    );
    expect(await session.catalog.listFunctions('twi*|date_tr*')).toEqual([
      { name: 'twice', description: null, isTemporary: true },
      { name: 'date_trunc', description: expect.stringContaining('unit'), isTemporary: false },
    ]);
    expect(['twice', 'Upper', 'uper'].map((name) => session.catalog.functionExists(name))).toEqual([true, true, false]);
    expect((await session.catalog.getFunction('UPPER')).name).toBe('upper');
    await expect(session.catalog.getFunction('uper')).rejects.toMatchObject({
      code: 'UNRESOLVED_ROUTINE',
      candidates: expect.arrayContaining(['upper']),
    });
    await people().write.saveAsTable('t');
    await session.catalog.refreshTable('t');
    expect(await codeOf(session.catalog.refreshTable('none'))).toBe('TABLE_OR_VIEW_NOT_FOUND');
  });
});
