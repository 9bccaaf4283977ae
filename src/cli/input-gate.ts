import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ReadStream } from 'node:tty';

const CTRL_C = '\x03';

export interface Gatekeeper {
  /** Settles when no statement runs. */
  idle(): Promise<void>;
  readonly busy: boolean;
  /** Ctrl-C was pressed while a statement ran. */
  interrupt(): void;
}

/**
 * Standard input for the REPL, one line at a time: what is typed, pasted or piped while a statement runs waits until it
 * has ended, since the REPL would start the next one beside it. Only Ctrl-C gets through.
 */
export class InputGate extends Readable {
  readonly #source: ReadStream;
  readonly #keeper: Gatekeeper;
  #held = '';
  #ended = false;
  #passing = false;
  #closed = false;

  constructor(source: ReadStream, keeper: Gatekeeper) {
    super({ encoding: 'utf8', read: () => {} });
    this.#source = source;
    this.#keeper = keeper;
  }

  open(): void {
    this.#source.setEncoding('utf8');
    this.#source.on('data', (text) => this.#arrive(String(text)));
    for (const end of ['end', 'close', 'error']) this.#source.on(end, () => this.#end());
  }
  /** Lets the process end. */
  close(): void {
    this.#closed = true;
    this.#held = '';
    this.#source.removeAllListeners('data').pause();
  }

  // What readline expects of a terminal.
  get isRaw(): boolean {
    return this.#source.isRaw === true;
  }
  setRawMode(raw: boolean): this {
    if (this.#source.isTTY) this.#source.setRawMode(raw);
    return this;
  }

  /** Presses Ctrl-C in the REPL itself. */
  pressCtrlC(): void {
    if (!this.#closed) this.push(CTRL_C);
  }

  #arrive(text: string): void {
    const pressed = this.#source.isTTY && this.#keeper.busy ? text.lastIndexOf(CTRL_C) : -1;
    if (pressed >= 0) {
      // As a terminal does: what was typed ahead is dropped with the statement it followed.
      this.#held = '';
      this.#keeper.interrupt();
    }
    this.#held += text.slice(pressed + 1);
    void this.#pass();
  }

  #end(): void {
    this.#ended = true;
    void this.#pass();
  }

  async #pass(): Promise<void> {
    if (this.#passing) return;
    this.#passing = true;
    for (;;) {
      if (this.#keeper.busy) await this.#keeper.idle();
      const line = /^[^\r\n]*(\r\n|[\r\n])?/.exec(this.#held)?.[0] ?? '';
      if (line === '') break;
      this.#held = this.#held.slice(line.length);
      this.push(line);
      await nextTurn();
    }
    this.#passing = false;
    if (this.#ended) this.push(null);
  }
}
