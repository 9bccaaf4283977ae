import { tableFromArrays } from 'apache-arrow';
import { describe, expect, test } from 'vitest';
import { Session } from '../../src/api/session.js';
import { t } from '../../src/api/types.js';
import { simpleString } from '../../src/base/index.js';
import type { Plan } from '../../src/plan/node.js';
import { FakeEngine } from './fake-engine.js';

const session = await Session.create({}, new FakeEngine().create);

function contents(plan: Plan) {
  if (plan.kind !== 'local') throw new Error(`local data expected, not ${plan.kind}`);
  const { schema, content } = plan.data;
  return {
    schema: simpleString(schema),
    rows: content.rows,
    ...(content.kind === 'scalars' ? { columns: content.columns } : {}),
  };
}

describe('createDataFrame', () => {
  test('infers from rows; a missing property is null', () => {
    const rows = [
      { name: 'Ada', age: 36 },
      { name: 'Bo', score: 1.5 },
    ];
    const frame = session.createDataFrame(rows);
    rows[0] = { name: 'changed', age: 0 };
    expect(contents(frame.plan)).toEqual({
      schema: 'struct<name:string,age:bigint,score:double>',
      rows: 2,
      columns: [
        ['Ada', 'Bo'],
        [36n, null],
        [null, 1.5],
      ],
    });
  });

  test('takes iterables, columns, typed arrays and rows that are arrays', () => {
    function* rows() {
      yield { x: 1 };
      yield { x: 2 };
    }
    expect(contents(session.createDataFrame(rows()).plan)).toMatchObject({ rows: 2, columns: [[1n, 2n]] });
    expect(contents(session.createDataFrame({ a: [1, 2], b: new Float64Array([0.5, 1]) }).plan)).toEqual({
      schema: 'struct<a:bigint,b:double>',
      rows: 2,
      columns: [
        [1n, 2n],
        [0.5, 1],
      ],
    });
    expect(contents(session.createDataFrame([['Ada', 1]], ['name', 'n']).plan)).toEqual({
      schema: 'struct<name:string,n:bigint>',
      rows: 1,
      columns: [['Ada'], [1n]],
    });
  });

  test('takes a schema in every form', () => {
    const expected = { schema: 'struct<id:int,price:decimal(5,2)>', rows: 1, columns: [[1], [150n]] };
    const rows = [{ id: 1, price: '1.5', more: true }];
    expect(contents(session.createDataFrame(rows, { id: t.int32, price: t.decimal(5, 2) }).plan)).toEqual(expected);
    expect(contents(session.createDataFrame(rows, 'id INT, price DECIMAL(5,2)').plan)).toEqual(expected);
    expect(contents(session.createDataFrame([], { id: t.int32 }).plan)).toMatchObject({ rows: 0 });
  });

  test('async iterables and Arrow tables give a promise', async () => {
    async function* rows() {
      yield { x: 1 };
    }
    expect(contents((await session.createDataFrame(rows())).plan)).toMatchObject({ rows: 1, columns: [[1n]] });
    const table = tableFromArrays({ id: new Int32Array([1, 2, 3]) });
    expect(contents((await session.createDataFrame(table)).plan)).toEqual({ schema: 'struct<id:int>', rows: 3 });
  });

  test.each([
    [() => session.createDataFrame([]), /CANNOT_INFER_EMPTY_SCHEMA/],
    [() => session.createDataFrame([1] as never), /row 0 is number 1, not an object/],
    [() => session.createDataFrame(5 as never), /number 5 has no rows/],
    [() => session.createDataFrame({ a: [1], b: [1, 2] }), /column b has 2 values, the first has 1/],
    [() => session.createDataFrame([{ a: 1 }, { a: 'x' }]), /CANNOT_MERGE_TYPE/],
    [() => session.createDataFrame([{ a: 'x' }], { a: t.int64 }), /INVALID_VALUE_FOR_TYPE.*column a, row 0/],
    [() => session.createDataFrame([{ a: null }], { a: t.notNull(t.int64) }), /FIELD_NOT_NULLABLE/],
    [() => session.createDataFrame([['a', 1]], ['x']), /row 0 has 2 values for 1 columns/],
    [() => session.createDataFrame([{ a: 1 }], { a: 'int' } as never), /INVALID_SCHEMA/],
  ])('mistake %#', (make, message) => {
    expect(make).toThrow(message);
  });
});
