import { col, fn, Session, udf } from 'sparrow-df';
import { expect, test } from 'vitest';

// What a new session shares and what it has of its own is said in Spark's documentation of SparkSession.newSession.
test('a session beside another has its own views, settings, variables and functions, on the same engine', async () => {
  await using session = await Session.create({ timeZone: 'Europe/Berlin' });
  session.range(3).createOrReplaceTempView('mine');
  session.range(5).createOrReplaceGlobalTempView('ours');
  session.udf.register(
    'twice',
    udf((x: number) => x * 2, { args: ['int'], returns: 'int' }),
  );
  await session.execute('DECLARE VARIABLE v INT DEFAULT 7');
  session.conf.set('spark.sql.ansi.enabled', 'false');

  const other = session.newSession();
  expect(other.conf.get('spark.sql.session.timeZone')).toBe('Europe/Berlin');
  expect(other.conf.get('spark.sql.ansi.enabled')).toBe('true');
  await expect(other.table('mine').count()).rejects.toThrow('TABLE_OR_VIEW_NOT_FOUND');
  await expect(other.sql('SELECT twice(1)').collect()).rejects.toThrow('UNRESOLVED_ROUTINE');
  await expect(other.sql('SELECT v').collect()).rejects.toThrow('UNRESOLVED_COLUMN');
  expect(await other.table('global_temp.ours').count()).toBe(5);

  other.range(1).createOrReplaceTempView('mine');
  expect([await other.table('mine').count(), await session.table('mine').count()]).toEqual([1, 3]);
  await other.execute('DECLARE VARIABLE v INT DEFAULT 8');
  expect([await session.sql('SELECT v').collect(), await other.sql('SELECT v').collect()]).toEqual([
    [{ v: 7 }],
    [{ v: 8 }],
  ]);

  await other.stop();
  await expect(other.range(1).count()).rejects.toThrow('SESSION_CLOSED');
  expect(await session.range(2).count()).toBe(2);
});

test('what was cached in one session is there for the other, and both end with the first', async () => {
  const session = await Session.create();
  const other = session.newSession();
  const frame = session.range(10).filter(col('id').gt(3)).cache();
  expect(await frame.count()).toBe(6);
  expect(await other.range(4).agg(fn.sum('id').as('s')).collect()).toEqual([{ s: 6 }]);
  await session.stop();
  await expect(other.range(1).count()).rejects.toThrow('SESSION_CLOSED');
});
