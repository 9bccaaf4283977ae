import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Session, type SparrowError } from 'sparrow-df';
import { afterAll, expect, test } from 'vitest';

/** Scripts with what Apache Spark of a version gave: rows as text, or the condition of its error. */
type Answer = { schema?: string; rows: (string | null)[][] } | { error: string };
type Case = readonly [spark: string, script: string, answer: Answer];
const cases = JSON.parse(readFileSync(new URL('scripts.json', import.meta.url), 'utf8')) as Case[];

const folder = mkdtempSync(join(tmpdir(), 'sparrow-scripts-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let warehouses = 0;
const start = () =>
  Session.create({
    workers: 1,
    timestamp: 'string',
    date: 'string',
    config: { 'spark.sql.warehouse.dir': join(folder, `${++warehouses}`) },
  });

/** Python's text of a value, which the answers hold. */
function text(value: unknown): string | null {
  if (value === null) return null;
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return Array.isArray(value)
    ? `[${value.map(text).join(', ')}]`
    : String(value)
        .replace('T', ' ')
        .replace(/(\.0+)?Z$/, '');
}

test.each(cases)('Spark %s: %s', async (_, script, answer) => {
  const session = await start();
  try {
    const frame = session.sql(script);
    if ('error' in answer) {
      const error = await frame.collect().then(
        () => undefined,
        (thrown: SparrowError) => thrown,
      );
      const [first] = answer.error.split('.');
      expect([answer.error, first]).toContain(error?.condition);
      return;
    }
    // Columns of one name are read by their place.
    const names = (await frame.columns()).map((_, i) => `c${i}`);
    const rows = names.length === 0 ? [] : await frame.toDF(...names).collect();
    expect(rows.map((row) => Object.values(row).map(text))).toEqual(answer.rows);
    if (answer.schema !== undefined) expect((await frame.schema()).simpleString()).toBe(answer.schema);
  } finally {
    await session.stop();
  }
});

test('several statements, scripts among them, are run one after the other', async () => {
  const session = await start();
  const rows = await session.execute(`
    CREATE TABLE log (n INT) USING parquet;
    BEGIN
      DECLARE n INT DEFAULT 0;
      one: WHILE n < 5 DO
        SET n = n + 1;
        IF CASE WHEN n = 2 THEN true ELSE false END THEN ITERATE one; END IF;
        INSERT INTO log VALUES (n);
      END WHILE one;
    END;
    SELECT count(*) AS n, sum(n) AS total FROM log`);
  expect(rows).toEqual([{ n: 4, total: 13 }]);
  await session.stop();
});

test('a script sees parameters, variables of the session and frames, and runs once', async () => {
  const session = await start();
  const numbers = session.range(4);
  await session.execute('DECLARE total BIGINT DEFAULT 100');
  const frame = session.sql`BEGIN
    FOR r AS SELECT id FROM ${numbers} WHERE id >= ${2} DO SET total = total + r.id; END FOR;
    SELECT total;
  END`;
  expect(await frame.collect()).toEqual([{ total: 105 }]);
  expect(await frame.count()).toBe(1);
  expect(await session.sql('SELECT session.total AS t').collect()).toEqual([{ t: 105 }]);
  await session.stop();
});

test('a script that never ends is ended by its signal, and leaves the event loop to others', async () => {
  const session = await start();
  const controller = new AbortController();
  setTimeout(() => controller.abort(new Error('enough')), 20);
  const endless = session.sql('BEGIN l: LOOP ITERATE l; END LOOP; END').collect({ signal: controller.signal });
  await expect(endless).rejects.toThrow();
  await session.stop();
});

test('scripts can be switched off', async () => {
  const session = await start();
  session.conf.set('spark.sql.scripting.enabled', 'false');
  await expect(session.sql('BEGIN SELECT 1; END').collect()).rejects.toMatchObject({
    code: 'UNSUPPORTED_FEATURE.SQL_SCRIPTING',
  });
  await session.stop();
});

test('variables are all set at once, from values, a row or their defaults', async () => {
  const session = await start();
  await session.execute('DECLARE x INT DEFAULT 1; DECLARE y INT DEFAULT 2; SET VAR x = y, y = x');
  expect(await session.execute('SELECT x, y')).toEqual([{ x: 2, y: 1 }]);
  await session.execute("SET VAR (x, y) = (SELECT '7', 8L)");
  expect(await session.execute('SELECT x, y')).toEqual([{ x: 7, y: 8 }]);
  await session.execute('SET VAR x = DEFAULT');
  expect(await session.execute('SELECT x, y')).toEqual([{ x: 1, y: 8 }]);
  await expect(session.execute('SET VAR (x, y) = (SELECT 1)')).rejects.toMatchObject({
    code: 'ASSIGNMENT_ARITY_MISMATCH',
  });
  await session.stop();
});
