import { structType } from '../../base/index.js';
import { local } from '../build.js';
import type { LocalPlan } from '../node.js';

/** One row without columns: what SELECT without FROM reads. */
export const oneRow = (): LocalPlan =>
  local({ schema: structType([]), content: { kind: 'scalars', rows: 1, columns: [] } });
