import { structType } from '../base/index.js';
import { local } from '../plan/build.js';
import type { Plan } from '../plan/node.js';

/** What SELECT without FROM reads: one row without columns. */
export const oneRow = (): Plan => local({ schema: structType([]), content: { kind: 'scalars', rows: 1, columns: [] } });
