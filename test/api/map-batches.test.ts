import { RecordBatch, Table, tableFromArrays } from 'apache-arrow';
import { col, type DefaultValues, fn, Session, t } from 'sparrow-df';
import { afterAll, beforeAll, expect, test } from 'vitest';

let session: Session<DefaultValues>;
beforeAll(async () => {
  session = await Session.create({ workers: 2, memory: '512MB' });
});
afterAll(() => session.stop());

test('mapBatches gives more or fewer rows, in the declared types', async () => {
  let calls = 0;
  const evens = session.range(150_000).mapBatches(
    ({ id }) => {
      calls++;
      const kept = Array.from(id as ArrayLike<number>).filter((value) => value % 2 === 0);
      return {
        half: kept.map((value) => value / 2),
        text: kept.map((value) => (value % 4 === 0 ? null : `n${value}`)),
      };
    },
    { half: t.int32, text: t.string },
  );
  expect(calls).toBe(0);
  expect((await evens.schema()).simpleString()).toBe('struct<half:int,text:string>');
  expect(await evens.agg(fn.sum('half').as('s'), fn.count('text').as('n'), fn.count().as('all')).collect()).toEqual([
    { s: (74_999 * 75_000) / 2, n: 37_500, all: 75_000 },
  ]);
  expect(await evens.filter(col('half').lt(2)).collect()).toEqual([
    { half: 0, text: null },
    { half: 1, text: 'n2' },
  ]);
});

test('mapInArrow takes and gives Arrow batches', async () => {
  const frame = session.createDataFrame([{ a: 1 }, { a: 2 }, { a: 3 }]);
  const doubled = frame.mapInArrow(
    async function* (batches) {
      for await (const batch of batches) {
        expect(batch).toBeInstanceOf(RecordBatch);
        const values = new Table([batch]).toArray().map((row) => Number(row?.a) * 2);
        yield tableFromArrays({ b: Float64Array.from(values) });
      }
    },
    { b: t.float64 },
  );
  expect(await doubled.collect()).toEqual([{ b: 2 }, { b: 4 }, { b: 6 }]);
  // Another type than declared is converted where that is exact.
  const asInt = frame.mapInArrow(
    function* () {
      yield tableFromArrays({ b: Float64Array.of(1, 2) });
    },
    { b: t.int32 },
  );
  expect(await asInt.collect()).toEqual([{ b: 1 }, { b: 2 }]);
});

test('what does not fit what was declared is told', async () => {
  const frame = session.range(3);
  await expect(frame.mapBatches(() => ({ x: [1] }), { y: t.int32 }).collect()).rejects.toThrow(
    /RESULT_COLUMN_NAMES_MISMATCH.*no column y.*column x that was not declared/,
  );
  await expect(frame.mapBatches(() => ({ y: ['a'] }), { y: t.int32 }).collect()).rejects.toThrow(
    /INVALID_VALUE_FOR_TYPE.*column y, row 0/,
  );
  const wrong = frame.mapInArrow(
    function* () {
      yield tableFromArrays({ b: Float64Array.of(0.5) });
    },
    { b: t.int32 },
  );
  await expect(wrong.collect()).rejects.toMatchObject({ code: 'RESULT_COLUMN_TYPES_MISMATCH' });
  const failing = frame.mapBatches(
    () => {
      throw new RangeError('no');
    },
    { y: t.int32 },
  );
  await expect(failing.collect()).rejects.toThrow(/no/);
});
