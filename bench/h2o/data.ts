import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { connectDuckdb, quoted } from '../harness/duckdb.js';
import { dataFolder } from '../harness/paths.js';

const rowsAtScaleOne = 10_000_000;
const tinyRows = 3_000;
/** Groups of the small keys, K of the db-benchmark; the large keys have rows / K. */
const groups = 100;
const tinyGroups = 10;

/** The table of the db-benchmark's group-by questions as one Parquet file, made from row numbers; gives its folder. */
export async function h2oData(scale: string): Promise<string> {
  const folder = join(dataFolder, `h2o-sf${scale}`);
  const file = join(folder, 'groupby.parquet');
  if (existsSync(file)) return folder;
  mkdirSync(folder, { recursive: true });
  const rows = scale === 'tiny' ? tinyRows : Math.round(rowsAtScaleOne * Number(scale));
  const k = scale === 'tiny' ? tinyGroups : groups;
  const pick = (salt: number, limit: number): string => `(hash(i * 64 + ${salt}) % ${limit})::INTEGER + 1`;
  const connection = await connectDuckdb(2);
  try {
    console.error(`making the table of the group-by questions, ${rows} rows …`);
    await connection.run(`COPY (SELECT
        printf('id%03d', ${pick(1, k)}) AS id1, printf('id%03d', ${pick(2, k)}) AS id2,
        printf('id%010d', ${pick(3, rows / k)}) AS id3,
        ${pick(4, k)} AS id4, ${pick(5, k)} AS id5, ${pick(6, rows / k)} AS id6,
        ${pick(7, 5)} AS v1, ${pick(8, 15)} AS v2, (hash(i * 64 + 9) % 100000000) / 1e6 AS v3
      FROM range(${rows}) t(i)) TO ${quoted(`${file}.partial`)} (FORMAT parquet)`);
  } finally {
    connection.closeSync();
  }
  renameSync(`${file}.partial`, file);
  return folder;
}
