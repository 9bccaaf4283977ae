import type { Storage } from '../../base/index.js';
import type { RowLayout } from '../row-layout.js';
import type { StateCarriers } from '../task/spec.js';
import type { PreparedAggregate } from './aggregates.js';
import type { Columns } from './pipe.js';

/** The end of a pipeline: what happens to a row that got there. */
export interface Sink {
  /** At the start of the function: load what the loop needs. */
  prologue(): void;
  /** Once, inside the innermost loop. */
  consume(columns: Columns): void;
  /** At the end of the function. */
  epilogue(): void;
  /** What the runner must know of it, settled by `consume`. */
  readonly form: SinkForm;
}

export type SinkForm =
  | { readonly kind: 'output'; readonly columns: readonly OutputForm[] }
  | {
      readonly kind: 'aggregate';
      readonly layout: RowLayout;
      readonly carriers: StateCarriers;
      readonly aggregates: readonly PreparedAggregate[];
    }
  | { readonly kind: 'rows'; readonly layout: RowLayout; readonly entries: boolean }
  | { readonly kind: 'none' };

export interface OutputForm {
  readonly storage: Storage;
  readonly nullable: boolean;
  /** The source column whose dictionary codes are passed on. */
  readonly dictionaryOf?: number;
  /** The source column that is passed on as it is. */
  readonly passed?: number;
}
