import { expect, test } from 'vitest';
import { simulate } from '../support/simulator/simulate.js';

/** Simulations; `npm run fuzz -- --oracle simulator --cases 10000` runs many. */
const CASES = Number(process.env.SPARROW_SIMULATIONS ?? 60);
const REPLAYED = 6;

test('whatever goes wrong, the answer is right or the error says what went wrong', { timeout: 600_000 }, async () => {
  const first = Number(process.env.SPARROW_FUZZ_SEED ?? 1);
  const happened = new Set<string>();
  for (let i = 0; i < CASES; i++) {
    const outcome = await simulate(first + i);
    for (const kind of outcome.happened) happened.add(kind);
  }
  if (CASES >= 60) expect([...happened].sort()).toEqual(['cancel', 'flip', 'full', 'kill', 'short']);
});

test('the same seed is the same simulation, step by step', { timeout: 300_000 }, async () => {
  for (let seed = 1; seed <= REPLAYED; seed++) expect(await simulate(seed)).toEqual(await simulate(seed));
});
