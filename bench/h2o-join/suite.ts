import { type Contest, compareEngines } from '../harness/compare-engines.js';
import type { Suite } from '../harness/contract.js';
import { h2oJoinData } from './data.js';
import { joinQuestions } from './questions.js';

const contest: Contest = {
  name: 'h2o-join',
  items: Object.keys(joinQuestions),
  programs: {
    sparrow: new URL('./sparrow.js', import.meta.url),
    duckdb: new URL('./duckdb.js', import.meta.url),
    polars: new URL('./polars.js', import.meta.url),
    'polars-streaming': new URL('./polars.js', import.meta.url),
  },
  prepare: ({ scale }) => h2oJoinData(scale),
};

export const h2oJoin: Suite = {
  name: 'h2o-join',
  about: "the db-benchmark's join questions (j1 … j5) on 10 million rows held in memory",
  run: (options) => compareEngines(contest, options),
};
