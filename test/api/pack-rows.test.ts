import { type DefaultValues, Session, t } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

// Many rows take another way into columns than few: they must mean the same.
let session: Session<DefaultValues>;
beforeAll(async () => {
  session = await Session.create({ workers: 1, memory: '512MB' });
});
afterAll(() => session.stop());

const MANY = 70_000;
const rowOf = (i: number) => ({
  id: i * 1_000_003,
  small: (i % 200) - 100,
  price: i / 4,
  name: `name ${i % 100}`,
  ok: i % 2 === 0,
  at: new Date(1_600_000_000_000 + i),
  maybe: i % 3 === 0 ? null : -i,
  text: i % 5 === 0 ? undefined : `ä${i}`,
});

async function both(make: (i: number) => Record<string, unknown>, schema?: Parameters<typeof frameOf>[1]) {
  const few = frameOf(
    Array.from({ length: 50 }, (_, i) => make(i)),
    schema,
  );
  const many = frameOf(
    Array.from({ length: MANY }, (_, i) => make(i)),
    schema,
  );
  return { few, many };
}

const frameOf = (rows: Record<string, unknown>[], schema?: Record<string, ReturnType<typeof t.notNull>>) =>
  schema === undefined ? session.createDataFrame(rows) : session.createDataFrame(rows, schema as never);

describe('many rows', () => {
  test('have the types and values of few', async () => {
    const { few, many } = await both(rowOf);
    expect((await many.schema()).simpleString()).toBe((await few.schema()).simpleString());
    const rows = (await many.collect()) as Record<string, unknown>[];
    expect(rows).toHaveLength(MANY);
    expect(rows.slice(0, 50)).toEqual(await few.collect());
    for (const i of [65_535, 65_536, MANY - 1]) expect(rows[i]).toEqual({ ...rowOf(i), text: rowOf(i).text ?? null });
  });

  test('of mixed kinds fall back to values one by one', async () => {
    const mixed = (i: number) => ({
      float: i === 900 ? 0.5 : i,
      zero: i === 7 ? -0 : i,
      long: i === 3 ? 2n ** 60n : i,
      list: [i],
      none: null,
      ...(i > 40 ? { late: i } : {}),
    });
    const { many } = await both(mixed);
    expect((await many.schema()).simpleString()).toBe(
      'struct<float:double,zero:double,long:bigint,list:array<bigint>,none:void,late:bigint>',
    );
    const [, , , third] = (await many.drop('long').limit(4).collect()) as Record<string, unknown>[];
    expect(third).toEqual({ float: 3, zero: 3, list: [3], none: null, late: null });
  });

  test('with a schema are checked against it', async () => {
    const rows = Array.from({ length: 2000 }, (_, i) => ({ a: i, b: `${i}` }));
    const frame = session.createDataFrame(rows, { a: t.decimal(10, 2), b: t.int32 });
    expect((await frame.limit(2).collect())[1]).toEqual({ a: '1.00', b: 1 });
    const bad = Array.from({ length: 2000 }, (_, i) => ({ a: i === 1500 ? 300 : 1 }));
    expect(() => session.createDataFrame(bad, { a: t.int8 })).toThrow(/INVALID_VALUE_FOR_TYPE.*column a, row 1500/);
    const missing = Array.from({ length: 2000 }, (_, i) => ({ a: i === 1999 ? null : 1 }));
    expect(() => session.createDataFrame(missing as { a: number }[], { a: t.notNull(t.int32) })).toThrow(
      /FIELD_NOT_NULLABLE.*row 1999/,
    );
    expect(() => session.createDataFrame(Array.from({ length: 2000 }, (_, i) => ({ a: i === 9 ? 'x' : 1 })))).toThrow(
      /CANNOT_MERGE_TYPE.*row 9/,
    );
  });
});
