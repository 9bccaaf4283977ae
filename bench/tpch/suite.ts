import { type Contest, compareEngines } from '../harness/compare-engines.js';
import type { Suite } from '../harness/contract.js';
import { type Compression, tpchData } from './data.js';
import { queries } from './duckdb-queries.js';

const contest = (name: string, compression: Compression = 'snappy'): Contest => ({
  name,
  items: queries,
  programs: {
    sparrow: new URL('./sparrow.js', import.meta.url),
    duckdb: new URL('./duckdb.js', import.meta.url),
    polars: new URL('./polars.js', import.meta.url),
    'polars-streaming': new URL('./polars.js', import.meta.url),
  },
  prepare: ({ scale }) => tpchData(scale, compression),
});

export const tpch: Suite = {
  name: 'tpch',
  about: 'TPC-H queries on tables held in memory',
  run: (options) => compareEngines(contest('tpch'), options),
};

export const tpchParquet: Suite = {
  name: 'tpch-parquet',
  about: 'the same queries, read from Parquet each time',
  run: (options) => compareEngines(contest('tpch-parquet'), options),
};

export const tpchZstd: Suite = {
  name: 'tpch-zstd',
  about: 'the same queries, read from Parquet compressed with ZSTD',
  run: (options) => compareEngines(contest('tpch-zstd', 'zstd'), options),
};
