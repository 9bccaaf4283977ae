import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { col, type DefaultValues, fn, Session, t, udf, Window } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EngineInside, engineOf, factsFolder, quantile, randoms, sleep, tell } from './harness.js';

// A query ends when its caller says so, and leaves nothing behind.
let session: Session<DefaultValues>;
let engine: EngineInside;
let folder = '';
let facts = '';
let remove = (): void => undefined;
let before = 0;

beforeAll(async () => {
  ({ folder, facts, remove } = await factsFolder());
  session = await Session.create({ workers: 2, memory: '1GB' });
  engine = engineOf(session);
  await session.range(200_000).agg(fn.sum('id').as('s')).collect();
  before = engine.heap.usedBytes;
});
afterAll(async () => {
  await session.stop();
  remove();
});

/** More work than any test waits for. */
const endless = () =>
  session
    .range(2_000_000_000)
    .filter(col('id').mod(7).eq(3))
    .agg(fn.sum(col('id').mod(1000)).as('s'));
const reason = new Error('changed my mind');

async function abortedAfter(ms: number, run: (signal: AbortSignal) => Promise<unknown>): Promise<number> {
  const controller = new AbortController();
  let aborted = 0;
  const timer = setTimeout(() => {
    aborted = performance.now();
    controller.abort(reason);
  }, ms);
  const outcome = await run(controller.signal).then(
    () => 'finished',
    (error: unknown) => error,
  );
  clearTimeout(timer);
  expect(outcome).toMatchObject({ name: 'SparrowError', code: 'OPERATION_CANCELED', cause: reason });
  return performance.now() - aborted;
}

async function nothingLeft(): Promise<void> {
  expect(engine.heap.usedBytes).toBe(before);
  expect(await session.range(10).count()).toBe(10);
}

const scan = () => session.read.parquet(facts);

describe('an AbortSignal', () => {
  test('ends queries of every kind, at any moment', async () => {
    const big = () => session.range(160_000_000).select('id', col('id').mod(1_000_003).as('k'));
    const kinds: readonly ((signal: AbortSignal) => Promise<unknown>)[] = [
      (signal) => endless().collect({ signal }),
      (signal) => endless().show(20, true, false, { signal }),
      (signal) => big().groupBy('k').agg(fn.count().as('n')).count({ signal }),
      (signal) =>
        big()
          .join(session.range(3_000_000).select(col('id').as('k')), 'k')
          .count({ signal }),
      (signal) => big().orderBy(col('k').desc()).tail(1, { signal }),
      (signal) =>
        session
          .range(60_000)
          .join(session.range(60_000).select(col('id').as('other')), (a, b) => a.id.add(b.other).mod(97).eq(0))
          .agg(fn.count().as('n'))
          .collect({ signal }),
      (signal) =>
        session
          .range(30_000_000)
          .select(
            fn
              .rowNumber()
              .over(Window.partitionBy(col('id').mod(10)).orderBy('id'))
              .as('n'),
          )
          .agg(fn.sum('n').as('n'))
          .collect({ signal }),
      (signal) => big().toArrow({ signal }),
    ];
    const random = randoms(7);
    const late: number[] = [];
    for (let round = 0; round < 24; round++) {
      const run = kinds[round % kinds.length] as (typeof kinds)[number];
      late.push(await abortedAfter(random() * 250, run));
      expect(engine.heap.usedBytes).toBe(before);
    }
    tell(
      `24 queries aborted: over after p50 ${quantile(late, 0.5).toFixed(1)} ms, max ${Math.max(...late).toFixed(1)} ms`,
    );
    console.log(
      kinds.map((_, k) => late.filter((_, i) => i % kinds.length === k).map((ms) => ms.toFixed(0))).join(' | '),
    );
    await nothingLeft();
  }, 60_000);

  test('that is aborted already starts nothing', async () => {
    const signal = AbortSignal.abort(reason);
    const canceled = { code: 'OPERATION_CANCELED', cause: reason };
    await expect(endless().collect({ signal })).rejects.toMatchObject(canceled);
    await expect(endless().count({ signal })).rejects.toMatchObject(canceled);
    await expect(endless().show(20, true, false, { signal })).rejects.toMatchObject(canceled);
    const out = join(folder, 'never');
    await expect(scan().write.parquet(out, { signal })).rejects.toMatchObject(canceled);
    expect(existsSync(out)).toBe(false);
    await nothingLeft();
  });

  test('ends an iteration', async () => {
    const controller = new AbortController();
    let rows = 0;
    const read = async (): Promise<void> => {
      for await (const { id } of session.range(50_000_000).toLocalIterator({ signal: controller.signal })) {
        rows++;
        if (id === 100_000) controller.abort(reason);
      }
    };
    await expect(read()).rejects.toMatchObject({ code: 'OPERATION_CANCELED', cause: reason });
    expect(rows).toBeGreaterThan(100_000);
    expect(rows).toBeLessThan(2_000_000);
    await nothingLeft();
  });

  test('ends a worker that takes a second to die, without a warning', { timeout: 60_000 }, async () => {
    // What is computed outside of JavaScript cannot be interrupted.
    const [module, begun] = [join(folder, 'sleeper.mjs'), join(folder, 'begun')];
    const body = `writeFileSync(${JSON.stringify(begun)}, ''); pbkdf2Sync('a', 'b', 1_200_000, 64, 'sha512'); return x;`;
    const imports = "import { pbkdf2Sync } from 'node:crypto'; import { writeFileSync } from 'node:fs';";
    writeFileSync(module, `${imports} export const f = (x) => { ${body} };`);
    const sleeper = udf({ module: pathToFileURL(module), export: 'f', args: [t.int64], returns: t.int64 });
    const warnings: Error[] = [];
    const note = (warning: Error): number => warnings.push(warning);
    process.on('warning', note);
    const controller = new AbortController();
    const query = session
      .range(100)
      .select(sleeper(col('id')))
      .collect({ signal: controller.signal });
    const settled = query.catch((error: unknown) => error);
    while (!existsSync(begun)) await sleep(10);
    controller.abort();
    expect(await settled).toMatchObject({ code: 'OPERATION_CANCELED' });
    expect(await session.range(100_000).agg(fn.count().as('n')).collect()).toEqual([{ n: 100_000 }]);
    process.off('warning', note);
    expect(warnings).toEqual([]);
  });

  test('leaves no part of a write', async () => {
    const random = randoms(3);
    for (let round = 0; round < 6; round++) {
      const out = join(folder, `aborted-${round}`);
      const frame = session.range(20_000_000).select('id', col('id').cast('string').as('s'));
      await abortedAfter(20 + random() * 200, (signal) => frame.write.parquet(out, { signal }));
      const leftOver = readdirSync(dirname(out)).filter((name) => name.includes(basename(out)));
      expect(leftOver).toEqual([]);
    }
    const kept = join(folder, 'kept');
    await session.range(5).write.parquet(kept);
    await abortedAfter(60, (signal) => session.range(20_000_000).write.mode('overwrite').parquet(kept, { signal }));
    expect(await session.read.parquet(kept).count()).toBe(5);
    await nothingLeft();
  });

  test('of one query leaves those beside it alone, also when both fill one cached frame', async () => {
    const controller = new AbortController();
    const frame = session.range(4_000_000).select(col('id').mod(10).as('d'), 'id').cache();
    const first = frame.count({ signal: controller.signal }).catch((error: unknown) => error);
    const second = frame.agg(fn.sum('d').as('s')).collect();
    setTimeout(() => controller.abort(reason), 15);
    expect(await first).toMatchObject({ code: 'OPERATION_CANCELED', cause: reason });
    expect(await second).toEqual([{ s: 18_000_000 }]);
    await frame.unpersist();
    await nothingLeft();
  });
});

describe('leaving a loop', () => {
  test('frees everything', async () => {
    for (const stop of [0, 70_000, 140_000]) {
      let last = -1;
      for await (const { id } of session.range(30_000_000).filter(col('id').mod(2).eq(0))) {
        last = id;
        if (id >= stop) break;
      }
      expect(last).toBe(stop);
      expect(engine.heap.usedBytes).toBe(before);
    }
    for await (const batch of scan().batches()) {
      expect(batch.numRows).toBeGreaterThan(0);
      break;
    }
    await expect(
      (async () => {
        for await (const _ of scan().join(session.range(1000).select(col('id').as('g')), 'g')) throw reason;
      })(),
    ).rejects.toBe(reason);
    await nothingLeft();
  });

  test('while a cached frame it reads is given back', async () => {
    const frame = session.range(600_000).select('id', col('id').mod(13).as('m')).cache();
    await frame.count();
    let rows = 0;
    let sum = 0;
    for await (const { m } of frame.filter(col('id').ge(0))) {
      if (rows++ === 10) {
        await frame.unpersist();
        // Would take the pages of the cache if they were free.
        await session.range(2_000_000).orderBy(col('id').desc()).limit(1_500_000).agg(fn.sum('id').as('s')).collect();
      }
      sum += m ?? 0;
    }
    expect(rows).toBe(600_000);
    let expected = 0;
    for (let id = 0; id < 600_000; id++) expected += id % 13;
    expect(sum).toBe(expected);
    await nothingLeft();
  });
});

describe('onProgress', () => {
  test('is told how far a query is and ends with everything done', async () => {
    const told: { tasksDone: number; tasksTotal: number; rowsRead: number; elapsedMs: number }[] = [];
    await session
      .range(150_000_000)
      .filter(col('id').mod(7).eq(3))
      .agg(fn.count().as('n'))
      .collect({ onProgress: (progress) => told.push(progress) });
    const last = told.at(-1);
    expect(told.length).toBeGreaterThan(1);
    expect(last?.tasksDone).toBeGreaterThan(0);
    expect(last?.tasksDone).toBe(last?.tasksTotal);
    for (const [i, progress] of told.entries()) {
      expect(progress.tasksDone).toBeGreaterThanOrEqual(told[i - 1]?.tasksDone ?? 0);
      expect(progress.elapsedMs).toBeGreaterThanOrEqual(told[i - 1]?.elapsedMs ?? 0);
    }
    const read: number[] = [];
    await scan()
      .agg(fn.sum('x').as('x'))
      .collect({ onProgress: ({ rowsRead, bytesRead }) => read.push(rowsRead, bytesRead) });
    expect(read.at(-2)).toBe(300_000);
    expect(read.at(-1)).toBeGreaterThan(0);
  });

  test('that throws ends the query with its error as cause', async () => {
    const onProgress = (): void => {
      throw reason;
    };
    await expect(endless().collect({ onProgress })).rejects.toSatisfy(
      (error: unknown) => error === reason || (error as Error).cause === reason,
    );
    await sleep(1);
    await nothingLeft();
  });
});
