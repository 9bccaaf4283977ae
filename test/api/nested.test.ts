import { col, type DefaultValues, expr, fn, lit, Session, t } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

// Nested values through the public API, compiled and interpreted. What SQL texts give is Spark's answer.
describe.each(['compiled', 'interpreted'] as const)('nested values, %s', (mode) => {
  let session: Session<DefaultValues>;
  const before = process.env.SPARROW_MODE;
  beforeAll(async () => {
    process.env.SPARROW_MODE = mode;
    session = await Session.create({ workers: 1, memory: '256MB' });
  });
  afterAll(async () => {
    await session.stop();
    if (before === undefined) delete process.env.SPARROW_MODE;
    else process.env.SPARROW_MODE = before;
  });

  const orders = () =>
    session.createDataFrame(
      [
        { id: 1, ship: { city: 'Oslo', at: { zip: 7 } }, tags: ['a', null, 'b'], counts: [3, 1, 2] },
        { id: 2, ship: { city: null, at: null }, tags: [], counts: [5] },
        { id: 3, ship: null, tags: null, counts: null },
      ],
      {
        id: t.int32,
        ship: t.struct({ city: t.string, at: t.struct({ zip: t.int32 }) }),
        tags: t.array(t.string),
        counts: t.array(t.int32),
      },
    );

  test('fields by dotted names, methods and properties', async () => {
    const rows = await orders()
      .select(($) => [
        $.id,
        $.ship.city,
        $.ship.at.zip,
        col('ship.at.zip').as('byName'),
        col('ship').getField('at').getField('zip').as('byMethod'),
        expr("ship['city']").as('bySql'),
      ])
      .collect();
    expect(rows).toEqual([
      { id: 1, city: 'Oslo', zip: 7, byName: 7, byMethod: 7, bySql: 'Oslo' },
      { id: 2, city: null, zip: null, byName: null, byMethod: null, bySql: null },
      { id: 3, city: null, zip: null, byName: null, byMethod: null, bySql: null },
    ]);
  });

  test('fields replaced, added and dropped', async () => {
    const rows = await orders()
      .select(
        col('ship').withField('city', fn.upper('ship.city')).as('replaced'),
        col('ship').withField('at.code', lit('x')).dropFields('at.zip').getField('at').as('inside'),
        col('ship').dropFields('at').as('dropped'),
      )
      .collect();
    expect(rows).toEqual([
      { replaced: { city: 'OSLO', at: { zip: 7 } }, inside: { code: 'x' }, dropped: { city: 'Oslo' } },
      { replaced: { city: null, at: null }, inside: null, dropped: { city: null } },
      { replaced: null, inside: null, dropped: null },
    ]);
  });

  test('elements and sizes', async () => {
    const rows = await orders()
      .select(
        fn.size('tags').as('n'),
        fn.get('tags', 0).as('first'),
        fn.tryElementAt('counts', -1).as('last'),
        fn.arraySize('counts').as('m'),
      )
      .collect();
    expect(rows).toEqual([
      { n: 3, first: 'a', last: 2, m: 3 },
      { n: 0, first: null, last: 5, m: 1 },
      { n: null, first: null, last: null, m: null },
    ]);
    await expect(orders().select(col('counts').getItem(1)).collect()).rejects.toMatchObject({
      code: 'INVALID_ARRAY_INDEX',
    });
    await expect(orders().select(fn.elementAt('counts', 9)).collect()).rejects.toMatchObject({
      code: 'INVALID_ARRAY_INDEX_IN_ELEMENT_AT',
    });
    await expect(orders().select(fn.tryElementAt('counts', 0)).collect()).rejects.toMatchObject({
      code: 'INVALID_INDEX_OF_ZERO',
    });
  });

  test('lambda functions in TypeScript and SQL, over columns and inside each other', async () => {
    const rows = await orders()
      .select(
        fn.transform('counts', (x) => x.add(col('id'))).as('plus'),
        fn.transform('counts', (x, i) => x.mul(i)).as('times'),
        fn.filter('counts', (x) => x.gt(1)).as('big'),
        fn.exists('tags', (x) => x.eq('b')).as('hasB'),
        fn
          .aggregate(
            'counts',
            lit(0),
            (sum, x) => sum.add(x),
            (sum) => sum.mul(10),
          )
          .as('total'),
        fn.arraySort('counts', (a, b) => b.sub(a)).as('down'),
        expr('transform(counts, x -> transform(counts, y -> x * y + id)[0])').as('inner'),
      )
      .collect();
    expect(rows).toEqual([
      {
        plus: [4, 2, 3],
        times: [0, 1, 4],
        big: [3, 2],
        hasB: true,
        total: 60,
        down: [3, 2, 1],
        inner: [10, 4, 7],
      },
      { plus: [7], times: [0], big: [5], hasB: false, total: 50, down: [5], inner: [27] },
      { plus: null, times: null, big: null, hasB: null, total: null, down: null, inner: null },
    ]);
  });

  test('lambda functions survive filters, projections and aggregates around them', async () => {
    const rows = await orders()
      .withColumn(
        'twice',
        fn.transform('counts', (x) => x.mul(2)),
      )
      .filter(fn.exists('twice', (x) => x.gt(col('id').mul(4))))
      .groupBy(fn.size('twice').as('n'))
      .agg(fn.max(fn.aggregate('twice', lit(0), (sum, x) => sum.add(x))).as('most'))
      .orderBy('n')
      .collect();
    expect(rows).toEqual([
      { n: 1, most: 10 },
      { n: 3, most: 12 },
    ]);
  });

  test('explode, with nulls, empty arrays and more elements than a batch has', async () => {
    const rows = 40_000;
    // Every seventh array is null, the one at 11 is long, and the third element of each is null.
    const text = `CASE WHEN id % 7 = 0 THEN null WHEN id = 11 THEN sequence(0, 3000)
      ELSE transform(slice(array(0, 1, 2, 3, 4), 1, int(id % 5)), x -> nullif(x, 2)) END`;
    const arrays = session.range(rows).withColumn('a', expr(text));
    arrays.createOrReplaceTempView('arrays');
    let [made, sum, nulls, positions, empty] = [0, 0, 0, 0, 0];
    for (let id = 0; id < rows; id++) {
      const length = id === 11 ? 3001 : id % 5;
      if (id % 7 === 0 || length === 0) empty++;
      if (id % 7 === 0) continue;
      for (let i = 0; i < length; i++) {
        made++;
        positions += i;
        if (i === 2 && id !== 11) nulls++;
        else sum += i;
      }
    }
    const asked = 'count(*) AS made, sum(x) AS sum, count(*) - count(x) AS nulls, sum(p) AS positions';
    expect(
      await session.sql(`SELECT ${asked} FROM (SELECT id, posexplode(a) AS (p, x) FROM arrays)`).collect(),
    ).toEqual([{ made, sum, nulls, positions }]);
    expect(
      await session.sql(`SELECT ${asked} FROM (SELECT id, posexplode_outer(a) AS (p, x) FROM arrays)`).collect(),
    ).toEqual([{ made: made + empty, sum, nulls: nulls + empty, positions }]);
  });

  test.each([
    // Spark's golden tests: higher-order-functions, struct, map.
    ['upper(x -> x)', 'INVALID_LAMBDA_FUNCTION_CALL.NON_HIGHER_ORDER_FUNCTION'],
    ['transform(counts, (x, y, z) -> x)', 'INVALID_LAMBDA_FUNCTION_CALL.NUM_ARGS_MISMATCH'],
    ['transform(counts, (x, x) -> x)', 'INVALID_LAMBDA_FUNCTION_CALL.DUPLICATE_ARG_NAMES'],
    ['exists(counts, 1)', 'DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE'],
    ['array_sort(counts, array(0))', 'DATATYPE_MISMATCH.UNEXPECTED_RETURN_TYPE'],
    ["transform_keys(map('a', 1, 'b', 2), 42)", 'DUPLICATED_MAP_KEY'],
    ['map(1, 2, null, 3)', 'NULL_MAP_KEY'],
    ['ship.nothing', 'FIELD_NOT_FOUND'],
    ["map_contains_key(map('1', 'a'), 1)", 'DATATYPE_MISMATCH.MAP_FUNCTION_DIFF_TYPES'],
  ])('%s is %s', async (text, code) => {
    await expect(orders().select(expr(text)).collect()).rejects.toMatchObject({ code });
  });
});
