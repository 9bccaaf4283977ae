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
const oracle = (values.oracle ?? 'interpreter') as FuzzOracle;
if (!fuzzOracles.includes(oracle)) throw new Error(`--oracle is one of ${fuzzOracles.join(', ')}, not ${oracle}`);
const started = performance.now();
console.log(`fuzz: ${cases} cases, seed ${seed}, against ${oracle}`);
let said = started;
const onCase = (number: number): void => {
  const now = performance.now();
  if (now - said < 10_000) return;
  said = now;
  console.log(`  ${number} cases after ${((now - started) / 1000).toFixed(0)} s`);
};
// A case that never ends is found in this file.
const { trace } = values;
const tracing = trace === undefined ? {} : { onPlan: (report: () => string) => writeFileSync(trace, report()) };
try {
  const tally = await fuzz({
    seed,
    cases,
    oracle,
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
