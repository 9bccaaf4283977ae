import {
  Arena,
  BATCH_ROWS,
  type Batch,
  engineBug,
  type Format,
  newTaskMetrics,
  type TaskContext,
} from '../../base/index.js';
import type { TaskMemory } from '../../functions/js-call.js';
import { STATE } from '../../functions/runtime.js';
import { MORE } from '../compile/pipe.js';
import type { PipelineVariant } from '../compile/pipeline.js';
import { PIPE, type StateLayout, stateLayout } from '../compile/state-layout.js';
import { ExpressionHeap } from './expression-heap.js';
import { mergeGroups } from './merge-groups.js';
import { OpenFile } from './open-file.js';
import { writeRunner } from './parts.js';
import { splitPassing } from './passing-arenas.js';
import { ProgramMemory } from './program-memory.js';
import type { Program, TaskHost } from './programs.js';
import { readSplits } from './read-splits.js';
import { type RowsAt, replayBatch, replayRows } from './replay.js';
import { makeSinkRunner } from './sink-runner.js';
import type { OuterTask, SinkRunner } from './sink-types.js';
import { prepareSorted } from './sorted-input.js';
import { type InnerPipeline, type JoinedInput, readsDisk, type SourceSpec, type TaskInput } from './spec.js';
import { JOINED_ROWS } from './spilled.js';
import { writeColumns, writeDense, writeTables } from './state-words.js';
import { storedChunks } from './stored-chunks.js';
import type { TaskRequest, TaskResult } from './task.js';
import type { TaskEnvironment } from './task-environment.js';
import { TimedCalls } from './timed-calls.js';
import { addedForms, columnForms, formKey, type GroupPlan, planGroups } from './variant.js';

/** Runs one task to its end in this thread. Both its arenas are the driver's to release. */
export async function runTask(environment: TaskEnvironment, request: TaskRequest): Promise<TaskResult> {
  const { input, spec } = request;
  const { sink } = spec;
  if (input.kind === 'sorted' && input.atOnce !== undefined)
    return (await import('./merge-runs.js')).mergeRuns(environment, request);
  const writes = sink.kind === 'write' ? await environment.formats.format(sink.format) : undefined;
  if (writes !== undefined) await writeRunner.load();
  const task = new TaskRun(environment, request, writes);
  try {
    return await task.run();
  } finally {
    task.release();
  }
}

class TaskRun implements TaskHost {
  readonly #heap;
  readonly #scratch: Arena;
  readonly #state: number;
  readonly #layout: StateLayout;
  readonly #sink: SinkRunner;
  readonly #metrics = newTaskMetrics();
  readonly #kept: ProgramMemory;
  readonly #texts: ExpressionHeap;
  readonly #passing;
  #inputRows = 0;
  #groups: GroupPlan | undefined;
  #groupsKey = '';
  readonly #outerDone: (() => boolean) | undefined;
  #program: Program | undefined;
  #programForm = '';
  readonly #calls: TimedCalls;
  readonly memory: TaskMemory;

  constructor(
    private readonly environment: TaskEnvironment,
    private readonly request: TaskRequest,
    writes: Format | undefined,
    /** The task this pipeline feeds. */
    outer?: OuterTask,
  ) {
    this.#outerDone = outer?.done;
    this.memory = { place: request.place ?? 0, kept: new Map() };
    const { heap } = environment.programs;
    this.#heap = heap;
    this.#scratch = new Arena(heap, request.scratchArena, 'task');
    this.#layout = stateLayout(request.spec);
    this.#state = this.#scratch.alloc(this.#layout.bytes);
    heap.u8.fill(0, this.#state, this.#state + this.#layout.positions);
    this.#sink = makeSinkRunner({
      programs: environment.programs,
      request,
      layout: this.#layout,
      state: this.#state,
      scratch: this.#scratch,
      output: new Arena(heap, request.outputArena, 'task output'),
      context: this.#context(),
      writes,
      ...(outer === undefined ? {} : { take: outer.take, mostTaken: outer.mostRows }),
    });
    this.#texts = new ExpressionHeap(this.#scratch, this.#state);
    this.#passing = splitPassing(request.passingArenas, request.spec, request.input);
    environment.programs.attach(this.#state, this);
    this.#kept = new ProgramMemory(this.#scratch, this.#state, this.#layout);
    writeTables(heap, this.#state + this.#layout.tables, request.tables);
    this.#set(PIPE.LIMIT, request.limit ?? 0xffffffff);
    this.#calls = new TimedCalls(environment, this.#texts, request.tables);
  }

  async run(): Promise<TaskResult> {
    const started = this.environment.platform.clock.monotonic();
    await this.#feed(this.request.input);
    const output = this.#sink.finish();
    const milliseconds = this.environment.platform.clock.monotonic() - started;
    return {
      output,
      inputRows: this.#inputRows,
      milliseconds,
      thread: this.environment.thread,
      metrics: this.#metrics,
    };
  }

  release(): void {
    this.#sink.abandon?.();
    this.environment.programs.detach(this.#state);
  }

  moreHeap(bytes: number): void {
    this.#texts.more(bytes);
  }

  more(what: number, detail: number): void {
    if (what === MORE.FLUSH) this.environment.checkCancelled();
    this.#sink.more(what, detail);
  }

  async #feed(input: TaskInput): Promise<void> {
    switch (input.kind) {
      case 'batches': {
        let row = input.firstRow;
        let { skip } = input;
        for (const batch of input.batches) {
          this.#runBatch(batch, row, skip);
          skip = 0;
          row += batch.rows;
          if (this.#done()) return;
        }
        return;
      }
      case 'splits':
        return this.#feedSplits(input);
      case 'udf':
        return this.#feedCalls(input);
      case 'generate':
        return this.#feedGenerated(input);
      case 'joined':
        return this.#feedJoined(input);
      case 'kept':
        for (const chunk of input.spilled === undefined ? input.chunks : storedChunks(this.environment, this.request))
          this.#runRows({ ...chunk, list: false }, chunk.rows);
        return;
      case 'sorted': {
        const sorted = prepareSorted(this.environment.programs, this.request, this.#scratch, this.environment.platform);
        const at = { address: sorted.address, stride: 0, list: true };
        if (input.window === undefined) return this.#runRows(at, sorted.rows);
        const { windowed } = await import('./window-task.js');
        const added = await windowed(this.environment, this.request, input.window, sorted, this.#scratch);
        return this.#runRows({ ...at, added }, sorted.rows);
      }
      case 'totals':
      case 'groups': {
        const merge = input.kind === 'groups' ? mergeGroups : (await import('./merge-totals.js')).mergeTotals;
        const merged = merge(
          this.environment.programs,
          this.request,
          this.#layout,
          this.#scratch,
          this.environment.platform,
        );
        for (const chunk of merged.chunks)
          this.#runRows({ ...chunk, list: false, carriers: merged.carriers }, chunk.rows);
        return;
      }
    }
  }

  async #feedSplits(input: Extract<TaskInput, { kind: 'splits' }>): Promise<void> {
    let row = input.firstRow;
    await this.#feedBatches(input, (batch) => {
      this.#runBatch(batch, row);
      row += batch.rows;
    });
  }

  /** Runs the inner pipeline and calls the functions over each batch it gives. */
  async #feedCalls(input: Extract<TaskInput, { kind: 'udf' }>): Promise<void> {
    const { UdfHost } = await import('../udf/host.js');
    const host = await UdfHost.create(this.#heap, input);
    let row = 0;
    const feed = (batch: Batch, from = 0): void => {
      this.environment.checkCancelled();
      this.#runBatch(host.extend(batch, this.#scratch, from, row), row, from);
      row += batch.rows;
    };
    await this.#feedInner(input.inner, feed, (first) => {
      row = first;
    });
  }

  /** Runs the inner pipeline and takes each batch it gives apart. */
  async #feedGenerated(input: Extract<TaskInput, { kind: 'generate' }>): Promise<void> {
    const { settings } = this.request.spec;
    const { generateRows } = await import('./generate-rows.js');
    const arena = new Arena(this.#heap, this.#passing.source[0] as number, 'generator');
    let row = 0;
    const feed = (batch: Batch, from = 0): void => {
      for (const made of generateRows(this.#heap, arena, batch, from, input.generate, settings)) {
        this.environment.checkCancelled();
        this.#runBatch(made, row);
        row += made.rows;
        arena.release();
        if (this.#done()) return;
      }
    };
    await this.#feedInner(input.inner, feed);
  }

  /** Gives the batches of an inner pipeline to `feed`; `start` is told the number of the first row, where it is known. */
  async #feedInner(
    inner: InnerPipeline,
    feed: (batch: Batch, from?: number) => void,
    start: (row: number) => void = () => undefined,
  ): Promise<void> {
    const plain = inner.spec.steps.length === 0 && inner.spec.source.kind === 'batches';
    if (plain && inner.input.kind === 'batches') {
      start(inner.input.firstRow);
      for (const [b, batch] of inner.input.batches.entries()) {
        feed(batch, b === 0 ? inner.input.skip : 0);
        if (this.#done()) return;
      }
      return;
    }
    if (plain && inner.input.kind === 'splits') {
      start(inner.input.firstRow);
      return this.#feedBatches(inner.input, feed, this.#passing.inner);
    }
    await this.#runInner(inner, feed, this.request.scratchArena, BATCH_ROWS);
  }

  /** What the inner pipeline needs is taken from `arena`. */
  async #runInner(inner: InnerPipeline, feed: OuterTask['take'], arena: number, mostRows: number): Promise<void> {
    const { limit: _, ...request } = this.request;
    const arenas = { scratchArena: arena, outputArena: arena, passingArenas: this.#passing.inner };
    const run = new TaskRun(this.environment, { ...request, ...inner, ...arenas }, undefined, {
      take: feed,
      mostRows,
      done: () => this.#done(),
    });
    try {
      await run.run();
    } finally {
      run.release();
    }
  }

  async #feedJoined(input: JoinedInput): Promise<void> {
    const { programs, platform } = this.environment;
    const arenas = this.#passing.source as [number, number, number];
    // They are sorted before anybody asks for the number of a row.
    const feed = (batch: Batch): void => this.#runBatch(batch, 0);
    const run = (inner: InnerPipeline, arena: number): Promise<void> => this.#runInner(inner, feed, arena, JOINED_ROWS);
    const { joinPartitions } = await import('./join-partition.js');
    await joinPartitions({ programs, platform, arenas, run }, input);
  }

  async #feedBatches(
    input: Extract<TaskInput, { kind: 'splits' }>,
    feed: (batch: Batch) => void,
    passing = this.#passing.source,
  ): Promise<void> {
    const { formats, platform } = this.environment;
    const files = new OpenFile(platform.files);
    const context = { ...this.#context(), files };
    try {
      for await (const batch of readSplits(formats, input.splits, input.request, context, this.#heap, passing)) {
        feed(batch);
        if (this.#done()) return;
      }
    } finally {
      files.close();
    }
  }

  #context(): TaskContext {
    return {
      heap: this.#heap,
      arena: this.#scratch,
      platform: this.environment.platform,
      zone: this.request.spec.settings.timeZone,
      checkCancelled: () => this.environment.checkCancelled(),
      metrics: this.#metrics,
    };
  }

  #runBatch(batch: Batch, firstRow: number, from = 0): void {
    const { spec } = this.request;
    if (spec.source.kind !== 'batches') throw engineBug('batches for a pipeline over rows');
    if (from === 0 && this.#sink.pass?.(batch) === true) {
      this.environment.checkCancelled();
      this.#inputRows += batch.rows;
      return;
    }
    const program = this.#programFor(batch, spec.source);
    writeColumns(this.#heap, this.#state + this.#layout.columns, batch);
    this.#kept.setMemos(program, batch);
    this.#heap.i64[(this.#state + PIPE.FIRST_ROW) >>> 3] = BigInt(firstRow);
    this.#execute(program, batch.rows, batch, () => replayBatch(this.#heap, this.request, batch, from), from);
  }

  /** The program for batches that lie like this one: mostly the one that ran the batch before. */
  #programFor(batch: Batch, source: Extract<SourceSpec, { kind: 'batches' }>): Program {
    const form = formKey(batch);
    if (this.#program === undefined || form !== this.#programForm) {
      const { addressing } = this.#planGroups(batch);
      const exact = this.environment.programs.mayVary(this.request.specKey);
      const forms = columnForms(source.columns, batch, source.stable, exact);
      this.#program = this.#pipeline({ forms, addressing, list: false });
      this.#programForm = form;
    }
    return this.#program;
  }

  #pipeline(variant: PipelineVariant): Program {
    return this.environment.programs.pipeline(this.request.spec, variant, this.request.specKey);
  }

  #runRows(at: RowsAt, rows: number): void {
    const groups = this.#planGroups(undefined);
    const added = { rows, columns: at.added ?? [] };
    writeColumns(this.#heap, this.#state + this.#layout.columns, added);
    const variant: PipelineVariant = {
      forms: addedForms(this.request.spec.source, added),
      addressing: groups.addressing,
      list: at.list,
      ...(readsDisk(this.request.input) ? { passing: true } : {}),
      ...(at.carriers === undefined ? {} : { partial: { carriers: at.carriers } }),
    };
    const program = this.#pipeline(variant);
    this.#set(PIPE.SOURCE, at.address);
    for (let from = 0; from < rows && !this.#done(); from += BATCH_ROWS) {
      const to = Math.min(rows, from + BATCH_ROWS);
      this.#execute(program, to, undefined, () => replayRows(this.#heap, this.request, at, from, to), from);
    }
  }

  #execute(program: Program, to: number, batch: Batch | undefined, replay: () => void, from = 0): void {
    this.environment.checkCancelled();
    this.#kept.setLiterals(program);
    this.#kept.setTotals(program, this.#groups?.slots ?? 0);
    this.#texts.reset();
    this.#sink.use(program.sink, batch);
    this.#calls.run(program, this.#state, from, to);
    this.#inputRows += to - from;
    if (this.#heap.i32[(this.#state + STATE.ERROR) >>> 2] === 0) {
      this.#sink.relieve?.();
      return;
    }
    replay();
    this.#sink.explainFailure();
  }

  #done(): boolean {
    if (this.#outerDone?.() === true) return true;
    return this.request.limit !== undefined && this.#get(PIPE.LIMIT) === 0;
  }

  /** Groups are addressed alike as long as the same dictionaries are in use; else a new index begins. */
  #planGroups(batch: Batch | undefined): GroupPlan {
    const { sink } = this.request.spec;
    if (sink.kind !== 'aggregate' || sink.placed !== undefined)
      return { addressing: { kind: 'hash' }, dense: [], slots: 0 };
    const plan = planGroups(this.request.spec, batch, this.request.input);
    const key = `${plan.addressing.kind}:${plan.dense.map((d) => (d.codesOf === undefined ? `${d.base}+${d.size}` : `d${batch?.columns[d.codesOf]?.dictionary?.id}`)).join()}`;
    if (this.#groups !== undefined && key === this.#groupsKey) return this.#groups;
    this.#groups = plan;
    this.#groupsKey = key;
    this.#sink.startGroups(plan);
    writeDense(this.#heap, this.#state + this.#layout.dense, plan.dense);
    return plan;
  }

  #get(offset: number): number {
    return this.#heap.u32[(this.#state + offset) >>> 2] as number;
  }

  #set(offset: number, value: number): void {
    this.#heap.u32[(this.#state + offset) >>> 2] = value;
  }
}
