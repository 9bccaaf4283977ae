import { type DefaultValues, Session } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

// Every answer here is Apache Spark's (4.x, ANSI).

let session: Session<DefaultValues>;
beforeAll(async () => {
  session = await Session.create({ workers: 1, memory: '256MB' });
});
afterAll(() => session.stop());

/** The schema and the rows, each as its values. */
async function answer(text: string): Promise<[string, unknown[][]]> {
  const frame = session.sql(text);
  const rows = await frame.collect();
  return [(await frame.schema()).simpleString(), rows.map((row) => Object.values(row as object))];
}

async function withSetting<T>(name: string, run: () => Promise<T>): Promise<T> {
  session.conf.set(name, 'true');
  try {
    return await run();
  } finally {
    session.conf.unset(name);
  }
}

describe('groups by maps', () => {
  test('the order of the entries means nothing, at any depth', async () => {
    const text = `SELECT a, count(*) AS n FROM VALUES (struct(map(1, array(map(2, 3, 1, 2))))),
      (struct(map(1, array(map(1, 2, 2, 3))))), (struct(map(1, array(map(1, 2))))) AS t(a) GROUP BY a ORDER BY n`;
    const [, rows] = await answer(text);
    expect(rows.map(([, n]) => n)).toEqual([1, 2]);
  });

  test('the group is a map, for HAVING, ORDER BY, ROLLUP and aggregates of the rows', async () => {
    const text = `SELECT m['a'] AS a, count(first) AS n FROM VALUES (map('b', 1, 'a', 2), 1), (map('a', 2, 'b', 1), 2),
      (map('a', 9), 3) AS t(m, first) GROUP BY m HAVING m['a'] < 9 ORDER BY m['a']`;
    expect((await answer(text))[1]).toEqual([[2, 2]]);
    const rollup = 'SELECT count(*) AS n FROM VALUES (map(1, 2, 3, 4)), (map(3, 4, 1, 2)) AS t(m) GROUP BY ROLLUP(m)';
    expect((await answer(rollup))[1]).toEqual([[2], [2]]);
  });
});

describe('what names mean over groups', () => {
  test('a column called all is no ALL', async () => {
    const values = 'VALUES (1, 2, 2), (2, 1, 1) AS t(a, b, all)';
    expect(await answer(`SELECT max(a) FROM ${values} GROUP BY all ORDER BY all`)).toEqual([
      'struct<max(a):int>',
      [[2], [1]],
    ]);
  });

  test('HAVING names the group before the output column, with grouping sets, too', async () => {
    const values = 'VALUES (1, 10), (2, 20) AS t(a, b)';
    expect((await answer(`SELECT sum(a) AS b FROM ${values} GROUP BY ROLLUP(a, b) HAVING b > 10`))[1]).toEqual([[2]]);
    const all = 'SELECT col1 AS c, 2 AS col1 FROM VALUES (5), (55) GROUP BY ALL HAVING col1 > 50';
    expect(await answer(all)).toEqual(['struct<c:int,col1:int>', [[55, 2]]]);
  });

  test('a column that is grouped by twice keeps both names', async () => {
    const text = 'SELECT col2 AS b, col2 FROM VALUES (1, 2) GROUP BY 1, 2 ORDER BY ALL';
    expect(await answer(text)).toEqual(['struct<b:int,col2:int>', [[2, 2]]]);
  });

  test('expressions of grouping sets are columns to sort by; the number of a set has an old name', async () => {
    const values = "VALUES ('x', 3), ('y', 1) AS t(a, d)";
    const sorted = `SELECT a, count(*) AS n FROM ${values} GROUP BY GROUPING SETS (a, d + 1) ORDER BY \`(d + 1)\` DESC, a`;
    expect((await answer(sorted))[1]).toEqual([
      [null, 1],
      [null, 1],
      ['x', 1],
      ['y', 1],
    ]);
    const [schema] = await answer(`SELECT grouping__id FROM ${values} GROUP BY ROLLUP(a) HAVING grouping__id > 0`);
    expect(schema).toBe('struct<grouping__id:bigint>');
  });

  test('columns made of aliases of the list say so', async () => {
    const [schema] = await answer('SELECT 1 AS a, a + 1, sum(col1) + a FROM VALUES (5)');
    expect(schema).toBe(
      'struct<a:int,(lateralAliasReference(a) + 1):int,(sum(col1) + lateralAliasReference(a)):bigint>',
    );
  });
});

describe('stars', () => {
  const values = "VALUES (10, struct(1 AS f1, struct('x' AS f2, 'y' AS f3) AS s2)) AS t(id, data)";

  test('EXCEPT leaves out fields of structs', async () => {
    const schemas = [
      ['* EXCEPT (data.s2.f2)', 'struct<id:int,data:struct<f1:int,s2:struct<f3:string>>>'],
      ['* EXCEPT (id, data.f1)', 'struct<data:struct<s2:struct<f2:string,f3:string>>>'],
      ['data.* EXCEPT (s2.f3)', 'struct<f1:int,s2:struct<f2:string>>'],
    ];
    for (const [list, schema] of schemas) expect((await answer(`SELECT ${list} FROM ${values}`))[0]).toBe(schema);
    await expect(answer(`SELECT * EXCEPT (data.s2, data.s2.f2) FROM ${values}`)).rejects.toMatchObject({
      code: 'EXCEPT_OVERLAPPING_COLUMNS',
    });
  });

  test('in LATERAL a star may be of a table before it', async () => {
    const text = 'SELECT x.* FROM VALUES (1, 2) AS t(a, b), LATERAL (SELECT t.*, coalesce(t.*)) AS x(p, q, r)';
    expect(await answer(text)).toEqual(['struct<p:int,q:int,r:int>', [[1, 2, 1]]]);
  });
});

describe('settings that change what is said', () => {
  test('hold for the queries that follow, also where the same text was asked before', async () => {
    const text = `SELECT 'a''b' AS x`;
    expect((await answer(text))[1]).toEqual([["a'b"]]);
    const name = 'spark.sql.legacy.consecutiveStringLiterals.enabled';
    expect((await withSetting(name, () => answer(text)))[1]).toEqual([['ab']]);
    expect((await answer(text))[1]).toEqual([["a'b"]]);
  });

  test('charsets beyond those of Spark, and what they do not have', async () => {
    const text = "SELECT hex(encode('ä€', 'windows-1252')) AS a, decode(X'80', 'windows-1252') AS b";
    await expect(answer(text)).rejects.toMatchObject({ code: 'INVALID_PARAMETER_VALUE.CHARSET' });
    const given = await withSetting('spark.sql.legacy.javaCharsets', () => answer(text));
    expect(given[1]).toEqual([['E480', '€']]);
    const lossy = "SELECT hex(encode('渭城', 'US-ASCII')) AS a, decode(X'E58A41', 'US-ASCII') AS b";
    await expect(answer(lossy)).rejects.toMatchObject({ code: 'MALFORMED_CHARACTER_CODING' });
    const lenient = await withSetting('spark.sql.legacy.codingErrorAction', () => answer(lossy));
    expect(lenient[1]).toEqual([['3F3F', '��A']]);
  });

  test('count() of nothing', async () => {
    const text = 'SELECT count() FROM VALUES (1), (2)';
    await expect(answer(text)).rejects.toMatchObject({ code: 'WRONG_NUM_ARGS.WITH_SUGGESTION' });
    const given = await withSetting('spark.sql.legacy.allowParameterlessCount', () => answer(text));
    expect(given).toEqual(['struct<count():bigint>', [[0]]]);
  });
});
