/** Statistics of the numeric and string columns as rows of text (`describe`, `summary`); `P` is what a plan is. */
export interface SummaryNode<P> {
  readonly kind: 'summary';
  readonly planId?: number;
  readonly input: P;
  /** `count`, `mean`, `stddev`, `min`, `max`, `count_distinct`, `approx_count_distinct`, or a share such as `25%`. */
  readonly statistics: readonly string[];
}
