import { readFileSync, writeFileSync } from 'node:fs';
import { type DataFrame, Session, SparrowError } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Answer,
  type Golden,
  goldenNames,
  goldenTable,
  readGoldens,
  sameAnswer,
} from '../support/spark-goldens.js';

/** Calls whose answer is not Spark's yet: the list only gets shorter. UPDATE_OPEN=1 writes it anew. */
const openFile = new URL('../conformance/aggregates-open.json', import.meta.url);
const open: Readonly<Record<string, readonly string[]>> = JSON.parse(readFileSync(openFile, 'utf8'));
const found: Record<string, string[]> = {};
const names = goldenNames().filter((name) => readGoldens(name).kind === 'agg');
const timeZone = readGoldens(names[0] as string).timeZone;

/** Type and text of one call over the table, or the error's condition. */
async function answersOf(session: Session, calls: readonly string[]): Promise<Answer[]> {
  const items = calls.map((sql, i) => `${sql} AS c${i}`);
  try {
    const frame = session.sql(`SELECT ${items.join(', ')} FROM golden`) as DataFrame;
    const { fields } = await frame.schema();
    const types = fields.map((field) => field.dataType.simpleString());
    const texts = types.map((type, i) => (type === 'binary' ? `hex(c${i})` : `CAST(c${i} AS STRING)`));
    const [row] = (await frame.selectExpr(...texts.map((text, i) => `${text} AS t${i}`)).collect()) as [object];
    return types.map((type, i): Answer => [type, (row as Record<string, string | null>)[`t${i}`] ?? null]);
  } catch (error) {
    if (calls.length === 1) return [[error instanceof SparrowError ? error.code : String(error)]];
    const half = calls.length >> 1;
    return [...(await answersOf(session, calls.slice(0, half))), ...(await answersOf(session, calls.slice(half)))];
  }
}

/** Recorded by `npm run spark-goldens` from Apache Spark. */
describe('aggregates as Spark answers', () => {
  const sessions = new Map<boolean, Session>();
  beforeAll(async () => {
    const table = goldenTable();
    const columns = Object.keys(table);
    const rows = (Object.values(table)[0] ?? []).map((_, r) => `(${columns.map((c) => table[c]?.[r]).join(', ')})`);
    for (const ansi of [true, false]) {
      const session = (await Session.create({ workers: 1, timeZone, ansi })) as Session;
      session
        .sql(`SELECT * FROM VALUES ${rows.join(', ')} AS t(${columns.join(', ')})`)
        .cache()
        .createOrReplaceTempView('golden');
      sessions.set(ansi, session);
    }
  });
  afterAll(async () => {
    for (const session of sessions.values()) await session.stop();
    if (process.env.UPDATE_OPEN === '1') writeFileSync(openFile, `${JSON.stringify(found, undefined, 1)}\n`);
  });

  const asked = (cases: readonly Golden[], ansi: boolean): [sql: string, wanted: Answer][] =>
    cases.flatMap(([sql, wanted, legacy]) =>
      !ansi && legacy === null ? [] : [[sql, ansi ? wanted : (legacy ?? wanted)] as [string, Answer]],
    );

  test.each(names)('%s', async (name) => {
    const all = new Map<string, string>();
    for (const ansi of [true, false]) {
      const cases = asked(readGoldens(name).cases, ansi);
      const answers = await answersOf(
        sessions.get(ansi) as Session,
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
