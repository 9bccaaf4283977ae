import { describe, expect, test } from 'vitest';
import { decimalType, int32Type, int64Type, type Scalar, SharedHeap, stringType } from '../../src/base/index.js';
import { Interpreter } from '../../src/exec/interpreter/interpreter.js';
import type { PhysicalFrame, PhysicalPlan } from '../../src/exec/physical.js';
import { nodePlatform } from '../../src/io/node-platform.js';
import { ascending, col, columns, descending, rowsPlan, windowCall } from '../support/physical.js';

const heap = SharedHeap.create(2 ** 26);
const settings = { ansi: true, timeZone: 'UTC', nowMicros: 0n };

async function run(plan: PhysicalPlan): Promise<(readonly Scalar[])[]> {
  const rows: (readonly Scalar[])[] = [];
  for await (const row of new Interpreter(heap, nodePlatform, settings, () => undefined).rows(plan)) rows.push(row);
  return rows;
}
const same = <T extends object>(input: PhysicalPlan, node: T) => ({ columns: input.columns, input, ...node });

describe('windows', () => {
  const input = rowsPlan(
    heap,
    [stringType, int32Type, int64Type],
    [
      ['a', 1, 10n],
      ['b', 5, 1n],
      ['a', 2, 20n],
      ['a', 2, 30n],
      ['b', null, 2n],
      ['a', 5, 40n],
    ],
  );
  const over = (fn: string, args: number[], frame?: PhysicalFrame, isDescending = false): PhysicalPlan => {
    const calls = [
      windowCall(
        fn,
        args.map((i) => col(input, i)),
        frame,
      ),
    ];
    const orderBy = [isDescending ? descending(col(input, 1)) : ascending(col(input, 1))];
    return {
      kind: 'window',
      ...same(input, { partitionBy: [col(input, 0)], orderBy, calls }),
      columns: columns([...input.columns, ...calls]),
    };
  };
  const last = async (plan: PhysicalPlan): Promise<Scalar[]> => (await run(plan)).map((row) => row.at(-1) as Scalar);

  test('positions', async () => {
    expect(await run(over('rowNumber', []))).toEqual([
      ['a', 1, 10n, 1],
      ['a', 2, 20n, 2],
      ['a', 2, 30n, 3],
      ['a', 5, 40n, 4],
      ['b', null, 2n, 1],
      ['b', 5, 1n, 2],
    ]);
    expect(await last(over('rank', []))).toEqual([1, 2, 2, 4, 1, 2]);
  });
  test('with an order, up to the last peer', async () => {
    expect(await last(over('sum', [2]))).toEqual([10n, 60n, 60n, 100n, 2n, 3n]);
    expect(await last(over('sum', [2], undefined, true))).toEqual([40n, 90n, 90n, 100n, 1n, 3n]);
  });
  test('without an order, the whole partition', async () => {
    const plan = over('sum', [2]) as Extract<PhysicalPlan, { kind: 'window' }>;
    expect(await last({ ...plan, orderBy: [] })).toEqual([100n, 100n, 100n, 100n, 3n, 3n]);
  });
  test('frames of rows', async () => {
    expect(await last(over('sum', [2], { unit: 'rows', end: 0 }))).toEqual([10n, 30n, 60n, 100n, 2n, 3n]);
    expect(await last(over('sum', [2], { unit: 'rows', start: -1, end: 1 }))).toEqual([30n, 60n, 90n, 70n, 3n, 3n]);
    expect(await last(over('count', [2], { unit: 'rows', start: 2, end: 3 }))).toEqual([2n, 1n, 0n, 0n, 0n, 0n]);
    expect(await last(over('first', [2], { unit: 'rows', start: 1 }))).toEqual([20n, 30n, 40n, null, 1n, null]);
    expect(await last(over('last', [2], { unit: 'rows' }))).toEqual([40n, 40n, 40n, 40n, 1n, 1n]);
  });
  test('frames of ranges: the null row has its peers only', async () => {
    expect(await last(over('sum', [2], { unit: 'range', start: -1, end: 0 }))).toEqual([10n, 60n, 60n, 40n, 2n, 1n]);
    expect(await last(over('sum', [2], { unit: 'range', start: -1, end: 3 }))).toEqual([60n, 100n, 100n, 40n, 2n, 1n]);
    expect(await last(over('sum', [2], { unit: 'range', start: 0 }))).toEqual([100n, 90n, 90n, 40n, 3n, 1n]);
    expect(await last(over('sum', [2], { unit: 'range', start: -3, end: -1 }, true))).toEqual([
      null,
      40n,
      40n,
      50n,
      null,
      2n,
    ]);
  });
  test('ranges of decimals count in whole units', async () => {
    const prices = rowsPlan(heap, [decimalType(10, 2)], [[100n], [150n], [200n], [350n]]);
    const frame: PhysicalFrame = { unit: 'range', start: -0.5, end: 0 };
    const calls = [windowCall('count', [], frame)];
    const plan: PhysicalPlan = {
      kind: 'window',
      ...same(prices, { partitionBy: [], orderBy: [ascending(col(prices, 0))], calls }),
      columns: columns([...prices.columns, ...calls]),
    };
    expect(await last(plan)).toEqual([1n, 2n, 2n, 1n]);
  });
});
