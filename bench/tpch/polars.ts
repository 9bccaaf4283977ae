import { join } from 'node:path';
import type { Engine, Setting } from '../harness/contract.js';
import { loadPolars, type Polars, type PolarsFrame, type PolarsLazy, polarsAnswer } from '../harness/polars.js';
import type { Query } from './duckdb-queries.js';
import { polarsQueries } from './polars-queries.js';
import { type Table, tables } from './tables.js';

const decimalColumns: Readonly<Record<Table, readonly string[]>> = {
  region: [],
  nation: [],
  supplier: ['s_acctbal'],
  customer: ['c_acctbal'],
  part: ['p_retailprice'],
  partsupp: ['ps_supplycost'],
  orders: ['o_totalprice'],
  lineitem: ['l_quantity', 'l_extendedprice', 'l_discount', 'l_tax'],
};

/** A table with its decimals as doubles: decimals do not reach JavaScript from nodejs-polars. */
function scan(pl: Polars, folder: string, table: Table): PolarsLazy {
  const casts = decimalColumns[table].map((name) => pl.col(name).cast(pl.Float64));
  const frame = pl.scanParquet(join(folder, `${table}.parquet`));
  return casts.length > 0 ? frame.withColumns(...casts) : frame;
}

export async function open({ engine, suite, dataFolder }: Setting): Promise<Engine<PolarsFrame>> {
  const pl = loadPolars();
  const queries = polarsQueries(pl);
  const how = { engine: engine === 'polars-streaming' ? 'streaming' : 'in-memory' } as const;
  const frames = {} as Record<Table, PolarsLazy>;
  return {
    version: pl.version,
    note: 'decimals as doubles',
    relativeTolerance: 1e-9,
    async load() {
      for (const table of tables) {
        const lazy = scan(pl, dataFolder, table);
        frames[table] = suite === 'tpch' ? lazy.collectSync(how).lazy() : lazy;
      }
    },
    run: async (item) => queries[item as Query](frames).collectSync(how),
    answer: polarsAnswer,
    async close() {},
  };
}
