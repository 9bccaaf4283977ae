import { Session } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cellsOf, Duck, unordered } from './duckdb.js';

// Texts of cached frames go through joins, groups and sorts as numbers of their dictionary.
let duck: Duck;
let session: Session;

/** Texts that sort by bytes and not by letters, empty ones, beginnings of others, and nulls. */
const text = (of: string): string => `CASE WHEN ${of} % 13 = 5 THEN NULL WHEN ${of} % 13 = 6 THEN ''
  WHEN ${of} % 13 = 7 THEN 'Zürich' WHEN ${of} % 13 = 8 THEN 'zebra 10' WHEN ${of} % 13 = 9 THEN 'zebra 1'
  ELSE concat('Name of ', ${of} % 13) END`;
const tables = {
  facts: `SELECT id, id % 1500 AS k, id % 97 AS v, ${text('id')} AS kind FROM range(40000)`,
  dims: `SELECT id AS dk, ${text('(id * 7)')} AS name, concat('group ', id % 4) AS grp, id % 6 AS size FROM range(1009)`,
};

beforeAll(async () => {
  duck = await Duck.open();
  session = await Session.create({ workers: 2, memory: '256MB' });
  for (const [name, sql] of Object.entries(tables)) {
    await duck.run(
      `CREATE TABLE ${name} AS ${sql.replaceAll(/FROM range\((\d+)\)/g, 'FROM (SELECT range AS id FROM range($1))')}`,
    );
    const frame = session.sql(sql).cache();
    await frame.count();
    await frame.createOrReplaceTempView(name);
  }
});

afterAll(async () => {
  await session.stop();
  duck.close();
});

const joined = 'facts JOIN dims ON k = dk';
const nulls = 'NULLS FIRST';
const inOrder = {
  'groups behind a join': `SELECT name, grp, count(*) AS n FROM ${joined} GROUP BY name, grp
    ORDER BY n DESC, name ${nulls}, grp`,
  'different values of groups': `SELECT name, grp, size, count(DISTINCT v) AS n FROM ${joined}
    WHERE name <> 'zebra 1' AND grp LIKE 'g%' GROUP BY name, grp, size ORDER BY n DESC, name, grp, size`,
  'the side that may be missing': `SELECT name, kind, count(*) AS n, min(v) AS least FROM facts LEFT JOIN dims ON k = dk
    GROUP BY name, kind ORDER BY name ${nulls}, kind DESC NULLS LAST`,
  'both sides may be missing': `SELECT kind, grp, count(*) AS n FROM (SELECT * FROM facts WHERE v < 3) f
    FULL JOIN (SELECT * FROM dims WHERE size < 2) d ON k = dk GROUP BY kind, grp ORDER BY kind ${nulls}, grp ${nulls}`,
  'first rows': `SELECT id, kind FROM facts ORDER BY kind DESC NULLS LAST, id LIMIT 30`,
  'all rows': `SELECT kind, id FROM facts WHERE id % 5 = 0 AND kind > 'Name of 2' ORDER BY kind, id`,
  'an offset': `SELECT name, dk FROM dims ORDER BY name ${nulls}, dk LIMIT 20 OFFSET 70`,
  'a text that is read on the way': `SELECT name, upper(name) AS big, count(*) AS n FROM ${joined} GROUP BY name
    ORDER BY name ${nulls}`,
  'sorted by what is made of it': `SELECT name, count(*) AS n FROM ${joined} GROUP BY name ORDER BY reverse(name) ${nulls}`,
  'groups that are filtered': `SELECT grp, name, sum(v) AS s FROM ${joined} GROUP BY grp, name
    HAVING name IS NULL OR name > 'Name of 3' ORDER BY grp, name ${nulls}`,
  'the same text twice': `SELECT a.grp AS one, b.grp AS other, count(*) AS n FROM dims a JOIN dims b ON a.size = b.size
    GROUP BY a.grp, b.grp ORDER BY one, other`,
  'a join by text above': `SELECT x.name, n, most FROM (SELECT name, count(*) AS n FROM ${joined} GROUP BY name) x
    JOIN (SELECT kind, max(v) AS most FROM facts GROUP BY kind) y ON x.name = y.kind ORDER BY x.name`,
} as const;

describe('texts as dictionary codes', () => {
  test.for(Object.entries(inOrder))('%s', async ([, sql]) => {
    expect(cellsOf(await session.sql(sql).collect())).toEqual(await duck.rows(sql));
  });

  test('groups in no order', async () => {
    const sql = `SELECT name, max(kind) AS most, count(*) AS n FROM ${joined} GROUP BY name`;
    expect(unordered(cellsOf(await session.sql(sql).collect()))).toEqual(unordered(await duck.rows(sql)));
  });

  test('as Arrow', async () => {
    const sql = `SELECT name, count(*) AS n FROM facts LEFT JOIN dims ON k = dk GROUP BY name ORDER BY name ${nulls}`;
    const table = await session.sql(sql).toArrow();
    const rows = await duck.rows(sql);
    expect([...(table.getChild('name') ?? [])]).toEqual(rows.map(([name]) => name));
  });

  test.for(['JOIN', 'LEFT JOIN', 'RIGHT JOIN', 'FULL JOIN'])('a %s gives texts of its small side', async (how) => {
    const sql = `SELECT id, kind, dk, name, grp FROM (SELECT * FROM facts WHERE k < 1300 AND id < 9000) ${how}
      (SELECT * FROM dims WHERE size < 4) ON k = dk`;
    const rows = await duck.rows(sql);
    expect(unordered(cellsOf(await session.sql(sql).collect()))).toEqual(unordered(rows));
    const table = await session.sql(sql).toArrow();
    // Readers of Arrow may look up what stands in null rows.
    for (const { values, nullCount, nullBitmap, length } of table.getChild('name')?.data ?? []) {
      const isNull = (row: number): boolean => nullCount > 0 && (((nullBitmap[row >> 3] ?? 0) >> (row & 7)) & 1) === 0;
      expect(Array.from({ length }, (_, row) => isNull(row) && values[row] !== 0)).not.toContain(true);
    }
    const columns = table.schema.fields.map(({ name }) => [...(table.getChild(name) ?? [])].map(String));
    expect(columns.map((column) => column.length)).toEqual(columns.map(() => rows.length));
    const names = unordered(rows.map((row) => [String(row[3]), String(row[4])]));
    expect(unordered((columns[3] ?? []).map((name, i) => [name, columns[4]?.[i] ?? null]))).toEqual(names);
  });

  test('a text that the join reads is given too', async () => {
    const sql = `SELECT a.id, b.name, b.grp FROM facts a JOIN dims b ON a.kind = b.name AND a.v = b.size`;
    expect(unordered(cellsOf(await session.sql(sql).collect()))).toEqual(unordered(await duck.rows(sql)));
  });

  test('batches share the dictionary of a small side', async () => {
    const frame = session.sql(`SELECT id, grp FROM ${joined}`);
    const dictionaries = new Set<unknown>();
    let rows = 0;
    for await (const batch of frame.batches()) {
      dictionaries.add(batch.getChild('grp')?.data[0]?.dictionary);
      rows += batch.numRows;
    }
    expect(rows).toBe(await frame.count());
    expect(dictionaries.size).toBe(1);
  });

  test('frames that are gone are computed again', async () => {
    const frame = session.sql(`SELECT id, concat('t', id % 9) AS label FROM range(30000)`).cache();
    const first = await frame.orderBy('label', 'id').limit(5).collect();
    await frame.unpersist();
    expect(await frame.orderBy('label', 'id').limit(5).collect()).toEqual(first);
    expect(first[4]).toEqual({ id: 36, label: 't0' });
  });
});
