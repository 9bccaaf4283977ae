import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Duck } from '../support/sql-fuzz/duck.js';
import { type Both, EXPRESSIONS, expressionCase } from '../support/sql-fuzz/fuzz-expressions.js';
import { QUERIES, queryCase } from '../support/sql-fuzz/fuzz-queries.js';
import { selfCase } from '../support/sql-fuzz/fuzz-self.js';
import { RuleCounts, rules } from '../support/sql-fuzz/rules.js';
import { Sparrow } from '../support/sql-fuzz/sparrow.js';

// More cases: npm run fuzz -- --oracle duckdb|tlp|norec --seed n --cases n. A failure prints a test ready to be kept.
const SEED = 20_261_128;
const TABLES = 25;
const SETS = 6;
const BY_ITSELF = 40;

describe('random SQL', { timeout: 240_000 }, () => {
  let both: Both;
  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sparrow-sql-fuzz-'));
    both = { sparrow: await Sparrow.open(), duck: await Duck.open(), rules: new RuleCounts(), folder };
  });
  afterAll(async () => {
    both.duck.close();
    await both.sparrow.close();
    rmSync(both.folder, { recursive: true, force: true });
  });

  test(`${TABLES * EXPRESSIONS} expressions are as DuckDB computes them`, async () => {
    const tally: Record<string, number> = {};
    for (let number = 0; number < TABLES; number++)
      expect(await expressionCase(both, SEED, number, tally)).toBeUndefined();
    // Neither all errors nor waived: else the generator has gone wrong.
    expect(tally.rows).toBeGreaterThan(TABLES * EXPRESSIONS * 0.9);
  });

  test(`${SETS * QUERIES} queries are as DuckDB answers them`, async () => {
    const tally: Record<string, number> = {};
    for (let number = 0; number < SETS; number++) expect(await queryCase(both, SEED, number, tally)).toBeUndefined();
    expect((tally.rows ?? 0) + (tally.empty ?? 0)).toBeGreaterThan(SETS * QUERIES * 0.8);
  });

  test.each(['tlp', 'norec'] as const)(`${BY_ITSELF} conditions, %s`, async (oracle) => {
    for (let number = 0; number < BY_ITSELF; number++)
      expect(await selfCase(both, oracle, SEED, number, {})).toBeUndefined();
  });

  test('every rule that was met has a text', () => {
    expect([...both.rules.counts.keys()].filter((rule) => rules[rule] === undefined)).toEqual([]);
  });
});
