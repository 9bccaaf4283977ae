import { type REPLEval, Recoverable } from 'node:repl';
import { inspect, types } from 'node:util';
import { DataFrame } from '../api/frame.js';
import type { Gatekeeper } from './input-gate.js';

type Done = Parameters<REPLEval>[3];

/**
 * The statements of a prompt, one after the other: their results awaited, frames shown as rows. Ctrl-C ends the queries
 * and the waiting, whatever is waited for.
 */
export class Statements implements Gatekeeper {
  readonly #cancel: () => void;
  readonly #pressCtrlC: () => void;
  #waiting: (() => void)[] = [];
  #running: 'no' | 'evaluating' | 'settling' = 'no';
  #giveUp: (reason: Error) => void = () => {};
  #shown: { readonly frame: unknown; readonly text: string } | undefined;
  /** What was read so far is the beginning of a statement. */
  unfinished = false;
  /** Runs what the REPL evaluates at one go. */
  aroundEach: (evaluate: () => void) => void = (evaluate) => evaluate();

  /** `cancel` ends queries; `pressCtrlC` ends the REPL's own waiting for an `await`. */
  constructor(cancel: () => void, pressCtrlC: () => void) {
    this.#cancel = cancel;
    this.#pressCtrlC = pressCtrlC;
  }

  get busy(): boolean {
    return this.#running !== 'no';
  }
  idle(): Promise<void> {
    return this.busy ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve();
  }
  interrupt(): void {
    this.#cancel();
    if (this.#running === 'evaluating') this.#pressCtrlC();
    else this.#giveUp(Object.assign(new Error('canceled'), { code: 'OPERATION_CANCELED' }));
  }
  /** The prompt is back. */
  end(): void {
    this.#running = 'no';
    for (const resume of this.#waiting.splice(0)) resume();
  }

  /** The REPL's `eval`, made to wait for results and to show frames. */
  around(evaluate: REPLEval): REPLEval {
    const statements = this;
    return function (code, context, file, done) {
      // Completion evaluates pieces of a line, a statement has its line break.
      const isStatement = code.endsWith('\n');
      if (isStatement) statements.#running = 'evaluating';
      const evaluated: Done = isStatement ? (error, result) => statements.#evaluated(error, result, done) : done;
      statements.aroundEach(() => evaluate.call(this, code, context, file, evaluated));
    };
  }

  /** How a result is printed. */
  text(value: unknown, colors: boolean): string {
    return value === this.#shown?.frame && this.#shown !== undefined ? this.#shown.text : inspect(value, { colors });
  }

  #evaluated(error: Error | null, result: unknown, done: Done): void {
    this.unfinished = error instanceof Recoverable;
    // A line that continues does not always bring a prompt that would end it.
    if (this.unfinished) this.end();
    if (error || !(types.isPromise(result) || result instanceof DataFrame)) {
      done(error, result);
      return;
    }
    this.#running = 'settling';
    const given = new Promise<never>((_, reject) => {
      this.#giveUp = reject;
    });
    Promise.race([this.#settle(result), given]).then(
      (value) => done(null, value),
      (reason: unknown) => done(reason instanceof Error ? reason : new Error(inspect(reason)), undefined),
    );
  }

  async #settle(result: unknown): Promise<unknown> {
    const value = await result;
    if (value instanceof DataFrame) this.#shown = { frame: value, text: (await value.showString()).trimEnd() };
    return value;
  }
}
