import { type Column, t, udaf } from 'sparrow-df';
import { describe, expectTypeOf, test } from 'vitest';

describe('aggregators', () => {
  const product = { zero: () => 1, reduce: (all: number, x: number) => all * x, finish: (all: number) => all };

  test('take values of their declared types and give a column of theirs', () => {
    const made = udaf(product, { args: [t.float64], returns: t.float64 });
    expectTypeOf(made('x')).toExtend<Column<typeof t.float64, string>>();
    const byName = udaf(product, { args: ['int'], returns: 'double' });
    expectTypeOf(byName('x')).toExtend<Column<typeof t.float64, string>>();
  });

  test('do not compile where types do not fit', () => {
    // @ts-expect-error: the values are texts, and reduce takes numbers
    udaf(product, { args: [t.string], returns: t.float64 });
    // @ts-expect-error: finish gives a number
    udaf(product, { args: [t.float64], returns: t.string });
    // @ts-expect-error: with nulls, reduce must take them
    udaf(product, { args: [t.float64], returns: t.float64, nulls: 'pass' });
    // @ts-expect-error: reduce is missing
    udaf({ zero: () => 0, finish: (x: number) => x }, { args: [t.float64], returns: t.float64 });
  });
});
