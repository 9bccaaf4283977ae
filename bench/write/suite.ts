import { compareEngines } from '../harness/compare-engines.js';
import type { Suite } from '../harness/contract.js';
import { tpchData } from '../tpch/data.js';
import { items } from './items.js';

export const write: Suite = {
  name: 'write',
  about: "TPC-H's lineitem, held in memory, to files",
  run: (options) =>
    compareEngines(
      {
        name: 'write',
        items,
        programs: {
          sparrow: new URL('./sparrow.js', import.meta.url),
          duckdb: new URL('./duckdb.js', import.meta.url),
        },
        prepare: ({ scale }) => tpchData(scale),
      },
      options,
    ),
};
