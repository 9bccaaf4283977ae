import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { col, type DataFrame, fn, lit, Session, t, udf } from 'sparrow-df';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

// A frame that is built anew may be run by the plan of one that was built alike: never where it would mean another thing.
let session: Session;
let people: DataFrame;
const rows = [
  { id: 1, name: 'Ada', age: 36 },
  { id: 2, name: 'Grace', age: 45 },
  { id: 3, name: 'Edsger', age: 72 },
];

beforeAll(async () => {
  session = await Session.create({ workers: 1, memory: '256MB' });
});
afterAll(() => session.stop());
beforeEach(() => {
  people = session.createDataFrame(rows);
});

const names = async (frame: DataFrame): Promise<unknown[]> =>
  (await frame.orderBy('id').collect()).map((row) => (row as { name: unknown }).name);

describe('frames built alike', () => {
  test('differ by their constants, columns and names', async () => {
    const over = (age: number): DataFrame => people.filter(col('age').gt(age));
    for (let again = 0; again < 2; again++) {
      expect(await names(over(40))).toEqual(['Grace', 'Edsger']);
      expect(await names(over(50))).toEqual(['Edsger']);
      expect(await people.select(col('age').as('years')).limit(1).collect()).toEqual([{ years: 36 }]);
      expect(await people.select(col('age').as('jahre')).limit(1).collect()).toEqual([{ jahre: 36 }]);
      expect(await people.select(lit(0).as('z')).limit(1).collect()).toEqual([{ z: 0 }]);
      expect(await people.select(lit(-0.5).as('z')).limit(1).collect()).toEqual([{ z: -0.5 }]);
    }
  });

  test('differ by the rows they are over', async () => {
    const others = session.createDataFrame([{ id: 9, name: 'Alan', age: 41 }]);
    for (let again = 0; again < 2; again++) {
      expect(await names(people.filter('age > 40'))).toEqual(['Grace', 'Edsger']);
      expect(await names(others.filter('age > 40'))).toEqual(['Alan']);
    }
  });

  test('differ by which side of a join a column is taken from', async () => {
    for (let again = 0; again < 2; again++) {
      const [left, right] = [people.filter('age < 50'), people.filter('age > 40')];
      const joined = left.join(right, left.col('id').eq(right.col('id')), 'left');
      expect((await joined.orderBy(left.col('id')).select(right.col('name')).collect()).length).toBe(2);
      expect(await joined.filter(right.col('id').isNull()).select(left.col('name')).collect()).toEqual([
        { name: 'Ada' },
      ]);
      expect(await joined.filter(left.col('id').isNull()).select(left.col('name')).collect()).toEqual([]);
    }
  });

  test('see what a cached frame holds', async () => {
    const cached = people.filter('age > 40').cache();
    for (let again = 0; again < 3; again++) expect(await cached.filter('age < 60').count()).toBe(1);
    await cached.unpersist();
    expect(await cached.filter('age < 60').count()).toBe(1);
  });

  test('see settings as they are', async () => {
    const ask = (): Promise<unknown[]> =>
      session.sql("SELECT try_cast('x' AS int) AS a, date_format(timestamp_seconds(0), 'HH') AS h").collect();
    expect(await ask()).toEqual([{ a: null, h: '00' }]);
    session.conf.set('spark.sql.session.timeZone', '+03:00');
    expect(await ask()).toEqual([{ a: null, h: '03' }]);
    session.conf.set('spark.sql.session.timeZone', 'UTC');
    const cast = (): Promise<unknown[]> => people.limit(1).select(col('name').cast(t.int32).as('n')).collect();
    await expect(cast()).rejects.toMatchObject({ code: 'CAST_INVALID_INPUT' });
    session.conf.set('spark.sql.ansi.enabled', 'false');
    expect(await cast()).toEqual([{ n: null }]);
    session.conf.set('spark.sql.ansi.enabled', 'true');
    await expect(cast()).rejects.toMatchObject({ code: 'CAST_INVALID_INPUT' });
  });
});

describe('what names mean', () => {
  test('a view that is replaced', async () => {
    const ask = (): Promise<unknown[]> => session.sql('SELECT name FROM who WHERE id < 3 ORDER BY id').collect();
    people.createOrReplaceTempView('who');
    expect(await ask()).toEqual([{ name: 'Ada' }, { name: 'Grace' }]);
    session.createDataFrame([{ id: 1, name: 'Alan' }]).createOrReplaceTempView('who');
    expect(await ask()).toEqual([{ name: 'Alan' }]);
    expect(await session.table('who').select('name').collect()).toEqual([{ name: 'Alan' }]);
    people.createOrReplaceTempView('who');
    expect(await session.table('who').select('name').count()).toBe(3);
  });

  test('a function that is registered anew', async () => {
    const ask = (): Promise<unknown[]> => people.limit(1).selectExpr('bump(age) AS a').collect();
    const add = (n: number) => udf((x: number) => x + n, { args: [t.int64], returns: t.int64 });
    session.udf.register('bump', add(1));
    expect(await ask()).toEqual([{ a: 37 }]);
    session.udf.register('bump', add(2));
    expect(await ask()).toEqual([{ a: 38 }]);
  });

  test('a table that is written anew', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sparrow-plans-'));
    try {
      const ask = (): Promise<number> => session.read.parquet(join(folder, 'p')).filter('age > 40').count();
      await people.write.parquet(join(folder, 'p'));
      expect(await ask()).toBe(2);
      await people.filter('age > 50').write.mode('overwrite').parquet(join(folder, 'p'));
      expect(await ask()).toBe(1);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('values of a pivot', async () => {
    const sums = (data: { k: string; v: number }[]): Promise<object[]> =>
      session.createDataFrame(data).groupBy().pivot('k').agg(fn.sum('v')).collect();
    expect(await sums([{ k: 'a', v: 1 }])).toEqual([{ a: 1 }]);
    expect(await sums([{ k: 'b', v: 2 }])).toEqual([{ b: 2 }]);
  });

  test('a scalar subquery', async () => {
    const oldest = (than: number) => people.filter(col('age').lt(than)).agg(fn.max('age').as('m')).scalar();
    for (let again = 0; again < 2; again++) {
      expect(await names(people.filter(col('age').eq(oldest(50))))).toEqual(['Grace']);
      expect(await names(people.filter(col('age').eq(oldest(100))))).toEqual(['Edsger']);
    }
  });

  test('the clock', async () => {
    const now = async (): Promise<unknown[]> => {
      const row = await people.limit(1).selectExpr('current_time(6) AS t', 'current_timestamp() AS s').collect();
      return Object.values(row[0] as object);
    };
    const [[time, stamp], _, [later, after]] = [
      await now(),
      await new Promise((done) => setTimeout(done, 5)),
      await now(),
    ] as [unknown[], unknown, unknown[]];
    expect(later).not.toEqual(time);
    expect(after).not.toEqual(stamp);
  });

  test('random numbers', async () => {
    const draw = async (): Promise<unknown> => (await people.limit(1).select(fn.rand().as('r')).collect())[0];
    expect(await draw()).not.toEqual(await draw());
  });

  // The last: a session that had variables does not take names for granted any more.
  test('a variable that is set', async () => {
    const ask = (): Promise<unknown[]> =>
      people
        .filter(col('age').gt(col('least')))
        .select('name')
        .collect();
    await session.execute('DECLARE VARIABLE least INT DEFAULT 50');
    expect(await ask()).toEqual([{ name: 'Edsger' }]);
    await session.execute('SET VAR least = 80');
    expect(await ask()).toEqual([]);
    await session.execute('DROP TEMPORARY VARIABLE least');
    await expect(ask()).rejects.toMatchObject({ code: 'UNRESOLVED_COLUMN' });
  });
});
