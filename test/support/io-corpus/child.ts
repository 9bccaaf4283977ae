// Reads files with one engine, in a process of its own: a line of JSON for each one asked for by a line of JSON.
import { createInterface } from 'node:readline';
import { SparrowError } from 'sparrow-df';
import type { CorpusItem } from './kinds.js';
import type { Reader } from './reader.js';

const [engine = 'sparrow', memory = '1GB'] = process.argv.slice(2);

const readers: Readonly<Record<string, () => Promise<Reader>>> = {
  sparrow: async () => (await import('./ours.js')).ourReader(memory),
  duckdb: async () => (await import('./duckdb.js')).duckdbReader(memory),
  // Python of the path, with pyarrow; the tests beside other engines install it.
  pyarrow: async () => (await import('./pyarrow.js')).pyarrowReader(process.env.PYTHON ?? 'python3', memory),
};
const open = readers[engine];
if (open === undefined) throw new Error(`there is no engine ${engine}: ${Object.keys(readers).join(', ')}`);
const reader = await open();
const SAMPLE_ROWS = 3;

async function read({ path, kind }: CorpusItem): Promise<Record<string, unknown>> {
  try {
    const hash = await reader.read(path, kind);
    return {
      status: 'ok',
      rows: hash.rows,
      sample: hash.sample(SAMPLE_ROWS),
      hash: hash.digest(),
      loose: hash.looseDigest(kind),
    };
  } catch (error) {
    const isOurs = error instanceof SparrowError && error.code !== 'INTERNAL_ERROR';
    const refused = isOurs || engine !== 'sparrow';
    const { message, stack } = error as Error;
    return { status: refused ? 'refused' : 'crash', error: refused ? message : (stack ?? message) };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const started = performance.now();
  const result = await read(JSON.parse(line) as CorpusItem);
  const ms = Math.round(performance.now() - started);
  const peakRssMb = Math.round(process.resourceUsage().maxRSS / 1024);
  process.stdout.write(`\n${JSON.stringify({ ...result, ms, peakRssMb })}\n`);
}
await reader.close();
