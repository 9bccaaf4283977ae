import { arrayFunctions } from '../array.js';
import { arrayMoreFunctions } from '../array-more.js';
import { generatorFunctions } from '../generators.js';
import { lambdaFunctions } from '../lambda-functions.js';
import { lambdaMapFunctions } from '../lambda-map-functions.js';
import { mapFunctions } from '../map.js';
import { nestedAccessFunctions } from '../nested-access.js';
import { nestedMakeFunctions } from '../nested-make.js';
import { orderingFunctions } from '../ordering-bytes.js';
import { sequenceFunctions } from '../sequence.js';
import { vectorFunctions } from '../vector.js';

/** Arrays, maps and structs. */
export const nestedFamily = {
  ...nestedAccessFunctions,
  ...orderingFunctions,
  ...nestedMakeFunctions,
  ...arrayFunctions,
  ...arrayMoreFunctions,
  ...sequenceFunctions,
  ...mapFunctions,
  ...lambdaFunctions,
  ...lambdaMapFunctions,
  ...generatorFunctions,
  ...vectorFunctions,
};
