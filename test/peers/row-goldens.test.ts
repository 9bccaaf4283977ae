import { readFileSync } from 'node:fs';
import type { Session } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answersOf, asked, goldenSessions } from '../support/golden-session.js';
import { type Answer, goldenNames, readGoldens, sameAnswer } from '../support/spark-goldens.js';

const openFile = new URL('../conformance/functions-open.json', import.meta.url);
const open: Readonly<Record<string, readonly string[]>> = JSON.parse(readFileSync(openFile, 'utf8'));
const names = goldenNames().filter((name) => readGoldens(name).kind === 'row');
/** One case of so many: all with SPARROW_GOLDENS=all, as `npm run modes` asks. Without the variable nothing runs. */
const step = process.env.SPARROW_GOLDENS === 'all' ? 1 : 16;

// spark-goldens.test.ts asks both forms of a function; here the whole engine is asked, in the mode of the run.
describe('as Spark answers, by the whole engine', () => {
  let sessions: ReadonlyMap<boolean, Session>;
  beforeAll(async () => {
    sessions = await goldenSessions(readGoldens(names[0] as string).timeZone);
    for (const session of sessions.values()) session.range(1).createOrReplaceTempView('golden');
  });
  afterAll(async () => {
    for (const session of sessions.values()) await session.stop();
  });

  test.each(names)('%s', async (name) => {
    const known = new Set(open[name]);
    const wrong: string[] = [];
    for (const ansi of [true, false]) {
      const prefix = ansi ? '' : 'ANSI off: ';
      const cases = asked(readGoldens(name).cases, ansi).filter(
        ([sql], i) => i % step === 0 && !known.has(prefix + sql),
      );
      const answers = await answersOf(
        sessions.get(ansi) as Session,
        'golden',
        cases.map(([sql]) => sql),
      );
      for (const [i, [sql, wanted]] of cases.entries()) {
        const got = answers[i] as Answer;
        if (sameAnswer(got, wanted)) continue;
        wrong.push(`${prefix}${sql}: ${JSON.stringify(got)}, Spark ${JSON.stringify(wanted)}`);
      }
    }
    // The difference of long lists is more than a process can hold.
    expect(wrong.slice(0, 50)).toEqual([]);
  });
});
