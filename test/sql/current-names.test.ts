import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Session } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

// Each answer is what PySpark 4.0.1 and 4.3.0 give for the same statements in the same order.

const warehouse = mkdtempSync(join(tmpdir(), 'sparrow-current-'));
let session: Session;

beforeAll(async () => {
  session = await Session.create({ workers: 1, config: { 'spark.sql.warehouse.dir': warehouse } });
});
afterAll(async () => {
  await session.stop();
  rmSync(warehouse, { recursive: true, force: true });
});

const rows = async (text: string) => (await session.sql(text).collect()).map((row) => Object.values(row));
const names = async (text: string) => (await session.sql(text).schema()).fieldNames();

describe('the current database', () => {
  test('USE is what current_database() and names without a database mean', async () => {
    for (const text of ['CREATE DATABASE D1', 'CREATE DATABASE d2', 'USE D1', 'CREATE TABLE T1 (a INT)'])
      await session.sql(text).collect();
    const view = session.sql('SELECT current_database() AS d');
    view.createOrReplaceTempView('tv');
    expect(await rows('SELECT current_database(), current_schema() AS s FROM tv WHERE d = current_schema()')).toEqual([
      ['D1', 'D1'],
    ]);
    expect(session.catalog.currentDatabase()).toBe('D1');
    expect(await names('SELECT current_schema()')).toEqual(['current_schema()']);
    expect(await rows('SHOW TABLES')).toEqual([
      ['d1', 't1', false],
      ['', 'tv', true],
    ]);
    expect(await rows('SHOW CURRENT NAMESPACE')).toEqual([['spark_catalog', 'D1']]);
    await session.sql('INSERT INTO t1 VALUES (1)').collect();
    expect(await rows('SELECT * FROM spark_catalog.d1.t1')).toEqual([[1]]);
    await session.sql('USE spark_catalog').collect();
    expect(await rows('SELECT d FROM tv')).toEqual([['D1']]);
    await session.sql('USE spark_catalog.d2').collect();
    expect(await rows('SELECT d FROM tv')).toEqual([['d2']]);
    expect(await view.collect()).toEqual([{ d: 'd2' }]);
    session.catalog.setCurrentDatabase('default');
    expect(await rows('SELECT d FROM tv')).toEqual([['default']]);
    expect(await rows('SHOW DATABASES')).toEqual([['d1'], ['d2'], ['default']]);
  });

  test('tables and cached plans of one text are those of the database at the time', async () => {
    const count = 'SELECT current_schema() AS d, count(*) AS n FROM x';
    for (const database of ['d1', 'd2']) {
      await session.sql(`USE ${database}`).collect();
      await session.sql('CREATE TABLE x AS SELECT id FROM range(3)').collect();
      if (database === 'd2') await session.sql('INSERT INTO x VALUES (9)').collect();
      expect(await rows(count)).toEqual([[database, database === 'd1' ? 3 : 4]]);
    }
    await session.sql('USE d1').collect();
    expect(await rows(count)).toEqual([['d1', 3]]);
    const other = session.newSession();
    expect(await other.sql('SELECT current_schema() AS d').collect()).toEqual([{ d: 'default' }]);
    expect(await rows('BEGIN USE d2; SELECT current_schema(); END')).toEqual([['d2']]);
    await session.sql('USE default').collect();
  });

  test('a database that is dropped stays the current one', async () => {
    for (const text of ['CREATE DATABASE gone', 'USE gone', 'DROP DATABASE gone']) await session.sql(text).collect();
    expect(await rows('SELECT current_database()')).toEqual([['gone']]);
    await expect(session.sql('SHOW TABLES').collect()).rejects.toMatchObject({ code: 'SCHEMA_NOT_FOUND' });
    await expect(session.sql('CREATE TABLE y (a INT)').collect()).rejects.toMatchObject({ code: 'SCHEMA_NOT_FOUND' });
    await session.sql('USE default').collect();
  });

  test.each([
    ['USE nosuch', 'SCHEMA_NOT_FOUND'],
    ['USE nosuch.d1', 'SCHEMA_NOT_FOUND'],
    ['USE DATABASE spark_catalog', 'SCHEMA_NOT_FOUND'],
    ['USE global_temp', '_LEGACY_ERROR_TEMP_1068'],
    ['SET CATALOG nosuch', 'CATALOG_NOT_FOUND'],
    ['DROP DATABASE default', 'UNSUPPORTED_FEATURE.DROP_DATABASE'],
  ])('%s', async (text, code) => {
    await expect(session.sql(text).collect()).rejects.toMatchObject({ condition: code });
  });
});

describe('functions without parentheses', () => {
  test.each([
    ['SELECT user, session_user, current_user', ['current_user()', 'current_user()', 'current_user()']],
    ['SELECT user(), session_user(), current_user()', ['user()', 'session_user()', 'current_user()']],
    ['SELECT `user`, `current_date`', ['current_user()', 'current_date()']],
    ['SELECT user AS u, u = user FROM VALUES (1) AS t(x)', ['u', '(lateralAliasReference(u) = current_user())']],
    ['SELECT 1 AS user, user', ['user', 'current_user()']],
    ['SELECT user, max(x) FROM VALUES (1) AS t(x) GROUP BY user', ['current_user()', 'max(x)']],
  ])('%s', async (text, expected) => {
    expect(await names(text)).toEqual(expected);
  });

  test('columns and parameters of lambda functions hide them; variables, aliases and outer columns do not', async () => {
    const [[own]] = (await rows('SELECT current_user()')) as [[string]];
    expect(await rows('SELECT user, current_date FROM VALUES (1, 2) AS t(user, current_date)')).toEqual([[1, 2]]);
    expect(
      await rows('SELECT localtimestamp, current_time FROM VALUES (1, 2) AS t(localtimestamp, current_time)'),
    ).toEqual([[1, 2]]);
    expect(await rows('SELECT transform(array(1), current_date -> current_date + 1)')).toEqual([[[2]]]);
    expect(await rows('SELECT transform(array(1), x -> user)')).toEqual([[[own]]]);
    expect(await rows("SELECT (SELECT user) FROM VALUES ('q') AS t(user)")).toEqual([[own]]);
    await session.sql("DECLARE VARIABLE user STRING DEFAULT 'own'").collect();
    expect(await rows('SELECT user')).toEqual([[own]]);
    await session.sql('DROP TEMPORARY VARIABLE user').collect();
    expect(await rows("SELECT x FROM VALUES (user) AS t(x) WHERE current_date > DATE'2020-01-01'")).toEqual([[own]]);
  });

  test.each(['current_schema', 'current_database', 'current_catalog', 'current_timezone', 'now'])(
    '%s is a column',
    async (name) => {
      await expect(session.sql(`SELECT ${name}`).collect()).rejects.toMatchObject({
        condition: 'UNRESOLVED_COLUMN.WITHOUT_SUGGESTION',
      });
    },
  );
});
