import { expect, test } from 'vitest';
import { fuzz } from '../support/differential.js';

const CASES = 150;

test('random plans give the same rows in the same order in every mode', { timeout: 240_000 }, async () => {
  const seed = Number(process.env.SPARROW_FUZZ_SEED ?? Date.now() % 2 ** 31);
  const tally = await fuzz({ seed, cases: CASES, oracle: 'self' });
  expect(Object.values(tally).reduce((a, b) => a + b, 0)).toBe(CASES);
});
