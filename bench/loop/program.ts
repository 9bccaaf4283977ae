// Many queries at once while a timer ticks: how long the event loop is held. Told as one line of JSON.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Session } from 'sparrow-df';
import { sparrowQueries, type Tables } from '../tpch/sparrow-queries.js';

const [, , folder = '', threads = '2', query = 'q6', rounds = '7', atOnce = '10'] = process.argv;
const tickMs = 1;

/** Milliseconds this thread has run on a processor, where the system tells (Linux): what a busy machine takes is not ours. */
function ownMs(): number {
  try {
    const [nanoseconds] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ');
    return Number(nanoseconds) / 1e6;
  } catch {
    return Number.NaN;
  }
}

/** Runs `work` and gives what it came to, how long it took, and the gaps between ticks: whole, and of own work. */
async function underTicks<T>(
  work: () => Promise<T>,
): Promise<{ result: T; ms: number; holds: number[]; own: number[] }> {
  const holds: number[] = [];
  const own: number[] = [];
  let last = performance.now();
  let lastOwn = ownMs();
  const tick = (): void => {
    const now = performance.now();
    const nowOwn = ownMs();
    holds.push(Math.max(0, now - last - tickMs));
    own.push(nowOwn - lastOwn);
    last = now;
    lastOwn = nowOwn;
  };
  const timer = setInterval(tick, tickMs);
  const started = performance.now();
  const result = await work();
  const ms = performance.now() - started;
  tick();
  clearInterval(timer);
  return { result, ms, holds, own };
}

const session = await Session.create({ workers: Number(threads) });
const lineitem = session.read.parquet(join(folder, 'lineitem.parquet')).cache();
const loading = await underTicks(() => lineitem.count());
const ask = (): Promise<unknown[]> => sparrowQueries[query as 'q6']({ lineitem } as unknown as Tables).collect();
const alone = JSON.stringify(await ask());
const runs = [];
for (let round = 0; round < Number(rounds); round++) {
  const { result, ms, holds, own } = await underTicks(() => Promise.all(Array.from({ length: Number(atOnce) }, ask)));
  runs.push({ ms, holds, own, same: result.every((rows) => JSON.stringify(rows) === alone) });
}
await session.stop();
console.log(
  JSON.stringify({
    times: runs.map(({ ms }) => ms),
    holds: runs.flatMap(({ holds }) => holds),
    own: runs.flatMap(({ own }) => own),
    loadingHold: Math.max(...loading.own),
    ok: runs.every(({ same }) => same),
    peakRssMb: Math.round(process.resourceUsage().maxRSS / 1024),
  }),
);
