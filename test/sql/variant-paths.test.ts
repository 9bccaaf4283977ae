import { col, Session } from 'sparrow-df';
import { afterAll, beforeAll, expect, test } from 'vitest';

// The expected names, types and values are the answers of Spark 4.3 to the same texts.

let session: Session;
beforeAll(async () => {
  session = (await Session.create({ workers: 2 })) as Session;
  await session.execute(`CREATE TEMP VIEW t AS SELECT id, parse_json(CASE id
    WHEN 0 THEN '{"a":{"b":[1,2,{"c":"x"}],"d e":3.5},"A":7,"n":null,"s":"12","bad":"zz"}'
    WHEN 1 THEN '[1,[2,3]]' WHEN 2 THEN '{"a":5}' WHEN 3 THEN 'null' END) AS v FROM range(5)`);
});
afterAll(() => session.stop());

const none = [null, null, null, null, null];
const first = (value: unknown): unknown[] => [value, ...none.slice(1)];

test.each([
  ['v:a.b[0]::int', 'b', 'int', first(1)],
  ['v : a . b [ 0 ] :: int', 'b', 'int', first(1)],
  ['t.v:a.b[1]::bigint', 'b', 'bigint', first(2)],
  ['v:a.b[2].c::string', 'c', 'string', first('x')],
  ['v:a.b[01]', 'b', 'variant', first(2)],
  ['v:a.b[9]::int', 'b', 'int', none],
  ['v:a', 'a', 'variant', [{ b: [1, 2, { c: 'x' }], 'd e': '3.5' }, null, 5, null, null]],
  ['v:A', 'A', 'variant', first(7)],
  ["v:['a']['d e']::double", 'd e', 'double', first(3.5)],
  ['v:a.`d e`::double', 'd e', 'double', first(3.5)],
  ['v:`a`.b[1]::int', 'b', 'int', first(2)],
  ['v:`a.b`', 'b', 'variant', first([1, 2, { c: 'x' }])],
  ["v:`it's`", "it's", 'variant', none],
  ['v:[0]::int', 'CAST(variant_get(v, $[0]) AS INT)', 'int', [null, 1, null, null, null]],
  ['v:[1][1]::int', 'CAST(variant_get(v, $[1][1]) AS INT)', 'int', [null, 3, null, null, null]],
  ['v:n', 'n', 'variant', none],
  ['v:n::int', 'n', 'int', none],
  ['v:n IS NULL', '(variant_get(v, $.n) IS NULL)', 'boolean', [false, true, true, true, true]],
  ['v:s::int', 's', 'int', first(12)],
  ['-v:s::int', '(- CAST(variant_get(v, $.s) AS INT))', 'int', first(-12)],
  ['try_cast(v:bad AS int)', 'bad', 'int', none],
  ['v:nope.deep::string', 'deep', 'string', none],
  ['v:a.b::array<string>', 'b', 'array<string>', first(['1', '2', '{"c":"x"}'])],
  ["named_struct('v', v).v:A::int", 'A', 'int', first(7)],
  ['(v):a:b[0]', 'b', 'variant', first(1)],
  ['v:select', 'select', 'variant', none],
  ['v:s::int AS z', 'z', 'int', first(12)],
])('%s', async (text, name, type, values) => {
  const frame = session.sql(`SELECT id, ${text} FROM t`);
  const [, field] = (await frame.schema()).fields;
  expect(field).toMatchObject({ name });
  expect(String((await frame.dtypes())[1]?.[1])).toBe(type);
  const rows = await frame.orderBy('id').collect();
  expect(rows.map((row) => (row as Record<string, unknown>)[name])).toEqual(values);
});

test('beside parameters, in conditions and keys', async () => {
  const text = 'SELECT v:s::int + :n AS s FROM t WHERE v:A::int = :seven GROUP BY v:s::int';
  expect(await session.sql(text, { n: 1, seven: 7 }).collect()).toEqual([{ s: 13 }]);
  expect(await session.table('t').filter('v:a::string = "5"').select(col('id')).collect()).toEqual([{ id: 2 }]);
});

test.each([
  ['v:bad::int', 'INVALID_VARIANT_CAST'],
  ['v:a.b[*]', 'PARSE_SYNTAX_ERROR'],
  ['v:a[-1]', 'PARSE_SYNTAX_ERROR'],
  ['v:a[1L]', 'PARSE_SYNTAX_ERROR'],
  ['v:a.b[id]', 'PARSE_SYNTAX_ERROR'],
  ['v:a.*', 'PARSE_SYNTAX_ERROR'],
  ['v:.a', 'PARSE_SYNTAX_ERROR'],
  ["v:''", 'PARSE_SYNTAX_ERROR'],
  ["v:['']", 'INVALID_VARIANT_GET_PATH'],
  ["v:a['it''s']", 'INVALID_VARIANT_GET_PATH'],
  ['id:a', 'DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE'],
  ['v::string:a', 'DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE'],
])('%s is refused: %s', async (text, code) => {
  await expect(session.sql(`SELECT ${text} FROM t`).collect()).rejects.toMatchObject({ code });
});
