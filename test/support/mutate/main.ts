import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { numbers } from './mutation.js';

// npm run fuzz -- --mutate <folder>: files with bytes changed are read by a child process that outlives them all.
const { values } = parseArgs({
  options: { mutate: { type: 'string' }, seed: { type: 'string' }, cases: { type: 'string' } },
});
const EXTENSIONS = new Set([
  '.parquet',
  '.arrow',
  '.arrows',
  '.stream',
  '.arrow_file',
  '.csv',
  '.json',
  '.ndjson',
  '.jsonl',
]);
const MOST_BYTES = 1 << 20;
/** After so long without an answer the child hangs. */
const HANG_MS = 20_000;

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesUnder(path);
    return EXTENSIONS.has(extname(path)) && statSync(path).size <= MOST_BYTES ? [path] : [];
  });
}

const files = filesUnder(values.mutate ?? '.').sort();
const seed = Number(values.seed ?? Date.now() % 2 ** 31);
const cases = Number(values.cases ?? 1000);
console.log(`fuzz: ${cases} mutants of ${files.length} files, seed ${seed}`);
if (files.length === 0) throw new Error('no file to mutate');

const folder = mkdtempSync(join(tmpdir(), 'sparrow-mutants-'));
const child = fileURLToPath(new URL('./child.mjs', import.meta.url));

class Reader {
  #process: ChildProcess | undefined;
  #lines: Interface | undefined;

  /** What the child says of a mutant: also that it hangs, or that it ended. */
  async ask(line: string): Promise<string> {
    if (this.#process === undefined) this.#start();
    const [running, lines] = [this.#process as ChildProcess, this.#lines as Interface];
    const answer = await new Promise<string>((resolve) => {
      const timer = setTimeout(() => done('hang'), HANG_MS);
      const onExit = (code: number | null, signal: string | null): void => done(`crash ${signal ?? code}`);
      const done = (what: string): void => {
        clearTimeout(timer);
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
  rmSync(folder, { recursive: true, force: true });
}
console.log(
  `fuzz: ${[...tally]
    .sort(([, a], [, b]) => b - a)
    .map(([kind, count]) => `${count} ${kind}`)
    .join(', ')}, seed ${seed}`,
);
process.exitCode = bad.length === 0 ? 0 : 1;
