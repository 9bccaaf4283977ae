import type { ChildProcess } from 'node:child_process';
import { fromPlainError, type JsFunction, SparrowError } from '../../base/index.js';
import type { CallAnswer, CallMessage } from './child.js';
import type { Callable } from './load.js';

/** Rows that are sent at one go. */
const ROWS_A_MESSAGE = 1024;
/** Attempts at one row whose process ends, as for tasks. */
const MAX_ATTEMPTS = 4;

interface Call {
  readonly args: readonly unknown[];
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

interface Message {
  readonly fn: JsFunction;
  readonly calls: readonly Call[];
  readonly attempts: number;
}

interface Seat {
  readonly child: ChildProcess;
  readonly messages: Map<number, Message>;
}

/**
 * Functions of modules in processes of their own, for one query: they may exhaust their heap, crash or never return, and
 * take nothing with them. What a process leaves undone when it ends is sent to another, in halves, so that the row that
 * ended it is found.
 */
export class IsolatedFunctions {
  readonly #seats: Seat[] = [];
  readonly #gathered = new Map<JsFunction, Call[]>();
  #next = 1;
  #isClosed = false;

  constructor(
    private readonly most: number,
    private readonly start: () => ChildProcess,
  ) {}

  /** The function, giving promises; its module is loaded before. */
  async load(fn: JsFunction): Promise<Callable> {
    await new Promise((resolve, reject) =>
      this.#send({ fn, calls: [{ args: [], resolve, reject }], attempts: 0 }, true),
    );
    return (...args) => new Promise((resolve, reject) => this.#gather(fn, { args, resolve, reject }));
  }

  close(): void {
    this.#isClosed = true;
    for (const { child } of this.#seats.splice(0)) child.kill('SIGKILL');
  }

  #gather(fn: JsFunction, call: Call): void {
    const calls = this.#gathered.get(fn);
    if (calls !== undefined) return void calls.push(call);
    const some = [call];
    this.#gathered.set(fn, some);
    queueMicrotask(() => {
      this.#gathered.delete(fn);
      for (let from = 0; from < some.length; from += ROWS_A_MESSAGE)
        this.#send({ fn, calls: some.slice(from, from + ROWS_A_MESSAGE), attempts: 0 });
    });
  }

  #send(message: Message, onlyLoads = false): void {
    const { source } = message.fn;
    if (this.#isClosed || source.kind !== 'module') return;
    const seat = this.#seat();
    const id = this.#next++;
    seat.messages.set(id, message);
    const rows = onlyLoads ? [] : message.calls.map(({ args }) => args);
    const sent: CallMessage = { id, module: source.module, export: source.export, rows };
    // When it cannot be sent the process is gone, and says so itself.
    seat.child.send(sent, () => undefined);
  }

  #seat(): Seat {
    if (this.#seats.length < this.most) {
      const seat: Seat = { child: this.start(), messages: new Map() };
      seat.child.on('message', (answer: CallAnswer) => this.#answered(seat, answer));
      seat.child.once('exit', (code, signal) => this.#gone(seat, signal ?? `exit code ${code}`));
      seat.child.once('error', (error) => this.#gone(seat, error.message));
      this.#seats.push(seat);
      return seat;
    }
    return this.#seats.reduce((best, seat) => (seat.messages.size < best.messages.size ? seat : best));
  }

  #answered({ messages }: Seat, { id, failed, results, errors }: CallAnswer): void {
    const calls = messages.get(id)?.calls ?? [];
    messages.delete(id);
    const wrong = new Map(errors);
    const whole = failed === undefined ? undefined : fromPlainError(failed);
    calls.forEach(({ resolve, reject }, i) => {
      const error = whole ?? wrong.get(i);
      if (error === undefined) resolve(results?.[i]);
      else reject(error);
    });
  }

  #gone(seat: Seat, how: string): void {
    const at = this.#seats.indexOf(seat);
    if (at < 0) return;
    this.#seats.splice(at, 1);
    for (const message of seat.messages.values()) this.#again(message, how);
  }

  #again({ fn, calls, attempts }: Message, how: string): void {
    if (calls.length > 1) {
      const half = calls.length >>> 1;
      for (const some of [calls.slice(0, half), calls.slice(half)]) this.#send({ fn, calls: some, attempts });
      return;
    }
    if (attempts + 1 < MAX_ATTEMPTS)
      return this.#send({ fn, calls, attempts: attempts + 1 }, calls[0]?.args.length === 0);
    const error = new SparrowError('TASK_FAILED', `its process ended ${MAX_ATTEMPTS} times (${how})`, {
      hint: 'a function that ends its process (process.exit, a heap that is full, a crash in native code) does this',
    });
    for (const { reject } of calls) reject(error);
  }
}
