// npm run io-corpus: every file of a folder, each in a limited process of its own.
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { asPyarrow, exceptions, toBeRefused } from './exceptions.js';
import { type CorpusItem, itemsBelow, type Kind } from './kinds.js';
import { type Outcome, Reading } from './reading.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'string' },
    oracle: { type: 'string' },
    only: { type: 'string' },
    jobs: { type: 'string' },
    timeout: { type: 'string', default: '60' },
    reuse: { type: 'string', default: '1' },
    against: { type: 'string' },
  },
});

type Line = Outcome & { readonly file: string; readonly kind: string; readonly oracle?: Outcome };

/** What the other engines are asked for. */
const ASKED: Readonly<Record<string, readonly Kind[]>> = {
  duckdb: ['parquet', 'csv', 'json'],
  pyarrow: ['parquet', 'arrow'],
};

interface Engines {
  /** Whether a file is to be refused, whoever reads it. */
  readonly isBad: (path: string) => boolean;
  readonly sparrow: Reading;
  readonly oracle: Reading | undefined;
  /** What the oracle said in an earlier run. */
  readonly earlier: ReadonlyMap<string, Outcome>;
}

async function lineOf(item: CorpusItem, root: string, engines: Engines): Promise<Line> {
  const { sparrow, oracle, earlier } = engines;
  const ours = await sparrow.read(item);
  const file = relative(root, item.path) || item.path;
  const theirs =
    earlier.get(file) ??
    ((ASKED[values.oracle ?? ''] ?? []).includes(item.kind) ? await oracle?.read(item) : undefined);
  if (theirs === undefined) return { file, kind: item.kind, ...ours };
  if (engines.isBad(item.path)) {
    const status = ours.status === 'refused' ? 'ok' : ours.status === 'ok' ? 'wrong' : ours.status;
    return { file, kind: item.kind, ...ours, status, oracle: theirs };
  }
  // Without types in the file, 1 and "1" are the same value.
  const compared = item.kind === 'parquet' || item.kind === 'arrow' ? 'hash' : 'loose';
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

const earlierLines = (path: string): readonly Line[] =>
  (JSON.parse(readFileSync(path, 'utf8')) as { files: readonly Line[] }).files;

async function main(): Promise<void> {
  const [folder] = positionals;
  if (folder === undefined || !statSync(folder).isDirectory()) {
    console.error(
      'npm run io-corpus -- <folder> [--json out.json] [--oracle duckdb|pyarrow] [--only text] [--jobs n] [--reuse n]',
    );
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
  const corpora = process.env.SPARROW_CORPORA ?? resolve(root, '..');
  const bad = toBeRefused();
  const lines: Line[] = [];
  let next = 0;
  const earlier = new Map<string, Outcome>();
  for (const { file, oracle } of values.against === undefined ? [] : earlierLines(values.against)) {
    if (oracle !== undefined) earlier.set(file, oracle);
  }
  const started = (engine: string): Reading => new Reading(engine, Number(values.reuse), Number(values.timeout) * 1000);
  const run = async (): Promise<void> => {
    const oracle = values.oracle === undefined ? undefined : started(values.oracle);
    const engines = { sparrow: started('sparrow'), oracle, earlier, isBad: (path: string) => bad.has(path, corpora) };
    for (let item = wanted[next++]; item !== undefined; item = wanted[next++]) {
      const line = await lineOf(item, root, engines);
      lines.push(line);
      print(line);
    }
    engines.sparrow.end();
    oracle?.end();
  };
  const jobs = Number(values.jobs ?? Math.min(2, availableParallelism()));
  await Promise.all(Array.from({ length: jobs }, run));
  lines.sort((a, b) => (a.file < b.file ? -1 : 1));
  const counts: Record<string, number> = {};
  for (const { status } of lines) counts[status] = (counts[status] ?? 0) + 1;
  const theirs = lines.filter(({ oracle }) => oracle?.status === 'ok');
  const summary = Object.entries(counts).map(([status, count]) => `${count} ${status}`);
  console.log(`${lines.length} files: ${summary.join(', ')}; ${skipped} of no known kind left out`);
  if (theirs.length > 0) {
    const [listed, second] = [exceptions(), asPyarrow()];
    const others = theirs.filter(({ status }) => status !== 'ok').map(({ file }) => file);
    const settled = others.filter((file) => second.has(resolve(root, file), corpora));
    const unknown = others.filter((file) => !settled.includes(file) && !listed.has(resolve(root, file), corpora));
    const refused = theirs.filter(({ file, status }) => status === 'ok' && bad.has(resolve(root, file), corpora));
    console.log(
      `${values.oracle ?? 'the other'} reads ${theirs.length}; of these ${theirs.length - others.length - refused.length} equal, ` +
        `${refused.length} refused as their suites demand, ` +
        `${settled.length} as pyarrow reads, ${others.length - settled.length - unknown.length} listed with reasons, ` +
        `${unknown.length} not: ${unknown.join(' ')}`,
    );
  }
  if (values.json !== undefined) {
    writeFileSync(values.json, `${JSON.stringify({ folder: root, counts, skipped, files: lines }, undefined, 1)}\n`);
  }
}

await main();
