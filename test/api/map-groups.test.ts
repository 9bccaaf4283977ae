import { type Table, tableFromArrays } from 'apache-arrow';
import { col, type DefaultValues, fn, Session, t } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from 'vitest';

let session: Session<DefaultValues>;
beforeAll(async () => {
  session = await Session.create({ workers: 2, memory: '512MB' });
});
afterAll(() => session.stop());

const numbersOf = (table: Table, name: string): number[] => [...(table.getChild(name) ?? [])].map(Number);
const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

describe('groups of a frame', () => {
  test('applyInArrow gets every group whole, in the order of keys', async () => {
    const keys: unknown[] = [];
    const frame = session.range(100_000).withColumns({ k: col('id').mod(7).cast(t.int32), v: col('id').mul(2) });
    const made = frame.groupBy('k').applyInArrow(
      (table, [key]) => {
        keys.push(key);
        expect(table.schema.fields.map((field) => field.name)).toEqual(['id', 'k', 'v']);
        return tableFromArrays({ k: [key as number], n: [table.numRows], s: [sumOf(numbersOf(table, 'v'))] });
      },
      { k: t.int32, n: t.int32, s: t.int64 },
    );
    expect(keys).toEqual([]);
    const rows = await made.orderBy('k').collect();
    expect(keys).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expectTypeOf(rows).toEqualTypeOf<{ k: number | null; n: number | null; s: number | null }[]>();
    const asked = await frame.groupBy('k').agg(fn.count().as('n'), fn.sum('v').as('s')).orderBy('k').collect();
    expect(rows).toEqual(asked);
  });

  test('mapGroups gives more or fewer rows; nulls are a group, keys may be computed', async () => {
    const rows = [null, 'b', 'a', null, 'A'].map((name, i) => ({ name, i }));
    const frame = session.createDataFrame(rows, { name: t.string, i: t.int32 });
    const made = frame.groupBy({ low: fn.lower('name') }, col('i').lt(3)).mapGroups(
      ({ name, i }, count, key) => {
        expect([Array.from(name as ArrayLike<unknown>).length, Array.from(i as ArrayLike<unknown>).length]).toEqual([
          count,
          count,
        ]);
        return key[0] === 'b'
          ? { text: [], i: [] }
          : { text: Array(count).fill(JSON.stringify(key)), i: i as number[] };
      },
      { text: t.string, i: t.int32 },
    );
    expect(await made.collect()).toEqual([
      { text: '[null,false]', i: 3 },
      { text: '[null,true]', i: 0 },
      { text: '["a",false]', i: 4 },
      { text: '["a",true]', i: 2 },
    ]);
  });

  test('without columns all rows are one group; without rows there is none', async () => {
    const count = session
      .range(5)
      .groupBy()
      .mapGroups((_, rows, key) => ({ n: [rows + key.length] }), { n: t.int32 });
    expect(await count.collect()).toEqual([{ n: 5 }]);
    const none = session
      .range(0)
      .groupBy('id')
      .mapGroups(() => ({ n: [1] }), { n: t.int32 });
    expect(await none.collect()).toEqual([]);
  });

  test('other programs get their turn', async () => {
    const frame = session
      .range(60_000)
      .groupBy('id')
      .mapGroups((_, rows) => ({ rows: [rows] }), { rows: t.int32 });
    let turns = 0;
    const clock = setInterval(() => turns++, 5);
    expect(await frame.agg(fn.sum('rows').as('s')).collect()).toEqual([{ s: 60_000 }]);
    clearInterval(clock);
    expect(turns).toBeGreaterThan(5);
  });

  test('what a function throws or gives wrongly is told', async () => {
    const grouped = session.range(3).groupBy('id');
    const failing = grouped.mapGroups(
      () => {
        throw new RangeError('not this one');
      },
      { n: t.int32 },
    );
    await expect(failing.collect()).rejects.toThrow('not this one');
    await expect(grouped.mapGroups(() => ({ m: [1] }), { n: t.int32 }).collect()).rejects.toMatchObject({
      code: 'RESULT_COLUMN_NAMES_MISMATCH',
    });
    const rolled = session.range(3).rollup('id');
    expect(() => rolled.mapGroups(() => ({ n: [] }), { n: t.int32 })).toThrow('rollup');
  });
});

describe('groups of two frames', () => {
  test('cogroup brings equal keys together, of either side or of both', async () => {
    const left = session.createDataFrame([
      { k: 1, a: 10 },
      { k: 2, a: 20 },
      { k: 2, a: 21 },
      { k: null, a: 30 },
    ]);
    const right = session.createDataFrame([
      { key: 2, b: 200 },
      { key: 3, b: 300 },
      { key: null, b: 400 },
    ]);
    const made = left
      .groupBy('k')
      .cogroup(right.groupBy('key'))
      .applyInArrow(
        (ours, theirs, [key]) => {
          expect(theirs.schema.fields.map((field) => field.name)).toEqual(['key', 'b']);
          return tableFromArrays({
            k: Int32Array.of((key as number | null) ?? -1),
            a: Float64Array.of(sumOf(numbersOf(ours, 'a'))),
            b: Float64Array.of(sumOf(numbersOf(theirs, 'b'))),
          });
        },
        { k: t.int32, a: t.float64, b: t.float64 },
      );
    expect(await made.collect()).toEqual([
      { k: -1, a: 30, b: 400 },
      { k: 1, a: 10, b: 0 },
      { k: 2, a: 41, b: 200 },
      { k: 3, a: 0, b: 300 },
    ]);
  });

  test('keys must be as many and of the same types', async () => {
    const frame = session.range(3);
    const give = (): Table => tableFromArrays({ n: Int32Array.of(1) });
    expect(() => frame.groupBy('id').cogroup(frame.groupBy()).applyInArrow(give, { n: t.int32 })).toThrow(
      'NUM_COLUMNS_MISMATCH',
    );
    const text = frame.groupBy({ id: col('id').cast(t.string) });
    const mixed = frame.groupBy('id').cogroup(text).applyInArrow(give, { n: t.int32 });
    await expect(mixed.collect()).rejects.toMatchObject({ code: 'INCOMPATIBLE_JOIN_TYPES' });
  });
});
