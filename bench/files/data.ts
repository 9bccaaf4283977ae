import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { connectDuckdb, quoted } from '../harness/duckdb.js';
import { tpchData } from '../tpch/data.js';

/** `scan`: every column is read and goes into a sum or a length; `one`: one column of sixteen. */
export const items = ['scan', 'one'] as const;

export type Item = (typeof items)[number];

/** Columns of lineitem by what is asked of them. */
export const integers = ['l_orderkey', 'l_partkey', 'l_suppkey', 'l_linenumber'] as const;
export const decimals = ['l_quantity', 'l_extendedprice', 'l_discount', 'l_tax'] as const;
export const dates = ['l_shipdate', 'l_commitdate', 'l_receiptdate'] as const;
export const texts = ['l_returnflag', 'l_linestatus', 'l_shipinstruct', 'l_shipmode', 'l_comment'] as const;
export const order = [...integers, ...decimals, 'l_returnflag', 'l_linestatus', ...dates, ...texts.slice(2)] as const;

/** TPC-H's lineitem as CSV: 750 MB at scale 1. Gives the file. */
export const lineitemCsv = (scale: string): Promise<string> => lineitemAs(scale, 'lineitem.csv', 'csv, HEADER');

/** The orders of TPC-H's lineitem that 8 divides, as NDJSON: 300 MB at scale 1. Gives the file. */
export const lineitemNdjson = (scale: string): Promise<string> =>
  lineitemAs(scale, 'lineitem.ndjson', 'json', 'WHERE l_orderkey % 8 = 0');

async function lineitemAs(scale: string, name: string, format: string, where = ''): Promise<string> {
  const folder = await tpchData(scale);
  const file = join(folder, name);
  if (existsSync(file)) return file;
  console.error(`writing ${file} …`);
  const connection = await connectDuckdb(2);
  const from = quoted(join(folder, 'lineitem.parquet'));
  const to = quoted(`${file}.partial`);
  const rows = `SELECT ${order.join(', ')} FROM read_parquet(${from}) ${where}`;
  await connection.run(`COPY (${rows}) TO ${to} (FORMAT ${format})`);
  connection.closeSync();
  renameSync(`${file}.partial`, file);
  return file;
}
