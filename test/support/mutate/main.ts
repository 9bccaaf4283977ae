import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { formatOf } from './formats.js';
import { makeFiles } from './made.js';
import { numbers } from './mutation.js';

// npm run fuzz -- --mutate <folder>: files with bytes changed are read by a child process that outlives them all. The folder
// `made` stands for files made for this: Avro, compressed text, and what is written here.
const { values } = parseArgs({
  options: { mutate: { type: 'string' }, seed: { type: 'string' }, cases: { type: 'string' } },
});
const MOST_BYTES = 1 << 20;
/** After so long without an answer the child hangs. */
const HANG_MS = 20_000;
/** Columns have 256 MB, the heap of JavaScript 1 GB: so much is never resident, whatever a file says it holds. */
const MOST_RSS_MB = 1000;
const WATCH_MS = 50;

function residentMb(pid: number | undefined): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    // Not every system tells.
    return 0;
  }
}

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesUnder(path);
    return formatOf(path) !== undefined && statSync(path).size <= MOST_BYTES ? [path] : [];
  });
}

const seeds = mkdtempSync(join(tmpdir(), 'sparrow-seeds-'));
if (values.mutate === 'made') await makeFiles(seeds);
const files = filesUnder(values.mutate === 'made' ? seeds : (values.mutate ?? '.')).sort();
const seed = Number(values.seed ?? Date.now() % 2 ** 31);
const cases = Number(values.cases ?? 1000);
console.log(`fuzz: ${cases} mutants of ${files.length} files, seed ${seed}`);
if (files.length === 0) throw new Error('no file to mutate');

const folder = mkdtempSync(join(tmpdir(), 'sparrow-mutants-'));
const child = fileURLToPath(new URL('./child.mjs', import.meta.url));

let peakMb = 0;

class Reader {
  #process: ChildProcess | undefined;
  #lines: Interface | undefined;

  /** What the child says of a mutant: also that it hangs, or that it ended. */
  async ask(line: string): Promise<string> {
    if (this.#process === undefined) this.#start();
    const [running, lines] = [this.#process as ChildProcess, this.#lines as Interface];
    const answer = await new Promise<string>((resolve) => {
      const timer = setTimeout(() => done('hang'), HANG_MS);
      const watch = setInterval(() => {
        const resident = residentMb(running.pid);
        peakMb = Math.max(peakMb, resident);
        if (resident > MOST_RSS_MB) done(`crash ${Math.round(resident)} MB of memory`);
      }, WATCH_MS);
      const onExit = (code: number | null, signal: string | null): void => done(`crash ${signal ?? code}`);
      const done = (what: string): void => {
        clearTimeout(timer);
        clearInterval(watch);
        running.off('exit', onExit);
        lines.off('line', done);
        resolve(what);
      };
      running.once('exit', onExit);
      lines.once('line', done);
      running.stdin?.write(`${line}\n`);
    });
    if (answer === 'hang' || answer.startsWith('crash')) this.stop();
    return answer;
  }

  stop(): void {
    this.#process?.kill('SIGKILL');
    this.#process = undefined;
  }

  #start(): void {
    this.#process = spawn(process.execPath, ['--max-old-space-size=1024', child, folder], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#lines = createInterface({ input: this.#process.stdout as NodeJS.ReadableStream });
  }
}

const next = numbers(seed);
const reader = new Reader();
const tally = new Map<string, number>();
const bad: string[] = [];
let said = performance.now();
try {
  for (let i = 0; i < cases; i++) {
    const [own, file] = [next(2 ** 31), files[next(files.length)] as string];
    const answer = await reader.ask(`${own} ${file}`);
    const [kind = ''] = answer.split(' ');
    const what = kind === 'refused' ? answer : kind;
    tally.set(what, (tally.get(what) ?? 0) + 1);
    if (kind !== 'read' && kind !== 'refused') {
      bad.push(`${answer}: mutant ${own} of ${file}`);
      console.log(`  ${bad.at(-1)}`);
    }
    if (performance.now() - said < 10_000) continue;
    said = performance.now();
    console.log(`  ${i + 1} mutants`);
  }
} finally {
  reader.stop();
  for (const made of [folder, seeds]) rmSync(made, { recursive: true, force: true });
}
console.log(
  `fuzz: ${[...tally]
    .sort(([, a], [, b]) => b - a)
    .map(([kind, count]) => `${count} ${kind}`)
    .join(', ')}, seed ${seed}, at most ${Math.round(peakMb)} MB resident`,
);
process.exitCode = bad.length === 0 ? 0 : 1;
