// What pyarrow reads of the corpora is read alike: the files that DuckDB does not read.
import { join, resolve } from 'node:path';
import { SparrowError } from 'sparrow-df';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { duckdbReader } from '../support/io-corpus/duckdb.js';
import { asPyarrow, exceptions, toBeRefused } from '../support/io-corpus/exceptions.js';
import { itemsBelow } from '../support/io-corpus/kinds.js';
import { ourReader } from '../support/io-corpus/ours.js';
import { isTyped, pyarrowReader } from '../support/io-corpus/pyarrow.js';
import type { Reader } from '../support/io-corpus/reader.js';
import { pythonWithPackages } from './python.js';

const corpora = process.env.SPARROW_CORPORA;
const FOLDERS = ['parquet-testing', 'arrow-testing', 'fastparquet', 'duckdb', 'polars-io-files'];
const MEMORY = '1GB';

let [ours, duckdb, pyarrow]: (Reader | undefined)[] = [];
beforeAll(async () => {
  ours = await ourReader(MEMORY);
  duckdb = await duckdbReader(MEMORY);
  pyarrow = await pyarrowReader(await pythonWithPackages(), MEMORY);
});
afterAll(async () => {
  for (const reader of [ours, duckdb, pyarrow]) await reader?.close();
});

test.skipIf(corpora === undefined).each(FOLDERS)('%s', async (folder) => {
  const [listed, bad, second] = [exceptions(), toBeRefused(), asPyarrow()];
  const others: string[] = [];
  let equal = 0;
  for (const { path, kind } of itemsBelow(join(corpora as string, folder)).items) {
    const isIn = (list: typeof listed): boolean => list.has(path, resolve(corpora as string));
    const isAsPyarrow = isIn(second);
    if (!isAsPyarrow && (!isTyped(kind) || isIn(listed) || isIn(bad))) continue;
    const read = (reader: Reader | undefined): Promise<string | Error> =>
      (reader as Reader).read(path, kind).then(
        (hash) => (isTyped(kind) ? hash.digest() : hash.looseDigest(kind)),
        (error: Error) => error,
      );
    // What DuckDB reads is compared with it elsewhere.
    if (!isAsPyarrow && kind === 'parquet' && typeof (await read(duckdb)) === 'string') continue;
    const expected = await read(pyarrow);
    if (expected instanceof Error && !isAsPyarrow) continue;
    const found = await read(ours);
    if (found === expected || (found instanceof SparrowError && expected instanceof Error)) equal++;
    else others.push(`${path}: ${String(found)}, pyarrow ${String(expected)}`);
  }
  console.info(`${folder}: ${equal} files are as pyarrow says`);
  expect(others).toEqual([]);
});
