import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { connectDuckdb, quoted } from '../harness/duckdb.js';
import { dataFolder } from '../harness/paths.js';

const rowsAtScaleOne = 10_000_000;
const tinyRows = 3_000;

export const joinTables = ['x', 'small', 'medium', 'big'] as const;

/**
 * The tables of the db-benchmark's join questions as Parquet files, made from row numbers; gives their folder. Of the
 * keys on each side a tenth have no match.
 */
export async function h2oJoinData(scale: string): Promise<string> {
  const folder = join(dataFolder, `h2o-join-sf${scale}`);
  if (joinTables.every((table) => existsSync(join(folder, `${table}.parquet`)))) return folder;
  mkdirSync(folder, { recursive: true });
  const rows = scale === 'tiny' ? tinyRows : Math.round(rowsAtScaleOne * Number(scale));
  const [small, medium] = scale === 'tiny' ? [10, 100] : [Math.max(10, rows / 1e6), Math.round(rows / 1e3)];
  const any = (salt: number, keys: number): string => `(hash(i * 8 + ${salt}) % ${keys})::INTEGER + 1`;
  const id = (key: string): string => `'id' || (${key})`;
  /** Each key of a right side once, in no order: nine tenths of those of `x`, and others. */
  const once = (keys: number): string => {
    const place = `((i * 7919) % ${keys})`;
    return `(CASE WHEN ${place} < ${keys} * 0.9 THEN ${place} ELSE ${place} + ${keys} * 0.2 END)::INTEGER + 1`;
  };
  const statements: Readonly<Record<(typeof joinTables)[number], string>> = {
    x: `SELECT id1, id2, id3, ${id('id1')} AS id4, ${id('id2')} AS id5, ${id('id3')} AS id6, v1 FROM (
      SELECT ${any(1, small)} AS id1, ${any(2, medium)} AS id2, ((i * 7907) % ${rows})::INTEGER + 1 AS id3,
        (hash(i * 8 + 3) % 100000000) / 1e6 AS v1 FROM range(${rows}) t(i))`,
    small: `SELECT id1, ${id('id1')} AS id4, v2 FROM (
      SELECT ${once(small)} AS id1, (hash(i * 8 + 4) % 100000000) / 1e6 AS v2 FROM range(${small}) t(i))`,
    medium: `SELECT id1, id2, ${id('id1')} AS id4, ${id('id2')} AS id5, v2 FROM (
      SELECT ${any(5, small)} AS id1, ${once(medium)} AS id2, (hash(i * 8 + 6) % 100000000) / 1e6 AS v2
      FROM range(${medium}) t(i))`,
    big: `SELECT id1, id2, id3, ${id('id1')} AS id4, ${id('id2')} AS id5, ${id('id3')} AS id6, v2 FROM (
      SELECT ${any(5, small)} AS id1, ${any(7, medium)} AS id2, ${once(rows)} AS id3,
        (hash(i * 8 + 6) % 100000000) / 1e6 AS v2 FROM range(${rows}) t(i))`,
  };
  const connection = await connectDuckdb(2);
  try {
    for (const table of joinTables) {
      const file = join(folder, `${table}.parquet`);
      await connection.run(`COPY (${statements[table]}) TO ${quoted(`${file}.partial`)} (FORMAT parquet)`);
      renameSync(`${file}.partial`, file);
    }
  } finally {
    connection.closeSync();
  }
  return folder;
}
