import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from '../support/files.js';

export const command = join(root, 'dist/cli/sparrow.js');

/** Node has no pseudo-terminal of its own; util-linux has a program that gives one. */
export const hasTerminal = /util-linux/.test(spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout ?? '');

export const CTRL_C = '\x03';
export const CTRL_D = '\x04';
export const PROMPT = 'sparrow> ';

const escapes = new RegExp(`${String.fromCharCode(27)}\\[[0-9;?]*[A-Za-z]`, 'g');

/** The command in a terminal of its own, as somebody sits before it. */
export class Terminal {
  readonly #process: ChildProcess;
  #text = '';
  #read = 0;
  readonly ended: Promise<number | null>;

  constructor(environment: Record<string, string> = {}) {
    // exec: a shell in between would get the terminal's SIGINT too, and some then end with 130 in the command's stead.
    const line = `exec ${JSON.stringify(process.execPath)} ${JSON.stringify(command)}`;
    // SPARROW_HISTORY: a test neither reads nor writes the history of whoever runs it.
    const env = { ...process.env, TERM: 'xterm', NO_COLOR: '1', SPARROW_HISTORY: '', SHELL: '/bin/sh', ...environment };
    this.#process = spawn('script', ['-qec', line, '/dev/null'], { env, stdio: 'pipe' });
    const take = (chunk: unknown): void => {
      this.#text += String(chunk).replaceAll(escapes, '').replaceAll('\r', '');
    };
    this.#process.stdout?.on('data', take);
    this.#process.stderr?.on('data', take);
    this.ended = new Promise((resolve) => this.#process.once('exit', resolve));
  }

  type(text: string): void {
    this.#process.stdin?.write(text);
  }

  /** What appeared since the last call, up to and with `wanted`. */
  async until(wanted: string, milliseconds = 20_000): Promise<string> {
    const deadline = Date.now() + milliseconds;
    for (;;) {
      const at = this.#text.indexOf(wanted, this.#read);
      if (at >= 0) {
        const seen = this.#text.slice(this.#read, at + wanted.length);
        this.#read = at + wanted.length;
        return seen;
      }
      if (Date.now() > deadline || this.#process.exitCode !== null) {
        const why = this.#process.exitCode === null ? `in ${milliseconds} ms` : 'before it ended';
        throw new Error(`no ${JSON.stringify(wanted)} ${why}; seen: ${this.#text.slice(this.#read)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Types a statement and gives what it printed. */
  async run(statement: string): Promise<string> {
    this.type(`${statement}\r`);
    await this.until('\n');
    const printed = await this.until(PROMPT);
    return printed.slice(0, -PROMPT.length);
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }
}
