import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DefaultValues, fn, Session, t } from 'sparrow-df';
import { afterAll, beforeAll, expect, test } from 'vitest';

let session: Session<DefaultValues>;
let root = '';
beforeAll(async () => {
  session = await Session.create({ workers: 1, memory: '256MB' });
  root = mkdtempSync(join(tmpdir(), 'sparrow-streaming-state-'));
});
afterAll(async () => {
  await session.stop();
  rmSync(root, { recursive: true, force: true });
});

let folders = 0;
function newFolder() {
  const folder = join(root, `f${folders++}`);
  mkdirSync(join(folder, 'in'), { recursive: true });
  const path = (name: string): string => join(folder, name);
  return {
    path,
    add: (name: string, ...lines: string[]) => writeFileSync(path(`in/${name}`), `${lines.join('\n')}\n`),
  };
}
type Folder = ReturnType<typeof newFolder>;
const schema = { at: t.timestamp, key: t.string, value: t.int32 };
const events = (folder: Folder) =>
  session.readStream.schema(schema).option('maxFilesPerTrigger', 1).csv(folder.path('in'));
type Rows = Record<string, unknown>[];

/** Runs to the end of what is there; the rows of each batch. */
async function batches(folder: Folder, frame: object, mode: 'append' | 'update' | 'complete'): Promise<Rows[]> {
  const given: Rows[] = [];
  const query = await (frame as ReturnType<typeof events>).writeStream
    .outputMode(mode)
    .option('checkpointLocation', folder.path('state'))
    .foreachBatch(async (rows) => {
      given.push((await rows.collect()) as Rows);
    })
    .start();
  await query.awaitTermination();
  return given;
}
const sorted = (rows: Rows): Rows => [...rows].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
const minute = (m: number, s = 0): string =>
  `2024-01-01T12:${String(m).padStart(2, '0')}:${String(s).padStart(2, '0')}Z`;

test('update gives the groups that a batch changed, as a query over all input so far has them', async () => {
  const files = [
    ['1,a,10', '2,b,20', '3,a,-5'],
    ['4,c,1', '5,a,7', '6,,3'],
    ['7,b,20', '8,,4'],
  ].map((lines) => lines.map((line) => `${minute(Number(line.split(',')[0]))},${line.split(',').slice(1).join(',')}`));
  const aggregates = [
    fn.count().as('n'),
    fn.sum('value').as('sum'),
    fn.avg('value').as('avg'),
    fn.min('value').add(1).as('min'),
    fn.max('at').as('max'),
    fn.first('value').as('first'),
    fn.sum(fn.expr('CAST(value AS DECIMAL(10,2))')).as('dec'),
  ] as const;
  const raw = [
    fn.countDistinct('value').as('d'),
    fn.stddev('value').as('sd'),
    fn.sortArray(fn.collectList('value')).as('l'),
  ];
  for (const some of [aggregates, raw]) {
    const own = newFolder();
    const seen: string[] = [];
    for (const [i, lines] of files.entries()) {
      own.add(`${i}.csv`, ...lines);
      seen.push(own.path(`in/${i}.csv`));
      const frame = events(own)
        .filter('value > -1')
        .groupBy('key')
        .agg(...(some as never as [never]));
      const [rows, ...others] = await batches(own, frame, 'update');
      expect(others).toEqual([]);
      const keys = new Set(lines.filter((l) => !l.endsWith('-5')).map((line) => line.split(',')[1] || null));
      const all = session.read
        .schema(schema)
        .csv(seen)
        .filter('value > -1')
        .groupBy('key')
        .agg(...(some as never as [never]));
      const expected = ((await all.collect()) as Rows).filter(({ key }) => keys.has(key as string | null));
      expect(sorted(rows as Rows)).toEqual(sorted(expected));
    }
    expect(readdirSync(own.path('state/state'))).toEqual(['2']);
  }
});

test('complete goes on from its state, without the files of earlier batches', async () => {
  const folder = newFolder();
  const run = async () => {
    const query =
      await session.sql`SELECT key, count(*) AS n, sum(value) AS s FROM ${events(folder)} GROUP BY key HAVING count(*) > 1`
        .orderBy('key')
        .writeStream.outputMode('complete')
        .option('checkpointLocation', folder.path('state'))
        .start(folder.path('out'));
    await query.awaitTermination();
    return session.read.parquet(folder.path('out')).collect();
  };
  folder.add('a.csv', `${minute(1)},x,1`, `${minute(1)},y,2`, `${minute(1)},x,3`);
  expect(await run()).toEqual([{ key: 'x', n: 2, s: 4 }]);
  rmSync(folder.path('in/a.csv'));
  folder.add('b.csv', `${minute(1)},y,5`);
  expect(await run()).toEqual([
    { key: 'x', n: 2, s: 4 },
    { key: 'y', n: 2, s: 7 },
  ]);
});

test('append gives windows once, when the watermark has passed them; rows that are later are dropped', async () => {
  const folder = newFolder();
  const frame = () =>
    events(folder)
      .withWatermark('at', '10 minutes')
      .groupBy(fn.window('at', '5 minutes'), 'key')
      .agg(fn.sum('value').as('s'))
      .selectExpr('minute(window.start) AS m', 'key', 's');
  const given = async () => (await batches(folder, frame(), 'append')).map(sorted);
  folder.add('1.csv', `${minute(1)},a,1`, `${minute(4, 59)},a,2`, `${minute(5)},a,4`, `,a,100`);
  // The latest time is 12:05, so that times up to 11:55 are over.
  expect((await given()).flat()).toEqual([]);
  // Still in time: its window ends at 12:05. Then 12:17 is seen, and times up to 12:07 are over.
  folder.add('2.csv', `${minute(2)},a,8`, `${minute(17)},b,16`);
  expect(await given()).toEqual([[], [{ m: 0, key: 'a', s: 11 }]]);
  // Too late for the first window, not for the second.
  folder.add('3.csv', `${minute(3)},a,1000`, `${minute(8)},a,32`, `${minute(30)},b,64`);
  expect((await given()).flat()).toEqual(
    sorted([
      { m: 5, key: 'a', s: 36 },
      { m: 15, key: 'b', s: 16 },
    ]),
  );
  // What was given is forgotten.
  const [state] = readdirSync(folder.path('state/state'));
  const kept = await session.read
    .parquet(folder.path(`state/state/${state}`))
    .filter("k0.end > TIMESTAMP '2024-01-01 12:20:00Z'")
    .count();
  expect(kept).toBe(1);
});

test('files get windows once, in whatever pieces the input comes', async () => {
  const folder = newFolder();
  const run = async () => {
    const query = await events(folder)
      .withWatermark('at', '0 seconds')
      .groupBy('at')
      .agg(fn.count().as('n'))
      .writeStream.option('checkpointLocation', folder.path('state'))
      .start(folder.path('out'));
    await query.awaitTermination();
  };
  const expected: Record<string, number> = {};
  for (let i = 0; i < 6; i++) {
    folder.add(`${i}.csv`, ...Array.from({ length: i + 1 }, () => `${minute(i)},k,1`));
    if (i < 5) expected[minute(i)] = i + 1;
    if (i % 2 === 1) await run();
  }
  const rows = await session.read.parquet(folder.path('out')).collect();
  const found = rows.map(({ at, n }) => [(at as Date).toISOString().replace('.000Z', 'Z'), n]);
  // Times up to the latest one are over.
  expect(Object.fromEntries(found)).toEqual({ ...expected, [minute(5)]: 6 });
  expect(rows.length).toBe(6);
});

test('dropDuplicates and distinct give a row once, over all batches', async () => {
  type Frame = { select(...names: string[]): object };
  for (const drop of [
    (frame: ReturnType<typeof events>) => frame.dropDuplicates(['key']),
    (frame: ReturnType<typeof events>) => frame.select('key', 'value').distinct(),
    (frame: ReturnType<typeof events>) => frame.withWatermark('at', '1 minute').dropDuplicates(['key', 'at']),
  ]) {
    const folder = newFolder();
    const frame = drop(events(folder)) as never as Frame;
    const given = async () => (await batches(folder, frame.select('key', 'value'), 'append')).flat();
    folder.add('1.csv', `${minute(1)},a,1`, `${minute(1)},a,1`, `${minute(1)},,2`);
    expect(sorted(await given())).toEqual(
      sorted([
        { key: 'a', value: 1 },
        { key: null, value: 2 },
      ]),
    );
    folder.add('2.csv', `${minute(1)},a,1`, `${minute(1)},b,3`, `${minute(1)},,2`);
    expect(await given()).toEqual([{ key: 'b', value: 3 }]);
    folder.add('3.csv', `${minute(1)},b,3`);
    expect(await given()).toEqual([]);
  }
});

test('what cannot be done is said', async () => {
  const folder = newFolder();
  folder.add('1.csv', `${minute(1)},a,1`);
  const code = async (frame: object, mode: 'append' | 'update' | 'complete' = 'append') => {
    rmSync(folder.path('state'), { recursive: true, force: true });
    return batches(folder, frame, mode).then(
      () => 'nothing',
      (error: { readonly code: string }) => error.code,
    );
  };
  const grouped = events(folder).groupBy('key').agg(fn.count().as('n'));
  const unsupported = 'STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION';
  expect(await code(grouped)).toBe(unsupported);
  expect(await code(events(folder).withWatermark('at', '1 minute').groupBy('key').agg(fn.count().as('n')))).toBe(
    unsupported,
  );
  expect(await code(grouped.groupBy('n').agg(fn.count().as('m')), 'update')).toBe(unsupported);
  expect(await code(events(folder).limit(3).groupBy('key').agg(fn.count().as('n')), 'update')).toBe(unsupported);
  const twice = events(folder).withWatermark('at', '1 minute').withWatermark('at', '2 minutes');
  expect(await code(twice.groupBy('at').agg(fn.count().as('n')))).toBe('UNSUPPORTED_FEATURE.MULTIPLE_WATERMARKS');
  const writer = grouped.writeStream.outputMode('update').option('checkpointLocation', folder.path('state'));
  await expect(writer.start(folder.path('out'))).rejects.toMatchObject({
    code: 'STREAMING_OUTPUT_MODE.UNSUPPORTED_DATASINK',
  });
  // Another query with the checkpoint.
  expect(await code(grouped, 'update')).toBe('nothing');
  folder.add('2.csv', `${minute(1)},a,1`);
  const other = events(folder).groupBy('key', 'value').agg(fn.count().as('n'));
  await expect(batches(folder, other, 'update')).rejects.toMatchObject({
    code: 'STATE_STORE_VALUE_SCHEMA_NOT_COMPATIBLE',
  });
});
