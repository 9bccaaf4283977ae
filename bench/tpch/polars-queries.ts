import type { Polars } from '../harness/polars.js';
import type { Query } from './duckdb-queries.js';
import { firstQueries } from './polars-queries-1-11.js';
import { lastQueries } from './polars-queries-12-22.js';
import type { PolarsQuery } from './polars-query.js';

/** The TPC-H queries in the lazy API of Polars. */
export const polarsQueries = (pl: Polars): Readonly<Record<Query, PolarsQuery>> => ({
  ...firstQueries(pl),
  ...lastQueries(pl),
});
