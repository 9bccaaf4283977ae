import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Column, col, type DataFrame, fn, Session } from 'sparrow-df';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cellsOf, Duck, unordered } from './duckdb.js';

// Lengths of texts are summed four rows at a time: by offsets where all is ASCII, and once for each dictionary entry.
const folder = mkdtempSync(join(tmpdir(), 'sparrow-lengths-'));
const rows = 150_003;
let duck: Duck;
let session: Session;
let texts: DataFrame;

beforeAll(async () => {
  duck = await Duck.open();
  const file = join(folder, 'texts.parquet');
  // Row groups: `late` has nulls only in the last, `mixed` other characters only in the last.
  await duck.run(`CREATE TABLE texts AS SELECT i % 5 AS k, i::INTEGER AS n,
      'unique ' || i AS plain, CASE WHEN i > 140000 THEN 'ß€😀' ELSE 'row ' END || i AS mixed,
      CASE i % 3 WHEN 0 THEN 'é😀' WHEN 1 THEN '' ELSE repeat('long', 9) || 'ü' END AS coded,
      CASE WHEN i > 140000 AND i % 7 = 0 THEN NULL ELSE 'word ' || i END AS late,
      CASE WHEN i > 140000 AND i % 7 = 0 THEN NULL ELSE i % 11 END AS gaps,
      ('x' || i)::BLOB AS bytes
    FROM range(${rows}) t(i)`);
  await duck.run(`COPY texts TO '${file}' (FORMAT parquet, ROW_GROUP_SIZE 40960)`);
  session = await Session.create({ workers: 2, memory: '512MB', int64: 'string' as never });
  texts = session.read.parquet(file);
});

afterAll(async () => {
  await session.stop();
  duck.close();
  rmSync(folder, { recursive: true });
});

const sum = (of: Column, name: string): Column => fn.sum(of).as(name);
const measured = (name: string): [Column, ...Column[]] => [
  sum(fn.length(name), 'a'),
  sum(fn.octetLength(name), 'b'),
  sum(fn.bitLength(name), 'c'),
  fn.max(fn.length(name)).as('d'),
  fn.min(fn.octetLength(name)).as('e'),
  fn.count(name).as('f'),
];
const inSql = (name: string, chars = `length(${name})`): string => {
  const bytes = chars === `length(${name})` ? `strlen(${name})` : chars;
  return `sum(${chars})::VARCHAR, sum(${bytes})::VARCHAR, sum(${bytes} * 8)::VARCHAR,
    max(${chars})::INTEGER, min(${bytes})::INTEGER, count(${name})`;
};

async function agree(frame: DataFrame, sql: string): Promise<void> {
  expect(unordered(cellsOf(await frame.collect()))).toEqual(unordered(await duck.rows(sql)));
}

test.for(['plain', 'mixed', 'coded', 'late'])('of %s texts: all, few of them, and in groups', async (name) => {
  const sums = measured(name);
  await agree(texts.agg(...sums), `SELECT ${inSql(name)} FROM texts`);
  await agree(texts.filter(col('n').ge(70_001)).agg(...sums), `SELECT ${inSql(name)} FROM texts WHERE n >= 70001`);
  await agree(texts.groupBy('k').agg(...sums), `SELECT k::VARCHAR, ${inSql(name)} FROM texts GROUP BY k`);
});

test('of binary values: bytes', async () => {
  const sums = measured('bytes');
  await agree(texts.agg(...sums), `SELECT ${inSql('bytes', 'octet_length(bytes)')} FROM texts`);
});

test('as conditions, and beside columns that have nulls in some row groups only', async () => {
  const frame = texts
    .filter(fn.length('mixed').gt(10).and(fn.length('coded').ne(0)))
    .agg(sum(fn.length('mixed'), 'a'), sum(col('gaps'), 'b'), fn.count('gaps').as('c'), fn.count('late').as('d'));
  await agree(
    frame,
    `SELECT sum(length(mixed))::VARCHAR, sum(gaps)::VARCHAR, count(gaps), count(late) FROM texts
      WHERE length(mixed) > 10 AND length(coded) <> 0`,
  );
  await agree(
    texts.groupBy('coded').agg(sum(fn.length('coded'), 'a'), sum(col('gaps'), 'b')),
    'SELECT coded, sum(length(coded))::VARCHAR, sum(gaps)::VARCHAR FROM texts GROUP BY coded',
  );
});
