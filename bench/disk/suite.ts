import { type Contest, compareEngines } from '../harness/compare-engines.js';
import type { Suite } from '../harness/contract.js';
import { diskData } from './data.js';
import { diskItems } from './questions.js';

const contest: Contest = {
  name: 'disk',
  items: diskItems,
  programs: {
    sparrow: new URL('./sparrow.js', import.meta.url),
    duckdb: new URL('./duckdb.js', import.meta.url),
  },
  prepare: ({ scale }) => diskData(scale),
};

export const disk: Suite = {
  name: 'disk',
  about:
    'groups, distinct rows, a join, a sort and a window of 10 million rows, and over TPC-H, under 128, 256 and 512 MB',
  run: (options) => compareEngines(contest, options),
};
