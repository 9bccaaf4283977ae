import { type DataFrame, Session, SparrowError } from 'sparrow-df';
import { type Answer, type Golden, RECORDED_DAY } from './spark-goldens.js';

/** So many calls are asked at once: those of one query fail together. */
const AT_ONCE = 24;
const GOLDEN_ZONE = 'America/Los_Angeles';

/** Sessions with ANSI on and off, for Spark's recorded answers through the public API in the mode of the run. */
export async function goldenSessions(timeZone: string): Promise<ReadonlyMap<boolean, Session>> {
  const sessions = new Map<boolean, Session>();
  for (const ansi of [true, false])
    sessions.set(ansi, (await Session.create({ workers: 1, memory: '512MB', timeZone, ansi })) as Session);
  return sessions;
}

/** What was asked, with the answer that is wanted. */
export const asked = (cases: readonly Golden[], ansi: boolean): [sql: string, wanted: Answer][] =>
  cases.flatMap(([sql, wanted, legacy]) =>
    !ansi && legacy === null ? [] : [[sql, onDay(ansi ? wanted : (legacy ?? wanted))] as [string, Answer]],
  );

/** What was recorded on the day of the recording is asked today. */
function onDay(answer: Answer): Answer {
  const [type, text] = answer;
  if (!type.startsWith('timestamp') || !text?.startsWith(RECORDED_DAY)) return answer;
  const today = new Date().toLocaleDateString('sv', { timeZone: GOLDEN_ZONE });
  return [type, text.replace(RECORDED_DAY, today)];
}

/** Type and text of each call over a view, or the error's condition. */
export async function answersOf(session: Session, view: string, calls: readonly string[]): Promise<Answer[]> {
  if (calls.length === 0) return [];
  if (calls.length > AT_ONCE) {
    const [first, rest] = [calls.slice(0, AT_ONCE), calls.slice(AT_ONCE)];
    return [...(await answersOf(session, view, first)), ...(await answersOf(session, view, rest))];
  }
  const items = calls.map((sql, i) => `${sql} AS c${i}`);
  try {
    const frame = session.sql(`SELECT ${items.join(', ')} FROM ${view}`) as DataFrame;
    const { fields } = await frame.schema();
    const types = fields.map((field) => field.dataType.simpleString());
    const texts = types.map((type, i) => (type === 'binary' ? `hex(c${i})` : `CAST(c${i} AS STRING)`));
    const [row] = (await frame.selectExpr(...texts.map((text, i) => `${text} AS t${i}`)).collect()) as [object];
    return types.map((type, i): Answer => [type, (row as Record<string, string | null>)[`t${i}`] ?? null]);
  } catch (error) {
    if (calls.length === 1) return [[error instanceof SparrowError ? error.code : String(error)]];
    const half = calls.length >> 1;
    return [
      ...(await answersOf(session, view, calls.slice(0, half))),
      ...(await answersOf(session, view, calls.slice(half))),
    ];
  }
}
