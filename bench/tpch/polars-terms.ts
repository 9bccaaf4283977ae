import type { Polars, PolarsExpr } from '../harness/polars.js';

/** What many of the queries say. */
export interface PolarsTerms {
  day(text: string): PolarsExpr;
  /** A date from the first day, before the second. */
  during(name: string, from: string, to: string): PolarsExpr;
  discounted(): PolarsExpr;
}

export function polarsTerms({ col, lit, Date: date }: Polars): PolarsTerms {
  const day = (text: string): PolarsExpr => lit(new Date(text)).cast(date);
  return {
    day,
    during: (name, from, to) =>
      col(name)
        .gtEq(day(from))
        .and(col(name).lt(day(to))),
    discounted: () => col('l_extendedprice').mul(lit(1).sub(col('l_discount'))),
  };
}
