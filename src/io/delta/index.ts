import type { Format } from '../../base/index.js';
import { openDelta } from './open.js';
import { deltaReader } from './read.js';

/** Delta Lake tables, read. */
export const deltaFormat: Format = { name: 'delta', extensions: [], open: openDelta, reader: deltaReader };
