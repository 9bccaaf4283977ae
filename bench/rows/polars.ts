import type { Engine, Setting } from '../harness/contract.js';
import { loadPolars, type PolarsRecords } from '../harness/polars.js';
import { type Item, rowsAt, type Sale, type Sums, sales, sumsAnswer, sumsOf } from './data.js';

type Raw = Sums | readonly Readonly<Record<string, unknown>>[];

export async function open({ dataFolder }: Setting): Promise<Engine<Raw>> {
  const pl = loadPolars();
  let given: Sale[] = [];
  let table: PolarsRecords;
  return {
    version: pl.version,
    async load() {
      given = sales(rowsAt(dataFolder));
      table = pl.readRecords(given);
    },
    async run(item): Promise<Raw> {
      if ((item as Item) === 'out') return table.toRecords();
      const made = pl.readRecords(given);
      return {
        rows: made.height,
        quantity: made.getColumn('quantity').sum(),
        noteLength: made.getColumn('note').str.lengths().sum(),
      };
    },
    answer: (raw) => sumsAnswer('quantity' in raw ? (raw as Sums) : sumsOf(raw as never)),
    async close() {},
  };
}
