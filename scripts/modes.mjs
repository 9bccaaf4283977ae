// npm run modes -- [mode…] [--suites aggregates,rows,tpch,conformance,tpcds,fuzz] [--each]: what must hold in every way to run,
// in each of them. With --each every test is told when it ends, with its time. Of the fuzz beside DuckDB, FUZZ_QUERIES
// queries are run (300), and ten times as many expressions.
import { readFileSync } from 'node:fs';
import { build } from './lib/build.mjs';
import { bin, ensureInstalled, path, runNode } from './lib/house.mjs';

ensureInstalled();
const MODES = ['compiled', 'interpreted', 'no-optimizer', 'tiny-batches', 'one-worker', 'spill', 'faults'];
const args = process.argv.slice(2);
const at = args.indexOf('--suites');
const wanted = at < 0 ? undefined : args[at + 1]?.split(',');
const modes = MODES.filter((mode) => args.includes(mode));
const each = args.includes('--each');
const corpora = process.env.SPARROW_CORPORA;

/** Counts of a vitest run. */
async function tests(mode, files, config = []) {
  const report = path('build', `modes-${mode}.json`);
  const { status } = await runNode(
    [
      bin('vitest'),
      'run',
      '--typecheck.enabled=false',
      '--reporter=json',
      ...(each ? ['--reporter=verbose'] : []),
      `--outputFile=${report}`,
      ...config,
      ...files,
    ],
    { capture: !each, env: { ...process.env, SPARROW_MODE: mode, SPARROW_GOLDENS: 'all' } },
  );
  const { numPassedTests, numTotalTests, testResults } = JSON.parse(readFileSync(report, 'utf8'));
  const all = testResults.flatMap(({ assertionResults }) => assertionResults);
  const failed = all.filter((test) => test.status === 'failed').map((test) => test.fullName);
  const slowest = all.sort((a, b) => (b.duration ?? 0) - (a.duration ?? 0))[0];
  return { passed: numPassedTests, total: numTotalTests, failed, status, slowest };
}

async function conformance(mode) {
  if (corpora === undefined) return { passed: 0, total: 0, failed: [], status: 0 };
  const report = path('build', `modes-${mode}-conformance.json`);
  const folder = `${corpora}/spark-sql`;
  await runNode([path('scripts', 'conformance.mjs'), folder, '--known', '--quiet', '--mode', mode, '--json', report], {
    capture: true,
    env: { ...process.env, SPARROW_BUILT: '1' },
  });
  const { passed, total, failures } = JSON.parse(readFileSync(report, 'utf8'));
  return { passed, total, failed: failures.map(({ file, index }) => `${file}#${index}`), status: 0 };
}

/** Random SQL, the same in every mode, beside DuckDB. */
async function fuzz(mode) {
  const queries = Number(process.env.FUZZ_QUERIES ?? 300);
  const args = ['--oracle', 'duckdb', '--seed', '4', '--cases', String(queries), '--keep-going', '--mode', mode];
  const env = { ...process.env, SPARROW_BUILT: '1' };
  const { output, status } = await runNode([path('scripts', 'fuzz.mjs'), ...args], { capture: true, env });
  const total = queries * 11;
  const found = /fuzz: (\d+) differences/.exec(output);
  const failed = status === 0 ? [] : output.trim().split('\n').slice(-60);
  return { passed: status === 0 ? total : total - Number(found?.[1] ?? total), total, failed };
}

const SUITES = {
  aggregates: (mode) => tests(mode, ['test/functions/aggregate-goldens.test.ts']),
  rows: (mode) => tests(mode, ['row-goldens'], ['--config', 'vitest.peers.config.ts']),
  tpch: (mode) => tests(mode, ['test/sql/tpch.test.ts']),
  conformance,
  tpcds: (mode) => tests(mode, ['tpcds'], ['--config', 'vitest.peers.config.ts']),
  fuzz,
};

await build({ capture: true });
let wrong = 0;
for (const mode of modes.length > 0 ? modes : MODES) {
  for (const [name, run] of Object.entries(SUITES)) {
    if (wanted !== undefined && !wanted.includes(name)) continue;
    const started = performance.now();
    const { passed, total, failed, slowest } = await run(mode);
    const seconds = Math.round((performance.now() - started) / 1000);
    wrong += failed.length;
    const longest =
      slowest === undefined ? '' : `, longest ${Math.round(slowest.duration)} ms: ${slowest.fullName.trim()}`;
    console.log(`${mode.padEnd(13)} ${name.padEnd(12)} ${passed} of ${total} in ${seconds} s${longest}`);
    for (const one of failed) console.log(`  ${one}`);
  }
}
process.exitCode = wrong > 0 ? 1 : 0;
