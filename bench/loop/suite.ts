import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Options, ourselves, type Result, type Suite } from '../harness/contract.js';
import { chosenItems } from '../harness/options.js';
import { median, rounded } from '../harness/statistics.js';
import { tpchData } from '../tpch/data.js';

const start = promisify(execFile);
const program = fileURLToPath(new URL('./program.js', import.meta.url));
const roundsUsually = 7;
const items = ['ten-q6', 'ten-q1'];

interface Told {
  readonly times: readonly number[];
  readonly holds: readonly number[];
  /** The same without what other programs took of the processor; null where the system does not tell. */
  readonly own: readonly (number | null)[];
  readonly loadingHold: number | null;
  readonly ok: boolean;
  readonly peakRssMb: number;
}

async function measure(item: string, options: Options, folder: string): Promise<Result> {
  const query = item.replace('ten-', '');
  const rounds = String(options.rounds ?? roundsUsually);
  const { stdout } = await start(process.execPath, [program, folder, String(options.threads), query, rounds, '10']);
  const { times, holds, own, loadingHold, ok, peakRssMb } = JSON.parse(stdout) as Told;
  const at = (all: readonly (number | null)[], share: number): string => {
    const sorted = all.map((ms) => ms ?? 0).sort((a, b) => a - b);
    return (sorted[Math.floor((sorted.length - 1) * share)] ?? 0).toFixed(1);
  };
  return {
    item,
    engine: ourselves,
    coldMs: null,
    medianMs: rounded(median(times), 2),
    minMs: rounded(Math.min(...times), 2),
    runs: times.length,
    peakRssMb,
    ok,
    note:
      `event loop held at most ${at(holds, 1)} ms, p99 ${at(holds, 0.99)} ms; ` +
      `of its own work ${at(own, 1)} ms, while loading ${(loadingHold ?? 0).toFixed(1)} ms`,
  };
}

async function run(options: Options): Promise<{ load: []; results: Result[] }> {
  if (!options.engines.includes(ourselves)) return { load: [], results: [] };
  const folder = await tpchData(options.scale);
  const results: Result[] = [];
  for (const item of chosenItems('loop', items, options.only)) results.push(await measure(item, options, folder));
  return { load: [], results };
}

export const loop: Suite = {
  name: 'loop',
  about: 'ten TPC-H queries at once while a timer ticks: how long the event loop is held',
  run,
};
