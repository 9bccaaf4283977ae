import {
  col,
  type DataFrame,
  expr,
  fn,
  lit,
  type Row,
  type RowOf,
  Session,
  type SqlValue,
  t,
  Window,
  when,
} from 'sparrow-df';
import { describe, expectTypeOf, test } from 'vitest';

declare const session: Session<import('sparrow-df').DefaultValues>;
const notNull = t.notNull;

const orders = session.read
  .schema({
    id: notNull(t.int64),
    user: notNull(t.int32),
    price: t.decimal(12, 2),
    qty: notNull(t.int32),
    weight: t.float64,
    note: t.string,
    at: t.timestamp,
    day: t.date,
    paid: notNull(t.boolean),
    tags: t.array(notNull(t.string)),
    ship: t.struct({ city: notNull(t.string), zip: t.int32 }),
  })
  .parquet('orders.parquet');
const users = session.read.schema({ user: notNull(t.int32), name: notNull(t.string), qty: t.int32 }).csv('users.csv');
const open = session.read.parquet('flights.parquet');

type Rows<F> = F extends { collect(): Promise<readonly (infer R)[]> } ? R : never;

describe('rows', () => {
  test('have the types of the schema, nullable unless said otherwise', () => {
    expectTypeOf<RowOf<typeof orders>>().toEqualTypeOf<{
      id: number;
      user: number;
      price: string | null;
      qty: number;
      weight: number | null;
      note: string | null;
      at: Date | null;
      day: Date | null;
      paid: boolean;
      tags: string[] | null;
      ship: { city: string; zip: number | null } | null;
    }>();
    expectTypeOf(users.first()).resolves.toEqualTypeOf<{ user: number; name: string; qty: number | null } | null>();
    expectTypeOf(users.take(3)).resolves.toEqualTypeOf<{ user: number; name: string; qty: number | null }[]>();
  });

  test('follow the value options of the session', async () => {
    const other = await Session.create({
      int64: 'bigint',
      date: 'string',
      timestamp: 'micros',
      decimal: 'number',
      map: 'object',
    });
    const frame = other.read
      .schema({ id: t.int64, price: t.decimal(9, 2), day: t.date, at: t.timestamp, m: t.map(t.string, t.int64) })
      .parquet('x');
    expectTypeOf<RowOf<typeof frame>>().toEqualTypeOf<{
      id: bigint | null;
      price: number | null;
      day: string | null;
      at: bigint | null;
      m: Record<string, bigint | null> | null;
    }>();
    const plain = await Session.create();
    const maps = plain.read.schema({ m: t.map(t.string, t.int64) }).parquet('x');
    expectTypeOf<RowOf<typeof maps>>().toEqualTypeOf<{ m: Map<string, number | null> | null }>();
    const text = await Session.create({ int64: 'string', workers: 2 });
    expectTypeOf<RowOf<ReturnType<typeof text.range>>>().toEqualTypeOf<{ id: string }>();
  });

  test('of inferred data have the types of the data', () => {
    const people = session.createDataFrame([{ name: 'Ada', age: 36, born: new Date(), ok: true, tags: ['a'] }]);
    expectTypeOf<RowOf<typeof people>>().toEqualTypeOf<{
      name: string;
      age: number;
      born: Date;
      ok: boolean;
      tags: string[];
    }>();
    const some = session.createDataFrame([
      { a: 1, b: null as string | null },
      { a: 2, b: 'x', c: 4n },
    ]);
    expectTypeOf<RowOf<typeof some>>().toEqualTypeOf<{ a: number; b: string | null; c: number | null }>();
    const columns = session.createDataFrame({ x: [1, 2], y: new BigInt64Array(2), z: ['a', null] });
    expectTypeOf<RowOf<typeof columns>>().toEqualTypeOf<{ x: number; y: number; z: string | null }>();
    const given = session.createDataFrame([{ id: 1 }], { id: t.int64 });
    expectTypeOf<RowOf<typeof given>>().toEqualTypeOf<{ id: number | null }>();
  });

  test('of an unknown schema are records of SQL values', () => {
    expectTypeOf<RowOf<typeof open>>().toEqualTypeOf<Record<string, SqlValue>>();
    expectTypeOf<Rows<typeof open>>().toEqualTypeOf<Record<string, SqlValue>>();
  });
});

describe('select', () => {
  test('by name, by column, by function, by list and by object', () => {
    const a = orders.select('id', col('note').as('n'), ($) => $.price, 'ship.city', ['at', 'user']);
    expectTypeOf<RowOf<typeof a>>().toEqualTypeOf<{
      id: number;
      n: string | null;
      price: string | null;
      city: string | null;
      at: Date | null;
      user: number;
    }>();
    const b = orders.select({ who: col('user'), total: col('price').mul(col('qty')) });
    expectTypeOf<RowOf<typeof b>>().toEqualTypeOf<{ who: number; total: string | null }>();
    const c = orders.select(($) => ({ who: $.user, half: $.weight.div(2) }));
    expectTypeOf<RowOf<typeof c>>().toEqualTypeOf<{ who: number; half: number | null }>();
    const d = orders.select(($) => [$.user, $.qty.add(1).as('more')]);
    expectTypeOf<RowOf<typeof d>>().toEqualTypeOf<{ user: number; more: number }>();
    const e = users.select('*', col('qty').cast('double').as('q'));
    expectTypeOf<RowOf<typeof e>>().toEqualTypeOf<{
      user: number;
      name: string;
      qty: number | null;
      q: number | null;
    }>();
  });

  test('of free columns finds their types at use', () => {
    const a = orders.select(
      col('price').mul(2).as('a'),
      col('qty').add(col('user')).as('b'),
      col('qty').mul(0.5).as('c'),
      col('qty').gt(1).and(col('note').isNull()).as('d'),
      col('weight').cast(t.int32).as('e'),
      when(col('qty').gt(1), 'many').otherwise('one').as('f'),
      fn.when(col('qty').gt(1), 'many').when(col('qty').gt(0), 'one').as('g'),
      lit('x').as('h'),
      fn.upper('note').as('i'),
      fn.coalesce('note', lit('?')).as('j'),
    );
    expectTypeOf<RowOf<typeof a>>().toEqualTypeOf<{
      a: string | null;
      b: number;
      c: number;
      d: boolean;
      e: number | null;
      f: string;
      g: string | null;
      h: string;
      i: string | null;
      j: string;
    }>();
  });

  test('refuses names that are not there', () => {
    // @ts-expect-error no such column
    orders.select('nope');
    // @ts-expect-error no such column
    orders.select('id', col('nope'));
    // @ts-expect-error no such column, inside an expression
    orders.select(col('price').add(col('nope')).as('x'));
    // @ts-expect-error no such column
    orders.select(($) => $.nope);
    // @ts-expect-error no such field of the struct
    orders.select('ship.street');
  });
});

describe('filter', () => {
  test('takes SQL text, columns and functions', () => {
    expectTypeOf(orders.filter('qty > 3')).toEqualTypeOf(orders);
    expectTypeOf(orders.filter(col('qty').gt(3).and(col('price').lt('9.99')))).toEqualTypeOf(orders);
    expectTypeOf(orders.where(($) => $.qty.between(1, 9).or($.note.like('a%')))).toEqualTypeOf(orders);
    orders.filter(col('paid'));
    orders.filter(expr('qty > 1'));
    orders.filter(($) =>
      $.id
        .isin(1, 2, 3)
        .and($.at.ge('2024-01-01'))
        .and($.id.isin([4, 5])),
    );
    orders.filter(($) => $.id.eq(10n).and($.price.gt(5)).and($.day.eq(new Date())));
    orders.filter(($) => $.note.eqNullSafe(null));
  });

  test('refuses wrong names, wrong operands and what is no condition', () => {
    // @ts-expect-error no such column
    orders.filter(col('nope').gt(3));
    // @ts-expect-error a bigint with a word
    orders.filter(($) => $.id.eq('x'));
    // @ts-expect-error a bigint with a word, found where the column is met
    orders.filter(col('id').eq('x'));
    // @ts-expect-error text with a number
    orders.filter(($) => $.note.gt(1));
    // @ts-expect-error not a condition
    orders.filter(($) => $.qty.add(1));
    // @ts-expect-error not a condition
    orders.filter(col('qty').add(1));
    // @ts-expect-error arithmetic on text
    orders.filter(($) => $.note.add(1).gt(2));
    // @ts-expect-error text function on a number
    orders.filter(($) => $.qty.like('1%'));
    // @ts-expect-error AND with a number
    orders.filter(($) => $.paid.and($.qty));
    // @ts-expect-error a boolean with a number
    orders.filter(($) => $.paid.eq(1));
    // @ts-expect-error no such type
    orders.select(($) => $.qty.cast('integr').as('x'));
  });
});

describe('columns', () => {
  test('are added, replaced, renamed and dropped exactly', () => {
    const a = users.withColumn('qty', col('qty').cast('string')).withColumn('n', ($) => $.user.add(1));
    expectTypeOf<RowOf<typeof a>>().toEqualTypeOf<{ user: number; name: string; qty: string | null; n: number }>();
    const b = users.withColumns(($) => ({ up: fn.upper($.name), len: fn.length('name') }));
    expectTypeOf<RowOf<typeof b>>().toEqualTypeOf<{
      user: number;
      name: string;
      qty: number | null;
      up: string;
      len: number;
    }>();
    const c = users.withColumnRenamed('user', 'id').drop('qty');
    expectTypeOf<RowOf<typeof c>>().toEqualTypeOf<{ id: number; name: string }>();
    const d = users.withColumnsRenamed({ user: 'id', name: 'label' });
    expectTypeOf<RowOf<typeof d>>().toEqualTypeOf<{ id: number; label: string; qty: number | null }>();
    const e = users.toDF('a', 'b', 'c').select('b');
    expectTypeOf<RowOf<typeof e>>().toEqualTypeOf<{ b: SqlValue }>();
  });

  test('refuse wrong names', () => {
    // @ts-expect-error no such column
    users.withColumn('x', col('nope'));
    // @ts-expect-error no such column
    users.withColumn('x', ($) => $.nope);
    // @ts-expect-error no such column
    users.withColumns({ x: col('nope').add(1) });
    // @ts-expect-error no such column
    users.withColumnRenamed('nope', 'x');
    // @ts-expect-error no such column
    users.withColumnsRenamed({ nope: 'x' });
    // @ts-expect-error no such column
    users.drop('nope');
    // @ts-expect-error no such column
    users.orderBy('nope');
    // @ts-expect-error no such column
    users.orderBy(col('nope').desc());
    // @ts-expect-error no such column
    users.dropDuplicates(['nope']);
    // @ts-expect-error no such column
    users.col('nope');
  });
});

describe('groupBy', () => {
  test('gives grouping columns and aggregates', () => {
    const a = orders
      .groupBy('user', fn.year('at').as('y'))
      .agg(
        fn.count().as('n'),
        fn.avg('weight').as('mean'),
        fn.sum('qty').as('q'),
        fn.sum('price').as('revenue'),
        fn.max('note').as('last'),
        fn.sum(col('price').mul(col('qty'))).as('s'),
      );
    expectTypeOf<RowOf<typeof a>>().toEqualTypeOf<{
      user: number;
      y: number | null;
      n: number;
      mean: number | null;
      q: number | null;
      revenue: string | null;
      last: string | null;
      s: string | null;
    }>();
    const b = orders.groupBy('user').agg(($) => ({ n: fn.count(), m: fn.min($.at) }));
    expectTypeOf<RowOf<typeof b>>().toEqualTypeOf<{ user: number; n: number; m: Date | null }>();
    const c = orders.groupBy('user').agg({ qty: 'sum', weight: 'avg', '*': 'count' });
    expectTypeOf<RowOf<typeof c>>().toEqualTypeOf<{
      user: number;
      'sum(qty)': number | null;
      'avg(weight)': number | null;
      'count(1)': number;
    }>();
    const d = orders.groupBy('user').count();
    expectTypeOf<RowOf<typeof d>>().toEqualTypeOf<{ user: number; count: number }>();
    const e = orders.groupBy('user').sum('qty', 'weight');
    expectTypeOf<RowOf<typeof e>>().toEqualTypeOf<{
      user: number;
      'sum(qty)': number | null;
      'sum(weight)': number | null;
    }>();
    const f = orders.agg(fn.count().as('n'), fn.countDistinct('user').as('u'));
    expectTypeOf<RowOf<typeof f>>().toEqualTypeOf<{ n: number; u: number }>();
    const g = orders.groupBy('user').agg(fn.sum('qty'), fn.count());
    expectTypeOf<RowOf<typeof g>>().toEqualTypeOf<{ user: number; 'sum(qty)': number | null; 'count(1)': number }>();
  });

  test('refuses wrong names and types', () => {
    // @ts-expect-error no such column
    orders.groupBy('nope');
    // @ts-expect-error no such column
    orders.groupBy('user').agg(fn.sum('nope').as('x'));
    // @ts-expect-error the sum of text
    orders.groupBy('user').agg(fn.sum('note').as('x'));
    // @ts-expect-error the sum of text
    orders.groupBy('user').sum('note');
    // @ts-expect-error no such column
    orders.groupBy('user').agg({ nope: 'sum' });
    // @ts-expect-error no such column
    orders.groupBy('user').agg(($) => ({ x: fn.sum($.nope) }));
  });
});

describe('join', () => {
  test('by name gives the key once, nullable where the join fills with nulls', () => {
    const small = orders.select('id', 'user');
    const inner = small.join(users, 'user');
    expectTypeOf<RowOf<typeof inner>>().toEqualTypeOf<{ id: number; user: number; name: string; qty: number | null }>();
    const left = small.join(users, ['user'], 'left');
    expectTypeOf<RowOf<typeof left>>().toEqualTypeOf<{
      id: number;
      user: number;
      name: string | null;
      qty: number | null;
    }>();
    const right = small.join(users, 'user', 'right_outer');
    expectTypeOf<RowOf<typeof right>>().toEqualTypeOf<{
      id: number | null;
      user: number;
      name: string;
      qty: number | null;
    }>();
    const full = small.join(users, 'user', 'full');
    expectTypeOf<RowOf<typeof full>>().toEqualTypeOf<{
      id: number | null;
      user: number | null;
      name: string | null;
      qty: number | null;
    }>();
    const semi = small.join(users, 'user', 'left_semi');
    expectTypeOf<RowOf<typeof semi>>().toEqualTypeOf<{ id: number; user: number }>();
  });

  test('by condition gives the columns of both', () => {
    const names = users.select(col('user').as('uid'), 'name');
    const a = orders.select('id', 'user').join(names, col('user').eq(col('uid')), 'left');
    expectTypeOf<RowOf<typeof a>>().toEqualTypeOf<{
      id: number;
      user: number;
      uid: number | null;
      name: string | null;
    }>();
    const b = orders.select('id', 'user').join(names, (o, u) => o.user.eq(u.uid));
    expectTypeOf<RowOf<typeof b>>().toEqualTypeOf<{ id: number; user: number; uid: number; name: string }>();
    const c = names.alias('a').join(names.alias('b'), col('a.uid').eq(col('b.uid')));
    expectTypeOf<RowOf<typeof c>>().toEqualTypeOf<{ uid: number; name: string }>();
    const d = names.crossJoin(orders.select('id'));
    expectTypeOf<RowOf<typeof d>>().toEqualTypeOf<{ uid: number; name: string; id: number }>();
  });

  test('refuses wrong keys', () => {
    // @ts-expect-error not on the right
    orders.join(users, 'price');
    // @ts-expect-error not on the left
    orders.join(users, 'name');
    // @ts-expect-error one of them is not there
    orders.join(users, ['user', 'name']);
    // @ts-expect-error text meets a number
    orders.join(users.select(col('name').as('id')), 'id');
    // @ts-expect-error no such column
    orders.join(users, col('nope').eq(col('user')));
    // @ts-expect-error no such column on the right
    orders.join(users, (o, u) => o.user.eq(u.nope));
    // @ts-expect-error no such join
    orders.join(users, 'user', 'lefty');
  });
});

describe('union', () => {
  test('keeps names and widens types', () => {
    const a = users.union(users.select('user', 'name', col('user').cast('bigint').as('qty')));
    expectTypeOf<RowOf<typeof a>>().toEqualTypeOf<{ user: number; name: string; qty: number | null }>();
    const b = users.select('user', 'name').unionByName(users.select('name', 'user'));
    expectTypeOf<RowOf<typeof b>>().toEqualTypeOf<{ user: number; name: string }>();
    const c = users.select('user').unionByName(users.select('user', 'name'), { allowMissingColumns: true });
    expectTypeOf<RowOf<typeof c>>().toEqualTypeOf<{ user: number; name: string | null }>();
    // @ts-expect-error the columns differ
    users.select('user').unionByName(users.select('user', 'name'));
  });
});

describe('windows', () => {
  test('keep the type of the function', () => {
    const byUser = Window.partitionBy('user').orderBy(col('at').desc());
    const a = orders.select(
      'id',
      fn.rowNumber().over(byUser).as('n'),
      fn.sum('qty').over(byUser.rowsBetween(Window.unboundedPreceding, Window.currentRow)).as('s'),
    );
    expectTypeOf<RowOf<typeof a>>().toEqualTypeOf<{ id: number; n: number; s: number | null }>();
  });
});

describe('a frame of unknown schema', () => {
  test('accepts every name and knows what it selects', () => {
    const a = open
      .filter(col('delay').gt(15))
      .groupBy('origin')
      .agg(fn.count().as('n'), fn.avg('delay').as('avgDelay'));
    expectTypeOf<RowOf<typeof a>>().toEqualTypeOf<{ origin: SqlValue; n: number; avgDelay: number | null }>();
    // @ts-expect-error no such column any more
    a.orderBy('delay');
    open.withColumn('hour', fn.hour('date')).join(open, 'hour').select('anything').orderBy(col('anything').desc());
    expectTypeOf(open.as<{ id: number; name: string | null }>().collect()).resolves.toEqualTypeOf<
      { id: number; name: string | null }[]
    >();
  });

  test('and every other frame are DataFrames', () => {
    const any: DataFrame[] = [open, orders, users, open.groupBy('x').count()];
    const use = (frame: DataFrame): DataFrame => frame.filter(col('x').gt(1)).select('y').withColumn('z', col('y'));
    use(orders);
    expectTypeOf(any).toEqualTypeOf<DataFrame[]>();
    expectTypeOf<Row<{ a: { readonly kind: 'int32' } }>>().toEqualTypeOf<{ a: number | null }>();
  });
});
