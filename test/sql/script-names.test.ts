import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Session } from 'sparrow-df';
import { afterAll, beforeAll, expect, test } from 'vitest';

// Each answer is what PySpark 4.3.0 gives for the same statement.

const warehouse = mkdtempSync(join(tmpdir(), 'sparrow-script-names-'));
let session: Session;

beforeAll(async () => {
  session = await Session.create({ workers: 1, config: { 'spark.sql.warehouse.dir': warehouse } });
  await session.sql('CREATE TABLE tt (a INT)').collect();
  await session.sql('INSERT INTO tt VALUES (1)').collect();
});
afterAll(async () => {
  await session.stop();
  rmSync(warehouse, { recursive: true, force: true });
});

const run = async (text: string) => (await session.sql(text).collect()).map((row) => Object.values(row));

test.each([
  ["DECLARE t STRING DEFAULT 'n1'; CREATE TABLE IDENTIFIER(t) AS SELECT 7 AS z; SELECT * FROM IDENTIFIER(t);", [[7]]],
  [
    "DECLARE t STRING DEFAULT 't'; DECLARE c STRING DEFAULT 'a'; SELECT IDENTIFIER(c) + 1 FROM IDENTIFIER(t || 't');",
    [[2]],
  ],
  ["DECLARE f STRING DEFAULT 'upper'; SELECT IDENTIFIER(f)('abc');", [['ABC']]],
  ["DECLARE n STRING DEFAULT 'tt'; FOR r AS SELECT * FROM IDENTIFIER(n) DO SELECT r.a + 10; END FOR;", [[11]]],
  ["DECLARE n STRING DEFAULT 'nosuch'; SET n = 'tt'; SELECT * FROM IDENTIFIER(n);", [[1]]],
  ["DECLARE n STRING DEFAULT 'tt'; DECLARE m INT; SET m = (SELECT max(a) + 5 FROM IDENTIFIER(n)); SELECT m;", [[6]]],
  ["DECLARE c STRING DEFAULT 'a'; EXECUTE IMMEDIATE 'SELECT ' || c || ' FROM tt';", [[1]]],
  ["DECLARE c STRING DEFAULT 'a'; EXECUTE IMMEDIATE 'SELECT IDENTIFIER(:c) FROM tt' USING c AS c;", [[1]]],
  ["DECLARE x INT DEFAULT 5; EXECUTE IMMEDIATE 'SELECT :p + :q' USING x AS p, x + 1 AS q;", [[11]]],
])('BEGIN %s END', async (body, expected) => {
  expect(await run(`BEGIN ${body} END`)).toEqual(expected);
});

test('a loop reads its statement again when the name has changed', async () => {
  await run('CREATE TABLE t1 AS SELECT 10 AS v');
  await run('CREATE TABLE t2 AS SELECT 20 AS v');
  const script = `BEGIN
    DECLARE i INT DEFAULT 0; DECLARE total INT DEFAULT 0; DECLARE n STRING;
    WHILE i < 2 DO
      SET i = i + 1;
      SET n = 't' || i;
      SET total = total + (SELECT v FROM IDENTIFIER(n));
    END WHILE;
    SELECT total;
  END`;
  expect(await run(script)).toEqual([[30]]);
});

test("EXECUTE IMMEDIATE's text sees the session's variables, and none of the script", async () => {
  await run("DECLARE OR REPLACE VARIABLE vt STRING DEFAULT 'tt'");
  expect(await run("EXECUTE IMMEDIATE 'SELECT * FROM IDENTIFIER(vt)'")).toEqual([[1]]);
  await expect(run("BEGIN DECLARE x INT DEFAULT 5; EXECUTE IMMEDIATE 'SELECT x'; END")).rejects.toMatchObject({
    condition: 'UNRESOLVED_COLUMN.WITHOUT_SUGGESTION',
  });
});

test('a view keeps the whole of a query that ends in IDENTIFIER', async () => {
  await run("CREATE VIEW whole AS SELECT * FROM IDENTIFIER('tt')");
  expect(await run('SELECT * FROM whole')).toEqual([[1]]);
});
