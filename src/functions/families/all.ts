import { analyticFamily } from './analytic.js';
import { coreFamily } from './core.js';
import { dataFamily } from './data.js';
import { mathFamily } from './math.js';
import { nestedFamily } from './nested.js';
import { textFamily } from './text.js';
import { timeFamily } from './time.js';

/** Every family, by the name it is loaded under. */
export const families = {
  core: coreFamily,
  math: mathFamily,
  text: textFamily,
  time: timeFamily,
  nested: nestedFamily,
  data: dataFamily,
  analytic: analyticFamily,
};

/** Everything that can be computed, by API name: for types, tests and the function reference. The engine loads families. */
export const functions = {
  ...coreFamily,
  ...mathFamily,
  ...textFamily,
  ...timeFamily,
  ...nestedFamily,
  ...dataFamily,
  ...analyticFamily,
};

export type Functions = typeof functions;
