import { csvFunctions } from '../csv.js';
import { jsonFunctions } from '../json.js';
import { jsonGeneratorFunctions } from '../json-generators.js';
import { variantFunctions } from '../variant.js';
import { variantGeneratorFunctions } from '../variant-generators.js';

/** Values written as JSON, CSV and variants. */
export const dataFamily = {
  ...jsonFunctions,
  ...csvFunctions,
  ...variantFunctions,
  ...jsonGeneratorFunctions,
  ...variantGeneratorFunctions,
};
