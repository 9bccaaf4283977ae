import type { Answer, Engine, Setting } from '../harness/contract.js';
import { loadPolars, type PolarsSeries } from '../harness/polars.js';
import { linear, shout } from './functions.js';
import { type Item, rowsAt, textRows } from './items.js';

/** nodejs-polars calls functions of JavaScript on series only: `mapElements`. */
export async function open({ dataFolder }: Setting): Promise<Engine<number>> {
  const pl = loadPolars();
  const rows = rowsAt(dataFolder);
  let numbers: PolarsSeries;
  let texts: PolarsSeries;
  return {
    version: pl.version,
    async load() {
      numbers = pl.Series(
        'x',
        Float64Array.from({ length: rows }, (_, i) => i),
      );
      texts = pl.Series(
        's',
        Array.from({ length: textRows(rows) }, (_, i) => `customer number ${i}`),
      );
    },
    async run(item) {
      if ((item as Item) === 'number') return numbers.mapElements(linear).sum();
      return texts.mapElements(shout).str.lengths().sum();
    },
    answer: (total, item): Answer => ({
      columns: [{ name: 'total', kind: item === 'number' ? 'double' : 'exact' }],
      rows: [[String(total)]],
    }),
    async close() {},
  };
}
