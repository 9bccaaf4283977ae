import { DuckDBTimestampMillisecondsValue } from '@duckdb/node-api';
import type { Engine, Setting } from '../harness/contract.js';
import { connectDuckdb, duckdbVersion } from '../harness/duckdb.js';
import { type Item, rowsAt, type Sale, type Sums, sales, sumsAnswer, sumsOf } from './data.js';

type Raw = readonly Readonly<Record<string, unknown>>[];

const TABLE =
  'id BIGINT, customer VARCHAR, price DOUBLE, quantity BIGINT, paid BOOLEAN, "at" TIMESTAMP_MS, note VARCHAR';

/** Rows go in through the appender, the quickest way node-api has, and come out by `getRowObjectsJS`. */
export async function open({ threads, dataFolder }: Setting): Promise<Engine<Raw>> {
  const connection = await connectDuckdb(threads);
  let given: Sale[] = [];
  async function append(name: string): Promise<void> {
    await connection.run(`CREATE OR REPLACE TABLE ${name} (${TABLE})`);
    const appender = await connection.createAppender(name);
    for (const sale of given) {
      appender.appendBigInt(BigInt(sale.id));
      appender.appendVarchar(sale.customer);
      appender.appendDouble(sale.price);
      appender.appendBigInt(BigInt(sale.quantity));
      appender.appendBoolean(sale.paid);
      appender.appendTimestampMilliseconds(new DuckDBTimestampMillisecondsValue(BigInt(sale.at.getTime())));
      if (sale.note === null) appender.appendNull();
      else appender.appendVarchar(sale.note);
      appender.endRow();
    }
    appender.closeSync();
  }
  return {
    version: duckdbVersion(),
    async load() {
      given = sales(rowsAt(dataFolder));
      await append('sales');
    },
    async run(item) {
      if ((item as Item) === 'out') return (await connection.runAndReadAll('SELECT * FROM sales')).getRowObjectsJS();
      await append('given');
      const sums = await connection.runAndReadAll(
        'SELECT count(*) AS rows, sum(quantity)::BIGINT AS quantity, sum(length(note))::BIGINT AS noteLength FROM given',
      );
      return sums.getRowObjectsJS();
    },
    answer: (raw, item) => sumsAnswer((item as Item) === 'out' ? sumsOf(raw) : (raw[0] as unknown as Sums)),
    async close() {
      connection.closeSync();
    },
  };
}
