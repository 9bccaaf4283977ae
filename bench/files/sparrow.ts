import { join } from 'node:path';
import { type DataFrame, fn, Session, t } from 'sparrow-df';
import type { Engine, Setting } from '../harness/contract.js';
import { type SparrowResult, sparrowAnswer, sparrowVersion } from '../harness/sparrow.js';
import { dates, decimals, type Item, integers, order, texts } from './data.js';

type Name = (typeof order)[number];

const typeOf = (name: Name) => {
  if ((integers as readonly string[]).includes(name)) return t.int64;
  if ((decimals as readonly string[]).includes(name)) return t.decimal(15, 2);
  return (dates as readonly string[]).includes(name) ? t.date : t.string;
};

function read(session: Session, suite: string, path: string): DataFrame {
  if (suite === 'parquet') return session.read.parquet(join(path, 'lineitem.parquet'));
  const typed = session.read.schema(Object.fromEntries(order.map((name) => [name, typeOf(name)])));
  return (suite === 'csv' ? typed.option('header', true).csv(path) : typed.json(path)) as unknown as DataFrame;
}

export async function open({ suite, threads, dataFolder }: Setting): Promise<Engine<SparrowResult>> {
  const session = await Session.create({ workers: threads });
  const table = read(session, suite, dataFolder);
  const frames: Record<Item, () => DataFrame> = {
    scan: () =>
      table.agg(
        ...[...integers, ...decimals].map((name) => fn.sum(name).as(name)),
        ...dates.map((name) => fn.max(name).as(name)),
        ...texts.map((name) => fn.sum(fn.length(name)).as(name)),
      ) as DataFrame,
    one: () => table.agg(fn.sum('l_quantity').as('l_quantity')) as DataFrame,
  };
  return {
    version: sparrowVersion(),
    async load() {},
    async run(item) {
      const frame = frames[item as Item]();
      return { frame, rows: (await frame.collect()) as SparrowResult['rows'] };
    },
    answer: sparrowAnswer,
    close: () => session.stop(),
  };
}
