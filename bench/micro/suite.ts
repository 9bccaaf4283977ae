import Benchmark from 'benchmark';
import { type Options, ourselves, type Result, type Suite } from '../harness/contract.js';
import { chosenItems } from '../harness/options.js';
import { median, rounded } from '../harness/statistics.js';
import { type Micro, micros } from './kernels.js';

const rowsUsually = 1_000_000;
const rowsWhenTiny = 1_000;
const roundsUsually = 5;

interface Lane {
  readonly engine: string;
  readonly work: () => number;
  readonly seconds: number[];
}

/** One turn of the `benchmark` package: how long one call takes, in as many samples as fit the time. */
function turn({ work, seconds }: Lane, maxTime: number): void {
  const benchmark = new Benchmark(
    () => {
      sink = work();
    },
    { maxTime, minTime: maxTime / 10 },
  );
  benchmark.run({ async: false });
  seconds.push(...benchmark.stats.sample);
}

/** Results are kept, so that no loop is optimized away. */
export let sink = 0;

function measure({ name, ours, plain }: Micro, { scale, rounds }: Options): Result[] {
  const tiny = scale === 'tiny';
  const rows = tiny ? rowsWhenTiny : rowsUsually;
  const lanes: Lane[] = [{ engine: ourselves, work: ours(rows), seconds: [] }];
  if (plain) lanes.push({ engine: 'js', work: plain(rows), seconds: [] });
  const cold = lanes.map(({ work }) => {
    const start = performance.now();
    const value = work();
    return { value, ms: performance.now() - start };
  });
  for (let round = 0; round < (rounds ?? roundsUsually); round++) {
    for (const lane of lanes) turn(lane, tiny ? 0.01 : 0.2);
  }
  const same = cold.every(({ value }) => Math.abs(value - (cold[0]?.value ?? 0)) <= 1e-9 * Math.abs(value));
  return lanes.map(({ engine, seconds }, index) => ({
    item: name,
    engine,
    coldMs: rounded(cold[index]?.ms ?? 0, 6),
    medianMs: rounded(median(seconds) * 1000, 6),
    minMs: rounded(Math.min(...seconds) * 1000, 6),
    runs: seconds.length,
    peakRssMb: null,
    ok: same && seconds.length > 0,
    note: same ? '' : `the results differ: ${cold.map(({ value }) => value).join(', ')}`,
  }));
}

export const micro: Suite = {
  name: 'micro',
  about: 'single kernels beside plain JavaScript, by the benchmark package',
  run: async (options) => {
    const chosen = chosenItems(
      'micro',
      micros.map(({ name }) => name),
      options.only,
    );
    const results = micros.filter(({ name }) => chosen.includes(name)).flatMap((one) => measure(one, options));
    return { load: [], results };
  },
};
