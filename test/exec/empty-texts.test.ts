import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Session } from 'sparrow-df';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cellsOf, Duck, unordered } from './duckdb.js';

// An empty text needs no room: the first one that a task keeps or makes lies where none was claimed yet.
const session = (await Session.create({ workers: 1 })) as Session;
const duck = await Duck.open();
const folder = mkdtempSync(join(tmpdir(), 'sparrow-empty-texts-'));
afterAll(async () => {
  duck.close();
  await session.stop();
  rmSync(folder, { recursive: true, force: true });
});

beforeAll(async () => {
  // Texts of a file are copied wherever a query keeps rows.
  for (const [name, values] of [
    ['one', "(1, '', 'x')"],
    ['four', "(1, '', 'x'), (2, NULL, 'y'), (3, '', ''), (4, 'ab', 'b')"],
  ] as const) {
    const file = join(folder, `${name}.parquet`);
    await duck.run(`CREATE TABLE ${name} AS SELECT * FROM (VALUES ${values}) AS v(id, c, d)`);
    await duck.run(`COPY ${name} TO '${file}' (FORMAT parquet)`);
    session.read.parquet(file).createOrReplaceTempView(name);
  }
});

const KEEPS: Record<string, (table: string) => string> = {
  'a scan': (t) => `SELECT id, c, d FROM ${t}`,
  'a sort': (t) => `SELECT id, c, d FROM ${t} ORDER BY id LIMIT 1000`,
  'the first rows': (t) => `SELECT id, c, d FROM ${t} ORDER BY id LIMIT 3`,
  DISTINCT: (t) => `SELECT DISTINCT id, c, d FROM ${t}`,
  'groups by text': (t) => `SELECT max(id) AS id, c, d FROM ${t} GROUP BY c, d`,
  'min and max': (t) => `SELECT id, min(c) AS c, max(d) AS d FROM ${t} GROUP BY id`,
  'the least of all': (t) => `SELECT max(id) AS id, min(c) AS c, min(d) AS d FROM ${t}`,
  max_by: (t) => `SELECT max(id) AS id, max_by(c, id) AS c, min_by(d, id) AS d FROM ${t} WHERE id = 1`,
  any_value: (t) => `SELECT id, any_value(c) AS c, any_value(d) AS d FROM ${t} GROUP BY id`,
  'a join': (t) => `SELECT b.id, b.c, b.d FROM ${t} AS a JOIN ${t} AS b ON a.id = b.id`,
  'a left join': (t) => `SELECT b.id, b.c, b.d FROM four AS a LEFT JOIN ${t} AS b ON a.id = b.id`,
  'a full join without matches': (t) => `SELECT b.id, b.c, b.d FROM four AS a FULL JOIN ${t} AS b ON a.id = b.id + 9`,
  'a full join of nothing': (t) => `SELECT b.id, b.c, b.d FROM four AS a FULL JOIN ${t} AS b ON CAST(NULL AS BOOLEAN)`,
  'a cross join': (t) => `SELECT b.id, b.c, b.d FROM four AS a CROSS JOIN ${t} AS b`,
  'a window': (t) => `SELECT id, lag(c, 1, '') OVER (ORDER BY id) AS c, min(d) OVER (ORDER BY id) AS d FROM ${t}`,
  ranks: (t) =>
    `SELECT id, c, d FROM (SELECT *, row_number() OVER (PARTITION BY d ORDER BY id) AS n FROM ${t}) AS x WHERE n = 1`,
  UNION: (t) => `SELECT id, c, d FROM ${t} UNION SELECT id, d, c FROM ${t}`,
  EXCEPT: (t) => `SELECT id, c, d FROM ${t} EXCEPT SELECT 9, 'q', 'q'`,
  'texts that are made': (t) => `SELECT id, c || '' AS c, replace(d, 'x', '') AS d FROM ${t} ORDER BY id LIMIT 1000`,
};
const ASKED = [
  'contains(c, c)',
  "contains(c, '')",
  'contains(c, d)',
  'contains(d, c)',
  "instr(c, 'a')",
  'instr(d, c)',
  'contains(trim(c), substring(c, 1))',
  "contains(c || c, '')",
  "contains(coalesce(c, d), '')",
  'startswith(c, c)',
  'endswith(d, c)',
  "c LIKE '%'",
  "c LIKE '%%'",
  "c LIKE '%a%'",
  'length(c)',
  "c = ''",
];

const asDuck = (sql: string): string =>
  sql.replaceAll('startswith(', 'starts_with(').replaceAll('endswith(', 'ends_with(');

for (const table of ['one', 'four']) {
  it.each(Object.entries(KEEPS))(`an empty text is one, and not missing, behind %s (${table})`, async (_, kept) => {
    const inner = `(${kept(table)}) AS t`;
    const asked = `SELECT ${ASKED.map((text, i) => `${text} AS r${i}`).join(', ')} FROM ${inner}`;
    const counted = `SELECT count(*) AS n FROM ${inner} WHERE contains(c, c) AND instr(d, '') = 1`;
    for (const sql of [asked, counted]) {
      const rows = await session.sql(sql).collect();
      expect(unordered(cellsOf(rows))).toEqual(unordered(await duck.rows(asDuck(sql))));
    }
  });
}
