// Streams of rows that a program gives: what was taken is kept until its batch is done.
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fn, Session, t } from 'sparrow-df';
import { afterAll, beforeAll, expect, test } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'sparrow-rows-'));
let session: Session;
beforeAll(async () => {
  session = await Session.create({ workers: 1 });
});
afterAll(async () => {
  await session.stop();
  rmSync(folder, { recursive: true, force: true });
});

const schema = { id: t.int64, at: t.timestamp };
const row = (id: number) => ({ id, at: new Date(id * 1000) });
async function* rows(from: number, to: number): AsyncGenerator<{ id: number; at: Date }> {
  for (let id = from; id < to; id++) yield row(id);
}

test('a run goes on where the one before it was cut off', async () => {
  const [out, state] = [join(folder, 'out'), join(folder, 'state')];
  const told: number[] = [];
  let failAt = 1;
  const run = async () => {
    const source = (taken: number) => {
      told.push(taken);
      return rows(taken, 1000);
    };
    const stream = session.readStream.schema(schema).option('maxRowsPerTrigger', 300).rows(source);
    const query = await stream.writeStream
      .option('checkpointLocation', state)
      .foreachBatch(async (batch, id) => {
        if (id === failAt) throw new Error('power cut');
        await batch.write.mode('append').parquet(out);
      })
      .start();
    await query.awaitTermination();
  };
  await expect(run()).rejects.toThrow(/power cut/);
  failAt = -1;
  await run();
  // 300 rows were done, and 300 taken: those come from the checkpoint.
  expect(told).toEqual([0, 600]);
  const totals = [fn.count().as('n'), fn.countDistinct('id').as('d'), fn.sum('id').as('s')];
  expect(
    await session.read
      .parquet(out)
      .agg(...totals)
      .collect(),
  ).toEqual([{ n: 1000, d: 1000, s: 499_500 }]);
  expect(readdirSync(join(state, 'taken', '0'))).toEqual([]);
});

test('windows, distinct rows and joins over rows, exactly once into a table', async () => {
  const [out, state] = [join(folder, 'windows'), join(folder, 'windows-state')];
  const stream = session.readStream.schema(schema).option('maxRowsPerTrigger', 7).rows(rows(0, 65));
  const query = await stream
    .withWatermark('at', '0 seconds')
    .groupBy(fn.window('at', '10 seconds'))
    .agg(fn.count().as('n'), fn.sum('id').as('s'))
    .writeStream.format('delta')
    .option('checkpointLocation', state)
    .start(out);
  await query.awaitTermination();
  const found = await session.read.delta(out).orderBy('window').select('n', 's').collect();
  expect(found).toEqual([0, 1, 2, 3, 4, 5].map((i) => ({ n: 10, s: i * 100 + 45 })));
});

test('a query that goes on gives rows after its time, and ends while it waits for more', async () => {
  const [out, state] = [join(folder, 'live'), join(folder, 'live-state')];
  let closed = false;
  const source = (async function* () {
    try {
      yield row(1);
      yield row(2);
      await new Promise((resume) => setTimeout(resume, 60_000).unref());
    } finally {
      closed = true;
    }
  })();
  const query = await session.readStream
    .schema(schema)
    .rows(source)
    .writeStream.option('checkpointLocation', state)
    .trigger({ processingTime: 200 })
    .start(out);
  await expect.poll(() => existsSync(join(out, '_SUCCESS')), { timeout: 20_000 }).toBe(true);
  await query.stop();
  expect(await session.read.parquet(out).count()).toBe(2);
  expect(query.exception).toBe(undefined);
  expect(closed).toBe(false);
});

test('rows are closed when their query fails', async () => {
  let closed = false;
  const source = (async function* () {
    try {
      yield* rows(0, 100);
    } finally {
      closed = true;
    }
  })();
  const query = await session.readStream
    .schema(schema)
    .option('maxRowsPerTrigger', 5)
    .rows(source)
    .writeStream.option('checkpointLocation', join(folder, 'failing-state'))
    .foreachBatch(() => Promise.reject(new Error('no more')))
    .start();
  await expect(query.awaitTermination()).rejects.toThrow(/no more/);
  await expect.poll(() => closed).toBe(true);
});

test('rows need a schema and a stream, and come one after the other', () => {
  expect(() => session.readStream.schema(schema).rows([row(1)] as never)).toThrow(/async iterable/);
  expect(() => session.readStream.rows(rows(0, 1))).toThrow(/have a schema/);
  expect(() => session.read.schema(schema).rows(rows(0, 1))).toThrow(/createDataFrame/);
});
