import { monitorEventLoopDelay } from 'node:perf_hooks';
import {
  col,
  type DataType,
  type DefaultValues,
  fn,
  lit,
  type ModuleFunction,
  Session,
  t,
  udf,
  when,
} from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const module = new URL('./functions.js', import.meta.url);
const of = <R extends DataType>(name: string, returns: R, more: Partial<ModuleFunction<R>> = {}) =>
  udf({ module, export: name, returns, ...more });

let session: Session<DefaultValues>;
beforeAll(async () => {
  session = await Session.create({ workers: 2, memory: '1GB' });
});
afterAll(() => session.stop());

/** Runs the same query compiled and interpreted. */
async function inBothModes<T>(run: () => Promise<T>): Promise<[T, T]> {
  const before = process.env.SPARROW_MODE;
  const compiled = await run();
  process.env.SPARROW_MODE = 'interpreted';
  try {
    return [compiled, await run()];
  } finally {
    if (before === undefined) delete process.env.SPARROW_MODE;
    else process.env.SPARROW_MODE = before;
  }
}

async function expectRows(frame: { collect(): Promise<unknown[]> }, rows: unknown[]): Promise<void> {
  for (const got of await inBothModes(() => frame.collect())) expect(got).toEqual(rows);
}

const numbers = () => session.range(10).select(col('id').cast('double').as('x'), 'id');
const people = () =>
  session.createDataFrame([
    { name: 'Ada', age: 36 },
    { name: null, age: 5 },
    { name: 'Cy', age: null },
  ]);

describe('functions of modules, in the workers', () => {
  test('wherever an expression stands', async () => {
    const twice = of('twice', t.float64);
    const isOdd = of('isOdd', t.boolean);
    await expectRows(numbers().select(twice('x').as('y')).limit(3), [{ y: 0 }, { y: 2 }, { y: 4 }]);
    await expectRows(
      numbers()
        .filter(twice(twice('x')).gt(28))
        .select('id'),
      [{ id: 8 }, { id: 9 }],
    );
    await expectRows(
      numbers()
        .groupBy(isOdd('x').as('odd'))
        .agg(twice(fn.sum(twice('x'))).as('s'))
        .orderBy('odd'),
      [
        { odd: false, s: 80 },
        { odd: true, s: 100 },
      ],
    );
    await expectRows(
      numbers()
        .orderBy(of('orMinusOne', t.float64)(col('x').neg()).asc())
        .select('id')
        .limit(2),
      [{ id: 9 }, { id: 8 }],
    );
    const window = (await import('sparrow-df')).Window.partitionBy(isOdd('x')).orderBy(twice('x').desc());
    await expectRows(
      numbers().select('id', fn.rowNumber().over(window).as('n')).filter('n = 1').select('id').orderBy('id'),
      [{ id: 8 }, { id: 9 }],
    );
  });

  test('joins: keys and conditions of one side or both', async () => {
    const twice = of('twice', t.float64, { args: [t.float64] });
    const add = of('add', t.float64, { args: [t.float64, t.float64] });
    const left = session.range(4).select(col('id').as('a'));
    const right = session.range(4).select(col('id').as('b'));
    await expectRows(
      left
        .join(right, twice('a').eq(col('b').cast('double')), 'left')
        .select('a', 'b')
        .orderBy('a'),
      [
        { a: 0, b: 0 },
        { a: 1, b: 2 },
        { a: 2, b: null },
        { a: 3, b: null },
      ],
    );
    await expectRows(left.join(right, add('a', 'b').eq(6.0)).select('a', 'b'), [{ a: 3, b: 3 }]);
    await expectRows(
      left
        .join(right, col('a').eq(col('b')).and(twice('b').gt(4.0)), 'left')
        .select('a', 'b')
        .orderBy('a'),
      [
        { a: 0, b: null },
        { a: 1, b: null },
        { a: 2, b: null },
        { a: 3, b: 3 },
      ],
    );
    await expect(left.join(right, add('a', 'b').eq(6.0), 'left').collect()).rejects.toThrow(/UDF_IN_ON_CLAUSE/);
  });

  test('nulls: skipped, or passed on request; undefined is null', async () => {
    const args = [t.int32];
    await expectRows(people().select(of('orMinusOne', t.int32, { args })('age').as('v')), [
      { v: 36 },
      { v: 5 },
      { v: null },
    ]);
    await expectRows(people().select(of('orMinusOne', t.int32, { args, nulls: 'pass' })('age').as('v')), [
      { v: 36 },
      { v: 5 },
      { v: -1 },
    ]);
    await expectRows(people().select(of('nothing', t.float64)('age').as('v')).limit(1), [{ v: null }]);
    await expectRows(people().select(of('shout', t.string)('name').as('v')), [
      { v: 'ADA!' },
      { v: null },
      { v: 'CY!' },
    ]);
  });

  test('values come and go as in collect()', async () => {
    const frame = session.createDataFrame(
      [{ b: true, d: '12.50', at: new Date(0), day: '2024-02-29', n: 7, list: ['x'] }],
      {
        b: t.boolean,
        d: t.decimal(10, 2),
        at: t.timestamp,
        day: t.date,
        n: t.int64,
        list: t.array(t.string),
      },
    );
    const describe = of('describe', t.string);
    await expectRows(frame.select(...['b', 'd', 'at', 'day', 'n', 'list'].map((name) => describe(name).as(name))), [
      {
        b: 'boolean:true',
        d: 'string:12.50',
        at: 'object:1970-01-01T00:00:00.000Z',
        day: 'object:2024-02-29T00:00:00.000Z',
        n: 'number:7',
        list: 'object:x',
      },
    ]);
    await expectRows(frame.select(of('asBigint', t.int64)('n').as('v')), [{ v: 7 * 2 ** 40 }]);
    await expectRows(session.range(1).select(of('parts', t.array(t.string))(lit('a b')).as('v')), [{ v: ['a', 'b'] }]);
    await expectRows(session.range(1).select(of('sum3', t.int32)(lit(1), lit(2), lit(3)).as('v')), [{ v: 6 }]);
  });

  test('a branch that is not taken does not call', async () => {
    const failAt = of('failAt', t.float64);
    const guarded = when(col('x').ne(7), failAt('x')).otherwise(-1.0);
    await expectRows(numbers().select(guarded.as('v')).filter('v < 0 or v > 8'), [{ v: -1 }, { v: 9 }]);
    await expectRows(
      numbers()
        .filter(col('x').gt(7).and(failAt('x').gt(8)))
        .select('id'),
      [{ id: 9 }],
    );
    await expectRows(
      numbers()
        .filter(col('x').eq(7).or(failAt('x').lt(0)))
        .select('id'),
      [{ id: 7 }],
    );
    await expectRows(numbers().filter(col('x').gt(7)).select(failAt('x').as('v')), [{ v: 8 }, { v: 9 }]);
  });

  test('errors name the function, the row and its arguments', async () => {
    for (const [name, pattern] of [
      ['failAt', /FAILED_EXECUTE_UDF.*`failAt`.*\(7\): seven is not allowed \(row 7\)/],
      ['wrongType', /FAILED_EXECUTE_UDF.*`wrongType`.*the string "text" is not a value of type double.*\(row 0\)/],
      ['later', /FAILED_EXECUTE_UDF.*`later`.*async: true/],
      ['twize', /CANNOT_LOAD_FUNCTION_CLASS.*no such export\. Did you mean:/],
      ['notAFunction', /CANNOT_LOAD_FUNCTION_CLASS.*not a function/],
    ] as const) {
      await expect(numbers().select(of(name, t.float64)('x')).collect()).rejects.toThrow(pattern);
    }
    const nowhere = udf({ module: new URL('./nowhere.js', import.meta.url), export: 'f', returns: t.int32 });
    await expect(numbers().select(nowhere('x')).collect()).rejects.toMatchObject({
      code: 'CANNOT_LOAD_FUNCTION_CLASS',
    });
    const typed = of('twice', t.float64, { args: [t.float64] });
    await expect(numbers().select(typed('x', 'x')).collect()).rejects.toMatchObject({
      code: 'WRONG_NUM_ARGS.WITHOUT_SUGGESTION',
    });
  });

  test('a function that never returns is ended with its worker', async () => {
    const started = performance.now();
    const query = numbers()
      .select(of('forever', t.float64)('x'))
      .collect({ signal: AbortSignal.timeout(100) });
    await expect(query).rejects.toMatchObject({ code: 'OPERATION_CANCELED' });
    expect(performance.now() - started).toBeLessThan(10_000);
    await expectRows(numbers().select(of('twice', t.float64)('x').as('y')).limit(1), [{ y: 0 }]);
  });

  test('a function that ends its thread fails the query, not the process', async () => {
    await expect(numbers().select(of('exit', t.float64)('x')).collect()).rejects.toMatchObject({ code: 'TASK_FAILED' });
  });

  test('in a process of its own a function harms nobody', { timeout: 120_000 }, async () => {
    const apart = <R extends DataType>(name: string, returns: R) => of(name, returns, { isolation: 'process' });
    const rows = await numbers()
      .select(apart('twice', t.float64)('x').as('y'), apart('pid', t.int32)().as('p'))
      .collect();
    expect(rows.map(({ y }) => y)).toEqual([0, 2, 4, 6, 8, 10, 12, 14, 16, 18]);
    expect(rows.every(({ p }) => p !== process.pid)).toBe(true);
    const many = session.range(20_000).select(apart('twice', t.float64)(col('id').cast('double')).as('y'));
    expect(await many.agg(fn.sum('y').as('y')).collect()).toEqual([{ y: 20_000 * 19_999 }]);
    await expect(numbers().select(apart('failAt', t.float64)('x')).collect()).rejects.toMatchObject({
      code: 'FAILED_EXECUTE_UDF',
      message: expect.stringContaining('seven is not allowed'),
    });
    // The row that ends the process is found.
    await expect(numbers().select(apart('exitAt', t.float64)('x')).collect()).rejects.toMatchObject({
      code: 'FAILED_EXECUTE_UDF',
      message: expect.stringMatching(/failed for \(7\): .*ended 4 times \(exit code 3\)/),
    });
    const stuck = numbers()
      .select(apart('forever', t.float64)('x'))
      .collect({ signal: AbortSignal.timeout(300) });
    await expect(stuck).rejects.toMatchObject({ code: 'OPERATION_CANCELED' });
    await expect(numbers().select(apart('nowhere', t.float64)('x')).collect()).rejects.toMatchObject({
      code: 'CANNOT_LOAD_FUNCTION_CLASS',
    });
  });

  test('a pattern that JavaScript would try without end is searched in other ways', { timeout: 60_000 }, async () => {
    const texts = session
      .range(30_000)
      .select(fn.concat(fn.repeat(lit('a'), lit(40)), col('id').cast('string')).as('s'));
    expect(await texts.filter(col('s').rlike('^(a+)+$')).count()).toBe(0);
    expect(await texts.filter(col('s').rlike('^(a+)+7$')).count()).toBe(1);
  });

  test('equal calls are made once, those that are not deterministic each', async () => {
    const rows = await session
      .createDataFrame([{ s: 'a' }, { s: 'b' }])
      .select(
        of('count', t.int32, { deterministic: false })('s').as('p'),
        of('count', t.int32, { deterministic: false })('s').as('q'),
      )
      .collect();
    expect(new Set(rows.flatMap((row) => [row.p, row.q])).size).toBe(4);
  });

  test('many rows, in several tasks and columns that are stored narrow', async () => {
    const frame = session
      .range(300_000)
      .select(col('id'), fn.concat(lit('n'), col('id').mod(5)).as('s'))
      .cache();
    const [compiled, interpreted] = await inBothModes(() =>
      frame
        .groupBy(of('shout', t.string)('s').as('s'))
        .agg(fn.sum(of('twicePlusOne', t.int64)('id')).as('n'))
        .orderBy('s')
        .collect(),
    );
    expect(compiled).toEqual(interpreted);
    expect(compiled[0]).toEqual({ s: 'N0!', n: 2 * (5 * ((59_999 * 60_000) / 2)) + 60_000 });
  });
});

describe('functions given themselves, on the calling thread', () => {
  test('they close over state', async () => {
    const rate = 3;
    const scaled = udf((x: number) => x * rate, { args: [t.float64], returns: t.float64 });
    await expectRows(numbers().filter(scaled('x').gt(20)).select(scaled('x').as('y')), [
      { y: 21 },
      { y: 24 },
      { y: 27 },
    ]);
    const both = udf((a: string | null, b: number | null) => `${a}/${b}`, {
      args: [t.string, 'int'],
      returns: 'string',
      nulls: 'pass',
    });
    await expectRows(people().select(both('name', 'age').as('v')), [
      { v: 'Ada/36' },
      { v: 'null/5' },
      { v: 'Cy/null' },
    ]);
  });

  test('promises are awaited, a few at once', async () => {
    let under = 0;
    let most = 0;
    const slow = udf(
      async (x: number) => {
        most = Math.max(most, ++under);
        await new Promise((resolve) => setTimeout(resolve, 1));
        under--;
        return `v${x}`;
      },
      { args: [t.float64], returns: t.string, concurrency: 4 },
    );
    expect(await session.range(50).select(slow('id').as('v')).collect()).toEqual(
      Array.from({ length: 50 }, (_, i) => ({ v: `v${i}` })),
    );
    expect(most).toBeLessThanOrEqual(4);
    const later = of('later', t.float64, { async: true });
    await expectRows(numbers().select(later('x').as('y')).limit(2), [{ y: 1 }, { y: 2 }]);
    const fails = udf(async () => Promise.reject(new Error('no answer')), { args: [t.float64], returns: t.string });
    await expect(numbers().select(fails('x')).collect()).rejects.toThrow(/FAILED_EXECUTE_UDF.*no answer.*row 0/);
    const never = udf(() => new Promise<string>(() => undefined), { args: [t.float64], returns: t.string });
    await expect(
      numbers()
        .select(never('x'))
        .collect({ signal: AbortSignal.timeout(100) }),
    ).rejects.toMatchObject({
      code: 'OPERATION_CANCELED',
    });
  });

  test('the event loop turns while they run', async () => {
    const busy = udf(
      (x: number) => {
        let sum = x;
        for (let i = 0; i < 2_000; i++) sum += Math.sqrt(i);
        return sum;
      },
      { args: [t.float64], returns: t.float64 },
    );
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    await session
      .range(100_000)
      .agg(fn.sum(busy(col('id'))).as('s'))
      .collect();
    delay.disable();
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(10);
  });
});

test('session.udf names functions for SQL text', async () => {
  const twice = of('twice', t.float64);
  expect(session.udf.register('doubled', twice)).toBe(twice);
  await expectRows(numbers().filter('DOUBLED(x) > 16').selectExpr('doubled(x) AS y', 'id'), [{ y: 18, id: 9 }]);
  expect(() => session.udf.register('no name', twice)).toThrow(/INVALID_PARAMETER_VALUE/);
});

test('explain shows where functions are called', async () => {
  const text = await numbers().select(of('twice', t.float64)('x')).explain();
  expect(text).toContain('* JavaScript [twice(cast(id AS double))]');
});
