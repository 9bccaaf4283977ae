import { describe, expect, test } from 'vitest';
import { int32Type, type Scalar } from '../../src/base/index.js';
import type { Call } from '../../src/functions/define.js';
import { windowFunctions } from '../../src/functions/window.js';
import { UTC } from './spark-text.js';

// Answers of Spark 4.0.1 over values 10, 20, 20, 30, 30, 30, 40 ordered by themselves.
const values = [10, 20, 20, 30, 30, 30, 40];
const peers = Int32Array.from([0, 1, 1, 3, 3, 3, 6]);
const call: Call = { fn: '', argTypes: [], literals: [], returns: int32Type, settings: UTC };

function run(name: keyof typeof windowFunctions, ...args: readonly (readonly Scalar[])[]): Scalar[] {
  // Spark's default frame: from the first row to the last peer.
  const frameOf = (row: number): readonly [number, number] => [0, peers.lastIndexOf(peers[row] as number) + 1];
  return windowFunctions[name].eval(args, peers, values.length, call, frameOf);
}
const each = (value: Scalar): Scalar[] => values.map(() => value);

describe('window functions', () => {
  test('number rows', () => {
    expect(run('rowNumber')).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(run('rank')).toEqual([1, 2, 2, 4, 4, 4, 7]);
    expect(run('denseRank')).toEqual([1, 2, 2, 3, 3, 3, 4]);
  });
  test('give shares', () => {
    expect(run('percentRank')).toEqual([0, 1 / 6, 1 / 6, 0.5, 0.5, 0.5, 1]);
    expect(run('cumeDist')).toEqual([1 / 7, 3 / 7, 3 / 7, 6 / 7, 6 / 7, 6 / 7, 1]);
    expect(run('ntile', each(3))).toEqual([1, 1, 1, 2, 2, 3, 3]);
    expect(run('ntile', each(10))).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });
  test('look at neighbours', () => {
    expect(run('lag', values)).toEqual([null, 10, 20, 20, 30, 30, 30]);
    expect(run('lead', values, each(2), each(-1))).toEqual([20, 30, 30, 30, 40, -1, -1]);
    expect(run('lag', values, each(-1))).toEqual([20, 20, 30, 30, 30, 40, null]);
    expect(run('nthValue', values, each(2))).toEqual([null, 20, 20, 20, 20, 20, 20]);
  });
  test('leave out nulls when they are to be ignored', () => {
    const some = [null, 20, null, 30, null, null, 40];
    expect(run('lead', some, each(1), each(null), each(true))).toEqual([20, 30, 30, 40, 40, 40, null]);
    expect(run('lag', some, each(1), each(-1), each(true))).toEqual([-1, -1, 20, 20, 30, 30, 30]);
    expect(run('nthValue', some, each(2), each(true))).toEqual([null, null, null, 30, 30, 30, 30]);
  });
});
