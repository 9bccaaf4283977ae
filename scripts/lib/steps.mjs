// The steps of `npm test` and `npm run test:peers`, their counts and the closing line.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { bin, path, runNode } from './house.mjs';

/** One step that passes or fails as a whole. `work` gives '' when all is well, else what is wrong. */
export async function step(name, work) {
  const start = performance.now();
  const wrong = await work().catch((error) => error.stack ?? String(error));
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  if (wrong) console.error(`✗ ${name} (${seconds} s)\n${String(wrong).trimEnd()}\n`);
  else console.log(`✓ ${name} (${seconds} s)`);
  return { name, passed: wrong ? 0 : 1, failed: wrong ? 1 : 0, skipped: 0, seconds };
}

/** A command as a step: silent when it succeeds, its whole output when it fails. */
export const command = (name, args) =>
  step(name, async () => {
    const { status, output } = await runNode(args, { capture: true });
    return status === 0 ? '' : output || `exit status ${status}`;
  });

/** The vitest suites, counted test by test. */
export async function vitest(name, args = []) {
  const report = path('build', `${name.replaceAll(/\W+/g, '-')}.json`);
  mkdirSync(path('build'), { recursive: true });
  rmSync(report, { force: true });
  const start = performance.now();
  const { status } = await runNode([
    bin('vitest'),
    'run',
    '--passWithNoTests',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...args,
  ]);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  if (!existsSync(report)) return { name, passed: 0, failed: 1, skipped: 0, seconds };
  const counts = count(JSON.parse(readFileSync(report, 'utf8')));
  if (status !== 0 && counts.failed === 0) counts.failed = 1;
  return { name, ...counts, seconds };
}

/** Tests by outcome; a file that fails outside its tests (an import, a hook) is one failure too. */
function count({ testResults }) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const file of testResults) {
    const outcomes = file.assertionResults.map(({ status }) => status);
    const failed = outcomes.filter((status) => status === 'failed').length;
    counts.passed += outcomes.filter((status) => status === 'passed').length;
    counts.failed += failed === 0 && file.status === 'failed' ? 1 : failed;
    counts.skipped += outcomes.filter((status) => status !== 'passed' && status !== 'failed').length;
  }
  return counts;
}

/** Print the table and the one line other programs read, and set the exit status. */
export function summarize(results) {
  const total = (key) => results.reduce((sum, result) => sum + result[key], 0);
  console.log('');
  for (const { name, passed, failed, skipped, seconds } of results) {
    const left = skipped > 0 ? `, ${skipped} skipped` : '';
    console.log(
      `${failed > 0 ? '✗' : '✓'} ${name.padEnd(28)} ${passed} passed, ${failed} failed${left}  (${seconds} s)`,
    );
  }
  if (total('skipped') > 0) console.log(`\n${total('skipped')} skipped in all; see above for the reasons`);
  console.log(`\n${total('passed')} passed, ${total('failed')} failed`);
  process.exitCode = total('failed') > 0 ? 1 : 0;
}
