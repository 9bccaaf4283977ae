import { type DataFrame, Session } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

// Where every row of a cached frame comes out once, its columns are given as they lie there: narrow, coded, with nulls.
let session: Session;
let cached: DataFrame;
let fresh: DataFrame;

const everyType = `SELECT id, CAST(id % 100 AS BIGINT) AS narrow, CAST(id % 7 AS SMALLINT) AS short, id % 2 = 0 AS flag,
  CASE WHEN id % 11 = 3 THEN NULL ELSE CAST(id % 50000 AS INT) END AS number,
  CAST((id % 977) / 100 AS DECIMAL(12, 2)) AS price, CAST(id AS DOUBLE) / 8 AS x, CAST(id % 13 AS FLOAT) AS y,
  DATE '2024-01-01' + CAST(id % 400 AS INT) AS day, timestamp_seconds(id * 61) AS at,
  concat('label ', id % 19) AS coded, CASE WHEN id % 5 = 2 THEN NULL ELSE concat('text number ', id) END AS text,
  CAST(concat('b', id) AS BINARY) AS bytes, array(id, id + 1) AS list, NULL AS nothing FROM
  (SELECT id FROM range(4001) UNION ALL SELECT id FROM range(4001, 9001) UNION ALL SELECT id FROM range(9001, 25001))`;
const keys = `SELECT id AS key, id * 3 AS v, concat('name ', id) AS name FROM range(1000)`;

beforeAll(async () => {
  session = await Session.create({ workers: 2, memory: '512MB' });
  fresh = session.sql(everyType);
  cached = session.sql(everyType).cache();
  await cached.count();
});

afterAll(() => session.stop());

const answers: Readonly<Record<string, (frame: DataFrame) => DataFrame>> = {
  'columns as they are': (frame) => frame.selectExpr('id', 'price', 'coded', 'text', 'flag', 'nothing'),
  'columns beside computed ones': (frame) =>
    frame.selectExpr('narrow', 'x * 2 AS twice', 'upper(coded) AS upper', 'at', 'bytes', 'list', 'short', 'y', 'day'),
};

describe('columns that are passed on', () => {
  test('an outer join with at most one match', async () => {
    const right = session.sql(keys).cache();
    await right.count();
    const join = (frame: DataFrame): DataFrame =>
      frame.join(right, frame.col('number').eq(right.col('key')), 'left').drop('key');
    await same(join(cached), join(fresh));
    // With a second row of some key, rows come out twice.
    const twice = right.unionAll(right.filter('key < 3'));
    const more = (frame: DataFrame): DataFrame =>
      frame.join(twice, frame.col('number').eq(twice.col('key')), 'left').select('id', 'text', 'coded', 'v', 'name');
    await same(more(cached), more(fresh));
  });

  test.for(Object.entries(answers))('%s', async ([, answer]) => {
    await same(answer(cached), answer(fresh));
  });

  test('whether there is a match', async () => {
    const sql = (table: string): string =>
      `SELECT id, coded, text, number IN (SELECT key FROM k) AS found, price FROM ${table}`;
    await session.sql(keys).createOrReplaceTempView('k');
    await cached.createOrReplaceTempView('held');
    await fresh.createOrReplaceTempView('made');
    await same(session.sql(sql('held')), session.sql(sql('made')));
  });

  test('the frame is as it was', async () => {
    await same(cached, fresh);
  });
});

/** As rows and as Arrow: in the same order. */
async function same(one: DataFrame, other: DataFrame): Promise<void> {
  const wanted = await other.collect();
  const given = await one.collect();
  expect(given.length).toBe(wanted.length);
  for (let from = 0; from < given.length; from += 5_000)
    expect(given.slice(from, from + 50)).toEqual(wanted.slice(from, from + 50));
  expect(digest(given)).toBe(digest(wanted));
  const [table, expected] = [await one.toArrow(), await other.toArrow()];
  for (const { name } of expected.schema.fields) {
    const [a, b] = [table.getChild(name), expected.getChild(name)];
    expect(digest([...(a ?? [])])).toBe(digest([...(b ?? [])]));
    expect(a?.nullCount).toBe(b?.nullCount);
  }
}

function digest(values: readonly unknown[]): string {
  let hash = 17;
  const plain = (_: string, v: unknown): unknown => (typeof v === 'bigint' ? String(v) : v);
  for (const value of values) {
    const text = JSON.stringify(value, plain) ?? 'none';
    for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0;
  }
  return `${values.length} ${hash}`;
}
