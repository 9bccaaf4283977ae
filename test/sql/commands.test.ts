import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DefaultValues, Session } from 'sparrow-df';
import { afterAll, beforeAll, expect, test } from 'vitest';

const warehouse = mkdtempSync(join(tmpdir(), 'sparrow-warehouse-'));
const start = (): Promise<Session<DefaultValues>> =>
  Session.create({ workers: 1, memory: '256MB', config: { 'spark.sql.warehouse.dir': warehouse } });
let session: Session<DefaultValues>;
beforeAll(async () => {
  session = await start();
});
afterAll(async () => {
  await session.stop();
  rmSync(warehouse, { recursive: true, force: true });
});

const codeOf = (text: string): Promise<unknown> =>
  session.execute(text).then(
    () => undefined,
    (error: unknown) => (error as { code: unknown }).code,
  );

test('views: temporary, global and permanent', async () => {
  await session.execute('CREATE TEMP VIEW v AS SELECT 1 AS a; CREATE OR REPLACE TEMP VIEW v(b) AS VALUES (2), (3)');
  expect(await session.execute('SELECT sum(b) AS s FROM v')).toEqual([{ s: 5 }]);
  expect(await codeOf('CREATE TEMP VIEW v AS SELECT 1')).toBe('TEMP_TABLE_OR_VIEW_ALREADY_EXISTS');
  expect(await codeOf('CREATE OR REPLACE TEMP VIEW v AS SELECT * FROM v')).toBe('RECURSIVE_VIEW');
  await session.execute('CREATE GLOBAL TEMP VIEW g AS SELECT 7 AS x');
  expect(await session.execute('SELECT x FROM global_temp.g')).toEqual([{ x: 7 }]);
  await session.execute('CREATE VIEW p AS SELECT b + 1 AS c FROM v');
  expect(await session.execute('SELECT max(c) AS m FROM p')).toEqual([{ m: 4 }]);
  await session.execute('DROP VIEW v');
  expect(await codeOf('SELECT * FROM v')).toBe('TABLE_OR_VIEW_NOT_FOUND');
  expect(await codeOf('DROP VIEW v')).toBe('TABLE_OR_VIEW_NOT_FOUND');
});

test('tables are kept in the warehouse, for other sessions, too', async () => {
  await session.execute(`
    CREATE TABLE flights (id INT, city STRING, at DATE) USING parquet;
    INSERT INTO flights VALUES (1, 'Oslo', DATE '2024-01-02'), (2, 'Bonn', NULL);
    INSERT INTO flights (city, id) SELECT 'Rome', 3`);
  const rows = await session.execute('SELECT id, city FROM flights ORDER BY id');
  expect(rows).toEqual([
    { id: 1, city: 'Oslo' },
    { id: 2, city: 'Bonn' },
    { id: 3, city: 'Rome' },
  ]);
  const other = await start();
  expect(await other.table('flights').count()).toBe(3);
  await other.execute("INSERT OVERWRITE flights VALUES (9, 'Ulm', NULL)");
  await other.stop();
  expect(await session.execute('SELECT id FROM flights')).toEqual([{ id: 9 }]);
  expect(await codeOf("INSERT INTO flights VALUES ('x', 'y', NULL)")).toBe(
    'INCOMPATIBLE_DATA_FOR_TABLE.CANNOT_SAFELY_CAST',
  );
  expect(await codeOf('INSERT INTO flights VALUES (1)')).toBe('INSERT_COLUMN_ARITY_MISMATCH.NOT_ENOUGH_DATA_COLUMNS');
  await session.execute('TRUNCATE TABLE flights');
  expect(await session.table('flights').count()).toBe(0);
  await session.execute('DROP TABLE flights');
  expect(await codeOf('DROP TABLE flights')).toBe('TABLE_OR_VIEW_NOT_FOUND');
  expect(await codeOf('DROP TABLE IF EXISTS flights')).toBeUndefined();
});

test('CREATE TABLE AS SELECT, databases and partitions', async () => {
  await session.execute(`
    CREATE DATABASE shop; USE shop;
    CREATE TABLE sales USING parquet PARTITIONED BY (year) AS SELECT 2024 AS year, 5 AS amount UNION ALL SELECT 2025, 7`);
  expect(await session.execute('SELECT amount, year FROM shop.sales ORDER BY year')).toEqual([
    { amount: 5, year: 2024 },
    { amount: 7, year: 2025 },
  ]);
  expect(await session.execute('SHOW TABLES IN shop')).toContainEqual({
    namespace: 'shop',
    tableName: 'sales',
    isTemporary: false,
  });
  expect(await session.execute('DESCRIBE sales')).toMatchObject([
    { col_name: 'amount', data_type: 'int' },
    { col_name: 'year', data_type: 'int' },
    { col_name: '# Partition Information' },
    { col_name: '# col_name' },
    { col_name: 'year' },
  ]);
  expect(await codeOf('DROP DATABASE shop')).toBe('SCHEMA_NOT_EMPTY');
  await session.execute('USE default; DROP DATABASE shop CASCADE');
  expect(await codeOf('USE shop')).toBe('SCHEMA_NOT_FOUND');
});

test('settings and EXPLAIN; a command of a frame runs once', async () => {
  expect(await session.execute('SET spark.sql.ansi.enabled = false')).toEqual([
    { key: 'spark.sql.ansi.enabled', value: 'false' },
  ]);
  expect(await session.execute("SELECT CAST('x' AS INT) AS i")).toEqual([{ i: null }]);
  await session.execute("RESET spark.sql.ansi.enabled; SET TIME ZONE 'Europe/Berlin'");
  expect(session.conf.get('spark.sql.session.timeZone')).toBe('Europe/Berlin');
  await session.execute("SET TIME ZONE INTERVAL '-5:30' HOUR TO MINUTE");
  expect(session.conf.get('spark.sql.session.timeZone')).toBe('-05:30');
  const [plan] = await session.execute('EXPLAIN EXTENDED SELECT 1 AS one');
  expect(plan?.plan).toContain('== Physical Plan ==');
  await session.execute('CREATE TABLE once (a INT) USING parquet');
  const insert = session.sql('INSERT INTO once VALUES (1)');
  await insert.collect();
  await insert.collect();
  expect(await session.table('once').count()).toBe(1);
});
