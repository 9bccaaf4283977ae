// Sessions and joins of streams, micro-batch by micro-batch as Spark 4.0.1 gives them (test/conformance/streams/make_cases.py).
import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DefaultValues, Session, t } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { randoms } from '../fault/harness.js';

interface Case {
  readonly name: string;
  readonly streams: Readonly<Record<string, { files: (readonly unknown[])[][]; watermark?: string }>>;
  readonly query: string;
  readonly mode: 'append' | 'update' | 'complete';
  readonly batches?: readonly (readonly Record<string, unknown>[])[];
  readonly error?: string;
}
const cases = JSON.parse(
  readFileSync(new URL('../conformance/streams/cases.json', import.meta.url), 'utf8'),
) as readonly Case[];

let session: Session<DefaultValues>;
let root = '';
beforeAll(async () => {
  session = await Session.create({ workers: 1, memory: '256MB' });
  root = mkdtempSync(join(tmpdir(), 'sparrow-streaming-spark-'));
});
afterAll(async () => {
  await session.stop();
  rmSync(root, { recursive: true, force: true });
});

const schema = { at: t.timestamp, k: t.string, v: t.int32 };

function streams(folder: string, { streams }: Case) {
  for (const [name, { files }] of Object.entries(streams)) {
    mkdirSync(join(folder, name), { recursive: true });
    for (const [i, rows] of files.entries()) {
      const path = join(folder, name, `${i}.json`);
      writeFileSync(path, rows.map(([at, k, v]) => JSON.stringify({ at, k, v })).join('\n'));
      utimesSync(path, 1_700_000_000 + i, 1_700_000_000 + i);
    }
  }
  return Object.entries(streams).map(([name, { watermark }]) => {
    const frame = session.readStream.schema(schema).option('maxFilesPerTrigger', 1).json(join(folder, name));
    return [name, watermark === undefined ? frame : frame.withWatermark('at', watermark)] as const;
  });
}

/** The query over frames in the place of `FROM l` and `JOIN r`. */
function asked(query: string, frames: ReadonlyMap<string, unknown>): ReturnType<typeof session.sql> {
  const parts = query.split(/\b(?<=FROM |JOIN )([lr])(?= (?:\w+ )*(?:JOIN|ON|GROUP|WHERE)\b)/);
  const texts = parts.filter((_, i) => i % 2 === 0);
  const names = parts.filter((_, i) => i % 2 === 1);
  const between = texts.map((text, i) => (i === 0 || /^ [lr]\b/.test(text) ? text : ` ${names[i - 1]}${text}`));
  return session.sql(
    Object.assign([...between], { raw: between }),
    ...(names.map((name) => frames.get(name)) as never[]),
  );
}

type Rows = readonly Record<string, unknown>[];
/** Rows in any order; nulls are left out, as Spark's JSON does. */
const texts = (rows: Rows): string[] => rows.map((row) => JSON.stringify(row, (_, value) => value ?? undefined)).sort();

async function given(folder: string, frame: ReturnType<typeof session.sql>, mode: Case['mode']): Promise<string[][]> {
  const found: string[][] = [];
  const query = await frame.writeStream
    .outputMode(mode)
    .option('checkpointLocation', join(folder, 'state'))
    .foreachBatch(async (rows) => {
      const got = texts((await rows.collect()) as Rows);
      if (got.length > 0) found.push(got);
    })
    .start();
  await query.awaitTermination();
  return found;
}

/** Where we do otherwise, and why. */
const DIFFERS: Readonly<Record<string, string>> = {
  'sessions, complete':
    'all rows count, late ones too, as in every other query with this mode; Spark drops them of sessions',
  'sessions without another key': 'Spark has no such query',
  'FULL join': 'nulls are no equal keys; Spark takes them for such in full joins of streams',
  'RIGHT join, conditions of one side':
    'Spark loses rows of the right side without a match where a condition is about it alone',
  'FULL join, conditions of one side': 'the same',
  'LEFT SEMI join, no watermark': 'Spark asks for a watermark, though nothing waits for it',
  'LEFT join, watermark of one side': 'Spark takes it, and rows without a match never come out; here it is refused',
  'FULL join, watermark of one side': 'as the left join',
};

describe('as Spark gives', () => {
  const same = cases.filter(({ name }) => DIFFERS[name] === undefined);
  test.each(same.map((each) => [each.name, each] as const))('%s', async (name, each) => {
    const folder = join(root, name.replaceAll(/\W/g, '-'));
    const frame = asked(each.query, new Map(streams(folder, each)));
    if (each.error !== undefined) {
      await expect(given(folder, frame, each.mode)).rejects.toMatchObject({ code: /^(STREAMING|UNSUPPORTED)/ });
      return;
    }
    expect(await given(folder, frame, each.mode)).toEqual(each.batches?.map(texts));
  });
});

// A last row of each stream is so late that everything before is over, and every row is in time: then all batches together
// are what the query gives over all rows at once.
describe('as a query over all rows gives', () => {
  const range =
    'l.k = r.k AND r.at >= l.at - INTERVAL 3 MINUTES AND r.at < l.at + INTERVAL 6 MINUTES AND l.v + r.v < 150';
  const pair = 'l.at AS lat, l.k AS lk, l.v AS lv, r.at AS rat, r.k AS rk, r.v AS rv';
  const queries = [
    ...['INNER', 'LEFT', 'RIGHT', 'FULL'].map(
      (how) => `SELECT ${pair} FROM l ${how} JOIN r ON ${range} AND l.v > 3 AND r.v > 5`,
    ),
    `SELECT l.at, l.k, l.v FROM l LEFT SEMI JOIN r ON ${range}`,
    `SELECT ${pair} FROM l FULL JOIN r ON l.at = r.at AND r.v > l.v`,
    "SELECT k, session_window AS w, count(*) AS n, sort_array(collect_set(v)) AS vs FROM l GROUP BY k, session_window(at, '1 minute')",
    "SELECT session_window AS w, sum(v) AS s, max(k) AS k FROM l GROUP BY session_window(at, '20 seconds')",
  ];
  test.each(queries.map((query, i) => [query, i] as const))('%s', async (query, i) => {
    const random = randoms(20261129 + i);
    const below = (n: number): number => Math.floor(random() * n);
    const at = (seconds: number): string => new Date(Date.UTC(2024, 0, 1) + seconds * 1000).toISOString();
    const files = (): Case['streams'][string]['files'] =>
      Array.from({ length: 6 }, (_, file) =>
        file === 5
          ? [[at(1e6), 'last', 0]]
          : Array.from({ length: 30 }, () => [
              at(file * 300 + below(60) * 15),
              random() < 0.1 ? null : 'abc'[below(3)],
              below(100),
            ]),
      );
    const folder = join(root, `whole-${i}`);
    const each: Case = { name: '', query, mode: 'append', streams: { l: { files: files() }, r: { files: files() } } };
    const frames = streams(folder, each).map(([name, frame]) => [name, frame.withWatermark('at', '2 hours')] as const);
    const batches = await given(folder, asked(query, new Map(frames)), 'append');
    const before = "(at < TIMESTAMP '2024-01-05 00:00:00')";
    const tables = ['l', 'r'].map(
      (name) => [name, session.read.schema(schema).json(join(folder, name)).filter(before)] as const,
    );
    const expected = texts((await asked(query, new Map(tables)).collect()) as Rows);
    expect(batches.length).toBeGreaterThan(0);
    expect(expected.length).toBeGreaterThan(15);
    // What is given of the last row is not asked for.
    expect(
      batches
        .flat()
        .filter((row) => !row.includes('2024-01-12'))
        .sort(),
    ).toEqual(expected);
  });
});
