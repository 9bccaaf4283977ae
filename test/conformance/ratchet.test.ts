import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { root } from '../support/files.js';
import { passedIds, readRatchet } from './ratchet.js';

const corpora = process.env.SPARROW_CORPORA;
const MINUTES = 60_000;

/** The cases that passed once; `npm run conformance -- <folder> --ratchet` adds those that pass now. */
const expected = readRatchet(join(root, 'test/conformance/passed.txt'));
const cases = [...expected.values()].reduce((all, ids) => all + ids.size, 0);

test('what passed once passes still', { timeout: 6 * MINUTES }, async () => {
  expect(cases).toBeGreaterThan(0);
  if (corpora === undefined) {
    console.log(`SPARROW_CORPORA is not set: ${cases} statements of Spark's golden files are left out`);
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'sparrow-ratchet-'));
  try {
    const passed = join(folder, 'passed.txt');
    const program = join(root, 'scripts/conformance.mjs');
    const args = [program, join(corpora, 'spark-sql'), '--quiet', '--known', '--passed', passed];
    await promisify(execFile)(process.execPath, args, { env: { ...process.env, SPARROW_BUILT: '1' } });
    const now = passedIds(readFileSync(passed, 'utf8'));
    const lost = [...expected].flatMap(([file, ids]) =>
      [...ids].filter((id) => now.get(file)?.has(id) !== true).map((id) => `${file}#${id}`),
    );
    expect(lost).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
