import { BATCH_ROWS, type Platform } from '../../base/index.js';
import { engineMode } from '../modes.js';
import type { ExpressionHeap } from './expression-heap.js';
import type { Program } from './programs.js';
import type { JoinTable } from './spec.js';

/** Rows of a call of compiled code in mode `tiny-batches`. */
const TINY_ROWS = 3;
/** Rows of the first call of code that probes, where a row may meet many others, and pairs of the first call of one that pairs all. */
const FIRST_PROBES = 1024;
const FIRST_PAIRS = 1 << 20;
/** Rows of the first call of code that makes texts, and what those of one call may take. */
const FIRST_TEXTS = 64;
const TEXT_BYTES = 1 << 24;
/** What such a call should take, so that the task can be cancelled. */
const CALL_MS = 8;
/** The same for a task that waits now and then: what it gives meanwhile has to fit. */
const FEW_MS = 2;

/** How batches go through compiled code: at once, or in pieces that take about CALL_MS, and whose texts do not fill the memory. */
export class TimedCalls {
  readonly #pieces: 'whole' | 'tiny' | 'timed';
  /** Rows of the next call. */
  #piece: number;
  #textRows = FIRST_TEXTS;
  readonly #most: number;

  constructor(
    private readonly environment: { readonly platform: Platform; checkCancelled(): void },
    private readonly texts: ExpressionHeap,
    tables: readonly JoinTable[],
    /** Whether a call takes pieces of a batch, and whether the task may wait after it. */
    { isTimed, mayRest }: { readonly isTimed: boolean; readonly mayRest: boolean },
  ) {
    this.#most = mayRest ? FEW_MS : CALL_MS;
    this.#pieces = engineMode() === 'tiny-batches' ? 'tiny' : isTimed ? 'timed' : 'whole';
    const pairs = tables.reduce((n, t) => (t.addressing === 'all' ? n * Math.max(1, t.rows) : n), 1);
    this.#piece =
      this.#pieces === 'tiny' ? TINY_ROWS : Math.max(1, Math.min(FIRST_PROBES, Math.floor(FIRST_PAIRS / pairs)));
  }

  /** Stands still after each call. */
  *run(program: Program, state: number, from: number, to: number): Generator<void> {
    if (!program.makesTexts || this.#pieces === 'tiny') return yield* this.#run(program, state, from, to);
    for (let at = from; at < to; ) {
      const end = Math.min(to, at + this.#textRows);
      yield* this.#run(program, state, at, end);
      // Few of them are within one piece of the heap, which says nothing of one row.
      this.#textRows = Math.max(1, Math.floor((TEXT_BYTES * (end - at)) / Math.max(1, this.texts.bytes)));
      this.texts.reset();
      at = end;
      if (at < to) this.environment.checkCancelled();
    }
  }

  *#run(program: Program, state: number, from: number, to: number): Generator<void> {
    if (this.#pieces === 'whole') {
      program.run(state, from, to);
      yield;
      return;
    }
    const { clock } = this.environment.platform;
    let started = clock.monotonic();
    for (let at = from; at < to; ) {
      const end = Math.min(to, at + this.#piece);
      program.run(state, at, end);
      const rows = end - at;
      at = end;
      if (this.#pieces === 'tiny') {
        yield;
        continue;
      }
      if (clock.monotonic() - started > this.#most) this.#piece = Math.max(1, rows >>> 1);
      else if (rows === this.#piece) this.#piece = Math.min(BATCH_ROWS, this.#piece * 2);
      yield;
      // The task may have waited meanwhile.
      started = clock.monotonic();
      this.environment.checkCancelled();
    }
  }
}
