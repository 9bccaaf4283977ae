// npm run io-corpus: every file of a folder, each in a limited process of its own.
import { spawn } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type CorpusItem, itemsBelow } from './kinds.js';

const HEAP_MB = 1536;
const MEMORY = '1GB';
/** Past it a process is ended. */
const MOST_RSS_MB = 3072;
const WATCH_MS = 100;

interface Outcome {
  readonly status: 'ok' | 'refused' | 'wrong' | 'crash' | 'hang';
  readonly rows?: number;
  readonly hash?: string;
  readonly loose?: string;
  readonly sample?: readonly string[];
  readonly error?: string;
  readonly ms: number;
  readonly peakRssMb: number;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'string' },
    oracle: { type: 'string' },
    only: { type: 'string' },
    jobs: { type: 'string' },
    timeout: { type: 'string', default: '60' },
  },
});

function residentMb(pid: number | undefined): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

function readOne({ path, kind }: CorpusItem, engine: string): Promise<Outcome> {
  const child = fileURLToPath(new URL('./child.mjs', import.meta.url));
  const started = performance.now();
  return new Promise((done) => {
    const args = [`--max-old-space-size=${HEAP_MB}`, child, path, kind, engine, MEMORY];
    const running = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let complaints = '';
    let ended: 'hang' | 'crash' | undefined;
    let peak = 0;
    running.stdout.on('data', (text) => (output += text));
    running.stderr.on('data', (text) => (complaints = `${complaints}${text}`.slice(-2000)));
    const watch = setInterval(() => {
      peak = Math.max(peak, residentMb(running.pid));
      if (performance.now() - started > Number(values.timeout) * 1000) ended = 'hang';
      else if (peak > MOST_RSS_MB) ended = 'crash';
      if (ended !== undefined) running.kill('SIGKILL');
    }, WATCH_MS);
    running.on('close', (code, signal) => {
      clearInterval(watch);
      const ms = Math.round(performance.now() - started);
      const last = output.trim().split('\n').at(-1) ?? '';
      if (ended === undefined && code === 0 && last.startsWith('{')) {
        done(JSON.parse(last) as Outcome);
        return;
      }
      const how = ended === 'crash' ? `more than ${MOST_RSS_MB} MB of memory` : `ended by ${signal ?? `code ${code}`}`;
      const peakRssMb = Math.round(peak);
      done({ status: ended ?? 'crash', error: `${how}: ${complaints.trim()}`, ms, peakRssMb });
    });
  });
}

type Line = Outcome & { readonly file: string; readonly kind: string; readonly oracle?: Outcome };

async function lineOf(item: CorpusItem, root: string, oracle: string | undefined): Promise<Line> {
  const ours = await readOne(item, 'sparrow');
  const file = relative(root, item.path) || item.path;
  const asked = oracle !== undefined && ['parquet', 'csv', 'json'].includes(item.kind);
  if (!asked) return { file, kind: item.kind, ...ours };
  const theirs = await readOne(item, oracle);
  // Without types in the file, 1 and "1" are the same value.
  const compared = item.kind === 'parquet' ? 'hash' : 'loose';
  const differs = ours.status === 'ok' && theirs.status === 'ok' && ours[compared] !== theirs[compared];
  const { sample: ourSample, ...rest } = ours;
  const shown = differs ? { sample: ourSample ?? [] } : {};
  return { file, kind: item.kind, ...rest, ...shown, ...(differs ? { status: 'wrong' } : {}), oracle: theirs };
}

function print(line: Line): void {
  const columns = [
    line.status.padEnd(8),
    String(line.rows ?? '').padStart(9),
    (line.hash ?? '').slice(0, 12).padEnd(12),
  ];
  const figures = [`${line.ms}`.padStart(6), `${line.peakRssMb}`.padStart(5)];
  const { oracle } = line;
  const other =
    oracle === undefined
      ? ''
      : ` ${oracle.status.padEnd(8)} ${String(oracle.rows ?? '').padStart(9)} ${(oracle.hash ?? '').slice(0, 12).padEnd(12)}`;
  const error = line.error === undefined ? '' : `  ${line.error.split('\n')[0]?.slice(0, 160)}`;
  console.log(`${columns.join(' ')} ${figures.join(' ')}${other}  ${line.file}${error}`);
  if (line.status === 'wrong') {
    console.log(`         ours:   ${line.sample?.join('\n                 ')}`);
    console.log(`         theirs: ${oracle?.sample?.join('\n                 ')}`);
  }
}

async function main(): Promise<void> {
  const [folder] = positionals;
  if (folder === undefined || !statSync(folder).isDirectory()) {
    console.error('npm run io-corpus -- <folder> [--json out.json] [--oracle duckdb] [--only text] [--jobs n]');
    process.exitCode = 2;
    return;
  }
  const root = resolve(folder);
  const { items, skipped } = itemsBelow(root);
  const { only } = values;
  const wanted = only === undefined ? items : items.filter(({ path }) => relative(root, path).includes(only));
  const heading =
    values.oracle === undefined ? '' : ` ${values.oracle.padEnd(8)} ${'rows'.padStart(9)} ${'hash'.padEnd(12)}`;
  console.log(
    `${'status'.padEnd(8)} ${'rows'.padStart(9)} ${'hash'.padEnd(12)} ${'ms'.padStart(6)} ${'MB'.padStart(5)}${heading}  file`,
  );
  const lines: Line[] = [];
  let next = 0;
  const run = async (): Promise<void> => {
    for (let item = wanted[next++]; item !== undefined; item = wanted[next++]) {
      const line = await lineOf(item, root, values.oracle);
      lines.push(line);
      print(line);
    }
  };
  const jobs = Number(values.jobs ?? Math.min(2, availableParallelism()));
  await Promise.all(Array.from({ length: jobs }, run));
  lines.sort((a, b) => (a.file < b.file ? -1 : 1));
  const counts: Record<string, number> = {};
  for (const { status } of lines) counts[status] = (counts[status] ?? 0) + 1;
  const theirs = lines.filter(({ oracle }) => oracle?.status === 'ok');
  const onlyTheirs = theirs.filter(({ status }) => status !== 'ok').length;
  const summary = Object.entries(counts).map(([status, count]) => `${count} ${status}`);
  console.log(`${lines.length} files: ${summary.join(', ')}; ${skipped} of no known kind left out`);
  if (values.oracle !== undefined) {
    console.log(
      `${values.oracle} reads ${theirs.length}; of these ${theirs.length - onlyTheirs} equal, ${onlyTheirs} not`,
    );
  }
  if (values.json !== undefined) {
    writeFileSync(values.json, `${JSON.stringify({ folder: root, counts, skipped, files: lines }, undefined, 1)}\n`);
  }
}

await main();
