import { expect, test } from 'vitest';
import { fuzz } from '../support/differential.js';

// More cases: npm run fuzz -- --seed n --cases n. A failure prints the seed and path that lead straight back to it.
const cases = Number(process.env.SPARROW_FUZZ_CASES ?? 300);
const seed = Number(process.env.SPARROW_FUZZ_SEED ?? 20_261_122);
const path = process.env.SPARROW_FUZZ_PATH;

test(`${cases} random plans give the same compiled and interpreted (seed ${seed})`, { timeout: 600_000 }, async () => {
  const tally = await fuzz({ seed, cases, ...(path === undefined ? {} : { path }) });
  const ended = Object.entries(tally);
  expect(ended.reduce((n, [, count]) => n + count, 0)).toBe(path === undefined ? cases : 1);
  if (cases < 300) return;
  const count = (kind: string): number => ended.reduce((n, [name, c]) => (name.startsWith(kind) ? n + c : n), 0);
  // Neither trivial nor all errors: else the generator has gone wrong.
  expect(count('rows')).toBeGreaterThan(cases * 0.7);
  expect(count('error')).toBeGreaterThan(0);
  expect(new Set(ended.map(([kind]) => kind.split(' ')[1])).size).toBeGreaterThanOrEqual(12);
});
