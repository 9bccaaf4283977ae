import { type DefaultValues, Session } from 'sparrow-df';
import { afterAll, beforeAll, expect, test } from 'vitest';

let session: Session<DefaultValues>;
let legacy: Session<DefaultValues>;
beforeAll(async () => {
  session = await Session.create({ workers: 1, memory: '256MB' });
  legacy = await Session.create({ workers: 1, memory: '128MB', ansi: false });
  await session.execute(`CREATE TEMP VIEW t AS SELECT * FROM VALUES (1, 2), (2, 5) v(k, a);
    CREATE TEMP VIEW u AS SELECT * FROM VALUES (1, 3), (3, 7) v(k, b);
    CREATE TEMP VIEW w AS SELECT * FROM VALUES (1, 4), (4, 9) v(k, c);
    CREATE TEMP VIEW s AS SELECT named_struct('a', 1, 'b', 'x') AS s`);
});
afterAll(async () => {
  await session.stop();
  await legacy.stop();
});

const answer = async (text: string): Promise<{ names: readonly string[]; rows: unknown[][] }> => {
  const frame = session.sql(text);
  const names = await frame.columns();
  const rows = await frame.toDF(...names.map((_, i) => `c${i}`)).collect();
  return { names, rows: rows.map((row) => Object.values(row as object)) };
};
const codeOf = (text: string, on = session): Promise<string> =>
  on
    .sql(text)
    .collect()
    .then(
      () => 'none',
      (error) => error.code,
    );

// Names, rows and errors are Apache Spark 4.3's.
test.each([
  ['SELECT t.*, u.*, w.* FROM t NATURAL JOIN u NATURAL JOIN w', 'k a k b k c', [[1, 2, 1, 3, 1, 4]]],
  ['SELECT k, t.k, u.k, w.k FROM t JOIN u USING (k) JOIN w USING (k)', 'k k k k', [[1, 1, 1, 1]]],
  ['SELECT k, t.k, u.k, w.k FROM t JOIN (u JOIN w USING (k)) USING (k)', 'k k k k', [[1, 1, 1, 1]]],
  ['SELECT * FROM t JOIN u USING (k) JOIN w USING (k)', 'k a b c', [[1, 2, 3, 4]]],
  [
    'SELECT k, u.k, w.k FROM t LEFT JOIN u USING (k) LEFT JOIN w USING (k) ORDER BY u.k, k',
    'k k k',
    [
      [2, null, null],
      [1, 1, 1],
    ],
  ],
  ['SELECT * FROM (SELECT u.k FROM t JOIN u USING (k)) x JOIN w USING (k)', 'k c', [[1, 4]]],
  ['TABLE t |> INNER JOIN u USING (k) |> EXTEND t.k + u.k AS z |> SELECT u.k, z', 'k z', [[1, 2]]],
  ['TABLE t |> INNER JOIN u USING (k) |> WHERE u.k = 1 |> SET a = 4 |> LIMIT 2 |> ORDER BY u.k', 'k a b', [[1, 4, 3]]],
])('keys that USING joins leave out can be named above: %s', async (text, names, rows) => {
  expect(await answer(text)).toEqual({ names: names.split(' '), rows });
});

test.each([
  ['SELECT k FROM t WHERE (SELECT t.k = 2)', [[2]]],
  ['SELECT k FROM t WHERE NOT (SELECT t.k = 2)', [[1]]],
  ['SELECT k FROM t GROUP BY k HAVING (SELECT k = 1)', [[1]]],
  ['SELECT k FROM t WHERE (SELECT t.k = 2 FROM u WHERE u.k = t.k)', []],
])('a correlated subquery that is a condition is asked for its value: %s', async (text, rows) => {
  expect((await answer(text)).rows).toEqual(rows);
});

test.each([
  ["SELECT (s).a, upper((s).b), s['a'] FROM s", ['a', 'upper(s.b)', 's.a']],
  ["SELECT 'abc' LIKE ANY ('a%', 'b%'), 'a' NOT LIKE ALL ('x')", ['likeany(abc)', 'notlikeall(a)']],
  [
    "SELECT b LIKE ANY ('1%', NULL), NOT (b LIKE SOME ('b')) FROM u",
    ['(b LIKE 1% OR b LIKE NULL)', '(NOT likeany(b))'],
  ],
  ['SELECT explode(array(sin(0), 1)), current_time() IS NULL', ['col', '(current_time(6) IS NULL)']],
  ["SELECT json_tuple('{}', if(k < 1.5, null, 'a'), 'b') FROM t", ['c0', 'c1']],
])('%s has the names that Spark gives', async (text, names) => {
  expect(await session.sql(text).columns()).toEqual(names);
});

test.each([
  ['SELECT nofunction(nocolumn)', 'UNRESOLVED_ROUTINE'],
  ['SELECT upper(nocolumn)', 'UNRESOLVED_COLUMN'],
  ['SELECT string(1, 2)', 'WRONG_NUM_ARGS.WITHOUT_SUGGESTION'],
  ['SELECT int()', 'WRONG_NUM_ARGS.WITHOUT_SUGGESTION'],
  ["SELECT format_string('%0$s', 'x')", 'INVALID_PARAMETER_VALUE.ZERO_INDEX'],
  ["SELECT to_timestamp('294248', 'y')", 'ARITHMETIC_OVERFLOW'],
])('%s is %s', async (text, code) => {
  expect(await codeOf(text)).toBe(code);
});

test('numbers without a place for a sign have none', async () => {
  const { rows } = await answer(
    "SELECT to_char(-12, '99'), to_char(-12.5, '099.9'), to_char(-12, 'S99'), to_char(-12, '$99')",
  );
  expect(rows).toEqual([['12', '012.5', '-12', '$12']]);
});

test('without ANSI a number is no wall clock reading', async () => {
  expect(await legacy.sql('SELECT to_timestamp_ntz(1) AS x').collect()).toEqual([{ x: null }]);
});

test('binary values are put together as texts when that is set', async () => {
  const own = session.newSession();
  await own.execute(
    'SET spark.sql.function.concatBinaryAsString = true; SET spark.sql.function.eltOutputAsString = true',
  );
  const frame = own.sql("SELECT concat(X'41', X'42') AS a, elt(1, X'41', X'42') AS b");
  expect(await frame.collect()).toEqual([{ a: 'AB', b: 'A' }]);
});
