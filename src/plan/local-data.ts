import type { Batch, PackedColumn, Scalar, Schema } from '../base/index.js';

/** Values one by one, or packed. */
export type LocalColumn = readonly Scalar[] | PackedColumn;

/** Rows given by the caller, as columns in the order of the schema. */
export interface LocalData {
  readonly schema: Schema;
  /** Column-wise scalars, or batches already in the session's heap. */
  readonly content:
    | { readonly kind: 'scalars'; readonly rows: number; readonly columns: readonly LocalColumn[] }
    | { readonly kind: 'batches'; readonly rows: number; readonly batches: readonly Batch[] }
    /** Made when they are first asked for, in an arena that is theirs. */
    | {
        readonly kind: 'made';
        readonly rows: undefined;
        readonly make: () => Promise<{ batches: readonly Batch[]; arena: number }>;
      };
}
