import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Column, col, type DataFrame, fn, Session, t, Window } from 'sparrow-df';
import { afterAll, beforeAll, expect, test } from 'vitest';

// Rows whose keys and other columns are all told by the bits of a sort entry are sorted without being kept beside it.
// JavaScript sorts the same rows.
const open = () => Session.create({ workers: 2, memory: '256MB', int64: 'bigint' });
let session: Awaited<ReturnType<typeof open>>;
const directory = mkdtempSync(join(tmpdir(), 'sparrow-packed-'));
beforeAll(async () => {
  session = await open();
});
afterAll(async () => {
  await session.stop();
  rmSync(directory, { recursive: true, force: true });
});

let state = 11;
const below = (most: number): number => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * most);
};
const orNull = <T>(value: T): T | null => (below(9) === 0 ? null : value);
const WIDE = [-(2n ** 63n), -(2n ** 63n) + 1n, -1n, 0n, 1n, 2n ** 63n - 2n, 2n ** 63n - 1n];
const WHOLE = [-(2 ** 31), -(2 ** 31) + 1, -1, 0, 1, 2 ** 31 - 2, 2 ** 31 - 1];
const rows = Array.from({ length: 5000 }, (_, id) => ({
  id,
  few: orNull(below(25) - 5),
  one: 3,
  flag: orNull(below(2) === 1),
  day: orNull(new Date(86_400_000 * (below(60) - 30))),
  price: orNull(`${below(900) - 450}.${10 + below(90)}`),
  whole: orNull(WHOLE[below(7)] as number),
  wide: WIDE[below(7)] as bigint,
}));
type Row = Record<keyof (typeof rows)[number], unknown>;
const types = {
  id: t.int32,
  few: t.int32,
  one: t.int64,
  flag: t.boolean,
  day: t.date,
  price: t.decimal(20, 2),
  whole: t.int32,
  wide: t.int64,
};
type Key = readonly [name: keyof Row, how: 'asc' | 'ascNullsLast' | 'desc' | 'descNullsFirst'];

function compare(a: unknown, b: unknown, how: Key[1]): number {
  if (a === null || b === null) {
    const order = Number(b === null) - Number(a === null);
    return how === 'asc' || how === 'descNullsFirst' ? order : -order;
  }
  const [x, y] = [a, b].map((value) => (typeof value === 'bigint' ? value : Number(value))) as [number, number];
  return (x < y ? -1 : x > y ? 1 : 0) * (how.startsWith('desc') ? -1 : 1);
}

const columns = (keys: readonly Key[]): Column[] => keys.map(([name, how]) => col(name)[how]());

test.each<readonly [readonly Key[], readonly (keyof Row)[]]>([
  [
    [
      ['few', 'asc'],
      ['id', 'asc'],
    ],
    ['id', 'few'],
  ],
  [[['few', 'desc']], ['id', 'few', 'flag']],
  [[['few', 'ascNullsLast']], ['few', 'id', 'one']],
  [
    [
      ['few', 'descNullsFirst'],
      ['flag', 'desc'],
      ['day', 'ascNullsLast'],
    ],
    ['day', 'id', 'flag', 'few'],
  ],
  [
    [
      ['price', 'desc'],
      ['day', 'descNullsFirst'],
      ['one', 'desc'],
    ],
    ['id', 'price', 'one', 'day', 'few'],
  ],
  [
    [
      ['price', 'asc'],
      ['price', 'desc'],
    ],
    ['price', 'id'],
  ],
  [[['whole', 'asc']], ['id', 'whole']],
  [
    [
      ['whole', 'descNullsFirst'],
      ['few', 'desc'],
    ],
    ['whole', 'few', 'id'],
  ],
  [[['wide', 'asc']], ['wide', 'id']],
  [[['wide', 'desc']], ['id', 'wide']],
  [[['id', 'desc']], ['whole']],
  [
    [
      ['flag', 'asc'],
      ['one', 'asc'],
    ],
    ['flag', 'one'],
  ],
])('by %j', async (keys, names) => {
  const cached = session.createDataFrame(rows, types).cache();
  const given = (await cached.collect()) as unknown as Row[];
  const picked = (row: Row): unknown[] => names.map((name) => row[name]);
  const expected = [...given]
    .sort((a, b) => keys.map(([name, how]) => compare(a[name], b[name], how)).find((order) => order !== 0) ?? 0)
    .map(picked);
  const ordered = cached.orderBy(...columns(keys)).select(...names);
  expect((await ordered.collect()).map((row) => picked(row as unknown as Row))).toEqual(expected);
  expect((await ordered.limit(40).collect()).map((row) => picked(row as unknown as Row))).toEqual(
    expected.slice(0, 40),
  );
  await cached.unpersist();
});

test('a window over them', async () => {
  const cached = session.createDataFrame(rows, types).cache();
  const over = Window.partitionBy('few').orderBy(col('price').desc(), 'id').rowsBetween(-2, Window.currentRow);
  const found = await cached
    .select(
      'id',
      fn.sum('whole').over(over).as('s'),
      fn
        .lag('flag')
        .over(Window.partitionBy('few').orderBy(col('price').desc(), 'id'))
        .as('l'),
    )
    .collect();
  const parts = new Map<unknown, Row[]>();
  for (const row of (await cached.collect()) as unknown as Row[]) {
    const own = parts.get(row.few);
    if (own === undefined) parts.set(row.few, [row]);
    else own.push(row);
  }
  const expected = new Map<unknown, unknown>();
  for (const part of parts.values()) {
    part.sort((a, b) => compare(a.price, b.price, 'desc') || Number(a.id) - Number(b.id));
    part.forEach((row, i) => {
      const frame = part
        .slice(Math.max(0, i - 2), i + 1)
        .flatMap(({ whole }) => (whole === null ? [] : [Number(whole)]));
      const sum = frame.length === 0 ? null : frame.reduce((a, b) => a + b, 0);
      expected.set(row.id, [sum, part[i - 1]?.flag ?? null]);
    });
  }
  for (const { id, s, l } of found)
    expect([id, s === null ? null : Number(s), l]).toEqual([id, ...(expected.get(id) as unknown[])]);
  await cached.unpersist();
});

test('on disk, equal rows keep their order', { timeout: 240_000 }, async () => {
  const ROWS = 1_000_000;
  const small = await Session.create({ workers: 2, memory: '16MB', spillDirectory: directory });
  try {
    const frame: DataFrame = small.range(0, ROWS).select(col('id').mod(7).as('k'), 'id').orderBy(col('k').desc());
    let [next, wrong, key, last] = [0, 0, 7, -1];
    for await (const batch of frame.batches()) {
      const [keys, xs] = [batch.getChildAt(0), batch.getChildAt(1)];
      for (let i = 0; i < batch.numRows; i++, next++) {
        const [k, x] = [Number(keys?.get(i)), Number(xs?.get(i))];
        if (k > key || (k === key && x <= last)) wrong++;
        [key, last] = [k, x];
      }
    }
    expect([next, wrong]).toEqual([ROWS, 0]);
  } finally {
    await small.stop();
  }
});

test('a condition takes no null for true that sorting has put into bits and back', async () => {
  const isMore = ({ few, whole }: (typeof rows)[number]) => (few === null || whole === null ? null : few > whole);
  const wanted = rows.map((_, id) => (id > 0 && isMore(rows[id - 1] as (typeof rows)[number]) ? 1 : 0));
  const more = fn.lag(col('few').gt(col('whole'))).over(Window.orderBy('id'));
  for (const how of ['asc', 'desc', 'ascNullsLast', 'descNullsFirst'] as const) {
    const sorted = session
      .createDataFrame(rows, types)
      .select(more.as('more'), col('id'))
      .orderBy(col('more')[how]())
      .select(fn.when(col('more'), 1).otherwise(0).as('is'), 'id');
    // The first time a small query may run without being compiled.
    for (let time = 0; time < 2; time++) {
      const answer = [...(await sorted.collect())].sort((a, b) => Number(a.id) - Number(b.id));
      expect(answer.map((row) => row.is)).toEqual(wanted);
    }
  }
});
