import { describe, expect, test } from 'vitest';
import {
  float64Type,
  int32Type,
  int64Type,
  type Platform,
  type Scalar,
  SharedHeap,
  SparrowError,
  stringType,
} from '../../src/base/index.js';
import { Interpreter } from '../../src/exec/interpreter/interpreter.js';
import type { PhysicalJoinType, PhysicalPlan } from '../../src/exec/physical.js';
import { nodePlatform } from '../../src/io/node-platform.js';
import {
  aggregateCall,
  ascending,
  call,
  col,
  columns,
  descending,
  group,
  lit,
  project,
  rowsPlan,
} from '../support/physical.js';

type Rows = readonly (readonly Scalar[])[];

const heap = SharedHeap.create(2 ** 27);
const settings = { ansi: true, timeZone: 'UTC', nowMicros: 0n };

async function run(
  plan: PhysicalPlan,
  check: () => void = () => undefined,
  platform: Platform = nodePlatform,
): Promise<Rows> {
  const rows: (readonly Scalar[])[] = [];
  for await (const row of new Interpreter(heap, platform, settings, check).rows(plan)) rows.push(row);
  return rows;
}

const people = rowsPlan(
  heap,
  [int32Type, stringType],
  [
    [1, 'a'],
    [2, 'b'],
    [null, 'c'],
    [2, 'd'],
    [3, null],
  ],
  2,
);
const numbers = rowsPlan(
  heap,
  [int32Type, float64Type],
  [
    [2, 0.5],
    [null, 1.5],
    [2, 2.5],
    [4, 3.5],
  ],
);
const same = <T extends object>(input: PhysicalPlan, node: T) => ({ columns: input.columns, input, ...node });

describe('rows one by one', () => {
  test('filter keeps what is true, not what is null', async () => {
    const condition = call('gt', col(people, 0), lit(int32Type, 1));
    expect(await run({ kind: 'filter', ...same(people, { condition }) })).toEqual([
      [2, 'b'],
      [2, 'd'],
      [3, null],
    ]);
  });
  test('project computes', async () => {
    const twice = call('add', col(people, 0), col(people, 0));
    expect(await run(project(people, [twice, lit(stringType, 'x')]))).toEqual([
      [2, 'x'],
      [4, 'x'],
      [null, 'x'],
      [4, 'x'],
      [6, 'x'],
    ]);
  });
  test('an error says where', async () => {
    const plan = project(people, [call('mod', col(people, 0), lit(int32Type, 0))]);
    await expect(run(plan)).rejects.toMatchObject({ code: 'REMAINDER_BY_ZERO', where: '(c0 % 0)' });
  });
  test('limit and offset', async () => {
    expect(await run({ kind: 'limit', ...same(people, { limit: 2, offset: 1 }) })).toEqual([
      [2, 'b'],
      [null, 'c'],
    ]);
    expect(await run({ kind: 'limit', ...same(people, { offset: 4 }) })).toEqual([[3, null]]);
    expect(await run({ kind: 'limit', ...same(people, { limit: 0, offset: 0 }) })).toEqual([]);
  });
  test('union one after the other', async () => {
    const plan: PhysicalPlan = { kind: 'union', columns: people.columns, inputs: [people, people] };
    expect((await run(plan)).map(([id]) => id)).toEqual([1, 2, null, 2, 3, 1, 2, null, 2, 3]);
  });
  test('a sample is the same every time, and complementary ones share nothing', async () => {
    const sample = (lowerBound: number, upperBound: number): Promise<Rows> =>
      run({ kind: 'sample', ...same(many, { lowerBound, upperBound, seed: 7 }) });
    const many = rowsPlan(
      heap,
      [int32Type],
      Array.from({ length: 1000 }, (_, i) => [i]),
      64,
    );
    const [first, again, rest] = [await sample(0, 0.3), await sample(0, 0.3), await sample(0.3, 1)];
    expect(first).toEqual(again);
    expect(first.length).toBeGreaterThan(200);
    expect(first.length).toBeLessThan(400);
    expect([...first, ...rest].map(([i]) => i as number).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 1000 }, (_, i) => i),
    );
  });
});

describe('groups', () => {
  test('keys with nulls, filters of single calls', async () => {
    const big = call('gt', col(people, 0), lit(int32Type, 1));
    const calls = [
      aggregateCall('count', []),
      aggregateCall('sum', [col(people, 0)], big),
      aggregateCall('first', [col(people, 1)]),
    ];
    expect(await run(group(people, [col(people, 0)], calls))).toEqual([
      [1, 1n, null, 'a'],
      [2, 2n, 4n, 'b'],
      [null, 1n, null, 'c'],
      [3, 1n, 3n, null],
    ]);
  });
  test('-0.0 and 0.0 are one group, every NaN another', async () => {
    const input = rowsPlan(heap, [float64Type], [[-0], [Number.NaN], [0], [Number.NaN], [1]]);
    const rows = await run(group(input, [col(input, 0)], [aggregateCall('count', [])]));
    expect(rows).toEqual([
      [0, 2n],
      [Number.NaN, 2n],
      [1, 1n],
    ]);
    expect(Object.is(rows[0]?.[0], 0)).toBe(true);
  });
  test('without keys there is one group, also of no rows', async () => {
    const none = rowsPlan(heap, [int32Type], []);
    expect(await run(group(none, [], [aggregateCall('count', []), aggregateCall('max', [col(none, 0)])]))).toEqual([
      [0n, null],
    ]);
    expect(await run(group(none, [col(none, 0)], [aggregateCall('count', [])]))).toEqual([]);
  });

  test('makes no result that nobody reads', async () => {
    // Spark prunes the aggregate, and so does not fail; `bitmap_construct_agg` says only at its end that 40,000 is too far.
    const far = rowsPlan(heap, [int64Type], [[40_000n]]);
    const all = group(far, [], [aggregateCall('bitmap_construct_agg', [col(far, 0)]), aggregateCall('count', [])]);
    await expect(run(all)).rejects.toMatchObject({ code: 'INVALID_BITMAP_POSITION' });
    if (all.kind !== 'aggregate') throw new Error('no aggregate');
    const count = all.output.slice(1);
    expect(await run({ ...all, columns: all.columns.slice(1), output: count })).toEqual([[1n]]);
  });
});

describe('joins', () => {
  const pairs: Rows = [
    [2, 'b', 2, 0.5],
    [2, 'b', 2, 2.5],
    [2, 'd', 2, 0.5],
    [2, 'd', 2, 2.5],
  ];
  const lonelyLeft: Rows = [
    [1, 'a', null, null],
    [null, 'c', null, null],
    [3, null, null, null],
  ];
  const lonelyRight: Rows = [
    [null, null, null, 1.5],
    [null, null, 4, 3.5],
  ];
  const wanted: Record<Exclude<PhysicalJoinType, 'exists'>, Rows> = {
    inner: pairs,
    left: [...pairs, ...lonelyLeft],
    right: [...pairs, ...lonelyRight],
    full: [...pairs, ...lonelyLeft, ...lonelyRight],
    semi: [
      [2, 'b'],
      [2, 'd'],
    ],
    anti: [
      [1, 'a'],
      [null, 'c'],
      [3, null],
    ],
  };
  const join = (how: PhysicalJoinType, build: 'left' | 'right', nullSafe = false): PhysicalPlan => ({
    kind: 'join',
    columns: how === 'semi' || how === 'anti' ? people.columns : columns([...people.columns, ...numbers.columns]),
    left: people,
    right: numbers,
    how,
    build,
    keys: [{ left: col(people, 0), right: col(numbers, 0), nullSafe }],
  });
  const inOrder = (rows: Rows): string[] => rows.map((row) => JSON.stringify(row)).sort();

  test.each(Object.entries(wanted) as [PhysicalJoinType, Rows][])('%s', async (how, rows) => {
    for (const build of ['left', 'right'] as const) expect(inOrder(await run(join(how, build)))).toEqual(inOrder(rows));
  });
  test('rows come in the order of the side that is looked up, then of the other', async () => {
    expect(await run(join('inner', 'right'))).toEqual(pairs);
    const byRight = [
      [2, 'b', 2, 0.5],
      [2, 'd', 2, 0.5],
      [2, 'b', 2, 2.5],
      [2, 'd', 2, 2.5],
    ];
    expect(await run(join('inner', 'left'))).toEqual(byRight);
    const leftInPlace = [
      [1, 'a', null, null],
      ...pairs.slice(0, 2),
      [null, 'c', null, null],
      ...pairs.slice(2),
      [3, null, null, null],
    ];
    expect(await run(join('left', 'right'))).toEqual(leftInPlace);
  });
  test('null-safe keys', async () => {
    const rows = [...pairs, [null, 'c', null, 1.5]];
    expect(inOrder(await run(join('inner', 'right', true)))).toEqual(inOrder(rows));
    expect(await run(join('anti', 'left', true))).toEqual([
      [1, 'a'],
      [3, null],
    ]);
  });
  test('what the condition leaves out is not a match', async () => {
    const base = join('left', 'right') as Extract<PhysicalPlan, { kind: 'join' }>;
    const residual = call('gt', col(base, 3), lit(float64Type, 1));
    const rows = await run({ ...base, residual });
    expect(inOrder(rows)).toEqual(inOrder([[2, 'b', 2, 2.5], [2, 'd', 2, 2.5], ...lonelyLeft]));
  });
  test('without keys every pair', async () => {
    expect(
      await run({ ...(join('inner', 'right') as Extract<PhysicalPlan, { kind: 'join' }>), keys: [] }),
    ).toHaveLength(20);
  });
  test('-0.0 joins 0.0 and NaN joins NaN', async () => {
    const floats = rowsPlan(heap, [float64Type], [[-0], [Number.NaN]]);
    const other = rowsPlan(heap, [float64Type], [[0], [Number.NaN], [1]]);
    const keys = [{ left: col(floats, 0), right: col(other, 0), nullSafe: false }];
    const plan: PhysicalPlan = {
      kind: 'join',
      columns: columns([...floats.columns, ...other.columns]),
      left: floats,
      right: other,
      how: 'inner',
      build: 'right',
      keys,
    };
    expect(await run(plan)).toEqual([
      [-0, 0],
      [Number.NaN, Number.NaN],
    ]);
  });
});

describe('sorting', () => {
  test('nulls where they are asked for, ties as they came', async () => {
    const sort = (key: ReturnType<typeof ascending>): PhysicalPlan => ({
      kind: 'sort',
      ...same(people, { keys: [key], offset: 0 }),
    });
    const names = async (plan: PhysicalPlan): Promise<Scalar[]> => (await run(plan)).map((row) => row[1] as Scalar);
    expect(await names(sort(ascending(col(people, 0))))).toEqual(['c', 'a', 'b', 'd', null]);
    expect(await names(sort(ascending(col(people, 0), false)))).toEqual(['a', 'b', 'd', null, 'c']);
    expect(await names(sort(descending(col(people, 0))))).toEqual([null, 'b', 'd', 'a', 'c']);
    expect(await names(sort(descending(col(people, 0), true)))).toEqual(['c', null, 'b', 'd', 'a']);
  });
  test('NaN is greatest, -0.0 is 0.0', async () => {
    const input = rowsPlan(
      heap,
      [float64Type, int32Type],
      [
        [Number.NaN, 1],
        [0, 2],
        [Infinity, 3],
        [-0, 4],
        [-1, 5],
      ],
    );
    const rows = await run({ kind: 'sort', ...same(input, { keys: [ascending(col(input, 0))], offset: 0 }) });
    expect(rows.map((row) => row[1])).toEqual([5, 2, 4, 3, 1]);
  });
  test('text by its UTF-8 bytes', async () => {
    const input = rowsPlan(heap, [stringType], [['😀'], ['\uffff'], ['z'], ['é'], [''], ['a\u0000'], ['a']]);
    const rows = await run({ kind: 'sort', ...same(input, { keys: [ascending(col(input, 0))], offset: 0 }) });
    expect(rows.flat()).toEqual(['', 'a', 'a\u0000', 'z', 'é', '\uffff', '😀']);
  });
  test('the first of many, after some', async () => {
    const input = rowsPlan(
      heap,
      [int32Type],
      Array.from({ length: 5000 }, (_, i) => [(i * 7919) % 5000]),
      1000,
    );
    const rows = await run({
      kind: 'sort',
      ...same(input, { keys: [descending(col(input, 0))], limit: 3, offset: 2 }),
    });
    expect(rows.flat()).toEqual([4997, 4996, 4995]);
  });
});

describe('a long query', () => {
  const many = rowsPlan(
    heap,
    [int32Type],
    Array.from({ length: 20_000 }, (_, i) => [i % 1000]),
    10_000,
  );
  const slow: PhysicalPlan = { kind: 'sort', ...same(many, { keys: [ascending(col(many, 0))], offset: 0 }) };
  /** Time flies: a millisecond each time it is looked at. */
  const hasty = (): Platform => {
    let now = 0;
    return { ...nodePlatform, clock: { now: () => now, monotonic: () => ++now } };
  };

  test('lets others have the thread', async () => {
    let turns = 0;
    let isOver = false;
    const count = (): void => {
      turns++;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);
    const rows = await run(slow, () => undefined, hasty());
    isOver = true;
    expect(rows).toHaveLength(20_000);
    expect(turns).toBeGreaterThan(100);
  });
  test('ends when it is cancelled', async () => {
    let looks = 0;
    const check = (): void => {
      if (++looks > 20) throw new SparrowError('OPERATION_CANCELED', 'cancelled');
    };
    await expect(run(slow, check, hasty())).rejects.toMatchObject({ code: 'OPERATION_CANCELED' });
    expect(looks).toBe(21);
  });
  test('gives back what it held', async () => {
    const before = heap.usedBytes;
    const interpreter = new Interpreter(heap, nodePlatform, settings, () => undefined);
    let rows = 0;
    for await (const batch of interpreter.batches(slow)) {
      rows += batch.rows;
      if (rows > 5000) break;
    }
    expect(rows).toBe(6000);
    expect(heap.usedBytes).toBe(before);
  });
});
