import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DefaultValues, Session } from 'sparrow-df';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

let session: Session<DefaultValues>;
const folder = mkdtempSync(join(tmpdir(), 'sparrow-changes-'));
beforeAll(async () => {
  session = await Session.create({ workers: 1, memory: '256MB', config: { 'spark.sql.warehouse.dir': folder } });
});
afterAll(async () => {
  await session.stop();
  rmSync(folder, { recursive: true, force: true });
});

const rows = async (text: string): Promise<unknown[][]> =>
  (await session.sql(text).collect()).map((row) => Object.values(row as object));

describe('rows of Delta tables', () => {
  beforeEach(async () => {
    await session.execute(`
      DROP TABLE IF EXISTS people;
      CREATE TABLE people (id INT, name STRING, age INT) USING delta;
      INSERT INTO people VALUES (1, 'Ada', 36), (2, 'Max', NULL), (3, 'Eva', 20)`);
  });
  const people = () => rows('SELECT * FROM people ORDER BY id');

  test('DELETE removes those for which the condition is true, not those where it is unknown', async () => {
    await session.execute('DELETE FROM people AS p WHERE p.age > 30');
    expect(await people()).toEqual([
      [2, 'Max', null],
      [3, 'Eva', 20],
    ]);
    await session.execute('DELETE FROM people WHERE id IN (SELECT col1 FROM VALUES (3), (4))');
    expect(await people()).toEqual([[2, 'Max', null]]);
    await session.execute('DELETE FROM people');
    expect(await people()).toEqual([]);
  });

  test('UPDATE computes every value from the row as it was', async () => {
    await session.execute(
      "UPDATE people SET age = coalesce(age, 0) + 1, people.name = upper(name) WHERE name <> 'Eva'",
    );
    expect(await people()).toEqual([
      [1, 'ADA', 37],
      [2, 'MAX', 1],
      [3, 'Eva', 20],
    ]);
    await session.sql('UPDATE people SET age = :age WHERE id = :id', { age: 5, id: 3 }).collect();
    expect((await people())[2]).toEqual([3, 'Eva', 5]);
  });

  test('MERGE takes the first clause that applies', async () => {
    await session.execute(`
      WITH news(id, name, age) AS (VALUES (1, 'Ada L.', 37), (3, 'gone', 0), (4, 'Kim', 9), (5, 'young', 1))
      MERGE INTO people t USING news AS s ON t.id = s.id
      WHEN MATCHED AND s.name = 'gone' THEN DELETE
      WHEN MATCHED THEN UPDATE SET *
      WHEN NOT MATCHED AND s.age > 5 THEN INSERT (id, name) VALUES (s.id, upper(s.name))
      WHEN NOT MATCHED BY SOURCE AND t.age IS NULL THEN UPDATE SET age = -1`);
    expect(await people()).toEqual([
      [1, 'Ada L.', 37],
      [2, 'Max', -1],
      [4, 'KIM', null],
    ]);
  });

  test('MERGE INSERT * of a subquery, into a table by its path', async () => {
    const path = join(folder, 'people');
    await session.execute(`
      MERGE INTO delta.\`${path}\` t USING (SELECT 9 AS id, 'Zoe' AS name, 1 AS age) s ON t.id = s.id
      WHEN NOT MATCHED BY TARGET THEN INSERT *`);
    expect(await rows(`SELECT name FROM delta.\`${path}\` WHERE id = 9`)).toEqual([['Zoe']]);
  });

  test('CREATE OR REPLACE TABLE AS SELECT makes other columns of it', async () => {
    await session.execute('CREATE OR REPLACE TABLE people USING delta AS SELECT 1 AS x');
    expect(await rows('SELECT * FROM people')).toEqual([[1]]);
  });

  test('INSERT OVERWRITE of one partition', async () => {
    await session.execute(`
      CREATE OR REPLACE TABLE sales (n INT, year INT) USING delta PARTITIONED BY (year);
      INSERT INTO sales VALUES (1, 2023), (2, 2024);
      INSERT OVERWRITE sales PARTITION (year = 2024) SELECT 7`);
    expect(await rows('SELECT n, year FROM sales ORDER BY n')).toEqual([
      [1, 2023],
      [7, 2024],
    ]);
  });
});

test('rows of other tables cannot be changed', async () => {
  await session.execute('CREATE OR REPLACE TABLE plain (id INT) USING parquet; INSERT INTO plain VALUES (1)');
  for (const text of ['DELETE FROM plain', 'UPDATE plain SET id = 2']) {
    await expect(session.execute(text)).rejects.toMatchObject({ code: 'UNSUPPORTED_FEATURE.TABLE_OPERATION' });
  }
});

describe('INSERT OVERWRITE of partitions of files', () => {
  const year = () => rows('SELECT n, year, month FROM months ORDER BY n');
  beforeEach(async () => {
    await session.execute(`
      DROP TABLE IF EXISTS months;
      CREATE TABLE months (n INT, year INT, month INT) USING parquet PARTITIONED BY (year, month);
      INSERT INTO months VALUES (1, 2023, 1), (2, 2024, 1), (3, 2024, 2)`);
  });

  test('replaces the partition that is named, also by nothing', async () => {
    await session.execute('INSERT OVERWRITE months PARTITION (year = 2024, month) VALUES (9, 3)');
    expect(await year()).toEqual([
      [1, 2023, 1],
      [9, 2024, 3],
    ]);
    await session.execute('INSERT OVERWRITE months PARTITION (year = 2024, month = 3) SELECT 1 WHERE false');
    expect(await year()).toEqual([[1, 2023, 1]]);
    expect(
      readdirSync(join(folder, 'months'))
        .filter((name) => !/^[._]/.test(name))
        .sort(),
    ).toContain('year=2023');
  });

  test('in dynamic mode those that rows go to', async () => {
    session.conf.set('spark.sql.sources.partitionOverwriteMode', 'dynamic');
    try {
      await session.execute('INSERT OVERWRITE months VALUES (9, 2024, 2)');
    } finally {
      session.conf.unset('spark.sql.sources.partitionOverwriteMode');
    }
    expect(await year()).toEqual([
      [1, 2023, 1],
      [2, 2024, 1],
      [9, 2024, 2],
    ]);
  });
});

test('files are tables by their format and path', async () => {
  const path = join(folder, 'numbers');
  await session.range(3).write.parquet(path);
  expect(await rows(`SELECT sum(id) AS s FROM parquet.\`${path}\``)).toEqual([[3]]);
});

// What Spark 4.3 has in the table.
test('DEFAULT stands for the default of its column', async () => {
  await session.execute(`
    CREATE TABLE given (id INT, name STRING DEFAULT 'none', d DECIMAL(10,2)) USING parquet;
    INSERT INTO given VALUES (4, DEFAULT, DEFAULT);
    INSERT INTO given VALUES (5, DEFAULT, 1), (6, 'x', DEFAULT);
    INSERT INTO given (id, name) VALUES (5, DEFAULT), (6, 'x');
    INSERT INTO given SELECT id, DEFAULT, 1 FROM range(2)`);
  expect(await rows('SELECT * FROM given ORDER BY id, name, d')).toEqual([
    [0, 'none', '1.00'],
    [1, 'none', '1.00'],
    [4, 'none', null],
    [5, 'none', null],
    [5, 'none', '1.00'],
    [6, 'x', null],
    [6, 'x', null],
  ]);
  await session.execute('DROP TABLE given');
});
