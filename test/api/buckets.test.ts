import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DefaultValues, Session } from 'sparrow-df';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'sparrow-buckets-'));
const warehouse = join(folder, 'warehouse');
let session: Session<DefaultValues>;
beforeAll(async () => {
  session = await Session.create({ workers: 2, memory: '256MB', config: { 'spark.sql.warehouse.dir': warehouse } });
});
beforeEach(() => session.execute('DROP TABLE IF EXISTS t'));
afterAll(async () => {
  await session.stop();
  rmSync(folder, { recursive: true, force: true });
});

const rows = (count = 1000) =>
  session
    .range(count)
    .selectExpr(
      'id',
      "if(id % 7 = 0, null, concat('n', id % 100)) AS name",
      'pmod(id * 7919, 1009) AS k',
      'id % 3 AS part',
    );
const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'no error',
    (error: { code: unknown }) => error.code,
  );

interface Located {
  readonly file: string;
  readonly bucket: number;
  readonly id: number;
  readonly k: number | null;
}
/** Rows in the order of their files, with the bucket that their value has by Spark's hash (see the function's goldens). */
const located = async (bucket: string): Promise<Located[]> =>
  (await session.sql(`SELECT input_file_name() AS file, ${bucket} AS bucket, id, k FROM t`).collect()) as never;
const digits = (file: string): number => Number(/_(\d{5})\.c\d{3,}\.[a-z.]+$/.exec(file)?.[1] ?? Number.NaN);

/** Every row is in a file of its bucket; gives the rows of each file. */
async function byFile(bucket: string): Promise<Map<string, Located[]>> {
  const files = new Map<string, Located[]>();
  for (const row of await located(bucket)) {
    expect([row.file, digits(row.file)]).toEqual([row.file, row.bucket]);
    files.set(row.file, [...(files.get(row.file) ?? []), row]);
  }
  return files;
}
const isSorted = (values: readonly (number | null)[]): boolean =>
  values.every((value, i) => i === 0 || (values[i - 1] ?? -1) <= (value ?? -1));

describe('bucketBy', () => {
  test('puts rows into files by the hash of columns, and sorts each file', async () => {
    await rows()
      .write.bucketBy(4, 'name', 'ID' as 'id')
      .sortBy('k')
      .saveAsTable('t');
    const files = await byFile('pmod(hash(name, id), 4)');
    expect(new Set([...files.keys()].map(digits))).toEqual(new Set([0, 1, 2, 3]));
    for (const found of files.values()) expect(isSorted(found.map((row) => row.k))).toBe(true);
    expect(await session.table('t').count()).toBe(1000);
    expect(await session.table('t').columns()).toEqual(['id', 'name', 'k', 'part']);
  });

  test('goes with partitions, formats and more rows', async () => {
    const writer = rows().write.format('csv').partitionBy('part').bucketBy(3, ['k']).sortBy(['id']);
    await writer.saveAsTable('t');
    await rows(10).write.mode('append').saveAsTable('t');
    await writer.mode('append').saveAsTable('t');
    await rows(20).select('id', 'name', 'k', 'part').write.insertInto('t');
    const files = await byFile('pmod(hash(k), 3)');
    for (const found of files.values()) expect(isSorted(found.map((row) => row.id))).toBe(true);
    expect([...files.keys()].every((file) => /part=[012]\/part-.*\.csv$/.test(file))).toBe(true);
    expect(await session.table('t').count()).toBe(2030);
    await rows(30).write.mode('overwrite').bucketBy(2, 'id').saveAsTable('t');
    await byFile('pmod(hash(id), 2)');
    expect(await session.table('t').count()).toBe(30);
  });

  test('makes more buckets than files may be open at once', async () => {
    await rows(1500).write.bucketBy(2500, 'id').saveAsTable('t');
    const files = await byFile('pmod(hash(id), 2500)');
    expect(files.size).toBeGreaterThan(1000);
    expect(await session.table('t').agg({ id: 'sum' }).collect()).toEqual([{ 'sum(id)': (1499 * 1500) / 2 }]);
  });

  test('is told by the catalog', async () => {
    await rows().write.partitionBy('part').bucketBy(4, 'id').sortBy('name', 'k').saveAsTable('t');
    const described = await session.sql('DESCRIBE EXTENDED t').collect();
    const told = described.map((row) => Object.values(row).slice(0, 2));
    expect(told).toContainEqual(['Num Buckets', '4']);
    expect(told).toContainEqual(['Bucket Columns', '[`id`]']);
    expect(told).toContainEqual(['Sort Columns', '[`name`, `k`]']);
    const [created] = await session.sql('SHOW CREATE TABLE t').collect();
    expect(Object.values(created ?? {})[0]).toContain(
      'PARTITIONED BY (part)\nCLUSTERED BY (id)\nSORTED BY (name, k)\nINTO 4 BUCKETS\n',
    );
    const columns = await session.catalog.listColumns('t');
    expect(columns.filter((c) => c.isBucket).map((c) => c.name)).toEqual(['id']);
  });

  test('says what is wrong', async () => {
    const { write } = rows();
    expect(await codeOf(write.bucketBy(4, 'id').parquet(join(folder, 'x')))).toBe('_LEGACY_ERROR_TEMP_1312');
    expect(await codeOf(write.bucketBy(4, 'id').sortBy('k').save(join(folder, 'x')))).toBe('_LEGACY_ERROR_TEMP_1313');
    expect(await codeOf(write.bucketBy(4, 'id').insertInto('t'))).toBe('_LEGACY_ERROR_TEMP_1312');
    expect(await codeOf(write.sortBy('id').saveAsTable('t'))).toBe('SORT_BY_WITHOUT_BUCKETING');
    expect(await codeOf(write.sortBy('id').save(join(folder, 'x')))).toBe('SORT_BY_WITHOUT_BUCKETING');
    for (const count of [0, -1, 1.5, 100_001, '4' as never]) {
      expect(await codeOf(write.bucketBy(count, 'id').saveAsTable('t'))).toBe('INVALID_BUCKET_COUNT');
    }
    const wrong = write.bucketBy(4, 'nme').saveAsTable('t');
    await expect(wrong).rejects.toMatchObject({
      code: 'COLUMN_NOT_DEFINED_IN_TABLE',
      candidates: expect.arrayContaining(['name']),
    });
    // @ts-expect-error: no such column
    expect(await codeOf(session.range(3).write.bucketBy(4, 'idd').saveAsTable('t'))).toBe(
      'COLUMN_NOT_DEFINED_IN_TABLE',
    );
    expect(await codeOf(write.bucketBy(4, 'id').sortBy('nme').saveAsTable('t'))).toBe('COLUMN_NOT_DEFINED_IN_TABLE');
    const parted = write.partitionBy('part');
    expect(await codeOf(parted.bucketBy(4, 'part').saveAsTable('t'))).toBe('_LEGACY_ERROR_TEMP_1166');
    expect(await codeOf(parted.bucketBy(4, 'id').sortBy('part').saveAsTable('t'))).toBe('_LEGACY_ERROR_TEMP_1167');
    expect(await codeOf(write.bucketBy(4, 'id', 'id').saveAsTable('t'))).toBe('COLUMN_ALREADY_EXISTS');
    expect(await codeOf(write.format('delta').bucketBy(4, 'id').saveAsTable('t'))).toBe(
      'UNSUPPORTED_FEATURE.TABLE_OPERATION',
    );
    expect(session.catalog.tableExists('t')).toBe(false);
    await write.bucketBy(4, 'id').saveAsTable('t');
    const other = write.mode('append').bucketBy(8, 'id').saveAsTable('t');
    expect(await codeOf(other)).toBe('_LEGACY_ERROR_TEMP_1164');
  });
});

describe('CLUSTERED BY', () => {
  test('makes buckets of what is inserted', async () => {
    await session.execute(
      'CREATE TABLE t (id BIGINT, k BIGINT) USING parquet CLUSTERED BY (ID) SORTED BY (k ASC) INTO 3 BUCKETS',
    );
    expect(await session.table('t').count()).toBe(0);
    rows().createOrReplaceTempView('given');
    await session.execute('INSERT INTO t SELECT id, k FROM given');
    await session.execute('INSERT INTO t (k, id) VALUES (1, 5000), (null, 5001)');
    for (const found of (await byFile('pmod(hash(id), 3)')).values()) {
      expect(isSorted(found.map((row) => row.k))).toBe(true);
    }
    expect(await session.table('t').count()).toBe(1002);
    await session.execute('INSERT OVERWRITE t SELECT id, k FROM given LIMIT 0');
    expect(await session.table('t').count()).toBe(0);
  });

  test('makes buckets of what a query gives, of partitions and of tables made alike', async () => {
    rows().createOrReplaceTempView('given');
    await session.execute(
      'CREATE TABLE t PARTITIONED BY (part) CLUSTERED BY (name, k) INTO 2 BUCKETS AS SELECT * FROM given',
    );
    await byFile('pmod(hash(name, k), 2)');
    await session.execute('INSERT OVERWRITE t PARTITION (part = 1) SELECT id, name, k FROM given WHERE k < 10');
    await byFile('pmod(hash(name, k), 2)');
    await session.execute('CREATE OR REPLACE TABLE u LIKE t');
    const [created] = await session.sql('SHOW CREATE TABLE u').collect();
    expect(Object.values(created ?? {})[0]).toContain(
      'PARTITIONED BY (part)\nCLUSTERED BY (name, k)\nINTO 2 BUCKETS\n',
    );
    await session.execute('INSERT INTO u SELECT * FROM t');
    expect(readdirSync(join(warehouse, 'u')).filter((name) => name.startsWith('part='))).toHaveLength(3);
    await session.execute('DROP TABLE u');
  });

  test('says what is wrong', async () => {
    const make = (clauses: string) => codeOf(session.execute(`CREATE TABLE t (a INT, b INT) USING parquet ${clauses}`));
    expect(await make('CLUSTERED BY (a) INTO 0 BUCKETS')).toBe('INVALID_BUCKET_COUNT');
    expect(await make('CLUSTERED BY (c) INTO 2 BUCKETS')).toBe('COLUMN_NOT_DEFINED_IN_TABLE');
    expect(await make('CLUSTERED BY (a) SORTED BY (c) INTO 2 BUCKETS')).toBe('COLUMN_NOT_DEFINED_IN_TABLE');
    expect(await make('CLUSTERED BY (a) SORTED BY (b DESC) INTO 2 BUCKETS')).toBe('_LEGACY_ERROR_TEMP_0035');
    expect(await make('PARTITIONED BY (a) CLUSTERED BY (a) INTO 2 BUCKETS')).toBe('_LEGACY_ERROR_TEMP_1166');
    expect(await make('CLUSTERED BY (a) INTO 2')).toBe('PARSE_SYNTAX_ERROR');
    expect(await make('CLUSTERED BY (a)')).toBe('PARSE_SYNTAX_ERROR');
  });
});
