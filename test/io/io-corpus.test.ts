import { join, resolve } from 'node:path';
import { SparrowError } from 'sparrow-df';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { duckdbReader } from '../support/io-corpus/duckdb.js';
import { asPyarrow, exceptions, toBeRefused } from '../support/io-corpus/exceptions.js';
import { itemsBelow } from '../support/io-corpus/kinds.js';
import { ourReader } from '../support/io-corpus/ours.js';
import type { Reader } from '../support/io-corpus/reader.js';

const corpora = process.env.SPARROW_CORPORA;
/** Every so many files of each folder; `npm run io-corpus` reads them all. */
const STEP = 3;
const FOLDERS = [
  'parquet-testing',
  'fastparquet',
  'duckdb',
  'JSONTestSuite',
  'csv-spectrum',
  'csv-parser',
  'PapaParse',
];
const TIMEOUT_MS = 60_000;

if (corpora === undefined) console.log('SPARROW_CORPORA is not set: every third of about 1400 files is left out');

let ours: Reader;
let theirs: Reader;
beforeAll(async () => {
  ours = await ourReader('1GB');
  theirs = await duckdbReader('1GB');
});
afterAll(async () => {
  await ours.close();
  await theirs.close();
});

test.skipIf(corpora === undefined).each(FOLDERS)(
  'what DuckDB reads of %s is read alike',
  async (folder) => {
    const [listed, bad, second] = [exceptions(), toBeRefused(), asPyarrow()];
    const { items } = itemsBelow(join(corpora as string, folder));
    const read = async (reader: Reader, path: string, kind: (typeof items)[number]['kind']) => {
      try {
        const hash = await reader.read(path, kind);
        return kind === 'parquet' ? hash.digest() : hash.looseDigest(kind);
      } catch (error) {
        return error as Error;
      }
    };
    const others: string[] = [];
    for (const [i, { path, kind }] of items.entries()) {
      if (i % STEP !== 0 || !['parquet', 'csv', 'json'].includes(kind)) continue;
      const isBad = bad.has(path, resolve(corpora as string));
      const expected = isBad ? undefined : await read(theirs, path, kind);
      const isListed = [listed, second].some((list) => list.has(path, resolve(corpora as string)));
      if (expected instanceof Error || isListed) continue;
      const found = await read(ours, path, kind);
      if (isBad ? !(found instanceof SparrowError) : found !== expected) others.push(`${path}: ${found}`);
    }
    expect(others).toEqual([]);
  },
  TIMEOUT_MS,
);
