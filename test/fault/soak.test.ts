import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { child, factsFolder, tell } from './harness.js';

/** Queries of the long run; more of them: SPARROW_SOAK=10000. */
const QUERIES = Number(process.env.SPARROW_SOAK ?? 100);
/** Or as many as are done in so many minutes. */
const MINUTES = Number(process.env.SPARROW_SOAK_MINUTES ?? 0);
/** How often memory and open files are looked at. */
const LOOKS = 30;
/** What resident memory may grow by between two thirds of the run: the promised megabyte a thousand, and what a heap sways. */
const growthMb = (queries: number): number => 32 + queries / 1000;

const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
let folder = '';
let facts = '';
let remove = (): void => undefined;
const directory = mkdtempSync(join(tmpdir(), 'sparrow-soak-'));
beforeAll(async () => {
  ({ folder, facts, remove } = await factsFolder(100_000));
});
afterAll(() => {
  remove();
  rmSync(directory, { recursive: true, force: true });
});

/** Many queries of one session; every seventh loses a worker, every eleventh is cancelled, some write. */
const program = `
  const { readdirSync, readlinkSync } = await import('node:fs');
  const [facts, folder, directory, queries, minutes, looks, dist] = JSON.parse(process.env.SOAK);
  const { createHash } = await import('node:crypto');
  const session = await Session.create({ workers: 2, memory: '64MB', spillDirectory: directory });
  const scan = () => session.read.parquet(facts);
  const workers = () => {
    const engine = session.range(1).context.engine;
    return (engine.inner ?? engine).pool.workers;
  };
  const works = [
    (o) => scan().groupBy('g').agg(fn.count().as('n'), fn.sum('x').as('x')).collect(o),
    (o) => scan().groupBy('id').agg(fn.max('s').as('s')).agg(fn.count().as('n'), fn.max('s').as('s')).collect(o),
    (o) => scan().orderBy(col('s').desc(), 'id').limit(500).collect(o),
    (o) => scan().orderBy('s', 'x', 'id').agg(fn.first('id').as('f'), fn.count().as('n')).collect(o),
    (o) => scan().join(session.range(50000).select(col('id').mul(2).as('k'), col('id').as('v')), 'k')
      .groupBy('g').agg(fn.sum('v').as('v')).collect(o),
    (o) => scan().select('id', fn.rowNumber().over(Window.partitionBy('g').orderBy('x', 'id')).as('r'))
      .agg(fn.sum('r').as('r')).collect(o),
    (o) => scan().select('s', 'g').distinct().count(o),
    async (o) => {
      await scan().filter(col('g').lt(100)).write.mode('overwrite').parquet(folder + '/out', o);
      return session.read.parquet(folder + '/out').agg(fn.count().as('n'), fn.sum('id').as('s')).collect();
    },
  ];
  // Node leaves the files of a worker's program open when it is killed while it reads them: a worker that crashes does not.
  const isOurs = (fd) => { try { return !readlinkSync('/proc/self/fd/' + fd).startsWith(dist); } catch { return false; } };
  const open = () => { try { return readdirSync('/proc/self/fd').filter(isOurs).length; } catch { return 0; } };
  const digest = (value) => createHash('sha256').update(JSON.stringify(value)).digest('hex');
  const expected = [];
  for (const work of works) expected.push(digest(await work({})));
  const found = { wrong: 0, killed: 0, cancelled: 0, done: 0, rss: [], fds: [open()] };
  let state = 1;
  const below = (most) => (state = (state * 48271) % 2147483647) % most;
  const begun = performance.now();
  const passed = (i) => (minutes > 0 ? (performance.now() - begun) / 60_000 / minutes : i / queries);
  for (let i = 0; passed(i) < 1; i++) {
    const work = i % works.length;
    const controller = new AbortController();
    const timers = [];
    if (i % 7 === 3) timers.push(setTimeout(() => {
      const some = workers();
      if (some.length > 0) { found.killed++; void some[below(some.length)].terminate(); }
    }, below(60)));
    if (i % 11 === 5) timers.push(setTimeout(() => controller.abort(), below(60)));
    try {
      if (digest(await works[work]({ signal: controller.signal })) !== expected[work]) found.wrong++;
      found.done++;
    } catch (error) {
      if (!controller.signal.aborted) throw error;
      found.cancelled++;
    }
    timers.forEach(clearTimeout);
    if (passed(i) * looks >= found.rss.length) { found.rss.push(process.memoryUsage.rss() / 2 ** 20); found.fds.push(open()); }
  }
  await session.stop();
  console.log(JSON.stringify(found));`;

interface Found {
  readonly wrong: number;
  readonly killed: number;
  readonly cancelled: number;
  readonly done: number;
  readonly rss: readonly number[];
  readonly fds: readonly number[];
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] as number;

test(`${MINUTES > 0 ? `${MINUTES} minutes of` : QUERIES} queries with faults: right, and nothing stays behind`, {
  timeout: 6 * 3_600_000,
}, async () => {
  const given = JSON.stringify([facts, folder, directory, QUERIES, MINUTES, LOOKS, dist]);
  const { code, output, errors, ms } = await child(program, { SOAK: given, SPARROW_MODE: 'compiled' }, 6 * 3_600_000);
  expect(errors).toBe('');
  // It ended by itself: no worker, timer or handle held it.
  expect(code).toBe(0);
  const found = JSON.parse(output) as Found;
  const third = Math.floor(found.rss.length / 3);
  const [middle, last] = [found.rss.slice(third, 2 * third), found.rss.slice(2 * third)].map(median) as [
    number,
    number,
  ];
  tell(
    `${found.done} queries answered, ${found.killed} workers killed, ${found.cancelled} cancelled, ${(ms / 60_000).toFixed(1)} min; ` +
      `${middle.toFixed(0)} MB resident in the middle, ${last.toFixed(0)} MB in the end; ${found.fds[0]} files open at first, ${found.fds.at(-1)} in the end`,
  );
  expect(found.wrong).toBe(0);
  if (MINUTES === 0) expect(found.done + found.cancelled).toBe(QUERIES);
  expect(last - middle).toBeLessThan(growthMb(found.done));
  expect(median(found.fds.slice(-5))).toBeLessThan((found.fds[0] as number) + 8);
  expect(readdirSync(directory)).toEqual([]);
});
