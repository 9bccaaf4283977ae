import type { Engine, Setting } from '../harness/contract.js';
import { loadPolars, type PolarsExpr, type PolarsFrame, polarsAnswer } from '../harness/polars.js';
import { dates, decimals, type Item, integers, order, texts } from './data.js';

export async function open({ dataFolder }: Setting): Promise<Engine<PolarsFrame>> {
  const pl = loadPolars();
  const typeOf = (name: string): unknown => {
    if ((integers as readonly string[]).includes(name)) return pl.Int64;
    if ((decimals as readonly string[]).includes(name)) return pl.Float64;
    return (dates as readonly string[]).includes(name) ? pl.Date : pl.String;
  };
  const schema = Object.fromEntries(order.map((name) => [name, typeOf(name)]));
  const exprs: Record<Item, () => PolarsExpr[]> = {
    scan: () => [
      ...[...integers, ...decimals].map((name) => pl.col(name).sum()),
      ...dates.map((name) => pl.col(name).max()),
      ...texts.map((name) => pl.col(name).str.lengths().cast(pl.Int64).sum()),
    ],
    one: () => [pl.col('l_quantity').sum()],
  };
  return {
    version: pl.version,
    note: 'decimals as doubles',
    relativeTolerance: 1e-9,
    async load() {},
    run: async (item) =>
      pl
        .scanCSV(dataFolder, { hasHeader: true, schema })
        .select(...exprs[item as Item]())
        .collectSync({ engine: 'in-memory' }),
    answer: polarsAnswer,
    async close() {},
  };
}
