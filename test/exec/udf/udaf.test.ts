import { col, type DefaultValues, fn, Session, t, udaf, Window } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const module = new URL('./aggregators.js', import.meta.url);
const geometricMean = udaf({ module, export: 'geometricMean', args: [t.float64], returns: t.float64 });
const weighted = udaf({ module, export: 'weighted', args: [t.float64, t.float64], returns: t.float64 });

let session: Session<DefaultValues>;
beforeAll(async () => {
  session = await Session.create({ workers: 2, memory: '1GB' });
});
afterAll(() => session.stop());

const MODES = ['compiled', 'interpreted', 'no-optimizer'];

/** The same rows in every mode. */
async function expectRows(frame: { collect(): Promise<unknown[]> }, rows: unknown[]): Promise<void> {
  const before = process.env.SPARROW_MODE;
  try {
    for (const mode of MODES) {
      process.env.SPARROW_MODE = mode;
      expect(await frame.collect(), mode).toEqual(rows);
    }
  } finally {
    if (before === undefined) delete process.env.SPARROW_MODE;
    else process.env.SPARROW_MODE = before;
  }
}

const sales = () =>
  session.createDataFrame([
    { shop: 'a', price: 2, amount: 1 },
    { shop: 'a', price: 8, amount: 3 },
    { shop: 'b', price: 5, amount: null },
    { shop: 'b', price: 7, amount: 2 },
    { shop: 'c', price: null, amount: 1 },
  ]);

describe('aggregators', () => {
  test('of modules, over groups and over all rows, equal to what the engine computes itself', async () => {
    const many = session.range(100_000).select(col('id').mod(17).as('k'), col('id').mod(101).add(1).as('x'));
    const own = await many.groupBy('k').agg(geometricMean('x').as('g')).orderBy('k').collect();
    const same = await many
      .groupBy('k')
      .agg(fn.exp(fn.avg(fn.ln('x'))).as('g'))
      .orderBy('k')
      .collect();
    expect(own.length).toBe(17);
    own.forEach(({ g }, i) => void expect(g).toBeCloseTo(same[i]?.g as number, 9));
    const [all] = await many.agg(geometricMean('x').as('g')).collect();
    const [sameAll] = await many.agg(fn.exp(fn.avg(fn.ln('x'))).as('g')).collect();
    expect(all?.g).toBeCloseTo(sameAll?.g as number, 9);
  });

  test('leave rows with nulls out, and give what a group without rows gives', async () => {
    await expectRows(sales().groupBy('shop').agg(weighted('price', 'amount').as('w')).orderBy('shop'), [
      { shop: 'a', w: 6.5 },
      { shop: 'b', w: 7 },
      { shop: 'c', w: Number.NaN },
    ]);
    await expectRows(sales().filter('price > 100').agg(geometricMean('price').as('g'), fn.count().as('n')), [
      { g: null, n: 0 },
    ]);
  });

  test('that close over local state, and see nulls when they say so', async () => {
    const seen: unknown[] = [];
    const texts = udaf(
      {
        zero: () => [] as string[],
        reduce: (all: string[], price: number | null, amount: number | null) => {
          seen.push(price);
          return [...all, `${price}:${amount}`];
        },
        finish: (all: string[]) => all,
      },
      { args: [t.int32, t.int32], returns: t.array(t.string), nulls: 'pass', name: 'texts' },
    );
    await expectRows(sales().groupBy('shop').agg(texts('price', 'amount').as('all')).orderBy('shop'), [
      { shop: 'a', all: ['2:1', '8:3'] },
      { shop: 'b', all: ['5:null', '7:2'] },
      { shop: 'c', all: ['null:1'] },
    ]);
    expect(seen).toContain(null);
  });

  test('in SQL, distinct, filtered, in HAVING, over windows, and named as they are written', async () => {
    session.udf.register('geo', geometricMean);
    session.udf.register('weighted', weighted);
    await session
      .createDataFrame([1, 2, 2, 4].map((x, i) => ({ i, x, k: x > 2 ? 'big' : 'small' })))
      .createOrReplaceTempView('xs');
    await expectRows(
      session.sql(
        'SELECT k, round(geo(x), 2) AS g, round(geo(DISTINCT x), 2) AS d FROM xs GROUP BY k HAVING geo(x) < 5 ORDER BY k',
      ),
      [
        { k: 'big', g: 4, d: 4 },
        { k: 'small', g: 1.59, d: 1.41 },
      ],
    );
    await expectRows(session.sql("SELECT geo(x) FILTER (WHERE k = 'big') AS g FROM xs"), [{ g: 4 }]);
    await expectRows(
      session.sql(
        'SELECT i, round(geo(x) OVER (ORDER BY i ROWS BETWEEN 1 PRECEDING AND CURRENT ROW), 2) AS g FROM xs ORDER BY i',
      ),
      [
        { i: 0, g: 1 },
        { i: 1, g: 1.41 },
        { i: 2, g: 2 },
        { i: 3, g: 2.83 },
      ],
    );
    const window = Window.partitionBy('k').orderBy('i');
    const over = session
      .table('xs')
      .select('i', fn.round(geometricMean('x').over(window), 2).as('g'))
      .orderBy('i');
    expect((await over.collect()).map(({ g }) => g)).toEqual([1, 1.41, 1.59, 4]);
    const named = session.sql('SELECT geo(x), weighted(x, i), geo(DISTINCT x) FROM xs');
    expect(await named.columns()).toEqual(['geo(x)', 'weighted(x, i)', 'geo(DISTINCT x)']);
  });

  test('that fail, or are none, are named', async () => {
    const fails = udaf({ module, export: 'fails', args: [t.float64], returns: t.float64 });
    await expect(sales().agg(fails('price')).collect()).rejects.toMatchObject({ code: 'FAILED_EXECUTE_UDF' });
    for (const name of ['half', 'none']) {
      const broken = udaf({ module, export: name, args: [t.float64], returns: t.float64 });
      await expect(sales().agg(broken('price')).collect()).rejects.toMatchObject({
        code: 'CANNOT_LOAD_FUNCTION_CLASS',
      });
    }
    expect(() => udaf({ zero: () => 0 } as never, { args: [t.float64], returns: t.float64 })).toThrow(
      /no function reduce, finish/,
    );
    expect(() => udaf(undefined as never)).toThrow(/no function zero, reduce, finish/);
    expect(() => udaf({ module, export: 'half', returns: t.float64 } as never)).toThrow(/types of the arguments/);
    await expect(sales().agg(weighted('price')).collect()).rejects.toMatchObject({
      code: 'WRONG_NUM_ARGS.WITHOUT_SUGGESTION',
    });
    await expect(sales().select(col('shop'), geometricMean('price')).collect()).rejects.toMatchObject({
      code: 'MISSING_GROUP_BY',
    });
  });
});
