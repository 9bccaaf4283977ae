import { SparrowError } from '../base/index.js';
import { filter, sample, union } from '../plan/build.js';
import type { Plan } from '../plan/node.js';
import { literalOf } from './literal.js';

/** Copies that are less likely than this are not drawn: a draw has 53 bits. */
const LEAST = 2 ** -40;
/** More copies a row would read the input more often than is of use. */
const MOST_FRACTION = 50;

/**
 * A sample with replacement: a row is there at least k times where its draw is not below the chance of fewer, so
 * that its number of copies has the Poisson distribution with mean `fraction` (as in Spark).
 */
export function repeatedSample(plan: Plan, fraction: number, seed: number): Plan {
  if (fraction > MOST_FRACTION) {
    throw new SparrowError('INVALID_FRACTION', `a sample with replacement takes at most ${MOST_FRACTION} of each row`);
  }
  const copies: Plan[] = [];
  let exactly = Math.exp(-fraction);
  let fewer = exactly;
  for (let k = 1; 1 - fewer > LEAST; k++) {
    copies.push(sample(plan, 1 - fewer, { seed, lowerBound: fewer }));
    exactly *= fraction / k;
    fewer += exactly;
  }
  const [only] = copies;
  if (only === undefined) return filter(plan, literalOf(false));
  return copies.length === 1 ? only : union(copies);
}
