import { Session, type SparrowError } from 'sparrow-df';
import { expect, test } from 'vitest';

/** Answers and column names as Spark 4 gives them. */
const cases: readonly (readonly [sql: string, column: string, value: unknown])[] = [
  [
    "select listagg(distinct s) within group (order by s) from values ('b'), ('a'), ('b') t(s)",
    'listagg(DISTINCT s, NULL) WITHIN GROUP (ORDER BY s ASC NULLS FIRST)',
    'ab',
  ],
  [
    "select listagg(s, ',') within group (order by s desc) from values ('b'), ('a'), ('b') t(s)",
    'listagg(s, ,) WITHIN GROUP (ORDER BY s DESC NULLS LAST)',
    'b,b,a',
  ],
  [
    'select percentile_cont(0.25) within group (order by v desc) from values (0), (10) t(v)',
    'percentile_cont(0.25) WITHIN GROUP (ORDER BY v DESC)',
    7.5,
  ],
  ['select percentile(v, 0.5) from values (0), (10) t(v)', 'percentile(v, 0.5, 1)', 5],
  ['select mode() within group (order by v) from values (2), (1) t(v)', 'mode() WITHIN GROUP (ORDER BY v DESC)', 1],
  ["select extract(hour from time'23:59:00')", "extract(hour FROM TIME '23:59:00')", 23],
  ["select trim(leading 'xyz' from 'zzzytest')", 'TRIM(LEADING xyz FROM zzzytest)', 'test'],
  ["select split('hello', '', 3)", 'split(hello, , 3)', ['h', 'e', 'llo']],
];

test.each(cases)('%s', async (sql, column, value) => {
  const session = await Session.create({ workers: 1 });
  try {
    expect(await session.sql(sql).collect()).toEqual([{ [column]: value }]);
  } finally {
    await session.stop();
  }
});

test.each([
  ['select mode(distinct v) within group (order by v) from values (1) t(v)', 'DISTINCT_UNSUPPORTED'],
  ['select mode(v) within group (order by v) from values (1) t(v)', 'WRONG_NUM_ORDERINGS'],
  ['select percentile_cont(0.5) from values (1) t(v)', 'WITHIN_GROUP_MISSING'],
])('%s fails', async (sql, condition) => {
  const session = await Session.create({ workers: 1 });
  try {
    const error = await (async () => session.sql(sql).collect())().catch((e: unknown) => e);
    expect((error as SparrowError).code).toBe(`INVALID_WITHIN_GROUP_EXPRESSION.${condition}`);
  } finally {
    await session.stop();
  }
});
