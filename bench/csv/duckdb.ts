import type { DuckDBResultReader } from '@duckdb/node-api';
import type { Engine, Setting } from '../harness/contract.js';
import { connectDuckdb, duckdbAnswer, duckdbVersion, quoted } from '../harness/duckdb.js';
import { dates, decimals, type Item, integers, order, texts } from './data.js';

const typeOf = (name: string): string => {
  if ((integers as readonly string[]).includes(name)) return 'BIGINT';
  if ((decimals as readonly string[]).includes(name)) return 'DECIMAL(15,2)';
  return (dates as readonly string[]).includes(name) ? 'DATE' : 'VARCHAR';
};

export async function open({ threads, dataFolder }: Setting): Promise<Engine<DuckDBResultReader>> {
  const connection = await connectDuckdb(threads);
  const types = order.map((name) => `'${name}': '${typeOf(name)}'`).join(', ');
  const sums = [...integers, ...decimals].map((name) => `sum(${name}) AS ${name}`);
  const rest = [
    ...dates.map((name) => `max(${name}) AS ${name}`),
    ...texts.map((name) => `sum(length(${name}))::BIGINT AS ${name}`),
  ];
  const queries: Record<Item, string> = {
    scan: `SELECT ${[...sums, ...rest].join(', ')} FROM lineitem`,
    one: 'SELECT sum(l_quantity) AS l_quantity FROM lineitem',
  };
  return {
    version: duckdbVersion(),
    async load() {
      const read = `read_csv(${quoted(dataFolder)}, header = true, columns = {${types}})`;
      await connection.run(`CREATE VIEW lineitem AS SELECT * FROM ${read}`);
    },
    run: (item) => connection.runAndReadAll(queries[item as Item]),
    answer: duckdbAnswer,
    async close() {
      connection.closeSync();
    },
  };
}
