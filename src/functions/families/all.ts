import { analyticFamily } from './analytic.js';
import { coreFamily } from './core.js';
import { dataFamily } from './data.js';
import { mathFamily } from './math.js';
import { nestedFamily } from './nested.js';
import { textFamily } from './text.js';
import { timeFamily } from './time.js';

// The types are written out by name: inferred, the declarations would repeat every entry's.

/** Every family, by the name it is loaded under. */
export const families: {
  readonly core: typeof coreFamily;
  readonly math: typeof mathFamily;
  readonly text: typeof textFamily;
  readonly time: typeof timeFamily;
  readonly nested: typeof nestedFamily;
  readonly data: typeof dataFamily;
  readonly analytic: typeof analyticFamily;
} = {
  core: coreFamily,
  math: mathFamily,
  text: textFamily,
  time: timeFamily,
  nested: nestedFamily,
  data: dataFamily,
  analytic: analyticFamily,
};

export type Functions = typeof coreFamily &
  typeof mathFamily &
  typeof textFamily &
  typeof timeFamily &
  typeof nestedFamily &
  typeof dataFamily &
  typeof analyticFamily;

/** Everything that can be computed, by API name: for types, tests and the function reference. The engine loads families. */
export const functions: Functions = {
  ...coreFamily,
  ...mathFamily,
  ...textFamily,
  ...timeFamily,
  ...nestedFamily,
  ...dataFamily,
  ...analyticFamily,
};
