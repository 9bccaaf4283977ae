import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import type { Contest } from '../../bench/harness/compare-engines.js';
import type { Answer, Options, Report, Result } from '../../bench/harness/contract.js';
import { suites } from '../../bench/suites.js';
import { tpchData } from '../../bench/tpch/data.js';
import { open } from '../../bench/tpch/duckdb.js';
import { queries } from '../../bench/tpch/duckdb-queries.js';
import { buildPrograms } from '../../scripts/lib/build.mjs';
import { root } from '../support/files.js';

// Each suite at tiny size, so that none rots. The benchmarks run as programs of their own, as npm run bench starts them.
const hasEngine = existsSync(join(root, 'dist/index.js'));
const engines = hasEngine ? 'sparrow,duckdb' : 'duckdb';
const outputs = join(root, 'build/test-bench');
const start = promisify(execFile);

beforeAll(async () => {
  mkdirSync(outputs, { recursive: true });
  await buildPrograms({ capture: true });
});

test.each(suites.map(({ name }) => name))(
  '%s runs at tiny size and every answer is right',
  { timeout: 120_000 },
  async (suite) => {
    const json = join(outputs, `${suite}.json`);
    rmSync(json, { force: true });
    const args = [suite, '--sf', 'tiny', '--rounds', '1', '--engines', engines, '--json', json];
    await start(process.execPath, [join(root, 'build/bench/run.js'), ...args]).catch(() => {});
    const { results } = JSON.parse(readFileSync(json, 'utf8')) as Report;
    expect(results.length).toBeGreaterThan(0);
    expect(results.filter(({ ok, runs }) => !ok || runs === 0)).toEqual([]);
  },
);

test('every TPC-H query finds rows in the tiny data', async () => {
  const dataFolder = await tpchData('tiny');
  const duckdb = await open({ engine: 'duckdb', suite: 'tpch', threads: 1, items: queries, dataFolder });
  await duckdb.load();
  const empty: string[] = [];
  for (const query of queries) {
    const { rows }: Answer = await duckdb.answer(await duckdb.run(query), query);
    if (rows.length === 0 || rows.some((row) => row.every((cell) => cell === null))) empty.push(query);
  }
  await duckdb.close();
  expect(empty).toEqual([]);
});

describe('engines taking turns', () => {
  const fixture = (name: string): URL => new URL(`./fixtures/${name}.mjs`, import.meta.url);
  const contest: Contest = {
    name: 'fixtures',
    items: ['one', 'two'],
    programs: { right: fixture('right'), wrong: fixture('wrong'), dies: fixture('dies') },
    prepare: () => Promise.resolve(''),
  };
  const options = (names: string[]): Options => ({
    suite: 'fixtures',
    scale: 'tiny',
    engines: names,
    threads: 1,
    only: undefined,
    rounds: 2,
    json: undefined,
  });

  async function results(...names: string[]): Promise<Result[]> {
    const compiled = pathToFileURL(join(root, 'build/bench/harness/compare-engines.js')).href;
    const { compareEngines } = (await import(compiled)) as typeof import('../../bench/harness/compare-engines.js');
    const quiet = vi.spyOn(console, 'error').mockImplementation(() => {});
    return compareEngines(contest, options(names))
      .then((report) => report.results)
      .finally(() => quiet.mockRestore());
  }

  test('a wrong answer is called wrong', async () => {
    const found = await results('right', 'wrong');
    expect(found.map(({ item, engine, ok }) => [item, engine, ok])).toEqual([
      ['one', 'right', true],
      ['one', 'wrong', false],
      ['two', 'right', true],
      ['two', 'wrong', true],
    ]);
    expect(found[1]?.note).toBe('differs from right: row 0, value: 2 instead of 1');
    expect(found[0]).toMatchObject({ runs: 2, coldMs: expect.any(Number), peakRssMb: expect.any(Number) });
  });

  test('an engine whose process dies fails that item only', async () => {
    const found = await results('right', 'dies');
    expect(found.map(({ item, engine, ok, runs }) => [item, engine, ok, runs])).toEqual([
      ['one', 'right', true, 2],
      ['one', 'dies', false, 0],
      ['two', 'right', true, 2],
      ['two', 'dies', true, 2],
    ]);
    expect(found[1]?.note).toContain('its process ended (status 7)');
  });
});
