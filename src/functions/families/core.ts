import { aggregateFunctions } from '../aggregate.js';
import { arithmeticFunctions } from '../arithmetic.js';
import { castFunctions } from '../cast.js';
import { compareFunctions } from '../compare.js';
import { conditionalFunctions } from '../conditional.js';
import { logicFunctions } from '../logic.js';
import { onlyRowFunctions } from '../only-row.js';

/** What nearly every query calls, and what the planner itself puts into plans: loaded with the engine. */
export const coreFamily = {
  ...arithmeticFunctions,
  ...compareFunctions,
  ...logicFunctions,
  ...conditionalFunctions,
  ...castFunctions,
  ...aggregateFunctions,
  ...onlyRowFunctions,
};
