import { Session } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cellsOf, Duck, unordered } from './duckdb.js';

// Windows whose ranks a filter bounds sort only the first rows of each partition out.
let duck: Duck;
let session: Session;

/** Ties, nulls and few different values beside many; partitions of one row and of thousands. */
const table = `SELECT id, id % 211 AS small, CASE WHEN id % 17 = 3 THEN NULL ELSE id % 1999 END AS many,
  concat('part ', id % 37) AS name, CASE WHEN id % 19 = 4 THEN NULL ELSE (id * 7919) % 101 END AS tied,
  CAST((id * 7907) % 60013 AS DOUBLE) / 8 AS x, 0 AS none,
  CASE WHEN id % 23 = 5 THEN CAST('NaN' AS DOUBLE) WHEN id % 29 = 6 THEN -0.0 WHEN id % 31 = 7 THEN NULL
    ELSE ((id * 31) % 41 - 20) / 4 END AS y FROM range(60000)`;

beforeAll(async () => {
  duck = await Duck.open();
  await duck.run(
    `CREATE TABLE t AS ${table.replace('FROM range(60000)', 'FROM (SELECT range AS id FROM range(60000))')}`,
  );
  session = await Session.create({ workers: 2, memory: '256MB' });
  const frame = session.sql(table).repartition(7).cache();
  await frame.count();
  await frame.createOrReplaceTempView('t');
  // So many batches that tasks take more of them.
  const cut = frame.repartition(40).cache();
  await cut.count();
  await cut.createOrReplaceTempView('cut');
  await duck.run('CREATE VIEW cut AS FROM t');
});

afterAll(async () => {
  await session.stop();
  duck.close();
});

const ranked = (fn: string, window: string, where: string, more = ''): string =>
  `SELECT id, place FROM (SELECT *, ${fn}() OVER (${window}) AS place${more} FROM t) WHERE ${where}`;

const first = 'PARTITION BY small ORDER BY';
const limited = {
  'rows by a double': ranked('row_number', `${first} x DESC`, 'place <= 2'),
  'rows by several keys': ranked(
    'row_number',
    `PARTITION BY many, small ORDER BY tied DESC NULLS LAST, id`,
    'place < 3',
  ),
  'the first row': ranked('row_number', `${first} tied ASC NULLS FIRST, id DESC`, 'place = 1'),
  ranks: ranked('rank', `${first} tied ASC NULLS LAST`, '3 >= place'),
  'different ranks': ranked('dense_rank', `${first} tied DESC NULLS FIRST`, 'place <= 4 AND id % 3 = 0'),
  'ranks by a text': ranked('rank', 'PARTITION BY many ORDER BY name DESC', 'place <= 1'),
  'one partition': ranked('row_number', 'ORDER BY x, id', 'place <= 25'),
  'all rows of a partition are peers': ranked('dense_rank', `${first} none`, 'place <= 1'),
  'four rows of groups with nulls': ranked(
    'row_number',
    'PARTITION BY many ORDER BY tied NULLS LAST, id',
    'place <= 4',
  ),
  'five rows': ranked('row_number', `${first} x, id`, 'place <= 5'),
  'rows by a double with NaN and zeros of both signs': ranked(
    'row_number',
    `${first} y DESC NULLS LAST, id`,
    'place <= 3',
  ),
  'ranks by the same': ranked('rank', 'PARTITION BY small, none ORDER BY y NULLS FIRST', 'place <= 2'),
  'rows of few groups': ranked('row_number', 'PARTITION BY none ORDER BY many DESC NULLS LAST, id', 'place <= 3'),
  'partitions of text': ranked('rank', 'PARTITION BY name ORDER BY x', 'place <= 5'),
} as const;

const asIs = {
  'a sum beside the rank': `SELECT id, place, s FROM (SELECT *, row_number() OVER w AS place, sum(small) OVER
    (PARTITION BY small ORDER BY x DESC ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS s FROM t
    WINDOW w AS (PARTITION BY small ORDER BY x DESC)) WHERE place <= 2`,
  'a rank from below': ranked('rank', `${first} x`, 'place >= 280'),
  'no place at all': ranked('row_number', `${first} x`, 'place <= 0'),
  'one or another': ranked('row_number', `${first} x`, 'place <= 2 OR id < 10'),
} as const;

describe('the first rows of groups', () => {
  test.for(Object.entries(limited))('%s', async ([, sql]) => {
    const frame = session.sql(sql);
    expect(await frame.explain('formatted')).toContain('WindowGroupLimit');
    expect(unordered(cellsOf(await frame.collect()))).toEqual(unordered(await duck.rows(sql)));
  });

  test.for(Object.entries(limited))('%s, of many batches', async ([, sql]) => {
    const cut = sql.replace('FROM t', 'FROM cut');
    expect(unordered(cellsOf(await session.sql(cut).collect()))).toEqual(unordered(await duck.rows(cut)));
  });

  test.for(Object.entries(asIs))('%s', async ([, sql]) => {
    expect(unordered(cellsOf(await session.sql(sql).collect()))).toEqual(unordered(await duck.rows(sql)));
  });

  test('a sum beside the rank keeps all rows', async () => {
    const sql = `SELECT * FROM (SELECT id, row_number() OVER w AS place, sum(x) OVER w AS s FROM t
      WINDOW w AS (PARTITION BY small ORDER BY x)) WHERE place <= 2`;
    expect(await session.sql(sql).explain()).not.toContain('WindowGroupLimit');
  });

  test('windows read few of the rows', async () => {
    const text = await session.sql(limited['rows by a double']).explain('analyze');
    const read = Number(/windowed[^:]*: (\d+) rows in/.exec(text)?.[1]);
    expect(read).toBeGreaterThanOrEqual(422);
    expect(read).toBeLessThan(10_000);
  });

  test('from disk', async () => {
    const small = await Session.create({ workers: 2, memory: '24MB' });
    try {
      const sql = `SELECT id, k, x FROM (SELECT *, rank() OVER (PARTITION BY k ORDER BY x DESC) AS place FROM
        (SELECT id, id % 997 AS k, (id * 7907) % 1000003 AS x, concat('some text ', id) AS text FROM t))
        WHERE place <= 2 AND text IS NOT NULL`;
      const [rows, big] = [900_000, 'id % 997 AS k'];
      const wide = sql.replace('FROM t)', `FROM range(${rows}))`);
      expect(wide).toContain(big);
      const wanted = await duck.rows(wide.replace(`range(${rows})`, `(SELECT range AS id FROM range(${rows}))`));
      expect(unordered(cellsOf(await small.sql(wide).collect()))).toEqual(unordered(wanted));
    } finally {
      await small.stop();
    }
  });
});
