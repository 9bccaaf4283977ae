import { join } from 'node:path';
import { col, type DataFrame, fn, Session } from 'sparrow-df';
import type { Engine, Setting } from '../harness/contract.js';
import { sparrowAnswer, sparrowVersion } from '../harness/sparrow.js';
import { joinTables } from './data.js';
import { added, joinQuestions, type Question } from './questions.js';

type Tables = Record<(typeof joinTables)[number], DataFrame>;

function answerOf(item: Question, tables: Tables): DataFrame {
  const { table, key, how, adds } = joinQuestions[item];
  const right = tables[table].select(col(key).as('r_key'), ...adds.map((name) => col(name).as(added(name))));
  return tables.x.join(right, col(key).eq(col('r_key')), how).drop('r_key');
}

export async function open({ threads, dataFolder }: Setting): Promise<Engine<DataFrame>> {
  const session = await Session.create({ workers: threads });
  const tables = {} as Tables;
  return {
    version: sparrowVersion(),
    note: 'the answer is given batch by batch, in Arrow form',
    relativeTolerance: 1e-9,
    async load() {
      for (const table of joinTables) {
        tables[table] = session.read.parquet(join(dataFolder, `${table}.parquet`)).cache();
        await tables[table].count();
      }
    },
    async run(item) {
      const frame = answerOf(item as Question, tables);
      let rows = 0;
      for await (const batch of frame.batches()) rows += batch.numRows;
      if (rows === 0) throw new Error('a join without rows');
      return frame;
    },
    async answer(frame) {
      const sums = frame.agg(
        fn.count().as('n'),
        fn.sum('id3').as('keys'),
        fn.sum('v1').as('v1'),
        fn.sum('v2').as('v2'),
      );
      return sparrowAnswer({ frame: sums, rows: await sums.collect() });
    },
    close: () => session.stop(),
  };
}
