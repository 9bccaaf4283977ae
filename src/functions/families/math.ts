import { hashFunctions } from '../hash.js';
import { mathFunctions } from '../math.js';
import { miscFunctions } from '../misc.js';
import { randomFunctions } from '../random.js';

/** Numbers, hashes, and functions of no family. */
export const mathFamily = {
  ...hashFunctions,
  ...mathFunctions,
  ...miscFunctions,
  ...randomFunctions,
};
