import { execFile } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { lineitemCsv } from '../files/data.js';
import { type Options, ourselves, type Result, type Suite } from '../harness/contract.js';
import { connectDuckdb, quoted } from '../harness/duckdb.js';
import { chosenItems } from '../harness/options.js';
import { rounded } from '../harness/statistics.js';

const start = promisify(execFile);
const program = fileURLToPath(new URL('./program.js', import.meta.url));
const GB = 1e9;
const TINY = 3e6;
const BLOCK = 1 << 22;
/** How often the unit each item converts; the unit is so many gigabytes as the scale says. */
const times: Readonly<Record<string, number>> = { 'csv-1x': 1, 'csv-5x': 5 };

/** The lines of lineitem again and again up to a size, under one header. */
function repeated(source: string, path: string, bytes: number): void {
  const [from, to] = [openSync(source, 'r'), openSync(path, 'w')];
  const block = Buffer.alloc(BLOCK);
  const first = readSync(from, block, 0, BLOCK, 0);
  const body = block.subarray(0, first).indexOf(10) + 1;
  writeSync(to, block, 0, body);
  for (let written = body; written < bytes; ) {
    for (let at = body, got = 1; got > 0; at += got) {
      got = readSync(from, block, 0, BLOCK, at);
      // It ends with a whole line.
      const kept = written + got < bytes ? got : block.subarray(0, got).lastIndexOf(10) + 1;
      written += writeSync(to, block, 0, kept);
      if (kept < got || written >= bytes) break;
    }
  }
  closeSync(from);
  closeSync(to);
}

/** Whether the files hold the rows that DuckDB finds in the text. */
async function isSame(csv: string, folder: string): Promise<boolean> {
  const connection = await connectDuckdb(2);
  const sums = 'SELECT count(*), sum(l_orderkey)::VARCHAR, count(DISTINCT l_shipmode), max(l_shipdate)::VARCHAR FROM';
  const parquet = `read_parquet(${quoted(`${folder}/*/*.parquet`)}, hive_partitioning = true)`;
  const ask = async (from: string): Promise<string> =>
    JSON.stringify((await connection.runAndReadAll(`${sums} ${from}`)).getRowsJson());
  const same = (await ask(`read_csv(${quoted(csv)}, header = true)`)) === (await ask(parquet));
  connection.closeSync();
  return same;
}

async function measure(options: Options): Promise<{ load: []; results: Result[] }> {
  const unit = options.scale === 'tiny' ? TINY : Number(options.scale) * GB;
  const results: Result[] = [];
  if (!options.engines.includes(ourselves)) return { load: [], results };
  const source = await lineitemCsv(options.scale === 'tiny' ? 'tiny' : '1');
  const work = mkdtempSync(join(tmpdir(), 'bench-convert-'));
  try {
    for (const item of chosenItems('convert', Object.keys(times), options.only)) {
      const csv = join(work, `${item}.csv`);
      const folder = join(work, item);
      repeated(source, csv, unit * (times[item] as number));
      const { stdout } = await start(process.execPath, [program, csv, folder, String(options.threads)]);
      const { ms, cpuMs, peakRssMb } = JSON.parse(stdout) as { ms: number; cpuMs: number; peakRssMb: number };
      const ok = await isSame(csv, folder);
      const least = results[0]?.peakRssMb ?? peakRssMb;
      const note = `processor time ${cpuMs} ms; peak memory ${(peakRssMb / least).toFixed(2)} times that of the first`;
      const time = rounded(ms, 0);
      results.push({
        item,
        engine: ourselves,
        coldMs: time,
        medianMs: time,
        minMs: time,
        runs: 1,
        peakRssMb,
        ok,
        note,
      });
      for (const path of [csv, folder]) rmSync(path, { recursive: true });
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return { load: [], results };
}

/** What a long conversion takes of memory, beside a short one. */
export const convert: Suite = {
  name: 'convert',
  about: 'a CSV file of so many GB (--sf), and one five times as long, to Parquet in folders: peak memory',
  run: measure,
};
