import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { type SourceDescription, SparrowError } from '../../base/index.js';
import { nodePlatform } from '../../io/node-platform.js';
import { write } from '../../plan/build.js';
import type { Plan, ReadPlan, ResolvedPlan, WritePlan } from '../../plan/node.js';
import { allNodes, transformUp } from '../../plan/walk.js';
import { runToEnd } from '../actions.js';
import type { FrameContext } from '../context.js';
import type { RunOptions, WriteResult } from '../engine.js';
import { Checkpoint, type Committed, type Offsets, type Piece, type StreamSource } from './checkpoint.js';
import type { OutputMode } from './output-mode.js';
import { streamSource } from './sources.js';

/** What a micro-batch did. */
export interface StreamingProgress {
  readonly batchId: number;
  readonly timestamp: string;
  readonly durationMs: number;
  /** Files, or versions of tables, that the batch read. */
  readonly inputs: number;
  readonly result: WriteResult;
}

type FileTarget = Omit<WritePlan, 'kind' | 'input' | 'planId' | 'mode'>;

/** What a streaming query is to do. */
export interface StreamTask {
  readonly plan: Plan;
  readonly checkpoint: string;
  readonly mode: OutputMode;
  /** Where rows go; or a function of each batch. */
  readonly target: FileTarget | ((plan: Plan, batch: number) => Promise<unknown>);
  /** Milliseconds between looks for new input; undefined: what is there now, and then the query ends. */
  readonly everyMs: number | undefined;
  readonly name: string | undefined;
}

const KEPT_PROGRESS = 100;

/** A streaming query that runs, or ran: micro-batch after micro-batch over what is new in its sources. */
export class StreamingQuery {
  readonly runId: string = randomUUID();
  readonly recentProgress: StreamingProgress[] = [];
  readonly #abort: AbortController;
  readonly #ended: Promise<void>;
  #isActive = true;
  /** Whether earlier batches leave something for later ones; known when the first one runs. */
  #keepsState: boolean | undefined;
  #exception: unknown;

  private constructor(
    private readonly context: FrameContext,
    private readonly task: StreamTask,
    private readonly state: Checkpoint,
    private readonly sources: ReadonlyMap<SourceDescription, StreamSource>,
    abort: AbortController,
  ) {
    this.#abort = abort;
    const closed = this.#run().finally(() => {
      for (const source of sources.values()) source.close?.();
    });
    this.#ended = closed.then(
      () => {
        this.#isActive = false;
      },
      (error: unknown) => {
        this.#isActive = false;
        if (!this.#abort.signal.aborted) this.#exception = error;
      },
    );
  }

  static async start(context: FrameContext, task: StreamTask): Promise<StreamingQuery> {
    const found = allNodes(task.plan).flatMap((node) => (node.kind === 'read' ? [node.description] : []));
    const descriptions = [...new Set(found.filter(({ stream }) => stream !== undefined))];
    if (descriptions.length === 0) {
      throw new SparrowError('WRITE_STREAM_NOT_ALLOWED', 'writeStream needs a frame of session.readStream', {
        hint: 'use frame.write for frames that do not stream',
      });
    }
    const sources = new Map<SourceDescription, StreamSource>();
    const abort = new AbortController();
    for (const [i, description] of descriptions.entries()) {
      const taking = { folder: join(task.checkpoint, 'taken', String(i)), everyMs: task.everyMs, signal: abort.signal };
      sources.set(description, await streamSource(context, description, taking));
    }
    return new StreamingQuery(context, task, new Checkpoint(nodePlatform.files, task.checkpoint), sources, abort);
  }

  /** The same for every run with a checkpoint. */
  get id(): string {
    return this.state.id;
  }
  get name(): string | undefined {
    return this.task.name;
  }
  get isActive(): boolean {
    return this.#isActive;
  }
  /** Why the query ended, when it failed. */
  get exception(): unknown {
    return this.#exception;
  }
  get lastProgress(): StreamingProgress | undefined {
    return this.recentProgress.at(-1);
  }

  /** Waits until the query ends; throws what it failed with. */
  async awaitTermination(): Promise<void> {
    await this.#ended;
    if (this.#exception !== undefined) throw this.#exception;
  }

  /** Ends the query; a batch that runs is given up, and done again by the next run. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#ended;
  }

  async #run(): Promise<void> {
    const { state, task } = this;
    const { signal } = this.#abort;
    while (!signal.aborted) {
      // What an earlier run began is done first, with the same input.
      if (state.offsets.length > state.done) await this.#batch(state.done);
      else {
        const offsets = await this.#next();
        if (offsets !== undefined) state.begin(offsets);
        else if (task.everyMs === undefined) return;
        else await pause(task.everyMs, signal);
      }
    }
  }

  async #next(): Promise<Offsets | undefined> {
    const earlier = (i: number): Piece[] => this.state.offsets.flatMap((offsets) => offsets[i] ?? []);
    const sources = [...this.sources.values()];
    const next = await Promise.all(sources.map((source, i) => source.next(earlier(i))));
    if (next.every((piece) => piece === undefined) && !(await this.#hasMoreOver())) return undefined;
    // A source without news has a piece of nothing.
    return next.map((piece, i): Piece => piece ?? nothingAfter(earlier(i).at(-1)));
  }

  /** Whether times are over that were not in the last batch: their groups are given by a batch that reads nothing. */
  async #hasMoreOver(): Promise<boolean> {
    const { state, task } = this;
    if (state.done === 0 || task.mode !== 'append') return false;
    return state.watermark(state.done) !== state.watermark(state.done - 1);
  }

  /** What a batch reads of a source: in `complete` without state all that was read so far, too. */
  #pieces(batch: number, i: number, all: boolean): Piece[] {
    const { offsets } = this.state;
    return (all ? offsets.slice(0, batch + 1) : [offsets[batch] ?? []]).flatMap((each) => each[i] ?? []);
  }

  /** A plan over what a batch reads. */
  async #over(plan: Plan, batch: number, stream: 'append' | 'complete' | 'state', all: boolean): Promise<Plan> {
    const leaves = new Map<SourceDescription, Plan>();
    for (const [i, [description, source]] of [...this.sources].entries()) {
      leaves.set(description, await source.rows(this.#pieces(batch, i, all), stream));
    }
    return transformUp(plan, (node) => leaves.get((node as ReadPlan).description) ?? node);
  }

  async #batch(batch: number): Promise<void> {
    const { state, task, context } = this;
    const began = Math.floor(nodePlatform.clock.now());
    const { needsState } = await import('./state.js');
    this.#keepsState ??= await needsState(context, await this.#over(task.plan, batch, 'state', false), task.mode);
    const done = this.#keepsState ? await this.#stateful(batch) : { result: await this.#rowByRow(batch) };
    const all = task.mode === 'complete' && !this.#keepsState;
    const read = [...this.sources.keys()].flatMap((_, i) => this.#pieces(batch, i, all));
    const inputs = read.reduce((n, p) => n + ('files' in p ? p.files.length : p.upTo - p.after), 0);
    const { result, committed }: { result: WriteResult; committed: Committed } = { committed: {}, ...done };
    state.commit(committed);
    if (this.#keepsState) {
      state.forget('state', committed.stateFrom ?? batch);
      state.forget('result', batch + 1);
    }
    if (task.mode !== 'complete' || this.#keepsState === true)
      for (const source of this.sources.values()) source.forget?.(batch);
    const durationMs = Math.floor(nodePlatform.clock.now()) - began;
    this.recentProgress.push({ batchId: batch, timestamp: new Date(began).toISOString(), durationMs, inputs, result });
    if (this.recentProgress.length > KEPT_PROGRESS) this.recentProgress.shift();
  }

  async #rowByRow(batch: number): Promise<WriteResult> {
    const { task, context } = this;
    // Rows that stand for themselves are new, which is all that is asked for in `update`.
    const mode = task.mode === 'complete' ? 'complete' : 'append';
    const rows = (stream: 'append' | 'complete'): Promise<Plan> =>
      this.#over(task.plan, batch, stream, mode === 'complete');
    const plan = await rows(mode);
    if (typeof task.target !== 'function') return this.#write(plan, batch, task.target);
    await context.engine.analyze(plan, context.settings);
    // What the function does with the rows of a batch is its own affair.
    await task.target(await rows('complete'), batch);
    return NOTHING;
  }

  async #stateful(batch: number) {
    const { task, context, state } = this;
    const { target } = task;
    const { resultRows, runStateful } = await import('./state.js');
    const job = {
      context,
      plan: task.plan,
      mode: task.mode,
      state,
      batch,
      signal: this.#abort.signal,
      over: (plan: Plan, stream: 'complete' | 'state') => this.#over(plan, batch, stream, false),
    };
    return runStateful({
      ...job,
      give: async (plan, rewrite) => {
        if (typeof target !== 'function') return this.#write(plan, batch, target, rewrite);
        await target(await resultRows(job, plan, rewrite), batch);
        return NOTHING;
      },
    });
  }

  /** Writes the rows of a batch, unless an earlier run did so before it died. */
  async #write(plan: Plan, batch: number, target: FileTarget, rewrite?: Rewrite): Promise<WriteResult> {
    const mode = this.task.mode === 'complete' ? ('overwrite' as const) : ('append' as const);
    const { signal } = this.#abort;
    if (target.format === 'delta') {
      const { writeDelta } = await import('../delta/write-frame.js');
      const { resultRows } = await import('./state.js');
      const options = { ...target.options, txnAppId: this.id, txnVersion: String(batch) };
      const job = { context: this.context, plan, mode: this.task.mode, state: this.state, batch, signal };
      const rows = rewrite === undefined ? plan : await resultRows({ ...job, over: async () => plan }, plan, rewrite);
      return writeDelta(this.context, rows, { ...target, mode, options }, { signal });
    }
    let result = NOTHING;
    const once = `${this.id}-${batch}`;
    const onWritten = (made: WriteResult): void => {
      result = made;
    };
    const below =
      rewrite &&
      ((root: ResolvedPlan, settings: Parameters<Rewrite>[1]): ResolvedPlan =>
        root.kind === 'write' ? { ...root, input: rewrite(root.input as ResolvedPlan, settings) } : root);
    const options = { signal, onWritten, ...(below && { rewrite: below }) };
    await runToEnd(this.context, write(plan, { ...target, mode, once }), options);
    // The name of the batch before is not asked for any more.
    if (batch > 0) nodePlatform.files.remove(join(target.path, '_done', `${this.id}-${batch - 1}`));
    return result;
  }
}

type Rewrite = NonNullable<RunOptions['rewrite']>;
const NOTHING: WriteResult = { files: 0, rows: 0, bytes: 0 };

const nothingAfter = (last: Piece | undefined): Piece =>
  last !== undefined && 'upTo' in last ? { after: last.upTo, upTo: last.upTo } : { files: [] };

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resume) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resume();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });
}
