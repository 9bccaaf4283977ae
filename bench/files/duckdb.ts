import { join } from 'node:path';
import type { DuckDBResultReader } from '@duckdb/node-api';
import type { Engine, Setting } from '../harness/contract.js';
import { connectDuckdb, duckdbAnswer, duckdbVersion, quoted } from '../harness/duckdb.js';
import { dates, decimals, type Item, integers, order, texts } from './data.js';

const typeOf = (name: string): string => {
  if ((integers as readonly string[]).includes(name)) return 'BIGINT';
  if ((decimals as readonly string[]).includes(name)) return 'DECIMAL(15,2)';
  return (dates as readonly string[]).includes(name) ? 'DATE' : 'VARCHAR';
};

function source(suite: string, path: string): string {
  if (suite === 'parquet') return `read_parquet(${quoted(join(path, 'lineitem.parquet'))})`;
  const types = order.map((name) => `'${name}': '${typeOf(name)}'`).join(', ');
  if (suite === 'csv') return `read_csv(${quoted(path)}, header = true, columns = {${types}})`;
  return `read_json(${quoted(path)}, format = 'newline_delimited', columns = {${types}})`;
}

export async function open({ suite, threads, dataFolder }: Setting): Promise<Engine<DuckDBResultReader>> {
  const connection = await connectDuckdb(threads);
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
      await connection.run(`CREATE VIEW lineitem AS SELECT * FROM ${source(suite, dataFolder)}`);
    },
    run: (item) => connection.runAndReadAll(queries[item as Item]),
    answer: duckdbAnswer,
    async close() {
      connection.closeSync();
    },
  };
}
