import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { col, type DefaultValues, fn, lit, Session, StorageLevel, t, Window, when } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

// The API over the real engine, by the package's own name.
let session: Session<DefaultValues>;
const folder = mkdtempSync(join(tmpdir(), 'sparrow-api-'));
beforeAll(async () => {
  session = await Session.create({ workers: 2, memory: '512MB' });
});
afterAll(async () => {
  await session.stop();
  rmSync(folder, { recursive: true, force: true });
});

const people = () =>
  session.createDataFrame(
    [
      { name: 'Ada', age: 36, city: 'London' },
      { name: 'Bo', age: 5, city: 'Oslo' },
      { name: 'Cy', age: null, city: 'Oslo' },
      { name: 'Di', age: 51, city: null },
    ],
    { name: t.notNull(t.string), age: t.int32, city: t.string },
  );

describe('queries', () => {
  test('select, filter, withColumn', async () => {
    const rows = await people()
      .withColumn('next', ($) => $.age.add(1))
      .filter(col('age').gt(10).or(col('age').isNull()))
      .select('name', 'next', when(col('age').gt(40), 'old').otherwise('young').as('is'))
      .orderBy('name')
      .collect();
    expect(rows).toEqual([
      { name: 'Ada', next: 37, is: 'young' },
      { name: 'Cy', next: null, is: 'young' },
      { name: 'Di', next: 52, is: 'old' },
    ]);
  });

  test('conditions as SQL text', async () => {
    const rows = await people().filter("age > 10 AND city = 'London'").selectExpr('upper(name) AS n').collect();
    expect(rows).toEqual([{ n: 'ADA' }]);
  });

  test('groupBy and agg', async () => {
    const rows = await people()
      .groupBy('city')
      .agg(fn.count().as('n'), fn.avg('age').as('mean'), fn.max('name').as('last'))
      .orderBy('city')
      .collect();
    expect(rows).toEqual([
      { city: null, n: 1, mean: 51, last: 'Di' },
      { city: 'London', n: 1, mean: 36, last: 'Ada' },
      { city: 'Oslo', n: 2, mean: 5, last: 'Cy' },
    ]);
    expect(await people().groupBy('city').agg({ age: 'sum', '*': 'count' }).columns()).toEqual([
      'city',
      'sum(age)',
      'count(1)',
    ]);
    expect(await people().agg(fn.countDistinct('city').as('n')).first()).toEqual({ n: 2 });
  });

  test('joins', async () => {
    const cities = session.createDataFrame({ city: ['Oslo', 'Rome'], land: ['NO', 'IT'] });
    const rows = await people().select('name', 'city').join(cities, 'city', 'left').orderBy('name').collect();
    expect(rows).toEqual([
      { city: 'London', name: 'Ada', land: null },
      { city: 'Oslo', name: 'Bo', land: 'NO' },
      { city: 'Oslo', name: 'Cy', land: 'NO' },
      { city: null, name: 'Di', land: null },
    ]);
    const pairs = await people()
      .select('name')
      .join(people().select(col('name').as('other')), (a, b) => a.name.lt(b.other))
      .count();
    expect(pairs).toBe(6);
    const same = people().select('name', 'age');
    const older = same.join(same, (a, b) => a.age.lt(b.age)).count();
    expect(await older).toBe(3);
    const anti = people().join(cities, 'city', 'left_anti').select('name').orderBy('name');
    expect(await anti.collect()).toEqual([{ name: 'Ada' }, { name: 'Di' }]);
  });

  test('windows', async () => {
    const byCity = Window.partitionBy('city').orderBy(col('name').desc());
    const rows = await people().select('name', fn.rowNumber().over(byCity).as('n')).orderBy('name').collect();
    expect(rows.map((row) => row.n)).toEqual([1, 2, 1, 1]);
  });

  test('union, distinct, drop, rename, sort and limit', async () => {
    const names = people()
      .select('name')
      .union(people().select('name'))
      .distinct()
      .orderBy(col('name').desc())
      .limit(2);
    expect(await names.collect()).toEqual([{ name: 'Di' }, { name: 'Cy' }]);
    const one = people()
      .drop('age')
      .withColumnRenamed('city', 'town')
      .unionByName(session.createDataFrame([{ name: 'Ed' }]), { allowMissingColumns: true });
    expect(await one.tail(1)).toEqual([{ name: 'Ed', town: null }]);
    expect(await people().orderBy('name').offset(3).collect()).toHaveLength(1);
  });
});

test('views are tables by name', async () => {
  people().createOrReplaceTempView('People');
  expect(await session.table('people').filter(col('age').lt(10)).select('name').collect()).toEqual([{ name: 'Bo' }]);
  await expect(session.table('peopel').collect()).rejects.toThrow(/TABLE_OR_VIEW_NOT_FOUND.*people/);
  expect(session.dropTempView('People')).toBe(true);
});

describe('actions', () => {
  test('count, isEmpty, take, head, iteration', async () => {
    const range = session.range(200_000);
    expect(await range.count()).toBe(200_000);
    expect(await range.isEmpty()).toBe(false);
    expect(await range.filter(col('id').lt(0)).isEmpty()).toBe(true);
    expect(await range.take(2)).toEqual([{ id: 0 }, { id: 1 }]);
    expect(await range.filter(col('id').lt(0)).first()).toBeNull();
    let sum = 0;
    for await (const row of range) sum += row.id;
    expect(sum).toBe((200_000 * 199_999) / 2);
  });

  test('leaving an iteration early frees the query, and the session goes on', async () => {
    for await (const row of session.range(5_000_000)) if (row.id === 3) break;
    expect(await session.range(3).count()).toBe(3);
  });

  test('show', async () => {
    expect(await people().select('name', 'age').orderBy('name').showString(3)).toBe(
      '+----+----+\n|name| age|\n+----+----+\n| Ada|  36|\n|  Bo|   5|\n|  Cy|NULL|\n+----+----+\nonly showing top 3 rows\n',
    );
  });

  test('toArrow and batches', async () => {
    const table = await session.range(100_000).withColumn('s', col('id').cast('string')).toArrow();
    expect(table.numRows).toBe(100_000);
    expect(table.getChild('id')?.get(99_999)).toBe(99_999n);
    expect(table.getChild('s')?.get(70_000)).toBe('70000');
    let rows = 0;
    for await (const batch of session.range(100_000).batches()) rows += batch.numRows;
    expect(rows).toBe(100_000);
    const back = await session.createDataFrame(table);
    expect(await back.filter(col('s').eq('77')).collect()).toEqual([{ id: 77, s: '77' }]);
  });

  test('cache and unpersist', async () => {
    const frame = session.range(1000).filter(col('id').mod(2).eq(0)).persist(StorageLevel.MEMORY_ONLY);
    expect(await frame.count()).toBe(500);
    expect(await frame.agg(fn.sum('id').as('s')).first()).toEqual({ s: 249_500 });
    await frame.unpersist();
    expect(await frame.count()).toBe(500);
  });

  test('an aborted query ends with OPERATION_CANCELED', async () => {
    const controller = new AbortController();
    const heavy = session.range(300_000_000).agg(fn.sum(col('id').mod(7)).as('s'));
    setTimeout(() => controller.abort(), 50);
    await expect(heavy.collect({ signal: controller.signal })).rejects.toMatchObject({ code: 'OPERATION_CANCELED' });
    expect(await session.range(2).count()).toBe(2);
  });

  test('write and read back', async () => {
    const path = join(folder, 'people');
    await people().write.parquet(path);
    expect(readdirSync(path).some((file) => file.endsWith('.parquet'))).toBe(true);
    expect(await session.read.parquet(path).orderBy('name').collect()).toEqual(
      await people().orderBy('name').collect(),
    );
    await expect(people().write.parquet(path)).rejects.toMatchObject({ code: 'PATH_ALREADY_EXISTS' });
  });
});

describe('mistakes found when the query is planned', () => {
  test('a wrong name is answered with the nearest ones', async () => {
    const open = people().as<{ nmae: string }>();
    await expect(open.select('nmae').collect()).rejects.toMatchObject({
      code: expect.stringMatching(/^UNRESOLVED_COLUMN/),
      candidates: expect.arrayContaining([expect.stringContaining('name')]),
    });
  });

  test('errors of values name the place', async () => {
    await expect(
      session
        .range(3)
        .select(lit(1).div(col('id')).as('x'))
        .collect(),
    ).rejects.toMatchObject({
      code: 'DIVIDE_BY_ZERO',
    });
    await expect(people().select(col('name').cast('int').as('x')).collect()).rejects.toMatchObject({
      code: 'CAST_INVALID_INPUT',
    });
  });
});

test('values follow the session options', async () => {
  await using other = await Session.create({
    workers: 1,
    memory: '256MB',
    int64: 'bigint',
    decimal: 'number',
    date: 'string',
    timestamp: 'micros',
  });
  const frame = other.createDataFrame([{ id: 2n ** 60n, price: '1.50', day: '2024-02-29', at: new Date(1) }], {
    id: t.int64,
    price: t.decimal(5, 2),
    day: t.date,
    at: t.timestamp,
  });
  expect(await frame.collect()).toEqual([{ id: 2n ** 60n, price: 1.5, day: '2024-02-29', at: 1000n }]);
});
