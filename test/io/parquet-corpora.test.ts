import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { beforeAll, describe, expect, it } from 'vitest';
import { SparrowError } from '../../src/base/index.js';
import { compareFile, duckdb, openParquet, readTable } from './parquet-oracle.js';

const corpora = process.env.SPARROW_CORPORA;
const CORPORA = ['parquet-testing', 'fastparquet', 'polars-io-files', 'duckdb', 'delta'] as const;
const CASES = 900;

/** Files DuckDB reads and we refuse, each with the reason we give. */
const REFUSED: Readonly<Record<string, RegExp>> = {
  'parquet-testing/data/datapage_v1-corrupt-checksum.parquet': /checksum/,
  'parquet-testing/data/rle-dict-uncompressed-corrupt-checksum.parquet': /checksum/,
  'parquet-testing/data/large_string_map.brotli.parquet': /MEMORY_LIMIT_EXCEEDED/,
  'parquet-testing/bad_data/ARROW-GH-45185.parquet': /repetition levels/,
  'parquet-testing/bad_data/ARROW-RS-GH-6229-LEVELS.parquet': /more than the 1 values announced/,
  'duckdb/data/parquet-testing/bigdecimal.parquet': /more than 38 digits/,
  'duckdb/data/parquet-testing/parquet_column_num_values_mismatch.parquet': /0 values in a row group of 8 rows/,
  // What cases.json beside them expects.
  'parquet-testing/shredded_variant/case-040.parquet': /both value and typed_value/,
  'parquet-testing/shredded_variant/case-042.parquet': /both value and typed_value/,
  'parquet-testing/shredded_variant/case-137.parquet': /shredded as binary/,
};

/** Files whose values DuckDB shows otherwise: it takes a partition from the path, or shows variants as values. */
const SHOWN_OTHERWISE = /hive-partitioning|variant/;

/** Files DuckDB itself refuses and we read. */
const ONLY_OURS = [
  'byte_stream_split_extended.gzip.parquet',
  'hadoop_lz4_compressed.parquet',
  'hadoop_lz4_compressed_larger.parquet',
  'map_no_value.parquet',
  'non_hadoop_lz4_compressed.parquet',
];

function filesOf(corpus: string): string[] {
  const root = join(corpora ?? '', corpus);
  if (corpora === undefined || !existsSync(root)) return [];
  const names = readdirSync(root, { recursive: true }) as string[];
  return names.filter((name) => /\.(parquet|parq|encrypted)$/.test(name)).map((name) => `${corpus}/${name}`);
}

if (corpora === undefined) {
  console.warn(`SPARROW_CORPORA is not set: about ${CASES} Parquet files of ${CORPORA.join(', ')} are left out`);
}

describe.skipIf(corpora === undefined).each(CORPORA)('every Parquet file of %s', (corpus) => {
  let connection: DuckDBConnection;
  beforeAll(async () => {
    connection = await duckdb();
  });

  it('is read as DuckDB reads it, or refused with a clear error', async () => {
    const wrong: string[] = [];
    const files = filesOf(corpus);
    for (const file of files) {
      const problem = await problemOf(connection, file);
      if (problem !== undefined) wrong.push(`${file}: ${problem}`);
    }
    expect(files.length).toBeGreaterThan(0);
    expect(wrong).toEqual([]);
  }, 600_000);
});

async function problemOf(connection: DuckDBConnection, file: string): Promise<string | undefined> {
  const path = join(corpora ?? '', file);
  try {
    await readTable(await openParquet(path));
  } catch (error) {
    if (!(error instanceof SparrowError) || error.code === 'INTERNAL_ERROR') return String((error as Error).stack);
    return refusalProblem(connection, file, error);
  }
  if (SHOWN_OTHERWISE.test(file)) return undefined;
  try {
    return await compareFile(connection, path);
  } catch (error) {
    const isTheirs = !(error instanceof SparrowError) && /Error: /.test(String(error));
    const expected = ONLY_OURS.some((name) => file.endsWith(name)) || /broken|invalid_utf8|no_columns/.test(file);
    return isTheirs && expected ? undefined : String(error);
  }
}

/** A refusal is right when it names the file and DuckDB refuses too, or when it is listed. */
async function refusalProblem(
  connection: DuckDBConnection,
  file: string,
  error: SparrowError,
): Promise<string | undefined> {
  const listed = REFUSED[file];
  if (listed !== undefined) return listed.test(error.message) ? undefined : error.message;
  if (/VARIANT|is encrypted/.test(error.message)) return undefined;
  if (!error.message.includes(file)) return `the refusal does not name the file: ${error.message}`;
  try {
    await connection.runAndReadAll(`SELECT * FROM read_parquet('${join(corpora ?? '', file)}')`);
  } catch {
    return undefined;
  }
  return `DuckDB reads it, we do not: ${error.message}`;
}
