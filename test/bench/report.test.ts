import { describe, expect, test } from 'vitest';
import type { Options, Result } from '../../bench/harness/contract.js';
import { machine } from '../../bench/harness/machine.js';
import { chosenItems, parseOptions } from '../../bench/harness/options.js';
import { toReport } from '../../bench/harness/report.js';
import { geometricMean, median } from '../../bench/harness/statistics.js';
import { suites } from '../../bench/suites.js';

const result = (item: string, engine: string, medianMs: number | null, ok = true): Result => ({
  item,
  engine,
  coldMs: 1,
  medianMs,
  minMs: medianMs,
  runs: 7,
  peakRssMb: 100,
  ok,
  note: '',
});

describe('the report', () => {
  const options: Options = parseOptions(['tpch']);

  test('gives peer / sparrow per item and their geometric mean per peer', () => {
    const results = [
      result('q1', 'sparrow', 10),
      result('q1', 'duckdb', 40),
      result('q6', 'sparrow', 10),
      result('q6', 'duckdb', 90),
    ];
    const { ratios, geomean } = toReport(options, { load: [], results });
    expect(ratios).toEqual([
      { item: 'q1', peer: 'duckdb', ratio: 4 },
      { item: 'q6', peer: 'duckdb', ratio: 9 },
    ]);
    expect(geomean).toEqual({ duckdb: 6 });
  });

  test('gives no ratio for a wrong, failed or missing answer', () => {
    const results = [
      ...[result('q1', 'sparrow', 10, false), result('q1', 'duckdb', 40)],
      ...[result('q3', 'sparrow', 10), result('q3', 'duckdb', null, false)],
      result('q6', 'duckdb', 40),
    ];
    expect(toReport(options, { load: [], results })).toMatchObject({ ratios: [], geomean: {} });
  });

  test('has the keys other programs read', () => {
    const report = toReport(options, { load: [], results: [result('q1', 'sparrow', 10)] });
    expect(Object.keys(report)).toEqual([
      'suite',
      'machine',
      'threads',
      'scale',
      'load',
      'results',
      'ratios',
      'geomean',
    ]);
    expect(Object.keys(report.results[0] ?? {})).toEqual([
      'item',
      'engine',
      'coldMs',
      'medianMs',
      'minMs',
      'runs',
      'peakRssMb',
      'ok',
      'note',
    ]);
    expect(machine()).toMatchObject({ cores: expect.any(Number), node: process.versions.node });
  });
});

describe('the command line', () => {
  test('has defaults', () => {
    expect(parseOptions(['tpch'])).toMatchObject({ scale: '1', engines: ['sparrow', 'duckdb', 'polars'], threads: 2 });
  });

  test('takes peers, engines, items and rounds', () => {
    expect(parseOptions(['h2o', '--peers', 'duckdb', '--only', 'q1,q6', '--rounds', '3', '--sf', '0.1'])).toMatchObject(
      {
        suite: 'h2o',
        scale: '0.1',
        engines: ['sparrow', 'duckdb'],
        only: ['q1', 'q6'],
        rounds: 3,
      },
    );
    expect(parseOptions(['tpch', '--engines', 'duckdb,polars']).engines).toEqual(['duckdb', 'polars']);
  });

  test.each([
    [[], 'name one suite'],
    [['tpch', '--threads', '0'], '--threads takes a whole number from 1, not 0'],
    [['tpch', '--sf', 'big'], '--sf takes a number or tiny, not big'],
    [['tpch', '--nonsense'], 'nonsense'],
  ])('refuses %j', (args, message) => {
    expect(() => parseOptions(args)).toThrow(message);
  });

  test('names the items there are', () => {
    expect(() => chosenItems('tpch', ['q1', 'q6'], ['q7'])).toThrow('tpch has no q7; it has q1, q6');
  });
});

test('the suites have different names and say what they are about', () => {
  expect(new Set(suites.map(({ name }) => name)).size).toBe(suites.length);
  expect(suites.filter(({ about }) => about.length < 10)).toEqual([]);
});

test('median and geometric mean', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
  expect(geometricMean([2, 8])).toBeCloseTo(4);
});
