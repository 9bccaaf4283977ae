import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { col, type DefaultValues, fn, Session, Window } from 'sparrow-df';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { child, type EngineInside, engineOf, factsFolder, quantile, randoms, sleep, tell } from './harness.js';

// Workers die at any moment; queries do not.
/** Workers that are killed at the least, shared out over the plans; more of them: SPARROW_KILLS=300. */
const KILLS = Number(process.env.SPARROW_KILLS ?? 15);
let session: Session<DefaultValues>;
let engine: EngineInside;
let folder = '';
let facts = '';
let remove = (): void => undefined;

beforeAll(async () => {
  ({ folder, facts, remove } = await factsFolder());
  session = await Session.create({ workers: 2, memory: '768MB' });
  engine = engineOf(session);
});
afterEach(() => {
  engine.pool.onJob = undefined;
});
afterAll(async () => {
  await session.stop();
  remove();
});

const scan = () => session.read.parquet(facts);
const sums = [fn.count().as('n'), fn.sum('id').as('ids'), fn.sum('x').as('x'), fn.min('s').as('s')] as const;

let written = 0;

const plans: Record<string, () => Promise<unknown>> = {
  'scan and aggregate': () =>
    scan()
      .groupBy('g')
      .agg(...sums)
      .collect(),
  'scan, filter and collect': () =>
    scan().filter(col('k').mod(50).eq(3)).select('id', 's', col('x').mul(2).as('twice')).collect(),
  'aggregate of many groups': () =>
    scan()
      .groupBy(col('id').mod(90_001).as('m'))
      .agg(fn.count().as('n'), fn.max('s').as('s'))
      .filter(col('m').mod(97).eq(0))
      .collect(),
  join: () =>
    scan()
      .join(session.range(150_000).select(col('id').mul(2).as('k'), col('id').as('v')), 'k')
      .groupBy('g')
      .agg(fn.count().as('n'), fn.sum('v').as('v'))
      .collect(),
  'full join': () =>
    scan()
      .select('k', 'id')
      .join(session.range(120_000).select(col('id').as('k'), col('id').as('v')), 'k', 'full')
      .agg(fn.count().as('n'), fn.count('id').as('left'), fn.count('v').as('right'), fn.sum('k').as('k'))
      .collect(),
  sort: () => scan().select('s', 'id').orderBy(col('s').desc(), 'id').offset(1000).limit(50_000).tail(1000),
  'top of a sort': () => scan().orderBy('x', col('id').desc()).limit(500).collect(),
  window: () =>
    scan()
      .filter(col('id').lt(60_000))
      .select(
        'g',
        'id',
        fn
          .rowNumber()
          .over(Window.partitionBy('g').orderBy(col('id').desc()))
          .as('place'),
      )
      .filter(col('place').le(2))
      .collect(),
  'cached data': async () => {
    const kept = scan().select('g', 'id', 's').cache();
    try {
      const all = await kept.count();
      return [all, await kept.groupBy('s').agg(fn.sum('id').as('ids')).collect()];
    } finally {
      await kept.unpersist();
    }
  },
  write: async () => {
    const out = join(folder, `written-${written++}`);
    await scan().select('id', 's').write.parquet(out);
    const files = readdirSync(out).filter((name) => name.endsWith('.parquet')).length;
    return [files, await session.read.parquet(out).agg(fn.count().as('n'), fn.sum('id').as('ids')).collect()];
  },
};

describe('workers that are killed at random moments', () => {
  const random = randoms(2024);
  const late: number[] = [];
  let kills = 0;

  const rounds = Math.max(3, Math.ceil((KILLS / Object.keys(plans).length) * 1.2));

  test.each(Object.keys(plans))('%s', { timeout: 300_000 }, async (name) => {
    const run = plans[name] as () => Promise<unknown>;
    await run();
    const before = engine.heap.usedBytes;
    const started = performance.now();
    const undisturbed = await run();
    const ms = performance.now() - started;
    for (let round = 0; round < rounds; round++) {
      const timers = Array.from({ length: 1 + (round % 2) }, () =>
        setTimeout(() => {
          const { workers } = engine.pool;
          const victim = workers[Math.floor(random() * workers.length)];
          if (victim !== undefined) kills++;
          void victim?.terminate();
        }, random() * ms),
      );
      const from = performance.now();
      const disturbed = await run();
      late.push(performance.now() - from - ms);
      timers.forEach(clearTimeout);
      expect(disturbed).toEqual(undisturbed);
      expect(engine.heap.usedBytes).toBe(before);
    }
    expect(await session.range(10).count()).toBe(10);
  });

  test('how much longer that took', () => {
    tell(
      `${kills} workers killed in ${late.length} runs; longer by p50 ${quantile(late, 0.5).toFixed(0)} ms, max ${Math.max(...late).toFixed(0)} ms`,
    );
    expect(kills).toBeGreaterThan(KILLS);
    expect(existsSync(facts)).toBe(true);
  });
});

test('a task that always kills its worker fails after four attempts', async () => {
  const attempts: number[] = [];
  const before = engine.heap.usedBytes;
  engine.pool.onJob = (job, worker) => {
    if (job.kind !== 'task' || job.request.task !== 3) return;
    attempts.push(job.request.attempt);
    void worker.terminate();
  };
  const failing = scan().filter(col('g').ge(0)).collect();
  await expect(failing).rejects.toMatchObject({
    name: 'SparrowError',
    code: 'TASK_FAILED',
    message: expect.stringMatching(/a task failed 4 times because its worker ended .*exit code/),
  });
  expect(attempts).toEqual([1, 2, 3, 4]);
  engine.pool.onJob = undefined;
  expect(engine.heap.usedBytes).toBe(before);
  expect(await scan().count()).toBe(300_000);
});

test('so does a task that a share of its stage was to run', async () => {
  const before = engine.heap.usedBytes;
  const attempts: number[] = [];
  engine.pool.onJob = ({ kind, request }, worker) => {
    if (kind === 'task') attempts.push(request.attempt);
    if (kind === 'task' || kind === 'share') void worker.terminate();
  };
  const failing = scan()
    .groupBy('g')
    .agg(...sums)
    .collect();
  await expect(failing).rejects.toMatchObject({
    code: 'TASK_FAILED',
    message: expect.stringMatching(/a task failed 4 times because its worker ended .*exit code/),
  });
  // The share was the first attempt.
  expect(new Set(attempts)).toEqual(new Set([2, 3, 4]));
  engine.pool.onJob = undefined;
  expect(engine.heap.usedBytes).toBe(before);
  expect(await scan().count()).toBe(300_000);
});

test('workers that die as soon as they start fail the query, not the session', async () => {
  engine.pool.onJob = (_, worker) => void worker.terminate();
  await expect(scan().count()).rejects.toMatchObject({ code: 'TASK_FAILED' });
  engine.pool.onJob = undefined;
  expect(await scan().count()).toBe(300_000);
});

/** Memory with a pattern in it. */
class Canary {
  static readonly bytes = 8 << 20;
  readonly #arena;
  readonly #address: number;

  constructor(private readonly inside: EngineInside) {
    this.#arena = inside.heap.newArena('canary');
    this.#address = this.#arena.alloc(Canary.bytes);
    inside.heap.u8.fill(0xa5, this.#address, this.#address + Canary.bytes);
  }

  expectAlive(): void {
    const kept = this.inside.heap.u8.subarray(this.#address, this.#address + Canary.bytes);
    expect(Buffer.compare(kept, new Uint8Array(Canary.bytes).fill(0xa5))).toBe(0);
    this.#arena.release();
  }
}

test('all jobs of a lost worker run again, and nobody writes to memory of dead attempts', async () => {
  await using one = await Session.create({ workers: 1, memory: '512MB' });
  const inside = engineOf(one);
  const query = () => one.read.parquet(facts).filter(col('id').mod(7).eq(3)).select(col('id').mod(20_011).as('m'), 's');
  const undisturbed = await query().collect();
  const before = inside.heap.usedBytes;
  let lostTwo = 0;
  for (let round = 0; round < 6; round++) {
    const first = new Map<number, readonly number[]>();
    const canaries: Canary[] = [];
    let killed = false;
    inside.pool.onJob = ({ kind, request }, worker) => {
      if (kind !== 'task') return;
      if (request.attempt === 1) first.set(request.task, [request.scratchArena, request.outputArena]);
      else {
        expect(request.attempt).toBe(2);
        // The attempt before has given its pages back: whatever takes those pages now must not be written to.
        for (const id of first.get(request.task) ?? [0]) expect(inside.heap.arenaBytes(id)).toBe(0);
        canaries.push(new Canary(inside));
      }
      // Several jobs are in the worker's hands; it dies at once, or some milliseconds later.
      if (killed || first.size < 2) return;
      killed = true;
      setTimeout(() => void worker.terminate(), 4 * round);
    };
    expect(await query().collect()).toEqual(undisturbed);
    await sleep(20);
    for (const canary of canaries) canary.expectAlive();
    if (canaries.length >= 2) lostTwo++;
    expect(inside.heap.usedBytes).toBe(before);
  }
  expect(lostTwo).toBeGreaterThan(0);
});

test('stop() ends a running query with a clear error', async () => {
  const other = await Session.create({ workers: 2, memory: '256MB' });
  const running = other
    .range(300_000_000)
    .agg(fn.sum(col('id').mod(7)).as('s'))
    .collect();
  const settled = running.catch((error: unknown) => error);
  await sleep(80);
  await other.stop();
  expect(await settled).toMatchObject({
    code: 'OPERATION_CANCELED',
    cause: expect.objectContaining({ code: 'SESSION_CLOSED' }),
  });
  await expect(other.range(1).collect()).rejects.toThrow(/SESSION_CLOSED/);
});

describe('the process', () => {
  const start = `
    const session = await Session.create({ workers: 2, memory: '512MB' });
    const { engine: outer } = session.range(1).context;
    const engine = outer.inner ?? outer;
    const query = () => session.read.parquet(${JSON.stringify('FACTS')}).groupBy('g').agg(fn.sum('id').as('s')).agg(fn.sum('s').as('s')).collect();
  `;
  const program = (body: string) => start.replace('FACTS', facts) + body;

  test('ends by itself after a worker was killed, with and without stop()', async () => {
    const body = `
      const running = query();
      setTimeout(() => { for (const worker of engine.pool.workers) worker.terminate(); }, 40);
      await running;
      engine.pool.onJob = (job, worker) => { engine.pool.onJob = undefined; worker.terminate(); };
      console.log(JSON.stringify(await query()));`;
    const ends = await Promise.all([child(program(body)), child(program(`${body} await session.stop();`))]);
    for (const { code, output, errors } of ends) {
      expect(errors).toBe('');
      expect(JSON.parse(output)).toEqual([{ s: (300_000 * 299_999) / 2 }]);
      expect(code).toBe(0);
    }
  });

  test('sees no unhandled rejection when a task fails for good, when a query is aborted or a session stopped', async () => {
    const body = `
      engine.pool.onJob = (job, worker) => { worker.terminate(); };
      const failed = await query().catch((error) => error.code);
      engine.pool.onJob = undefined;
      const controller = new AbortController();
      const frame = session.range(300_000_000).agg(fn.sum(col('id').mod(3)).as('s'));
      setTimeout(() => controller.abort(), 30);
      const aborted = await frame.collect({ signal: controller.signal }).catch((error) => error.code);
      const two = await session.range(50_000_000).union(session.range(5).select(lit(1).div(col('id')).cast('bigint').as('id')))
        .orderBy('id').limit(1).collect().catch((error) => error.code);
      const last = frame.collect().catch((error) => error.code);
      setTimeout(() => session.stop(), 30);
      console.log(JSON.stringify([failed, aborted, two, await last]));`;
    const { code, output, errors } = await child(program(body));
    expect(errors).toBe('');
    expect(JSON.parse(output)).toEqual(['TASK_FAILED', 'OPERATION_CANCELED', 'DIVIDE_BY_ZERO', 'OPERATION_CANCELED']);
    expect(code).toBe(0);
  });
});
