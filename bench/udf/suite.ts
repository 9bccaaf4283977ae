import { compareEngines } from '../harness/compare-engines.js';
import type { Suite } from '../harness/contract.js';
import { items } from './items.js';

export const udf: Suite = {
  name: 'udf',
  about: 'a JavaScript function over every row, and a sum of what it gives',
  run: (options) =>
    compareEngines(
      {
        name: 'udf',
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
