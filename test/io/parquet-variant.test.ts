// Shredded variants, against the binary variants that Apache Iceberg wrote beside each file.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { col, type DefaultValues, Session } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { formatScalar } from '../../src/base/index.js';
import { mutated } from '../support/mutate/mutation.js';

const folder = join(process.env.SPARROW_CORPORA ?? '', 'parquet-testing/shredded_variant');
const isThere = process.env.SPARROW_CORPORA !== undefined && existsSync(folder);
if (!isThere) console.warn('SPARROW_CORPORA is not set: 137 files of shredded variants are left out');

interface Case {
  readonly case_number: number;
  readonly test?: string;
  readonly parquet_file?: string;
  readonly variant_file?: string;
  readonly variant_files?: readonly (string | null)[];
  readonly error_message?: string;
}
const cases: Case[] = isThere ? JSON.parse(readFileSync(join(folder, 'cases.json'), 'utf8')) : [];

let session: Session<DefaultValues>;
beforeAll(async () => {
  session = await Session.create({ workers: 1 });
});
afterAll(() => session.stop());

/** Metadata and value, one after the other: the metadata tells its own length. */
function variantOf(file: string): { metadata: Uint8Array; value: Uint8Array } {
  const bytes = readFileSync(join(folder, file));
  const width = (bytes.readUInt8(0) >>> 6) + 1;
  const count = bytes.readUIntLE(1, width);
  const end = 1 + width * (count + 2) + bytes.readUIntLE(1 + width * (count + 1), width);
  return { metadata: bytes.subarray(0, end), value: bytes.subarray(end) };
}

const textOf = (file: string | null): string | null =>
  file === null ? null : formatScalar({ kind: 'variant' }, variantOf(file), 'UTC');

describe.skipIf(!isThere)('shredded variants', () => {
  const readable = cases.filter((c) => c.variant_file !== undefined || c.variant_files !== undefined);
  test.each(readable.map((c) => [c.parquet_file, c] as const))('%s', async (file, c) => {
    const rows = await session.read
      .parquet(join(folder, file as string))
      .select(col('var').cast('string').as('text'))
      .collect();
    const expected = c.variant_files ?? [c.variant_file as string];
    expect(rows.map(({ text }) => text)).toEqual(expected.map(textOf));
  });

  const refused = cases.filter((c) => c.error_message !== undefined);
  test.each(refused.map((c) => [c.parquet_file, c.error_message]))('%s: %s', async (file) => {
    const rows = session.read.parquet(join(folder, file as string)).collect();
    await expect(rows).rejects.toMatchObject({ code: expect.stringMatching(/FAILED_READ_FILE|UNSUPPORTED_PARQUET/) });
  });

  test('one whose value is a number, as a mutant of the fuzzer has it', async () => {
    const made = mkdtempSync(join(tmpdir(), 'sparrow-variant-'));
    try {
      const path = join(made, 'mutant.parquet');
      writeFileSync(path, mutated(readFileSync(join(folder, 'case-100.parquet')), 944949712));
      await expect(session.read.parquet(path).collect()).rejects.toMatchObject({
        code: 'UNSUPPORTED_PARQUET_FEATURE',
        message: expect.stringContaining('var.value of a VARIANT is bigint, not binary'),
      });
    } finally {
      rmSync(made, { recursive: true, force: true });
    }
  });
});
