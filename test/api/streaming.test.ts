import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DefaultValues, fn, Session, t } from 'sparrow-df';
import { afterAll, beforeAll, expect, test } from 'vitest';

let session: Session<DefaultValues>;
let root = '';
beforeAll(async () => {
  session = await Session.create({ workers: 1, memory: '256MB' });
  root = mkdtempSync(join(tmpdir(), 'sparrow-streaming-'));
});
afterAll(async () => {
  await session.stop();
  rmSync(root, { recursive: true, force: true });
});

let folders = 0;
function newFolder(): {
  readonly path: (name: string) => string;
  readonly add: (name: string, ...lines: string[]) => void;
} {
  const folder = join(root, `f${folders++}`);
  mkdirSync(join(folder, 'in'), { recursive: true });
  const path = (name: string): string => join(folder, name);
  return { path, add: (name, ...lines) => writeFileSync(join(folder, 'in', name), `${lines.join('\n')}\n`) };
}
const schema = { id: t.int32, name: t.string };
const events = (folder: ReturnType<typeof newFolder>, options = {}) =>
  session.readStream.schema(schema).options(options).csv(folder.path('in'));

test('each run takes the files that are new', async () => {
  const folder = newFolder();
  folder.add('a.csv', '1,x', '2,y');
  folder.add('b.csv', '3,z');
  const run = async (): Promise<number> => {
    const query = await events(folder, { maxFilesPerTrigger: 1 })
      .filter('id <> 2')
      .writeStream.option('checkpointLocation', folder.path('state'))
      .start(folder.path('out'));
    await query.awaitTermination();
    expect(query.isActive).toBe(false);
    return query.recentProgress.length;
  };
  const ids = async () => (await session.read.parquet(folder.path('out')).orderBy('id').collect()).map((row) => row.id);
  expect(await run()).toBe(2);
  expect(await ids()).toEqual([1, 3]);
  expect(await run()).toBe(0);
  folder.add('c.csv', '4,w');
  expect(await run()).toBe(1);
  expect(await ids()).toEqual([1, 3, 4]);
});

test('partition folders, joins with tables, and Delta tables at both ends', async () => {
  const folder = newFolder();
  mkdirSync(folder.path('in/day=5'));
  writeFileSync(folder.path('in/day=5/a.csv'), '1,x\n2,y\n');
  const names = session.createDataFrame([{ name: 'x', full: 'Xaver' }]);
  const first = async () => {
    const query = await session.readStream
      .schema({ ...schema, day: t.int32 })
      .csv(folder.path('in'))
      .join(names, 'name', 'left')
      .writeStream.format('delta')
      .option('checkpointLocation', folder.path('s1'))
      .start(folder.path('table'));
    await query.awaitTermination();
  };
  await first();
  const second = async () => {
    const query = await session.readStream
      .delta(folder.path('table'))
      .writeStream.format('json')
      .option('checkpointLocation', folder.path('s2'))
      .start(folder.path('out'));
    await query.awaitTermination();
  };
  await second();
  writeFileSync(folder.path('in/b.csv'), '3,x\n');
  await first();
  await second();
  await second();
  const rows = await session.read.json(folder.path('out')).orderBy('id').collect();
  expect(rows).toMatchObject([
    { id: 1, name: 'x', day: 5, full: 'Xaver' },
    { id: 2, name: 'y', day: 5, full: null },
    { id: 3, name: 'x', day: null, full: 'Xaver' },
  ]);
  await session.read.deltaTable(folder.path('table')).delete('id = 1');
  await expect(second()).rejects.toMatchObject({ code: 'DELTA_SOURCE_TABLE_IGNORE_CHANGES' });
});

test('complete mode has the result over all input', async () => {
  const folder = newFolder();
  const run = async () => {
    const query = await events(folder)
      .groupBy('name')
      .agg(fn.count().as('n'))
      .writeStream.outputMode('complete')
      .option('checkpointLocation', folder.path('state'))
      .start(folder.path('out'));
    await query.awaitTermination();
    return session.read.parquet(folder.path('out')).orderBy('name').collect();
  };
  folder.add('a.csv', '1,x', '2,y');
  expect(await run()).toEqual([
    { name: 'x', n: 1 },
    { name: 'y', n: 1 },
  ]);
  folder.add('b.csv', '3,x');
  expect(await run()).toEqual([
    { name: 'x', n: 2 },
    { name: 'y', n: 1 },
  ]);
});

test('foreachBatch gets a batch again that failed', async () => {
  const folder = newFolder();
  folder.add('a.csv', '1,x');
  const seen: [number, number][] = [];
  const run = async (fails: boolean) => {
    const query = await events(folder)
      .writeStream.foreachBatch(async (rows, batch) => {
        seen.push([batch, await rows.count()]);
        if (fails) throw new Error('not yet');
      })
      .option('checkpointLocation', folder.path('state'))
      .start();
    await query.awaitTermination();
  };
  await expect(run(true)).rejects.toThrow('not yet');
  folder.add('b.csv', '2,y', '3,z');
  await run(false);
  expect(seen).toEqual([
    [0, 1],
    [0, 1],
    [1, 2],
  ]);
});

test('a query that goes on until it is stopped', async () => {
  const folder = newFolder();
  folder.add('a.csv', '1,x');
  const query = await events(folder)
    .writeStream.trigger({ processingTime: '20 ms' })
    .option('checkpointLocation', folder.path('state'))
    .start(folder.path('out'));
  const until = async (batches: number) => {
    while (query.recentProgress.length < batches && query.isActive) await new Promise((r) => setTimeout(r, 10));
  };
  await until(1);
  folder.add('b.csv', '2,y');
  await until(2);
  await query.stop();
  expect(query.isActive).toBe(false);
  expect(query.exception).toBeUndefined();
  expect(await session.read.parquet(folder.path('out')).count()).toBe(2);
});

test('what cannot be done is said', async () => {
  const folder = newFolder();
  folder.add('a.csv', '1,x');
  const started = async (frame: ReturnType<typeof events>) => {
    const writer = frame.writeStream.option('checkpointLocation', folder.path(`state${folders++}`));
    await (await writer.start(folder.path('out'))).awaitTermination();
  };
  await expect(events(folder).count()).rejects.toMatchObject({ code: 'UNSUPPORTED_STREAMING_OPERATOR' });
  for (const frame of [
    events(folder).distinct().orderBy('id'),
    events(folder).orderBy('id'),
    events(folder).limit(1),
    events(folder).selectExpr('count(*) as id', "'' as name"),
    events(folder).join(events(folder), ['id', 'name'], 'left'),
    events(folder).join(events(folder), ['id', 'name'], 'leftAnti' as never),
  ]) {
    await expect(started(frame as never)).rejects.toMatchObject({
      code: 'STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION',
    });
  }
  await expect(events(folder).writeStream.start(folder.path('out'))).rejects.toMatchObject({
    code: 'MISSING_CHECKPOINT_LOCATION',
  });
  await expect(started(session.range(1) as never)).rejects.toMatchObject({ code: 'WRITE_STREAM_NOT_ALLOWED' });
  await expect(started(session.readStream.csv(folder.path('in')) as never)).rejects.toMatchObject({
    code: 'STREAMING_SCHEMA_REQUIRED',
  });
});
