import { compareEngines } from '../harness/compare-engines.js';
import type { Suite } from '../harness/contract.js';
import { items } from './data.js';

export const rows: Suite = {
  name: 'rows',
  about: 'JavaScript objects in and out',
  run: (options) =>
    compareEngines(
      {
        name: 'rows',
        items,
        programs: {
          sparrow: new URL('./sparrow.js', import.meta.url),
          duckdb: new URL('./duckdb.js', import.meta.url),
          polars: new URL('./polars.js', import.meta.url),
        },
        // The rows are made by each engine: the folder only says how many.
        prepare: async ({ scale }) => scale,
      },
      options,
    ),
};
