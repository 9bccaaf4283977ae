import { type Contest, compareEngines } from '../harness/compare-engines.js';
import type { Suite } from '../harness/contract.js';
import { tpchData } from '../tpch/data.js';
import { operatorQueries } from './queries.js';

const contest: Contest = {
  name: 'operators',
  items: Object.keys(operatorQueries),
  programs: {
    sparrow: new URL('./sparrow.js', import.meta.url),
    duckdb: new URL('./duckdb.js', import.meta.url),
    polars: new URL('./polars.js', import.meta.url),
    'polars-streaming': new URL('./polars.js', import.meta.url),
  },
  prepare: ({ scale }) => tpchData(scale),
};

export const operators: Suite = {
  name: 'operators',
  about: 'sort, top-k, windows, LIKE, regular expression, distinct and wide sums, each alone over lineitem in memory',
  run: (options) => compareEngines(contest, options),
};
