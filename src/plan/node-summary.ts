import type { Field } from '../base/index.js';

/** Statistics of the numeric and string columns as rows of text (`describe`, `summary`); `P` is what a plan is. */
export interface SummaryNode<P> {
  readonly kind: 'summary';
  readonly planId?: number;
  readonly input: P;
  /** `count`, `mean`, `stddev`, `min`, `max`, `count_distinct`, `approx_count_distinct`, or a share such as `25%`. */
  readonly statistics: readonly string[];
}

/** A value of JavaScript that stands for nulls or for other values. */
export type PlainValue = string | number | boolean;

/** What becomes of columns by their types: told before the columns are known. `subset` names those that are meant. */
export type ColumnChange = { readonly subset?: readonly string[] } & (
  | { readonly does: 'fill'; readonly value: PlainValue }
  | { readonly does: 'fill each'; readonly values: readonly (readonly [name: string, value: PlainValue])[] }
  /** Rows with fewer values than this stay out; with `all` those without any, with `any` those that lack one. */
  | { readonly does: 'drop'; readonly least: number | 'any' | 'all' }
  | { readonly does: 'replace'; readonly pairs: readonly (readonly [from: PlainValue, to: PlainValue | null])[] }
  | { readonly does: 'match'; readonly fields: readonly Field[] }
);

/** The input with its columns changed by their types (`na.fill`, `na.drop`, `na.replace`, `to`). */
export interface EachColumnNode<P> {
  readonly kind: 'each_column';
  readonly planId?: number;
  readonly input: P;
  readonly change: ColumnChange;
}
