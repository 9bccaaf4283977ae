import { type DataFrame, fn, Session } from 'sparrow-df';
import type { Engine, Setting } from '../harness/contract.js';
import { sparrowVersion } from '../harness/sparrow.js';
import { type Item, rowsAt, type Sale, type Sums, sales, sumsAnswer, sumsOf } from './data.js';

type Raw = Sums | readonly Readonly<Record<string, unknown>>[];

export async function open({ threads, dataFolder }: Setting): Promise<Engine<Raw>> {
  const session = await Session.create({ workers: threads });
  let given: Sale[] = [];
  let table: DataFrame;
  return {
    version: sparrowVersion(),
    async load() {
      given = sales(rowsAt(dataFolder));
      table = session.createDataFrame(given).cache() as DataFrame;
      await table.count();
    },
    async run(item): Promise<Raw> {
      if ((item as Item) === 'out') return (await table.collect()) as readonly Readonly<Record<string, unknown>>[];
      const [sums] = await session
        .createDataFrame(given)
        .agg(fn.count().as('rows'), fn.sum('quantity').as('quantity'), fn.sum(fn.length('note')).as('noteLength'))
        .collect();
      return sums as unknown as Sums;
    },
    answer: (raw) => sumsAnswer('quantity' in raw ? raw : sumsOf(raw)),
    close: () => session.stop(),
  };
}
