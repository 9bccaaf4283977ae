import type { HelperTable } from './helper.js';
import { bytesHelpers } from './helpers-bytes.js';
import { hashHelpers } from './helpers-hash.js';
import { int128Helpers } from './helpers-int128.js';
import { textHelpers } from './helpers-text.js';

export type { Helper, HelperTable } from './helper.js';

/** Functions a module carries once, however many expressions use them. */
export const helpers = {
  ...bytesHelpers,
  ...hashHelpers,
  ...int128Helpers,
  ...textHelpers,
} as const satisfies HelperTable;

export type HelperName = keyof typeof helpers;
