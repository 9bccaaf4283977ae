import type { Batch, Scalar, Schema } from '../base/index.js';

/** Rows given by the caller, as columns in the order of the schema. */
export interface LocalData {
  readonly schema: Schema;
  /** Column-wise scalars, or batches already in the session's heap. */
  readonly content:
    | { readonly kind: 'scalars'; readonly rows: number; readonly columns: readonly (readonly Scalar[])[] }
    | { readonly kind: 'batches'; readonly rows: number; readonly batches: readonly Batch[] };
}
