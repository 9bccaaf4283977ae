import { compareEngines } from '../harness/compare-engines.js';
import type { Suite } from '../harness/contract.js';
import { items, lineitemCsv } from './data.js';

export const csv: Suite = {
  name: 'csv',
  about: "TPC-H's lineitem as CSV: read, parsed and summed",
  run: (options) =>
    compareEngines(
      {
        name: 'csv',
        items,
        programs: {
          sparrow: new URL('./sparrow.js', import.meta.url),
          duckdb: new URL('./duckdb.js', import.meta.url),
          polars: new URL('./polars.js', import.meta.url),
        },
        prepare: ({ scale }) => lineitemCsv(scale),
      },
      options,
    ),
};
