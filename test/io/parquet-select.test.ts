import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Session } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readFooter } from '../../src/io/parquet/footer.js';
import { duckdb } from './parquet-oracle.js';

// Pages whose rows all fall away are not decoded, and the rows that come out are DuckDB's.
let folder = '';
const connection = duckdb();
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sparrow-select-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Sorted by id; text from a dictionary, text that is too much for one, nulls, lists, and a column that is not sorted. */
const ROWS = `SELECT id, CAST(id / 7 AS INT) AS seventh, concat('d', CAST(id / 5000 AS INT)) AS few,
  concat(id, '-', repeat(chr(97 + id % 26), CAST(id % 40 AS INT))) AS many,
  if(id % 3 = 0, NULL, id * 3) AS gaps, if(id % 4 = 0, NULL, concat('t', id % 100)) AS gappy, array(id, id + 1) AS pair,
  id % 1000 = 77 AS flag, CAST(id AS DECIMAL(12, 2)) / 4 AS price, CAST(id AS DOUBLE) / 8 AS real,
  date_add(DATE '2020-01-01', CAST(id / 100 AS INT)) AS day, (id * 7919) % 30011 AS mixed FROM range(30000)`;
const SUMS = `count(*) AS a, sum(id) AS b, sum(seventh) AS c, min(few) AS d, max(many) AS e, sum(length(many)) AS f,
  sum(gaps) AS g, count(gaps) AS h, count(gappy) AS i, max(gappy) AS j, sum(pair[INDEX]) AS k, CAST(sum(price) AS DOUBLE) AS l,
  sum(real) AS m, max(CAST(day AS STRING)) AS n, sum(mixed) AS o`;

const FILTERS: readonly (readonly [condition: string, skips: boolean])[] = [
  ['id BETWEEN 12345 AND 12350', true],
  ['id < 10 OR id > 29990', true],
  ['id = 17 AND mixed > 5', true],
  ["few = 'd3'", true],
  ["few IN ('d0', 'd5') AND gaps IS NULL", true],
  ["many = '29111-rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr'", true],
  ["many >= '9998'", true],
  ["many LIKE '1234%'", true],
  ["few LIKE 'd_' AND many LIKE '%-zz%'", false],
  ['gaps = 3003', true],
  ['gaps IN (3, 89997)', true],
  ['flag AND id > 29000', true],
  ['price > 7499', true],
  ['real <= 1.5', true],
  ["day >= DATE '2020-10-25'", true],
  ['mixed = 29', true],
  ['mixed < 29000', false],
  ['id > 29995 OR mixed = -1', true],
  ['gappy IS NULL AND gaps > 5', false],
  ["few <> 'd1'", true],
];

describe.each(['snappy', 'none'])('pages of Parquet, %s', (compression) => {
  test.each([2000, 500])('are passed over where no row of theirs is wanted (%d rows each)', async (pageRows) => {
    const path = join(folder, `pages-${compression}-${pageRows}`);
    const session = await Session.create({ workers: 1 });
    try {
      await session
        .sql(ROWS)
        .coalesce(1)
        .write.options({ compression, 'parquet.page.row.count.limit': pageRows })
        .parquet(path);
      session.read.parquet(path).createOrReplaceTempView('t');
      for (const [condition, skips] of FILTERS) {
        const sql = `SELECT ${SUMS} FROM t WHERE ${condition}`;
        const ours = session.sql(sql.replace('INDEX', '1'));
        const theirs = await (await connection).runAndReadAll(
          sql.replace('INDEX', '2').replace('FROM t', `FROM '${path}/*.parquet'`),
        );
        expect(asNumbers((await ours.collect())[0]), condition).toEqual(asNumbers(theirs.getRowObjectsJson()[0]));
        expect(/[1-9]\d* (pages|row groups) skipped|: 0 rows in/.test(await ours.explain('analyze')), condition).toBe(
          skips,
        );
      }
    } finally {
      await session.stop();
    }
  });
});

describe('what a written file says of its pages', () => {
  test('the page index leaves out pages of the only column that is read', async () => {
    const path = join(folder, 'index');
    const session = await Session.create({ workers: 1 });
    try {
      await session.sql(ROWS).coalesce(1).write.option('parquet.page.row.count.limit', 1000).parquet(path);
      const told = session.read.parquet(path);
      for (const [column, condition, pages] of [
        ['id', 'id BETWEEN 12345 AND 12350', 29],
        ['few', "few = 'd3'", 24],
        ['many', "many >= '1234' AND many < '1235'", 20],
        ['gaps', 'gaps > 89000', 29],
        ['price', 'price < 100', 29],
        ['real', 'real < 100', 29],
        ['day', "day < DATE '2020-01-05'", 29],
        ['mixed', 'mixed < 30', 0],
      ] as const) {
        const text = await told.filter(condition).select(column).explain('analyze');
        expect(Number(/(\d+) pages skipped/.exec(text)?.[1] ?? 0), condition).toBeGreaterThanOrEqual(pages);
      }
    } finally {
      await session.stop();
    }
  });

  test('a page that is wrongly said to have only nulls is read', async () => {
    const path = join(folder, 'wrong');
    const session = await Session.create({ workers: 1 });
    try {
      await session.range(100).coalesce(1).write.parquet(path);
      const [name = ''] = readdirSync(path).filter((file) => file.endsWith('.parquet'));
      const bytes = readFileSync(join(path, name));
      const readInto = (target: Uint8Array, at: number, length: number): void => {
        target.set(bytes.subarray(at, at + length));
      };
      const file = { path: name, size: bytes.length, modifiedMs: 0, readInto, close: () => undefined };
      const at = readFooter(file).rowGroups[0]?.chunk(0)?.columnIndex?.offset as number;
      // The first list has one boolean: false becomes true.
      expect(bytes[at + 2]).toBe(2);
      bytes[at + 2] = 1;
      writeFileSync(join(folder, 'wrong.parquet'), bytes);
      expect(await session.read.parquet(join(folder, 'wrong.parquet')).filter('id = 7').count()).toBe(1);
    } finally {
      await session.stop();
    }
  });

  test('bloom filters hold what DuckDB says they hold, and rule out the rest', async () => {
    const path = join(folder, 'bloom');
    const session = await Session.create({ workers: 1 });
    try {
      const options = {
        'parquet.bloom.filter.enabled': true,
        'parquet.bloom.filter.enabled#seventh': false,
        'parquet.bloom.filter.fpp': 0.001,
      };
      await session.sql(ROWS).filter('id % 2 = 0').coalesce(1).write.options(options).parquet(path);
      const probe = async (column: string, value: string): Promise<unknown> => {
        const sql = `SELECT bloom_filter_excludes FROM parquet_bloom_probe('${path}/*.parquet', '${column}', ${value})`;
        return (await (await connection).runAndReadAll(sql)).getRows()[0]?.[0];
      };
      for (const [column, present, absent] of [
        ['id', '1234', '1235'],
        ['mixed', '7919 * 2 % 30011', '30010'],
        ['few', "'d4'", "'d44'"],
        ['many', "'40-ooooo'", "'41-ooooo'"],
        ['real', '2.5', '2.625'],
      ] as const) {
        const values = session.read.parquet(path);
        const there = await values.filter(`${column} = ${present}`).count();
        if (column !== 'many' && column !== 'mixed') expect(there).toBeGreaterThan(0);
        if (there > 0) expect(await probe(column, present), column).toBe(false);
        expect(await probe(column, absent), column).toBe((await values.filter(`${column} = ${absent}`).count()) === 0);
      }
      expect(await probe('seventh', '-5')).toBe(false);
      const asked = session.read.parquet(path).filter("many = '4000-zzz'").select('id');
      expect(await asked.explain('analyze')).not.toContain('MiB read');
      const unasked = session.read.parquet(path).filter('seventh = 9 AND id = 0').select('id');
      expect(await unasked.explain('analyze')).toContain('MiB read');
    } finally {
      await session.stop();
    }
  });
});

/** DuckDB gives wide integers as text. */
const asNumbers = (row: object | undefined): unknown =>
  Object.fromEntries(Object.entries(row ?? {}).map(([k, v]) => [k, /^-?\d+$/.test(String(v)) ? Number(v) : v]));
