import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Answer } from '../harness/contract.js';
import { connectDuckdb, duckdbAnswer, quoted } from '../harness/duckdb.js';

/** The format that is written; Parquet with Snappy. */
export const items = ['parquet', 'csv'] as const;

export type Item = (typeof items)[number];

/** A folder of an engine's own, which is removed when it is closed. */
export const outputFolder = (engine: string): string => mkdtempSync(join(tmpdir(), `bench-write-${engine}-`));

/** What DuckDB finds in the files that were written. */
export async function writtenAnswer(item: Item, glob: string): Promise<Answer> {
  const connection = await connectDuckdb(2);
  try {
    const table = item === 'csv' ? `read_csv(${quoted(glob)}, header = true)` : `read_parquet(${quoted(glob)})`;
    const sums = ['l_orderkey', 'l_partkey', 'l_linenumber'].map((name) => `sum(${name})::BIGINT AS ${name}`);
    const lengths = ['l_shipdate', 'l_shipmode', 'l_comment'].map((name) => {
      return `sum(length(${name}::VARCHAR))::BIGINT AS ${name}`;
    });
    const prices = 'sum(l_extendedprice::DECIMAL(15, 2))::VARCHAR AS l_extendedprice';
    const query = `SELECT count(*) AS n, ${[...sums, prices, ...lengths].join(', ')} FROM ${table}`;
    return duckdbAnswer(await connection.runAndReadAll(query));
  } finally {
    connection.closeSync();
  }
}
