import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { CorpusItem } from './kinds.js';

const HEAP_MB = 1536;
const MEMORY = '1GB';
/** Past it a process is ended. */
const MOST_RSS_MB = 3072;
const WATCH_MS = 100;

export interface Outcome {
  readonly status: 'ok' | 'refused' | 'wrong' | 'crash' | 'hang';
  readonly rows?: number;
  readonly hash?: string;
  readonly loose?: string;
  readonly sample?: readonly string[];
  readonly error?: string;
  readonly ms: number;
  readonly peakRssMb: number;
}

function residentMb(pid: number | undefined): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

/** One engine in limited processes: each reads so many files, unless it hangs or dies before. */
export class Reading {
  #process: ChildProcess | undefined;
  #complaints = '';
  #files = 0;

  constructor(
    private readonly engine: string,
    private readonly filesEach: number,
    private readonly timeoutMs: number,
  ) {}

  read(item: CorpusItem): Promise<Outcome> {
    const child = this.#child();
    const started = performance.now();
    return new Promise((done) => {
      let output = '';
      let ended: 'hang' | 'crash' | undefined;
      let peak = 0;
      const finish = (outcome: Outcome): void => {
        clearInterval(watch);
        child.removeAllListeners('close');
        child.stdout?.removeAllListeners('data');
        if (++this.#files >= this.filesEach) this.end();
        done(outcome);
      };
      const watch = setInterval(() => {
        peak = Math.max(peak, residentMb(child.pid));
        if (performance.now() - started > this.timeoutMs) ended = 'hang';
        else if (peak > MOST_RSS_MB) ended = 'crash';
        if (ended !== undefined) child.kill('SIGKILL');
      }, WATCH_MS);
      child.stdout?.on('data', (text) => {
        output += text;
        const last = output.trim().split('\n').at(-1) ?? '';
        if (last.startsWith('{') && output.endsWith('\n')) finish(JSON.parse(last) as Outcome);
      });
      child.on('close', (code, signal) => {
        this.#process = undefined;
        const how =
          ended === 'crash' ? `more than ${MOST_RSS_MB} MB of memory` : `ended by ${signal ?? `code ${code}`}`;
        const ms = Math.round(performance.now() - started);
        const error = `${how}: ${this.#complaints.trim()}`;
        finish({ status: ended ?? 'crash', error, ms, peakRssMb: Math.round(peak) });
      });
      child.stdin?.write(`${JSON.stringify(item)}\n`);
    });
  }

  end(): void {
    this.#process?.stdin?.end();
    this.#process = undefined;
  }

  #child(): ChildProcess {
    if (this.#process !== undefined) return this.#process;
    const program = fileURLToPath(new URL('./child.mjs', import.meta.url));
    const args = [`--max-old-space-size=${HEAP_MB}`, program, this.engine, MEMORY];
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#complaints = '';
    this.#files = 0;
    child.stderr.on('data', (text) => (this.#complaints = `${this.#complaints}${text}`.slice(-2000)));
    this.#process = child;
    return child;
  }
}
