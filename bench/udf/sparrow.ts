import { col, type DataFrame, fn, lit, Session, t, udf } from 'sparrow-df';
import type { Engine, Setting } from '../harness/contract.js';
import { type SparrowResult, sparrowAnswer, sparrowVersion } from '../harness/sparrow.js';
import { type Item, rowsAt, textRows } from './items.js';

const module = new URL('./functions.js', import.meta.url);
const linear = udf({ module, export: 'linear', args: [t.float64], returns: t.float64 });
const shout = udf({ module, export: 'shout', args: [t.string], returns: t.string });

export async function open({ threads, dataFolder }: Setting): Promise<Engine<SparrowResult>> {
  const session = await Session.create({ workers: threads });
  const rows = rowsAt(dataFolder);
  const numbers = session.range(rows).select(col('id').cast('double').as('x')).cache();
  const texts = session
    .range(textRows(rows))
    .select(fn.concat(lit('customer number '), col('id')).as('s'))
    .cache();
  const frames: Record<Item, () => DataFrame> = {
    number: () => numbers.agg(fn.sum(linear('x')).as('total')),
    text: () => texts.agg(fn.sum(fn.length(shout('s'))).as('total')),
  };
  return {
    version: sparrowVersion(),
    async load() {
      await numbers.count();
      await texts.count();
    },
    async run(item) {
      const frame = frames[item as Item]();
      return { frame, rows: await frame.collect() };
    },
    answer: sparrowAnswer,
    close: () => session.stop(),
  };
}
