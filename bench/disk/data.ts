import { existsSync, mkdirSync, renameSync, symlinkSync } from 'node:fs';
import { join, relative } from 'node:path';
import { connectDuckdb, quoted } from '../harness/duckdb.js';
import { dataFolder } from '../harness/paths.js';
import { tpchData } from '../tpch/data.js';
import { diskTables, tpchTables } from './questions.js';

/** At scale 1, and beyond: larger scales mean TPC-H. */
const mostRows = 10_000_000;
const tinyRows = 3_000;

/**
 * Two tables of 10 million rows, each key once in each and in another order, and two of TPC-H, as Parquet files; gives their
 * folder. Keys are texts of 20 characters.
 */
export async function diskData(scale: string): Promise<string> {
  const folder = join(dataFolder, `disk-sf${scale}`);
  if (diskTables.every((table) => existsSync(join(folder, `${table}.parquet`)))) return folder;
  mkdirSync(folder, { recursive: true });
  const tpch = await tpchData(scale);
  for (const table of tpchTables) {
    const link = join(folder, `${table}.parquet`);
    if (!existsSync(link)) symlinkSync(relative(folder, join(tpch, `${table}.parquet`)), link);
  }
  const rows = scale === 'tiny' ? tinyRows : Math.round(mostRows * Math.min(1, Number(scale)));
  const key = (number: string): string =>
    `'key-' || (hash(${number}) % 100000000 * ${rows} + ${number} + 1000000000000000)::VARCHAR`;
  const statements = {
    facts: `SELECT i AS id, ${key('i')} AS key, (hash(i * 8 + 1) % 1000000)::BIGINT AS v,
      (hash(i * 8 + 2) % ${Math.max(1, rows / 10)})::INTEGER AS part FROM range(${rows}) t(i)`,
    details: `SELECT ${key(`((i * 7919) % ${rows})`)} AS key, (hash(i * 8 + 3) % 1000000)::BIGINT AS w
      FROM range(${rows}) t(i)`,
  };
  const connection = await connectDuckdb(2);
  try {
    for (const [table, sql] of Object.entries(statements)) {
      const file = join(folder, `${table}.parquet`);
      await connection.run(`COPY (${sql}) TO ${quoted(`${file}.partial`)} (FORMAT parquet)`);
      renameSync(`${file}.partial`, file);
    }
  } finally {
    connection.closeSync();
  }
  return folder;
}
