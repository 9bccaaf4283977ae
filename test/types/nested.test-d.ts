import { col, fn, lit, type Session, t } from 'sparrow-df';
import { describe, expectTypeOf, test } from 'vitest';

declare const session: Session<import('sparrow-df').DefaultValues>;
const { notNull } = t;

const orders = session.read
  .schema({
    id: notNull(t.int32),
    tags: notNull(t.array(notNull(t.string))),
    counts: t.array(t.int32),
    ship: t.struct({ city: notNull(t.string), at: t.struct({ zip: t.int32 }) }),
    prices: t.map(t.string, t.float64),
  })
  .parquet('orders.parquet');

type Rows<F> = F extends { collect(): Promise<readonly (infer R)[]> } ? R : never;

describe('nested values', () => {
  test('fields are properties of $, and have their types', () => {
    const places = orders.select(($) => [$.ship.city, $.ship.at.zip, $.ship.getField('city').as('byName')]);
    expectTypeOf<Rows<typeof places>>().toEqualTypeOf<{
      city: string | null;
      zip: number | null;
      byName: string | null;
    }>();
    // @ts-expect-error no such field
    orders.select(($) => $.ship.street);
    // @ts-expect-error no such field
    orders.select(($) => $.ship.getField('street'));
  });

  test('elements and values have theirs', () => {
    const some = orders.select(
      col('tags').getItem(0).as('first'),
      fn.get('counts', 0).as('count'),
      col('prices').getItem('net').as('net'),
      fn.size('tags').as('n'),
    );
    expectTypeOf<Rows<typeof some>>().toEqualTypeOf<{
      first: string | null;
      count: number | null;
      net: number | null;
      n: number;
    }>();
  });

  test('lambda functions get elements and give arrays', () => {
    const made = orders.select(
      fn.transform('counts', (x) => x.add(1)).as('plus'),
      fn.transform('tags', (x) => fn.length(x)).as('lengths'),
      fn.filter('tags', (x, i) => x.like('a%').and(i.gt(0))).as('some'),
      fn.exists('counts', (x) => x.gt(3)).as('any'),
      fn.aggregate('counts', lit(0), (sum, x) => sum.add(x)).as('total'),
    );
    expectTypeOf<Rows<typeof made>['plus']>().toEqualTypeOf<(number | null)[] | null>();
    expectTypeOf<Rows<typeof made>['lengths']>().toEqualTypeOf<number[]>();
    expectTypeOf<Rows<typeof made>['some']>().toEqualTypeOf<string[]>();
    expectTypeOf<Rows<typeof made>['any']>().toEqualTypeOf<boolean | null>();
  });
});
