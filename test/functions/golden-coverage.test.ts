import '../support/all-functions.js';
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { FunctionEntry } from '../../src/functions/define.js';
import { functions } from '../../src/functions/families/all.js';
import { goldenNames } from '../support/spark-goldens.js';

const byReason: Readonly<Record<string, string>> = {
  'has another answer every time':
    'uuid rand randn uniform randstr currentDate currentTimestamp localtimestamp currentTime',
  'tells of the place where it runs':
    'version currentUser currentTimezone monotonicallyIncreasingId sparkPartitionId aesEncrypt',
  'is no function of Spark’s: the optimizer calls it': 'onlyRow orderingBytes sortMaps',
  'is a method of columns, not in Spark’s SQL': 'withField dropField product',
  'is syntax, asked in the statements of the conformance corpus': 'isin when raiseError assertTrue',
  'needs an order of rows: held to DuckDB’s answers (test/exec, the fuzzer) and in the conformance corpus':
    'rowNumber rank denseRank percentRank cumeDist ntile lag lead nthValue',
  'is what an operator means for calendar intervals, asked in the statements of the conformance corpus':
    'moveByInterval addIntervals subtractIntervals intervalBetween negateInterval multiplyInterval divideInterval',
  'gives calendar intervals, which the recorder cannot write down; asked in the conformance corpus':
    'makeInterval tryMakeInterval',
  'gives its values in any order, or only statistics': 'collectSet histogramNumeric approxTopK',
  'takes what the recorded table has no column of; asked in test/functions/recent.test.ts': 'vectorSum vectorAvg',
  'takes the column of a window of time; asked in test/api/time-windows.test.ts': 'windowTime',
  'is asked with its sibling’s inputs in tests of its family':
    'posexplodeOuter variantExplode variantExplodeOuter bitmapOrAgg bitmapAndAgg regrCount',
};
/** Why a function has no recorded answers, by its key. */
const reasons: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(byReason).flatMap(([reason, keys]) => keys.split(' ').map((key) => [key, reason])),
);
const nested = new URL('../conformance/nested/', import.meta.url);

/** Expressions and queries with Spark's answers beside those of one function each. */
const others = readdirSync(nested)
  .flatMap((file) => (JSON.parse(readFileSync(new URL(file, nested), 'utf8')) as { cases: { q: string }[] }).cases)
  .map(({ q }) => q.toLowerCase())
  .join('\n');

test('every function has answers of Spark, or a reason why not', () => {
  const recorded = new Set(goldenNames());
  const without = (Object.entries(functions) as [string, FunctionEntry][])
    .filter(([key]) => !recorded.has(key))
    .filter(
      ([, entry]) => !entry.sql.some((name) => new RegExp(`\\b${name.replaceAll(/\W/g, '\\$&')}\\(`).test(others)),
    )
    .map(([key]) => key);
  expect(without.filter((key) => reasons[key] === undefined)).toEqual([]);
  // And no reason longer than it is needed.
  expect(Object.keys(reasons).filter((key) => !without.includes(key))).toEqual([]);
});
