// npm run promises -- [R1 R4 …] [--full] [--soak] [--write]: what Sparrow promises when things go wrong, each shown by tests.
// A promise without a run here is not kept, or nothing shows that it is: the table says so. `--full` takes the counts that
// are promised instead of some that take minutes; `--soak` has the long run (R29) last half an hour; `--write` puts what came out into docs/reference/promises.md.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bin, ensureInstalled, path, root } from './lib/house.mjs';

ensureInstalled();
const wanted = process.argv.slice(2).filter((arg) => /^R\d+$/.test(arg));
const corpora = process.env.SPARROW_CORPORA;
const isFull = process.argv.includes('--full');
const isSoak = process.argv.includes('--soak');
const SOAK_MINUTES = 30;
const page = path('docs', 'reference', 'promises.md');

/** How many cases: to see that it works, or as many as are promised. */
const count = (some, all) => (isFull ? all : some);
const tests = (files, name, env = {}, cases = undefined) => ({ kind: 'tests', files, name, env, cases });
const fuzz = (cases, oracle) => ({
  kind: 'command',
  args: ['fuzz', '--cases', String(cases), '--oracle', oracle],
  cases,
});
/** Random SQL: beside DuckDB, or by itself. */
const sql = (oracle, cases, expressions = 0) => ({
  kind: 'command',
  args: ['fuzz', '--oracle', oracle, '--seed', '20261128', '--cases', `${cases}`, '--expressions', `${expressions}`],
  cases: cases + expressions,
});
/** Avro, compressed text and what is written here, made when it is asked for. */
const MADE = 'made';
const mutants = (folder, cases) => ({
  kind: 'command',
  args: ['fuzz', '--cases', String(cases), '--mutate', folder === MADE ? MADE : join(corpora ?? '', folder)],
  cases,
  ...(folder === MADE ? {} : { needs: folder }),
});

/** @type {{ id: string, promise: string, runs: object[], open?: string }[]} */
const promises = [
  {
    id: 'R1',
    promise: 'no file crashes or hangs the process or spoils the session',
    runs: ['parquet-testing', 'arrow-testing', 'JSONTestSuite', 'rust-csv', MADE].map((folder) =>
      mutants(folder, count(200, 4000)),
    ),
    open: '`--full` for 20,000',
  },
  {
    id: 'R2',
    promise: 'a reader keeps to the memory limit',
    runs: [
      tests(['test/base/heap.test.ts', 'test/fault/bombs.test.ts']),
      tests(['test/io/avro.test.ts'], 'unpack to more'),
    ],
    open: 'records of 300 MB that are unpacked under 64 MB, of text, CSV, JSON and Avro',
  },
  {
    id: 'R3',
    promise: 'damage is detected',
    runs: [
      tests(['test/fault/spill.test.ts'], 'damaged'),
      tests(['test/fault/damage.test.ts'], 'bits turned', { SPARROW_FLIPS: `${count(50, 1000)}` }, count(50, 1000)),
      tests(['test/fault/storage-levels.test.ts'], 'damaged'),
    ],
    open: 'pages of Parquet, spill files, cached rows on disk; not footers',
  },
  {
    id: 'R4',
    promise: 'a write is whole or not at all',
    runs: [
      tests(['test/fault/kill-writes.test.ts'], undefined, { SPARROW_KILLS: `${count(40, 3000)}` }, count(40, 3000)),
      tests(['test/fault/kill-partitions.test.ts'], undefined, { SPARROW_KILLS: `${count(8, 100)}` }, count(16, 200)),
      tests(['test/fault/kill-streams.test.ts'], undefined, { SPARROW_KILLS: `${count(10, 500)}` }, count(10, 500)),
    ],
    open: '`--full` for 3,700 kills',
  },
  {
    id: 'R5',
    promise: 'commits of several files, idempotent reruns',
    runs: [
      tests(['test/io/write-job.test.ts']),
      tests(['test/fault/kill-jobs.test.ts'], undefined, { SPARROW_KILLS: `${count(8, 200)}` }, count(8, 200)),
    ],
    open: '`--full` for 200 kills of jobs that are run again',
  },
  {
    id: 'R6',
    promise: 'a full disk is a clear error at every step',
    runs: [
      tests(['test/fault/damage.test.ts'], 'fails after some bytes'),
      tests(['test/fault/refused-calls.test.ts'], undefined, { SPARROW_CALLS: `${count(100, 1)}` }),
    ],
    open: isFull ? '' : 'every second call of a write, every 100th of queries that spill; `--full` for each',
  },
  {
    id: 'R7',
    promise:
      'groups, joins, sorts, distinct rows, windows and results larger than memory, and files that one task reads',
    runs: [
      tests([
        'test/fault/spill.test.ts',
        'test/fault/spilled-joins.test.ts',
        'test/fault/spilled-runs.test.ts',
        'test/fault/spilled-windows.test.ts',
        'test/fault/large-values.test.ts',
        'test/fault/streamed-results.test.ts',
      ]),
    ],
    open: 'the values of one group and one partition of a window have to fit, and so do a page and a dictionary of a Parquet file with large values and the first rows of what is on disk by texts of more than 16 KB that rows are sorted by, else MEMORY_LIMIT_EXCEEDED; times and resident memory beside DuckDB: `npm run bench -- disk`',
  },
  {
    id: 'R8',
    promise: 'resident memory keeps to the limit',
    runs: [
      tests(['test/fault/resident-memory.test.ts'], undefined, { SPARROW_FACTS: `${count(300_000, 3_000_000)}` }, 12),
    ],
    open: 'twelve queries under 48 MB: at most 200 MB more, the process itself included; as the system tells, not in a cgroup',
  },
  { id: 'R9', promise: 'every query can be cancelled', runs: [tests(['test/fault/cancel.test.ts'])], open: '' },
  {
    id: 'R10',
    promise: 'a dead worker changes no answer',
    runs: [
      tests(['test/fault/workers.test.ts'], undefined, { SPARROW_KILLS: `${count(15, 300)}` }, count(15, 300)),
      fuzz(count(200, 5000), 'simulator'),
    ],
  },
  {
    id: 'R11',
    promise: 'lost or damaged cached partitions are computed again',
    runs: [
      tests(['test/fault/storage-levels.test.ts'], undefined, { SPARROW_LOSSES: `${count(9, 200)}` }, count(18, 209)),
    ],
    open: 'all of a frame is computed again, not the lost part',
  },
  {
    id: 'R12',
    promise: 'the same bits for any threads, pieces and spilling',
    runs: [fuzz(count(300, 3000), 'self')],
    open: 'floating sums above a join on disk, and of groups that are written before their batch is over (memory three quarters full), may differ in the last bits; groups of which half of the memory could not hold a 64th come in another order',
  },
  {
    id: 'R13',
    promise: 'answers agree with DuckDB',
    runs: [tests(['test/exec/interpreter-duckdb.test.ts']), sql('duckdb', count(300, 2000), count(1000, 48_000))],
    open: '',
  },
  {
    id: 'R14',
    promise: 'rules and compilation never change answers',
    runs: [
      fuzz(count(300, 10_000), 'interpreter'),
      tests(['test/plan/equivalence.test.ts']),
      sql('tlp', count(300, 5000)),
      sql('norec', count(300, 5000)),
    ],
  },
  {
    id: 'R15',
    promise: 'Spark’s meaning',
    runs: [
      tests([
        'test/functions/spark-goldens.test.ts',
        'test/functions/aggregate-goldens.test.ts',
        'test/conformance/ratchet.test.ts',
      ]),
    ],
  },
  {
    id: 'R16',
    promise: 'edges of numbers and dates',
    runs: [tests(['test/base/text.test.ts', 'test/functions/datetime-zone.test.ts'])],
  },
  { id: 'R17', promise: 'JSON', runs: [tests(['test/io/json.test.ts'])] },
  {
    id: 'R18',
    promise: 'messy CSV',
    runs: [tests(['test/io/csv-corpora.test.ts', 'test/io/csv-detect.test.ts'])],
    open: 'files of four projects; the Pollock benchmark was not run',
  },
  {
    id: 'R19',
    promise: 'any name and text is data',
    runs: [tests(['test/api/session.test.ts']), tests(['test/fault/any-text.test.ts'])],
    open: existsSync(join(corpora ?? '', 'blns')) ? '' : 'the list of naughty strings needs SPARROW_CORPORA',
  },
  {
    id: 'R20',
    promise: 'no code is made from text',
    runs: [tests(['test/architecture/tidy.test.ts'], 'never make code')],
    open: '',
  },
  {
    id: 'R21',
    promise: 'regular expressions in linear time',
    runs: [tests(['test/fault/redos.test.ts']), tests(['test/functions/regex-search.test.ts'])],
    open: 'what is refused after its 4 million steps takes 60 to 100 ms, and 100 to 290 ms in the first queries of a process',
  },
  { id: 'R22', promise: 'deep and wide plans', runs: [tests(['test/plan/depth.test.ts'])] },
  {
    id: 'R23',
    promise: 'hostile keys do not slow hashing down',
    runs: [tests(['test/fault/hostile-keys.test.ts'], undefined, { SPARROW_KEYS: '100000' })],
  },
  { id: 'R24', promise: 'paths stay inside the target', runs: [tests(['test/io/write-job.test.ts'])], open: '' },
  {
    id: 'R25',
    promise: 'formulas are escaped in CSV',
    runs: [tests(['test/io/csv-write.test.ts'], 'apostrophe')],
    open: '',
  },
  { id: 'R26', promise: 'servers that fail', runs: [tests(['test/io/remote.test.ts'])] },
  {
    id: 'R27',
    promise: 'the event loop stays free',
    runs: [tests(['test/bench/suites.test.ts'], 'loop')],
    open: 'measured by `npm run bench -- loop`',
  },
  {
    id: 'R28',
    promise: 'many queries at once',
    runs: [
      tests(['test/fault/cancel.test.ts'], 'beside it'),
      tests(['test/fault/damage.test.ts'], '64 at once'),
      tests(['test/fault/many-sessions.test.ts'], undefined, { SPARROW_SESSIONS: `${count(8, 64)}` }, count(400, 3200)),
    ],
    open: isFull ? '' : '8 sessions of 50 queries; `--full` for 64',
  },
  {
    id: 'R29',
    promise: 'a long run',
    runs: [
      isSoak
        ? tests(['test/fault/soak.test.ts'], undefined, { SPARROW_SOAK_MINUTES: `${SOAK_MINUTES}` })
        : tests(['test/fault/soak.test.ts'], undefined, { SPARROW_SOAK: `${count(300, 10_000)}` }, count(300, 10_000)),
      ...(isSoak ? [] : [sql('duckdb', count(500, 10_000))]),
    ],
    open: isFull || isSoak ? '' : '`--full` for 10,000 queries with faults, `--soak` for half an hour of them',
  },
  {
    id: 'R30',
    promise: 'supply chain',
    runs: [tests(['test/architecture/package-json.test.ts', 'test/package/package.test.ts'])],
  },
];

function runTests({ files, name, env, cases }) {
  const there = files.filter((file) => existsSync(path(...file.split('/'))));
  if (there.length < files.length) return { ok: false, cases: 0, note: 'a test file is gone' };
  const [report, figures] = [path('build', 'promises.json'), path('build', 'promises.txt')];
  for (const file of [report, figures]) rmSync(file, { force: true });
  const args = [
    bin('vitest'),
    'run',
    '--typecheck.enabled=false',
    '--reporter=json',
    `--outputFile=${report}`,
    ...there,
  ];
  if (name !== undefined) args.push('-t', name);
  spawnSync(process.execPath, args, {
    cwd: root,
    stdio: 'ignore',
    env: { ...process.env, ...env, SPARROW_FIGURES: figures },
  });
  if (!existsSync(report)) return { ok: false, cases: 0, note: 'the tests did not run' };
  const { numPassedTests: passed, numFailedTests: failed } = JSON.parse(readFileSync(report, 'utf8'));
  const told = existsSync(figures) ? readFileSync(figures, 'utf8').trim().split('\n') : [];
  const note = [...(failed > 0 ? [`${failed} failed`] : []), ...told].join('; ');
  return { ok: failed === 0 && passed > 0, cases: cases ?? passed, note };
}

function runCommand({ args, cases, needs }) {
  if (needs !== undefined && !existsSync(join(corpora ?? '', needs))) {
    return { ok: undefined, cases: 0, note: 'needs SPARROW_CORPORA' };
  }
  const [program, ...rest] = args;
  const found = spawnSync(process.execPath, [path('scripts', `${program}.mjs`), ...rest], {
    cwd: root,
    encoding: 'utf8',
  });
  const last = (found.stdout ?? '').trimEnd().split('\n').at(-1) ?? '';
  return { ok: found.status === 0, cases, note: last.replace(/^fuzz: /, '') };
}

const rows = new Map();

/** Promises that did not run stay as they were. */
function writePage() {
  const lines = readFileSync(page, 'utf8').split('\n');
  writeFileSync(page, lines.map((line) => rows.get(/^\| (R\d+) \|/.exec(line)?.[1]) ?? line).join('\n'));
}

let failures = 0;
console.log('| | promise | cases | kept | what is missing, figures |\n| --- | --- | ---: | --- | --- |');
for (const { id, promise, runs, open = '' } of promises) {
  if (wanted.length > 0 && !wanted.includes(id)) continue;
  const started = performance.now();
  const results = runs.map((run) => (run.kind === 'tests' ? runTests(run) : runCommand(run)));
  const failed = results.some(({ ok }) => ok === false);
  if (failed) failures++;
  const shown = results.filter(({ ok }) => ok === true);
  const kept = failed ? 'NO' : shown.length === 0 ? 'not shown' : open === '' ? 'yes' : 'in part';
  const cases = results.reduce((n, result) => n + result.cases, 0);
  const notes = [open, ...results.map(({ note }) => note)].filter((note) => note !== '');
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  rows.set(
    id,
    `| ${id} | ${promise} | ${cases} | ${kept} | ${notes.join('; ')}${runs.length > 0 ? ` (${seconds} s)` : ''} |`,
  );
  console.log(rows.get(id));
  if (process.argv.includes('--write')) writePage();
}
process.exitCode = failures === 0 ? 0 : 1;
