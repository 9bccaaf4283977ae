// One file, read by one engine in a process of its own: prints what came out as one line of JSON.
import { SparrowError } from 'sparrow-df';
import type { Kind } from './kinds.js';

const [path = '', kind = 'parquet', engine = 'sparrow', memory = '1GB'] = process.argv.slice(2);
const started = performance.now();
const SAMPLE_ROWS = 3;

async function read(): Promise<Record<string, unknown>> {
  try {
    const hash =
      engine === 'sparrow'
        ? await (await import('./ours.js')).readOurs(path, kind as Kind, memory)
        : await (await import('./duckdb.js')).readDuckdb(path, kind as Kind, memory);
    return {
      status: 'ok',
      rows: hash.rows,
      sample: hash.sample(SAMPLE_ROWS),
      hash: hash.digest(),
      loose: hash.looseDigest(),
    };
  } catch (error) {
    const isOurs = error instanceof SparrowError && error.code !== 'INTERNAL_ERROR';
    const refused = isOurs || engine !== 'sparrow';
    const { message, stack } = error as Error;
    return { status: refused ? 'refused' : 'crash', error: refused ? message : (stack ?? message) };
  }
}

const result = await read();
const ms = Math.round(performance.now() - started);
const peakRssMb = Math.round(process.resourceUsage().maxRSS / 1024);
process.stdout.write(`\n${JSON.stringify({ ...result, ms, peakRssMb })}\n`);
