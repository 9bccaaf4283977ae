import { type Contest, compareEngines } from '../harness/compare-engines.js';
import type { Suite } from '../harness/contract.js';
import { h2oData } from './data.js';
import { h2oQueries } from './questions.js';

const contest: Contest = {
  name: 'h2o',
  items: Object.keys(h2oQueries),
  programs: {
    sparrow: new URL('./sparrow.js', import.meta.url),
    duckdb: new URL('./duckdb.js', import.meta.url),
    polars: new URL('./polars.js', import.meta.url),
    'polars-streaming': new URL('./polars.js', import.meta.url),
  },
  prepare: ({ scale }) => h2oData(scale),
};

export const h2o: Suite = {
  name: 'h2o',
  about: "the db-benchmark's group-by questions (g1 … g10) on 10 million rows held in memory, answers as Arrow",
  run: (options) => compareEngines(contest, options),
};
