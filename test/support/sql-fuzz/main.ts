import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Duck } from './duck.js';
import { EXPRESSIONS, expressionCase } from './fuzz-expressions.js';
import { QUERIES, queryCase } from './fuzz-queries.js';
import { type SelfOracle, selfCase } from './fuzz-self.js';
import { RuleCounts } from './rules.js';
import { Sparrow } from './sparrow.js';

// Run by scripts/fuzz.mjs: random expressions and queries, ours against DuckDB's answers or against themselves.
const { values } = parseArgs({
  options: {
    oracle: { type: 'string' },
    seed: { type: 'string' },
    cases: { type: 'string' },
    expressions: { type: 'string' },
    case: { type: 'string' },
    'keep-going': { type: 'boolean', default: false },
    json: { type: 'string' },
  },
});
const seed = Number(values.seed ?? Date.now() % 2 ** 31);
const SAY_MS = 10_000;
const MOST_FOUND = 40;

const sparrow = await Sparrow.open();
const duck = await Duck.open();
const rules = new RuleCounts();
const folder = mkdtempSync(join(tmpdir(), 'sparrow-fuzz-'));
const both = { sparrow, duck, rules, folder };
const started = performance.now();
const seconds = (): string => ((performance.now() - started) / 1000).toFixed(0);
/** Resident memory in MB. */
const resident = (): number => Math.round(process.memoryUsage().rss / 2 ** 20);
let warm = 0;
let found = 0;
let said = started;

async function run(
  name: string,
  count: number,
  one: (number: number, tally: Record<string, number>) => Promise<string | undefined>,
): Promise<void> {
  const tally: Record<string, number> = {};
  const only = values.case === undefined ? undefined : Number(values.case);
  const [from, until] = only === undefined ? [0, count] : [only, only + 1];
  for (let number = from; number < until; number++) {
    const report = await one(number, tally);
    // A fifth of the way everything is loaded and compiled once.
    if (number - from === Math.floor((until - from) / 5)) warm = resident();
    if (performance.now() - said > SAY_MS) {
      said = performance.now();
      console.log(`  ${number - from + 1} of ${count} ${name} after ${seconds()} s`);
    }
    if (report === undefined) continue;
    found++;
    console.log(report);
    if (!values['keep-going'] || found >= MOST_FOUND) break;
  }
  console.log(
    `${name}: ${Object.entries(tally)
      .map(([kind, n]) => `${n} ${kind}`)
      .join(', ')}`,
  );
}

const { oracle = 'duckdb' } = values;
const queries = Number(values.cases ?? 1000);
try {
  console.log(`fuzz: seed ${seed}, oracle ${oracle}`);
  if (oracle === 'duckdb') {
    const expressions = Math.ceil(Number(values.expressions ?? queries * 10) / EXPRESSIONS);
    if (expressions > 0)
      await run(`tables of ${EXPRESSIONS} expressions`, expressions, (n, tally) =>
        expressionCase(both, seed, n, tally),
      );
    const sets = Math.ceil(queries / QUERIES);
    if (sets > 0 && (found === 0 || values['keep-going']))
      await run(`sets of ${QUERIES} queries`, sets, (n, tally) => queryCase(both, seed, n, tally));
  } else {
    await run('queries', queries, (n, tally) => selfCase(both, oracle as SelfOracle, seed, n, tally));
  }
  for (const line of rules.lines()) console.log(line);
  console.log(
    `fuzz: ${found === 0 ? 'all agree' : `${found} differences`}, seed ${seed}, ${seconds()} s, ${warm} MB at a fifth, ${resident()} MB at the end`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
  duck.close();
  await sparrow.close();
}
if (found > 0) process.exitCode = 1;
