import type { Dictionary } from '../../base/index.js';
import type { VectorPlan } from '../compile/vector-types.js';

/**
 * Places of groups in a table of totals: the sum of each key's digit times the sizes of the keys before it. A digit is
 * 1 + the key's dictionary code or its distance from `base`; 0 would be null.
 */
export interface PlacedGroups {
  readonly keys: readonly { readonly byCode: boolean; readonly base: bigint; readonly size: number }[];
  /** Bytes of a table, and of a record. */
  readonly bytes: number;
  readonly recordBytes: number;
  /** What is kept at each place, where rows are added one by one; else the pipeline as a whole has a form in vectors. */
  readonly rows?: VectorPlan;
  /** The source column that is the only key: the tables of tasks span only its bounds there. */
  readonly window?: number;
}

/** What the places of a stage's groups mean, and what is kept there. */
export interface PlacedKeys {
  readonly plan: VectorPlan;
  readonly placed: PlacedGroups;
  readonly slots: number;
  /** Of keys that are dictionary codes. */
  readonly dictionaries: readonly (Dictionary | undefined)[];
}
