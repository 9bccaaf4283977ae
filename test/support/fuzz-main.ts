import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type FuzzOracle, fuzz, fuzzOracles } from './differential.js';

// Run by scripts/fuzz.mjs: many random plans, compiled against interpreted.
const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    cases: { type: 'string' },
    path: { type: 'string' },
    trace: { type: 'string' },
    oracle: { type: 'string' },
  },
});
const seed = Number(values.seed ?? Date.now() % 2 ** 31);
const cases = Number(values.cases ?? 10_000);
const oracle = values.oracle ?? 'interpreter';
if (![...fuzzOracles, 'simulator'].includes(oracle))
  throw new Error(`--oracle is one of ${fuzzOracles.join(', ')}, simulator, not ${oracle}`);
const started = performance.now();
console.log(`fuzz: ${cases} cases, seed ${seed}, against ${oracle}`);
let said = started;
const onCase = (number: number): void => {
  const now = performance.now();
  if (now - said < 10_000) return;
  said = now;
  console.log(`  ${number} cases after ${((now - started) / 1000).toFixed(0)} s`);
};
/** How often each fault came about, and what it came to. */
async function simulations(): Promise<Record<string, number>> {
  const { simulate } = await import('./simulator/simulate.js');
  const tally: Record<string, number> = {};
  for (let i = 0; i < cases; i++, onCase(i)) {
    const { happened, result } = await simulate(seed + i);
    const kind = `${happened.join(', ') || 'no fault'}: ${result.startsWith('error') ? result : 'right'}`;
    tally[kind] = (tally[kind] ?? 0) + 1;
  }
  return tally;
}
// A case that never ends is found in this file.
const { trace } = values;
const tracing = trace === undefined ? {} : { onPlan: (report: () => string) => writeFileSync(trace, report()) };
try {
  const tally =
    oracle === 'simulator'
      ? await simulations()
      : await fuzz({
          seed,
          cases,
          oracle: oracle as FuzzOracle,
          onCase,
          ...tracing,
          ...(values.path === undefined ? {} : { path: values.path }),
        });
  const kinds = Object.entries(tally).sort(([, a], [, b]) => b - a);
  for (const [kind, count] of kinds) console.log(`  ${String(count).padStart(6)} ${kind}`);
  console.log(`fuzz: ${cases} cases agree, seed ${seed}, ${((performance.now() - started) / 1000).toFixed(0)} s`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
