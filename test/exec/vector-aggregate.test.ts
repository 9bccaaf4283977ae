import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Column, col, type DataFrame, fn, lit, Session, t } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { engineOf } from '../fault/harness.js';
import { cellsOf, Duck, unordered } from './duckdb.js';

// Sums and counts by few groups over cached columns: computed four rows at a time, shared out by atomic claims.
const folder = mkdtempSync(join(tmpdir(), 'sparrow-vectors-'));
const rows = 300_007;
let duck: Duck;
let session: Session;
let facts: DataFrame;

beforeAll(async () => {
  duck = await Duck.open();
  const file = join(folder, 'facts.parquet');
  await duck.run(`CREATE TABLE facts AS SELECT
      (i * 7919) % 100 AS k1, 'word ' || (i % 7) AS w, (i * 31) % 13 - 6 AS k2, ((i * 17) % 1000)::SMALLINT AS s,
      ((i * 104729) % 1000003)::INTEGER - 500000 AS n, (i * 7)::BIGINT * 1000003 AS wide, ((i * 13) % 97)::TINYINT AS tiny,
      ((i * 37) % 100000 / 100)::DECIMAL(15, 2) AS price, ((i * 3) % 11 / 100)::DECIMAL(15, 2) AS disc,
      (i % 1001) / 8 AS x, DATE '1992-01-01' + (i % 2500)::INTEGER AS d,
      'name ' || ((i * 7919) % 20011) AS name, CASE WHEN i % 5 = 0 THEN NULL ELSE 'word ' || (i % 30011) END AS gappy,
      'unique ' || i AS one,
      CASE WHEN i % 9 = 0 THEN NULL ELSE i % 50 END AS gaps, (i // 60000)::INTEGER AS late
    FROM range(${rows}) t(i)`);
  await duck.run(`COPY facts TO '${file}' (FORMAT parquet, ROW_GROUP_SIZE 61440)`);
  session = await Session.create({ workers: 2, memory: '512MB', int64: 'string' as never });
  facts = session.read.parquet(file).cache();
  expect(Number(await facts.count())).toBe(rows);
});

afterAll(async () => {
  await session.stop();
  duck.close();
  rmSync(folder, { recursive: true });
});

const day = (text: string): Column => lit(text).cast(t.date);
const left = (): Column => lit(1).sub(col('disc'));

async function agree(frame: DataFrame, sql: string): Promise<void> {
  const found = await frame.collect();
  expect(unordered(cellsOf(found))).toEqual(unordered(await duck.rows(sql)));
}

const cases: Record<string, readonly [() => DataFrame, string]> = {
  'no keys, several widths': [
    () =>
      facts.agg(
        fn.count().as('c'),
        fn.sum('s').as('s'),
        fn.sum('n').as('n'),
        fn.sum('wide').as('w'),
        fn.avg('tiny').as('t'),
      ),
    'SELECT count(*), sum(s)::VARCHAR, sum(n)::VARCHAR, sum(wide)::VARCHAR, avg(tiny) FROM facts',
  ],
  'the ends of int': [
    () => facts.agg(fn.max(lit(-2147483648)).as('a'), fn.min(lit(2147483647)).as('b'), fn.count().as('c')),
    'SELECT -2147483648, 2147483647, count(*) FROM facts',
  ],
  'no keys, filtered': [
    () =>
      facts
        .filter(col('d').ge(day('1993-01-01')).and(col('s').lt(900)))
        .agg(fn.sum(col('price').mul(left())).as('r'), fn.count('s').as('c')),
    `SELECT sum(price * (1 - disc))::VARCHAR, count(s) FROM facts WHERE d >= '1993-01-01' AND s < 900`,
  ],
  'no keys, nothing passes': [
    () => facts.filter(col('s').mul(2).lt(-1)).agg(fn.sum('n').as('n'), fn.count().as('c'), fn.avg('price').as('p')),
    'SELECT sum(n)::VARCHAR, count(*), avg(price) FROM facts WHERE s * 2 < -1',
  ],
  'a dictionary key and an integer key': [
    () =>
      facts
        .filter(col('d').le(day('1998-09-02')))
        .groupBy('w', 'k2')
        .agg(
          fn.sum('price').as('p'),
          fn.sum(col('price').mul(left())).as('q'),
          fn
            .sum(
              col('price')
                .mul(left())
                .mul(lit(1).add(col('disc'))),
            )
            .as('r'),
          fn.count().as('c'),
        ),
    `SELECT w, k2::VARCHAR, sum(price)::VARCHAR, sum(price * (1 - disc))::VARCHAR, sum(price * (1 - disc) * (1 + disc))::VARCHAR,
       count(*) FROM facts WHERE d <= '1998-09-02' GROUP BY ALL`,
  ],
  'conditions joined by or, between': [
    () =>
      facts
        .filter(col('s').lt(300).or(col('n').between(-1000, 250_000)))
        .groupBy('k1')
        .agg(fn.sum(col('n').add(col('s').mul(3))).as('n'), fn.avg('n').as('a'), fn.count().as('c')),
    `SELECT k1::VARCHAR, sum(n + s * 3)::VARCHAR, avg(n), count(*) FROM facts
     WHERE s < 300 OR n BETWEEN -1000 AND 250000 GROUP BY k1`,
  ],
  doubles: [
    () => facts.groupBy('k1', 'w').agg(fn.sum('x').as('x'), fn.avg(col('x').mul(2)).as('y'), fn.sum('n').as('n')),
    'SELECT k1::VARCHAR, w, sum(x), avg(x * 2), sum(n)::VARCHAR FROM facts GROUP BY ALL',
  ],
  'groups that come late, computed keys': [
    () => facts.groupBy(col('tiny').add(col('late')).as('g')).agg(fn.sum('s').as('s'), fn.count().as('c')),
    'SELECT tiny + late, sum(s)::VARCHAR, count(*) FROM facts GROUP BY tiny + late',
  ],
  'places for many groups of two keys': [
    () =>
      facts
        .filter(col('s').lt(800))
        .groupBy('k1', 'k2')
        .agg(
          fn.sum('n').as('n'),
          fn.min('n').as('a'),
          fn.max('s').sub(fn.min('tiny')).as('r'),
          fn.max('d').as('d'),
          fn.avg('x').as('x'),
        ),
    `SELECT k1::VARCHAR, k2::VARCHAR, sum(n)::VARCHAR, min(n), max(s) - min(tiny), max(d)::VARCHAR || 'T00:00:00.000Z', avg(x)
     FROM facts WHERE s < 800 GROUP BY ALL`,
  ],
  'places for texts and dates': [
    () => facts.groupBy('name').agg(fn.sum('price').as('p'), fn.count().as('c'), fn.max('price').as('m')),
    'SELECT name, sum(price)::VARCHAR, count(*), max(price)::VARCHAR FROM facts GROUP BY name',
  ],
  'places for dates, computed keys': [
    () => facts.groupBy('d', col('k2').add(100).as('k')).agg(fn.sum('wide').as('w'), fn.min('k1').as('k1')),
    `SELECT d::VARCHAR || 'T00:00:00.000Z', (k2 + 100)::VARCHAR, sum(wide)::VARCHAR, min(k1)::VARCHAR FROM facts GROUP BY d, k2`,
  ],
  'extremes without keys, and where nothing passes': [
    () => facts.filter(col('s').gt(5)).agg(fn.min('n').as('a'), fn.max('d').as('b'), fn.min('price').as('c')),
    `SELECT min(n), max(d)::VARCHAR || 'T00:00:00.000Z', min(price)::VARCHAR FROM facts WHERE s > 5`,
  ],
  'extremes of nothing': [
    () => facts.filter(col('s').mul(2).lt(-1)).agg(fn.min('n').as('a'), fn.max('d').as('b'), fn.count().as('c')),
    'SELECT min(n), max(d)::VARCHAR, count(*) FROM facts WHERE s * 2 < -1',
  ],
  'texts with nulls, and texts that do not repeat': [
    () => facts.groupBy('gappy').agg(fn.count().as('c'), fn.min('one').as('a'), fn.max('name').as('b')),
    'SELECT gappy, count(*), min(one), max(name) FROM facts GROUP BY gappy',
  ],
  'conditions on texts': [
    () =>
      facts
        .filter(col('name').like('%11%').and(col('one').ne('unique 7')))
        .groupBy('w')
        .agg(fn.count().as('c')),
    `SELECT w, count(*) FROM facts WHERE name LIKE '%11%' AND one <> 'unique 7' GROUP BY w`,
  ],
  'wide values that come to nothing': [
    () => facts.groupBy('k2').agg(fn.sum(col('wide').mul(0)).as('z'), fn.sum(col('wide').mul(0).add(col('s'))).as('s')),
    'SELECT k2::VARCHAR, sum(wide * 0)::VARCHAR, sum(wide * 0 + s)::VARCHAR FROM facts GROUP BY k2',
  ],
  'nulls go the other way': [
    () => facts.groupBy('gaps').agg(fn.sum('gaps').as('g'), fn.count('gaps').as('c'), fn.sum('s').as('s')),
    'SELECT gaps::VARCHAR, sum(gaps)::VARCHAR, count(gaps), sum(s)::VARCHAR FROM facts GROUP BY gaps',
  ],
};

describe('sums in lanes give what DuckDB gives', () => {
  test.each(Object.keys(cases))('%s', async (name) => {
    const [frame, sql] = cases[name] as (typeof cases)[string];
    await agree(frame(), sql);
  });
});

test('workers lost in the middle of a shared stage are made up for', async () => {
  const [frame, sql] = cases['a dictionary key and an integer key'] as (typeof cases)[string];
  const engine = engineOf(session as never);
  const before = engine.heap.usedBytes;
  for (let round = 0; round < 6; round++) {
    const attempts: number[] = [];
    let shares = 0;
    engine.pool.onJob = ({ kind, request }, worker) => {
      if (kind === 'task') attempts.push(request.attempt);
      if (kind !== 'share' || shares++ > round % 2) return;
      if (round < 2) void worker.terminate();
      else setTimeout(() => void worker.terminate(), round);
    };
    await agree(frame(), sql);
    engine.pool.onJob = undefined;
    expect(attempts.every((attempt) => attempt > 1)).toBe(true);
    if (round === 1) expect(attempts.length).toBeGreaterThan(0);
    expect(engine.heap.usedBytes).toBe(before);
  }
});

test('the first error in the order of rows is the one that is told', async () => {
  const failing = facts.filter(col('s').ge(0)).agg(fn.sum(lit(100).div(col('n').sub(col('n')))).as('q'));
  await expect(failing.collect()).rejects.toMatchObject({ code: 'DIVIDE_BY_ZERO' });
  expect(Number(await facts.count())).toBe(rows);
});
