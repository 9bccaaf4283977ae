import { type ChildProcess, fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { passedIds, ratchetText, readRatchet } from './ratchet.js';
import type { CaseResult } from './run-file.js';
import { readStatements, type StatementFile, statementFiles } from './statement-file.js';

/** A statement may take this long; then its process is ended and the next one goes on after it. */
const STATEMENT_MS = 20_000;

interface Failure {
  readonly file: string;
  readonly index: number;
  readonly sql: string;
  readonly expected: string;
  readonly got: string;
}

export interface Report {
  total: number;
  passed: number;
  byCategory: Record<string, { total: number; passed: number }>;
  failures: Failure[];
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    mode: { type: 'string' },
    json: { type: 'string' },
    only: { type: 'string' },
    passed: { type: 'string' },
    worker: { type: 'string' },
    quiet: { type: 'boolean', default: false },
    known: { type: 'boolean', default: false },
    ratchet: { type: 'boolean', default: false },
  },
});

/** The cases that passed once. */
const ratchetFile = join(dirname(fileURLToPath(import.meta.url)), '../../test/conformance/passed.txt');
const known = readRatchet(ratchetFile);

class Runner {
  readonly report: Report = { total: 0, passed: 0, byCategory: {}, failures: [] };
  /** `category<tab>file#index` of every case that passed. */
  readonly passedIds: string[] = [];
  readonly categories = new Map<string, string>();
  #child: ChildProcess | undefined;

  constructor(
    private readonly folder: string,
    private readonly worker: string,
  ) {}

  async run(names: readonly string[]): Promise<void> {
    for (const name of names) {
      const file = readStatements(join(this.folder, name));
      this.categories.set(name, file.category);
      if (values.known && !known.has(name)) continue;
      await this.#file(name, file);
    }
    this.#child?.kill('SIGKILL');
  }

  /** One file, in as many attempts as statements crash or hang. */
  async #file(name: string, file: StatementFile): Promise<void> {
    const before = this.report.passed;
    const cases = file.steps.filter((step) => step.setup !== true).length;
    for (let from = 0; from < file.steps.length; ) {
      const stopped = await this.#attempt(name, file, from);
      if (stopped === undefined) break;
      from = stopped + 1;
    }
    if (!values.quiet) console.log(`${name}: ${this.report.passed - before} of ${cases}`);
  }

  /** Gives the index of the statement that ended the process; undefined when the file is done. */
  #attempt(name: string, file: StatementFile, from: number): Promise<number | undefined> {
    const child = this.#child ?? fork(this.worker, [], { execArgv: ['--enable-source-maps'], env: this.#env() });
    this.#child = child;
    return new Promise((settle) => {
      let at = from;
      const judged = new Set<number>();
      let timer: NodeJS.Timeout | undefined;
      const finish = (index: number | undefined): void => {
        clearTimeout(timer);
        child.removeAllListeners();
        if (index !== undefined) {
          child.kill('SIGKILL');
          this.#child = undefined;
        }
        settle(index);
      };
      const lost = (why: string): void => {
        const step = file.steps[at];
        if (step !== undefined && step.setup !== true && at >= from && !judged.has(at)) {
          this.#count(name, file, { index: at, passed: false, expected: '', got: why });
        }
        finish(at);
      };
      const restart = (): void => {
        clearTimeout(timer);
        timer = setTimeout(() => lost(`no answer within ${STATEMENT_MS / 1000} s`), STATEMENT_MS);
      };
      restart();
      child.on('message', (message: { begin?: number; result?: CaseResult; done?: boolean; failed?: string }) => {
        restart();
        if (message.begin !== undefined) at = message.begin;
        if (message.result !== undefined) {
          judged.add(message.result.index);
          this.#count(name, file, message.result);
        }
        if (message.done) {
          if (message.failed === undefined) finish(undefined);
          else lost(`the session failed: ${message.failed}`);
        }
      });
      child.on('exit', (code, signal) => lost(`the process ended with ${signal ?? code}`));
      const only = values.known ? [...(known.get(name) ?? [])] : undefined;
      child.send({ folder: this.folder, file: name, from, only });
    });
  }

  #env(): NodeJS.ProcessEnv {
    return values.mode === undefined ? process.env : { ...process.env, SPARROW_MODE: values.mode };
  }

  #count(name: string, file: StatementFile, result: CaseResult): void {
    const { report } = this;
    report.byCategory[file.category] ??= { total: 0, passed: 0 };
    const category = report.byCategory[file.category] as { total: number; passed: number };
    report.total++;
    category.total++;
    if (result.passed) {
      report.passed++;
      category.passed++;
      this.passedIds.push(`${file.category}\t${name}#${result.index}`);
      return;
    }
    const { index, expected, got } = result;
    report.failures.push({ file: name, index, sql: file.steps[index]?.sql ?? '', expected, got });
  }
}

const [given] = positionals;
if (given === undefined) {
  console.error('npm run conformance -- <folder of statement files> [--mode M] [--json out.json] [--only text]');
  process.exit(2);
}
const folder = resolve(given);
const runner = new Runner(folder, values.worker as string);
const { only } = values;
const names = statementFiles(folder).filter((name) => only === undefined || new RegExp(only).test(name));
await runner.run(names);
const { report } = runner;
const percent = (passed: number, total: number): string =>
  `${passed} of ${total} (${total === 0 ? 0 : ((100 * passed) / total).toFixed(1)} %)`;
for (const [name, { passed, total }] of Object.entries(report.byCategory).sort(([a], [b]) => (a < b ? -1 : 1))) {
  console.log(`  ${name.padEnd(44)} ${percent(passed, total)}`);
}
console.log(`conformance: ${percent(report.passed, report.total)}`);
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(report, null, 1)}\n`);
if (values.ratchet) {
  const now = passedIds(runner.passedIds.join('\n'));
  for (const [file, ids] of now) known.set(file, new Set([...(known.get(file) ?? []), ...ids]));
  writeFileSync(ratchetFile, ratchetText(known, runner.categories));
}
if (values.passed !== undefined) writeFileSync(values.passed, `${runner.passedIds.join('\n')}\n`);
