import { readFileSync, writeFileSync } from 'node:fs';
import type { Session } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answersOf, asked, goldenSessions } from '../support/golden-session.js';
import { type Answer, goldenNames, goldenTable, readGoldens, sameAnswer } from '../support/spark-goldens.js';

/** Calls whose answer is not Spark's yet: the list only gets shorter. UPDATE_OPEN=1 writes it anew. */
const openFile = new URL('../conformance/aggregates-open.json', import.meta.url);
const open: Readonly<Record<string, readonly string[]>> = JSON.parse(readFileSync(openFile, 'utf8'));
const found: Record<string, string[]> = {};
const names = goldenNames().filter((name) => readGoldens(name).kind === 'agg');
const timeZone = readGoldens(names[0] as string).timeZone;

/** Recorded by `npm run spark-goldens` from Apache Spark. */
describe('aggregates as Spark answers', () => {
  let sessions: ReadonlyMap<boolean, Session>;
  beforeAll(async () => {
    const table = goldenTable();
    const columns = Object.keys(table);
    const rows = (Object.values(table)[0] ?? []).map((_, r) => `(${columns.map((c) => table[c]?.[r]).join(', ')})`);
    sessions = await goldenSessions(timeZone);
    for (const session of sessions.values())
      session
        .sql(`SELECT * FROM VALUES ${rows.join(', ')} AS t(${columns.join(', ')})`)
        .cache()
        .createOrReplaceTempView('golden');
  });
  afterAll(async () => {
    for (const session of sessions.values()) await session.stop();
    if (process.env.UPDATE_OPEN === '1') writeFileSync(openFile, `${JSON.stringify(found, undefined, 1)}\n`);
  });

  test.each(names)('%s', async (name) => {
    const all = new Map<string, string>();
    for (const ansi of [true, false]) {
      const cases = asked(readGoldens(name).cases, ansi);
      const answers = await answersOf(
        sessions.get(ansi) as Session,
        'golden',
        cases.map(([sql]) => sql),
      );
      for (const [i, [sql, wanted]] of cases.entries()) {
        const got = answers[i] as Answer;
        if (sameAnswer(got, wanted)) continue;
        all.set(`${ansi ? '' : 'ANSI off: '}${sql}`, `${JSON.stringify(got)}, Spark ${JSON.stringify(wanted)}`);
      }
    }
    if (all.size > 0) found[name] = [...all.keys()].sort();
    if (process.env.DUMP_OPEN !== undefined) for (const [sql, what] of all) console.log(`@@ ${name} ${sql}: ${what}`);
    if (process.env.UPDATE_OPEN === '1') return;
    const known = new Set(open[name]);
    expect([...all].filter(([sql]) => !known.has(sql)).map(([sql, what]) => `${sql}: ${what}`)).toEqual([]);
    expect(
      [...known].filter((sql) => !all.has(sql)),
      'right now: take them off the list',
    ).toEqual([]);
  });
});
