import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { col, expr, fn, lit, Session, type SparrowError, t } from 'sparrow-df';
import { afterAll, beforeAll, expect, test } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'sparrow-write-to-'));
let session: Session;
beforeAll(async () => {
  session = await Session.create({ workers: 1, config: { 'spark.sql.warehouse.dir': join(folder, 'warehouse') } });
});
afterAll(async () => {
  await session.stop();
  rmSync(folder, { recursive: true, force: true });
});

const days = (...rows: readonly (readonly [day: number, n: number])[]) =>
  session.createDataFrame(
    rows.map(([day, n]) => ({ day, n })),
    { day: t.int32, n: t.int32 },
  );
const stored = async (name: string) =>
  (await session.table(name).orderBy('day', 'n').select('day', 'n').collect()).map((row) => Object.values(row));
const codeOf = (done: Promise<unknown>): Promise<unknown> =>
  done.then(
    () => 'done',
    (error: unknown) => (error as SparrowError).code,
  );

// What each of them does is said in PySpark's documentation of DataFrameWriterV2.
test.each(['parquet', 'delta'])('writeTo makes and changes %s tables', async (format) => {
  const name = `w_${format}`;
  const to = (frame: ReturnType<typeof days>) => frame.writeTo(name);
  expect(await codeOf(to(days([1, 1])).append())).toBe('TABLE_OR_VIEW_NOT_FOUND');
  expect(await codeOf(to(days([1, 1])).replace())).toBe('TABLE_OR_VIEW_NOT_FOUND');
  await to(days([1, 1], [2, 2]))
    .using(format)
    .partitionedBy(col('day'))
    .tableProperty('a', 'b')
    .create();
  expect(await codeOf(to(days([1, 1])).create())).toBe('TABLE_OR_VIEW_ALREADY_EXISTS');
  // Columns meet by name.
  await days([3, 3]).select('n', 'day').writeTo(name).append();
  expect(await stored(name)).toEqual([
    [1, 1],
    [2, 2],
    [3, 3],
  ]);
  if (format === 'delta') {
    await to(days([2, 20])).overwrite(expr('day = 2'));
    expect(await codeOf(to(days([5, 5])).overwrite('day = 2'))).toBe('DELTA_REPLACE_WHERE_MISMATCH');
  } else {
    await to(days([2, 20])).overwritePartitions();
    expect(await codeOf(to(days([2, 2])).overwrite(expr('day = 2')))).toBe('UNSUPPORTED_FEATURE.TABLE_OPERATION');
  }
  expect(await stored(name)).toEqual([
    [1, 1],
    [2, 20],
    [3, 3],
  ]);
  await to(days([7, 7])).overwrite(lit(true));
  expect(await stored(name)).toEqual([[7, 7]]);
  await days([8, 8]).withColumn('more', lit('x')).writeTo(name).using(format).replace();
  expect(await session.table(name).columns()).toEqual(['day', 'n', 'more']);
  await to(days([9, 9]))
    .using(format)
    .createOrReplace();
  expect(await stored(name)).toEqual([[9, 9]]);
});

test('INSERT INTO … REPLACE WHERE is the same in SQL', async () => {
  await days([1, 1], [2, 2]).writeTo('r').using('delta').create();
  await session.execute('INSERT INTO r REPLACE WHERE day = 1 AND n < 5 SELECT 1 AS day, 4 AS n');
  expect(await stored('r')).toEqual([
    [1, 4],
    [2, 2],
  ]);
});

test('a frame tells its files, whether it streams, and whether another asks the same', async () => {
  const path = join(folder, 'files');
  await days([1, 1], [2, 2]).write.partitionBy('day').parquet(path);
  const frame = session.read.parquet(path);
  expect((await frame.filter('n > 1').inputFiles()).map((file) => basename(file).endsWith('.parquet'))).toEqual([
    true,
    true,
  ]);
  expect(await session.range(3).inputFiles()).toEqual([]);
  frame.createOrReplaceTempView('filed');
  expect(await session.sql('SELECT * FROM filed JOIN filed AS f USING (n)').inputFiles()).toHaveLength(2);
  expect(await frame.isStreaming()).toBe(false);
  const uri = (row: object): unknown =>
    (row as { f: string }).f.replace(/^file:.*\/(files\/day=\d\/).*\.parquet$/, '$1');
  const named = frame.select('*', fn.input_file_name().as('f')).orderBy('n');
  expect(await named.columns()).toEqual(['n', 'day', 'f']);
  expect((await named.collect()).map(uri)).toEqual(['files/day=1/', 'files/day=2/']);
  const sql =
    "SELECT d, input_file_name() AS f FROM (SELECT day + 1 AS d FROM filed WHERE n > 1) WHERE input_file_name() LIKE '%day=2%'";
  expect((await session.sql(sql).collect()).map((row) => [Object.values(row)[0], uri(row)])).toEqual([
    [3, 'files/day=2/'],
  ]);
  expect(await frame.withColumn('f', fn.inputFileName()).groupBy('f').count().count()).toBe(2);
  expect(await frame.agg(fn.countDistinct(fn.inputFileName()).as('n')).collect()).toEqual([{ n: 2 }]);
  expect(await session.range(1).select(fn.inputFileName()).collect()).toEqual([{ 'input_file_name()': '' }]);
  const both = session.sql('SELECT input_file_name() FROM filed JOIN filed AS f USING (n)');
  expect(await codeOf(both.collect())).toBe('MULTI_SOURCES_UNSUPPORTED_FOR_EXPRESSION');
  const stream = session.readStream.schema({ n: t.int32 }).parquet(path);
  expect(await stream.filter('n > 1').isStreaming()).toBe(true);

  const a = session.range(10).select(col('id').mul(2).as('x'));
  const b = session.range(10).select(col('id').mul(2).as('y'));
  expect([a.sameSemantics(b), a.sameSemantics(session.range(10).select(col('id').mul(3).as('x')))]).toEqual([
    true,
    false,
  ]);
  expect(a.semanticHash()).toBe(b.semanticHash());
  expect(days([1, 1]).sameSemantics(days([1, 2]))).toBe(false);
  expect(a.select('x').sameSemantics(b.select('y'))).toBe(false);
  const [p, q] = [session.range(3), session.range(3)];
  const joined = p.join(q, p.col('id').eq(q.col('id')));
  expect(joined.select(p.col('id')).sameSemantics(joined.select(q.col('id')))).toBe(false);
  const again = q.join(p, q.col('id').eq(p.col('id')));
  expect(joined.select(p.col('id')).sameSemantics(again.select(q.col('id')))).toBe(true);
});
