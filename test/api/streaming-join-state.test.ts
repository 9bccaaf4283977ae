import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DefaultValues, Session, t } from 'sparrow-df';
import { afterAll, beforeAll, expect, test } from 'vitest';

// What a join of two streams stores with a batch is what the batch adds, whatever there was before.
let session: Session<DefaultValues>;
let root = '';
beforeAll(async () => {
  session = await Session.create({ workers: 1, memory: '256MB' });
  root = mkdtempSync(join(tmpdir(), 'sparrow-join-state-'));
});
afterAll(async () => {
  await session.stop();
  rmSync(root, { recursive: true, force: true });
});

const schema = { at: t.timestamp, k: t.int32, v: t.string };
const ROWS = 150;
const BATCHES = 27;
const at = (hour: number): string => new Date(Date.UTC(2024, 0, 1, hour)).toISOString();

/** Rows of a side in a batch: a third of those on the right match what came three batches before on the left. */
function rowsOf(side: string, batch: number): string[] {
  const shift = side === 'l' ? 0 : 3;
  return Array.from({ length: ROWS }, (_, i) => {
    const k = (batch - shift) * ROWS + (side === 'r' && i % 3 > 0 ? -1e6 : i);
    return JSON.stringify({ at: at(batch), k, v: `${side} ${batch} ${i} ${'text '.repeat(i % 5)}` });
  });
}

function add(folder: string, batch: number, rows: (side: string) => string[]): void {
  for (const side of ['l', 'r']) {
    mkdirSync(join(folder, side), { recursive: true });
    const path = join(folder, side, `${batch}.json`);
    writeFileSync(path, rows(side).join('\n'));
    utimesSync(path, 1_700_000_000 + batch, 1_700_000_000 + batch);
  }
}

const bytesIn = (folder: string): number =>
  readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);

const texts = (rows: readonly object[]): string[] => rows.map((row) => JSON.stringify(row)).sort();
const query = (how: string, l: object, r: object): ReturnType<typeof session.sql> => {
  const parts = [
    `SELECT ${how === 'LEFT SEMI' ? 'l.k, l.v' : 'l.k, l.v, r.v AS w'} FROM `,
    ` l ${how} JOIN `,
    ' r ON l.k = r.k AND r.at BETWEEN l.at AND l.at + INTERVAL 10 HOURS',
  ];
  return session.sql(Object.assign([...parts], { raw: parts }), ...([l, r] as never[]));
};

test.for(['INNER', 'LEFT', 'FULL', 'LEFT SEMI'])('of a %s join', { timeout: 240_000 }, async (how) => {
  const folder = join(root, how.replace(' ', '-'));
  const state = join(folder, 'state', 'state');
  const found: object[] = [];
  const stored: number[] = [];
  const run = async (): Promise<void> => {
    const [l, r] = ['l', 'r'].map((side) =>
      session.readStream
        .schema(schema)
        .option('maxFilesPerTrigger', 1)
        .json(join(folder, side))
        .withWatermark('at', '20 hours'),
    ) as [object, object];
    const stream = await query(how, l, r)
      .writeStream.option('checkpointLocation', join(folder, 'state'))
      .foreachBatch(async (rows, batch) => {
        found.push(...(await rows.collect()));
        stored[batch] = bytesIn(join(state, String(batch)));
      })
      .start();
    await stream.awaitTermination();
  };
  // Each run goes on from what the one before stored.
  for (let batch = 0; batch < BATCHES; batch++) {
    add(folder, batch, (side) => rowsOf(side, batch));
    if (batch % 9 === 8) await run();
  }
  // Much later, so that what waits is over.
  for (const batch of [BATCHES, BATCHES + 1])
    add(folder, batch, () => [JSON.stringify({ at: at(1000 + batch), k: null, v: 'late' })]);
  await run();
  const [l, r] = ['l', 'r'].map((side) =>
    session.read.schema(schema).json(join(folder, side)).filter("v <> 'late'"),
  ) as [object, object];
  const wanted = texts(await query(how, l, r).collect());
  expect(texts(found.filter((row) => !JSON.stringify(row).includes('late')))).toEqual(wanted);

  const commits = stored.map((_, batch) => {
    const text = readFileSync(join(folder, 'state', 'commits', String(batch)), 'utf8');
    return (JSON.parse(text) as { readonly stateFrom?: number }).stateFrom;
  });
  const whole = commits.flatMap((from, batch) => (from === undefined ? [batch] : []));
  const added = stored.slice(0, BATCHES).filter((_, batch) => commits[batch] !== undefined);
  const [first] = stored as [number];
  expect(added.length).toBeGreaterThan(BATCHES - 4);
  for (const bytes of added) expect(bytes).toBeLessThan(first * 1.8);
  // Stored whole at times, after which what came before is gone.
  expect(whole.length).toBeGreaterThan(1);
  const kept = readdirSync(state).map(Number);
  expect(Math.min(...kept)).toBe(commits.at(-1) ?? stored.length - 1);
  expect(Math.max(...kept)).toBe(stored.length - 1);
});
