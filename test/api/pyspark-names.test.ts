import { col, DataFrame, expr, fn, lit, Session, t } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

// What a PySpark user types, letter by letter. The values are what pyspark 4.3 gives for the same frames.
let session: Session;
beforeAll(async () => {
  session = await Session.create({ workers: 1 });
});
afterAll(() => session.stop());

const types = { i: t.int32, f: t.float64, s: t.string, b: t.boolean };
/** Its columns are not known before the query is planned. */
const gaps = () =>
  session.sql(`SELECT * FROM VALUES (1, 1.5D, 'a', true), (NULL, double('NaN'), NULL, NULL), (3, NULL, 'b', false)
    AS gaps(i, f, s, b)`);
const values = async (frame: DataFrame) => (await frame.collect()).map((row) => Object.values(row));

describe('na functions of frames whose columns are not known yet', () => {
  test('fillna takes the columns of the value’s kind, and casts', async () => {
    expect(await values(gaps().fillna(0.7))).toEqual([
      [1, 1.5, 'a', true],
      [0, 0.7, null, null],
      [3, 0.7, 'b', false],
    ]);
    expect(await values(gaps().fillna({ i: 9.9, s: 'z', f: 1 }))).toEqual([
      [1, 1.5, 'a', true],
      [9, 1, 'z', null],
      [3, 1, 'b', false],
    ]);
    expect((await gaps().fillna(0.7).schema()).simpleString()).toBe('struct<i:int,f:double,s:string,b:boolean>');
    expect(await values(gaps().fillna('q').select('s'))).toEqual([['a'], ['q'], ['b']]);
    expect(await values(gaps().na.fill(true).select('b'))).toEqual([[true], [true], [false]]);
    expect(await values(gaps().fillna(0, ['i', 's']))).toEqual([
      [1, 1.5, 'a', true],
      [0, Number.NaN, null, null],
      [3, null, 'b', false],
    ]);
    await expect(gaps().fillna({ zz: 1 }).collect()).rejects.toThrow(/UNRESOLVED_COLUMN.*zz/s);
  });

  test('dropna counts NaN as missing', async () => {
    const firsts = async (frame: DataFrame) => (await values(frame.select('i'))).flat();
    expect(await firsts(gaps().dropna())).toEqual([1]);
    expect(await firsts(gaps().dropna('all'))).toEqual([1, 3]);
    expect(await firsts(gaps().dropna('any', 3))).toEqual([1, 3]);
    expect(await firsts(gaps().dropna({ thresh: 1 }))).toEqual([1, 3]);
    expect(await firsts(gaps().dropna({ subset: ['s'] }))).toEqual([1, 3]);
    expect(await firsts(gaps().na.drop('any', ['s']))).toEqual([1, 3]);
    expect(() => gaps().dropna('some' as never)).toThrow(/VALUE_NOT_ANY_OR_ALL/);
  });

  test('replace', async () => {
    expect(await values(gaps().replace(1, 10).select('i', 'f'))).toEqual([
      [10, 1.5],
      [null, Number.NaN],
      [3, null],
    ]);
    expect(await values(gaps().replace({ a: 'A', b: null }).select('s'))).toEqual([['A'], [null], [null]]);
    expect(await values(gaps().replace(['a', 'b'], ['x', 'y'], ['s']).select('s'))).toEqual([['x'], [null], ['y']]);
    expect(await values(gaps().replace(1.5, 2).select('f'))).toEqual([[2], [Number.NaN], [null]]);
    expect(await values(gaps().replace(true, false).select('b'))).toEqual([[false], [null], [false]]);
    expect(await values(gaps().replace({ 3: 30 }).select('i'))).toEqual([[1], [null], [30]]);
    expect(
      await values(
        gaps()
          .na.replace(new Map([[3, null]]), 'i')
          .select('i'),
      ),
    ).toEqual([[1], [null], [null]]);
    expect(() => gaps().replace(['a'], ['x', 'y'])).toThrow(/LENGTH_SHOULD_BE_THE_SAME/);
  });
});

test('aggregates without names take all numbers but the keys', async () => {
  const sums = await gaps().groupby('s').sum().orderBy('s').collect();
  expect(sums).toEqual([
    { s: null, 'sum(i)': null, 'sum(f)': Number.NaN },
    { s: 'a', 'sum(i)': 1, 'sum(f)': 1.5 },
    { s: 'b', 'sum(i)': 3, 'sum(f)': null },
  ]);
  expect(await gaps().rollup('i').max().columns()).toEqual(['i', 'max(i)', 'max(f)'].filter((n) => n !== 'max(i)'));
});

test('statistics of the frame itself', async () => {
  const frame = session.createDataFrame([
    { a: 1, b: 2, k: 'x' },
    { a: 2, b: 4, k: 'y' },
    { a: 3, b: 6, k: 'x' },
  ]);
  expect(await frame.corr('a', 'b')).toBeCloseTo(1, 12);
  expect(await frame.cov('a', 'b')).toBe(2);
  expect(await frame.approxQuantile('a', [0.5], 0)).toEqual([2]);
  expect(await frame.approxQuantile(['a', 'b'], [0, 1], 0)).toEqual([
    [1, 3],
    [2, 6],
  ]);
  expect(await frame.freqItems(['k'], 0.6).collect()).toEqual([{ k_freqItems: ['x'] }]);
  expect(await (await frame.crosstab('k', 'a')).count()).toBe(2);
  expect(await frame.stat.sampleBy('k', { x: 1 }, 7).count()).toBe(2);
  expect(await frame.sample({ fraction: 1, seed: 3 }).count()).toBe(3);
  expect(await frame.drop_duplicates(['k']).count()).toBe(2);
});

test('to, toJSON', async () => {
  const frame = gaps().to('f float, i bigint, more string');
  expect((await frame.schema()).simpleString()).toBe('struct<f:float,i:bigint,more:string>');
  expect(await values(frame.limit(1))).toEqual([[1.5, 1, null]]);
  await expect(
    gaps()
      .to({ other: t.notNull(t.int32) })
      .collect(),
  ).rejects.toThrow(/UNRESOLVED_COLUMN/);
  await expect(
    gaps()
      .to({ i: t.notNull(t.int32) })
      .collect(),
  ).rejects.toThrow(/NULLABLE_COLUMN_OR_FIELD/);
  expect(await values(gaps().select('i', 's').limit(1).toJSON())).toEqual([['{"i":1,"s":"a"}']]);
});

test('columns', async () => {
  const frame = session.createDataFrame([{ a: 6, k: 'x' }], { a: t.int32, k: t.string });
  const some = session.createDataFrame([{ k: 'x' }]);
  expect(
    await frame
      .select(
        col('a').bitwiseAND(3).as('and'),
        col('a').bitwiseOR(1).as('or'),
        col('a').bitwiseXOR(2).as('xor'),
        col('k').try_cast('int').as('none'),
        col('a')
          .transform((x) => x.add(1))
          .as('more'),
        col('k').isin(some).as('among'),
        fn.negate('a').as('minus'),
        fn.bitwise_not('a').as('bits'),
      )
      .collect(),
  ).toEqual([{ and: 2, or: 7, xor: 4, none: null, more: 7, among: true, minus: -6, bits: -7 }]);
  expect(await frame.select(fn.posexplode(fn.array(lit('z'))).alias('place', 'value')).collect()).toEqual([
    { place: 0, value: 'z' },
  ]);
  expect(frame.orderBy(col('a').desc_nulls_first()).plan).toEqual(
    expect.objectContaining({ orders: [expect.objectContaining({ descending: true, nullsFirst: true })] }),
  );
  expect(await frame.join(fn.broadcast(some), 'k').count()).toBe(1);
});

test('grouping sets, table functions, tables, registered functions', async () => {
  const frame = session.createDataFrame([
    { k: 'x', v: 1 },
    { k: 'x', v: 1 },
    { k: 'y', v: 2 },
  ]);
  expect(
    await frame.rollup('k').agg(fn.grouping('k').as('g'), fn.grouping_id().as('id')).orderBy('g', 'k').collect(),
  ).toEqual([
    { k: 'x', g: 0, id: 0 },
    { k: 'y', g: 0, id: 0 },
    { k: null, g: 1, id: 1 },
  ]);
  expect(await frame.agg(fn.listagg_distinct('k', '-').as('all')).collect()).toEqual([{ all: 'x-y' }]);
  expect(await session.tvf.posexplodeOuter?.(fn.array(lit(5))).collect()).toEqual([{ pos: 0, col: 5 }]);
  frame.createOrReplaceTempView('pairs');
  expect(await session.read.table('pairs').count()).toBe(3);
  session.udf.register('plus', (x) => x + 1, { args: ['int'], returns: 'int' });
  expect(await session.sql('SELECT plus(1)').collect()).toEqual([{ 'plus(1)': 2 }]);
  expect(await frame.limit(1).select(fn.callUdf('plus', 'v').as('n'), expr('plus(v)').as('m')).collect()).toEqual([
    { n: 2, m: 2 },
  ]);
  expect(() => session.udf.register('bad', undefined as never)).toThrow(/NOT_CALLABLE/);
  expect(session.catalog.listCatalogs()).toEqual([{ name: session.catalog.currentCatalog(), description: null }]);
});

test('a mistyped function names the nearest ones', () => {
  const names = fn as unknown as Record<string, (name: string) => unknown>;
  expect(() => names.summ?.('a')).toThrow(/UNRESOLVED_ROUTINE.*fn\.summ.*sum/s);
  expect('summ' in fn).toBe(false);
  expect((fn as unknown as { then?: unknown }).then).toBeUndefined();
});

test('the types are those of the frame', () => {
  const frame = session.createDataFrame([{ i: 1, f: 1, s: 'a', b: true }], types);
  const kept: typeof frame = frame.fillna(0).dropna().replace('a', 'b');
  expect(kept).toBeInstanceOf(DataFrame);
});

test('sums of a group without names are those of every column of numbers that is no key', async () => {
  const known = session.createDataFrame([{ i: 1, s: 'a', f: 1.5 }], { i: t.int32, s: t.string, f: t.float64 });
  const frames: readonly DataFrame[] = [gaps().select('i', 's', 'f'), known.select('*')];
  for (const frame of frames) {
    const sums = frame.groupBy('s').sum();
    expect((await sums.schema()).simpleString()).toBe('struct<s:string,sum(i):bigint,sum(f):double>');
    expect((await sums.filter(col('s').eq('a')).collect()).map((row) => Object.values(row))).toEqual([['a', 1, 1.5]]);
  }
  expect((await known.groupBy('i').max().schema()).simpleString()).toBe('struct<i:int,max(f):double>');
});
