import { Session } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cellsOf, Duck } from './duckdb.js';

// Texts that every match of a regular expression contains are looked for first.
let duck: Duck;
let session: Session;
const words = [
  'express',
  'deposits',
  'requests',
  'a.b',
  'a+b',
  'aab',
  'x[1]',
  'foo_bar',
  '100%',
  'tab\tnew',
  'ab',
  'line\nexpress',
];
const rows = (from: string): string => `SELECT id, CASE WHEN id % 97 = 0 THEN NULL ELSE concat(
    element_at(w, CAST(id % 12 + 1 AS INTEGER)), ' ', element_at(w, CAST(id * 7 % 12 + 1 AS INTEGER)), ' ',
    element_at(w, CAST(id * 5 % 12 + 1 AS INTEGER)), id) END AS s
  FROM (SELECT ${from}, array(${words.map((word) => `'${word}'`).join()}) AS w)`;

beforeAll(async () => {
  duck = await Duck.open();
  session = await Session.create({ workers: 2 });
  const frame = session
    .sql(rows('explode(sequence(0, 4999)) AS id').replaceAll('\n', ' ').replaceAll('line express', 'line\\nexpress'))
    .cache();
  const all = await frame.select('id', 's').collect();
  await duck.run('CREATE TABLE t (id INTEGER, s VARCHAR)');
  const values = all.map(({ id, s }) => `(${id}, ${s === null ? 'NULL' : `'${String(s)}'`})`);
  await duck.run(`INSERT INTO t VALUES ${values.join()}`);
  await frame.createOrReplaceTempView('t');
});

afterAll(async () => {
  await session.stop();
  duck.close();
});

const patterns = [
  'express.*(deposits|requests)',
  'express|ab',
  '(express|ab) d',
  'ex+press',
  'expres*s',
  'expressx?',
  'ab{2}',
  'fo{2}_bar 1',
  'a\\.b',
  'a\\+b [a-z]+ [0-9]',
  'x\\[1\\]',
  '[ex]xpress ex',
  '(?i)EXPRESS ab',
  '^express.*[0-4]$',
  'deposits \\w+ requests',
  '100% ',
  'qu[^a]sts ((a|b)+ )?foo',
  'nothing like it',
];

describe('regular expressions that cannot do without a text', () => {
  test.for(patterns)('%s', async (pattern) => {
    const java = pattern.replaceAll('\\', '\\\\');
    const mine = await session.sql(`SELECT id FROM t WHERE s RLIKE '${java}' ORDER BY id`).collect();
    expect(cellsOf(mine)).toEqual(
      await duck.rows(`SELECT id FROM t WHERE regexp_matches(s, '${pattern}') ORDER BY id`),
    );
    const counted = `SELECT count(*) AS n, count(x) AS m FROM (SELECT NOT (`;
    expect(cellsOf(await session.sql(`${counted} s RLIKE '${java}') AS x FROM t)`).collect())).toEqual(
      await duck.rows(`${counted} regexp_matches(s, '${pattern}')) AS x FROM t)`),
    );
  });

  test('the text stands in the plan', async () => {
    const text = await session.sql("SELECT id FROM t WHERE s RLIKE 'express.*(deposits|requests)'").explain();
    expect(text).toContain("like(s, '%express%')");
  });

  test('a pattern that is none fails, whatever the rows hold', async () => {
    const sql = "SELECT id FROM t WHERE s RLIKE 'nowhere)('";
    await expect(session.sql(sql).collect()).rejects.toMatchObject({ code: expect.stringMatching(/REGEX|PATTERN/) });
  });
});
