import { likeFunctions } from '../like.js';
import { regexpFunctions } from '../regexp.js';
import { stringFunctions } from '../string.js';
import { stringCheckFunctions } from '../string-checks.js';
import { stringEncodeFunctions } from '../string-encode.js';
import { stringMoreFunctions } from '../string-more.js';
import { formatFunctions } from '../to-char.js';
import { urlFunctions } from '../url.js';

/** Texts. */
export const textFamily = {
  ...stringFunctions,
  ...stringMoreFunctions,
  ...stringEncodeFunctions,
  ...likeFunctions,
  ...regexpFunctions,
  ...stringCheckFunctions,
  ...formatFunctions,
  ...urlFunctions,
};
