import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import {
  type Answer,
  answerOf,
  compiledDifferences,
  goldenNames,
  goldenSettings,
  readGoldens,
  sameAnswer,
} from '../support/spark-goldens.js';

/** Calls whose answer is not Spark's yet: the list only gets shorter. UPDATE_OPEN=1 writes it anew. */
const openFile = new URL('../conformance/functions-open.json', import.meta.url);
const open: Readonly<Record<string, readonly string[]>> = JSON.parse(readFileSync(openFile, 'utf8'));
const found: Record<string, string[]> = {};

const show = (answer: Answer): string => JSON.stringify(answer);

/** What differs from Spark, as `sql: ours, Spark's`, by the SQL. */
function differences(name: string): Map<string, string> {
  const { cases, timeZone } = readGoldens(name);
  const all = new Map<string, string>();
  for (const ansi of [true, false]) {
    const settings = goldenSettings(timeZone, ansi);
    const prefix = ansi ? '' : 'ANSI off: ';
    const exprs = [];
    for (const [sql, wanted, legacy] of cases) {
      if (!ansi && legacy === null) continue;
      const answer = ansi ? wanted : (legacy ?? wanted);
      const { answer: got, expr } = answerOf(sql, settings);
      if (!sameAnswer(got, answer)) all.set(prefix + sql, `${show(got)}, Spark ${show(answer)}`);
      if (expr !== undefined) exprs.push({ sql, expr });
    }
    for (const difference of compiledDifferences(exprs, settings)) all.set(`compiled: ${prefix}${difference}`, '');
  }
  return all;
}

/** Recorded by `node scripts/spark-goldens.mjs` from Apache Spark. */
describe('as Spark answers', () => {
  afterAll(() => {
    if (process.env.UPDATE_OPEN === '1') writeFileSync(openFile, `${JSON.stringify(found, undefined, 1)}\n`);
  });

  test.each(goldenNames().filter((name) => readGoldens(name).kind === 'row'))('%s', (name) => {
    const all = differences(name);
    if (all.size > 0) found[name] = [...all.keys()].sort();
    if (process.env.DUMP_OPEN !== undefined) {
      for (const [sql, what] of all) console.log(`@@ ${name} ${sql}: ${what}`);
    }
    if (process.env.UPDATE_OPEN === '1') return;
    const known = new Set(open[name]);
    expect([...all].filter(([sql]) => !known.has(sql)).map(([sql, what]) => `${sql}: ${what}`)).toEqual([]);
    expect(
      [...known].filter((sql) => !all.has(sql)),
      'right now: take them off the list',
    ).toEqual([]);
  });
});
