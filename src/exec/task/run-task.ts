import {
  Arena,
  BATCH_ROWS,
  type Batch,
  engineBug,
  type Format,
  newTaskMetrics,
  type TaskContext,
} from '../../base/index.js';
import { mergeGroups } from './merge-groups.js';
import { OpenFile } from './open-file.js';
import { OutputParts } from './output-parts.js';
import { writeRunner } from './parts.js';
import { splitPassing } from './passing-arenas.js';
import { PipelineRun } from './pipeline-run.js';
import { readSplits } from './read-splits.js';
import type { OuterTask } from './sink-types.js';
import { prepareSorted } from './sorted-input.js';
import type { InnerPipeline, JoinedInput, TaskInput } from './spec.js';
import { JOINED_ROWS } from './spilled.js';
import { storedChunks } from './stored-chunks.js';
import type { TaskOutput, TaskRequest, TaskResult } from './task.js';
import type { TaskEnvironment } from './task-environment.js';

/** Takes a batch: what it gives goes on from one call of compiled code to the next. */
type Feed = (batch: Batch, from?: number) => Iterable<unknown>;

/** Of arrays that are taken apart without a pause: each element of theirs becomes a row. */
const GENERATED_BYTES = 1 << 20;

/** Goes on to the end. */
function exhaust(calls: Iterable<unknown>): void {
  for (const _ of calls);
}

/** Runs one task to its end in this thread, or up to where it waits. Its arenas are the driver's to release. */
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

class TaskRun {
  readonly #heap;
  readonly #scratch: Arena;
  readonly #metrics = newTaskMetrics();
  readonly #passing;
  readonly #outer: OuterTask | undefined;
  readonly #parts: OutputParts | undefined;
  readonly #pipeline: PipelineRun;
  /** When the task began, or went on. */
  #started = 0;

  constructor(
    private readonly environment: TaskEnvironment,
    private readonly request: TaskRequest,
    writes: Format | undefined,
    /** The task this pipeline feeds. */
    outer?: OuterTask,
  ) {
    const { heap } = environment.programs;
    this.#heap = heap;
    this.#outer = outer;
    this.#scratch = new Arena(heap, request.scratchArena, 'task');
    const { pauses } = request;
    const parts = pauses === undefined ? undefined : new OutputParts(heap, pauses, environment.platform.clock);
    this.#parts = parts;
    this.#passing = splitPassing(request.passingArenas, request.spec, request.input);
    this.#pipeline = new PipelineRun(environment, request, { outer, parts, context: this.#context(), writes });
  }

  async run(): Promise<TaskResult> {
    const { clock } = this.environment.platform;
    this.#started = clock.monotonic();
    await this.#feed(this.request.input);
    await this.#rest();
    return this.#result(this.#pipeline.finish());
  }

  /** What was done since the task began, or since it went on. */
  #result(output: TaskOutput): TaskResult {
    const { platform, thread } = this.environment;
    const result = {
      output,
      inputRows: this.#pipeline.inputRows,
      milliseconds: platform.clock.monotonic() - this.#started,
      thread,
      metrics: { ...this.#metrics },
    };
    Object.assign(this.#metrics, newTaskMetrics());
    this.#pipeline.inputRows = 0;
    return result;
  }

  /** Waits, where a part of what is given has to be taken first. */
  #rest(): Promise<void> | undefined {
    if (this.#outer !== undefined) return this.#outer.rest();
    return this.#parts?.isReady === true ? this.#giveParts(this.#parts) : undefined;
  }

  async #giveParts(parts: OutputParts): Promise<void> {
    const { pause, platform } = this.environment;
    if (pause === undefined) throw engineBug('a task that may not wait');
    const arena = await pause(this.#result({ kind: 'batches', ...parts.take() }));
    this.environment.checkCancelled();
    this.#started = platform.clock.monotonic();
    parts.goOn(arena);
  }

  /** Goes through calls of compiled code, and rests between them where it has to. */
  async #paced(calls: Iterable<unknown>): Promise<void> {
    for (const _ of calls) {
      const rest = this.#rest();
      if (rest !== undefined) await rest;
    }
  }

  release(): void {
    this.#pipeline.release();
  }

  async #feed(input: TaskInput): Promise<void> {
    switch (input.kind) {
      case 'batches': {
        let row = input.firstRow;
        let { skip } = input;
        for (const batch of input.batches) {
          await this.#paced(this.#pipeline.runBatch(batch, row, skip));
          skip = 0;
          row += batch.rows;
          if (this.#pipeline.done()) return;
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
          await this.#paced(this.#pipeline.runRows({ ...chunk, list: false }, chunk.rows));
        return;
      case 'sorted': {
        const sorted = prepareSorted(this.environment.programs, this.request, this.#scratch, this.environment.platform);
        const at = { address: sorted.address, stride: 0, list: true };
        if (input.window === undefined) return this.#paced(this.#pipeline.runRows(at, sorted.rows));
        const { windowed } = await import('./window-task.js');
        const added = await windowed(this.environment, this.request, input.window, sorted, this.#scratch);
        return this.#paced(this.#pipeline.runRows({ ...at, added }, sorted.rows));
      }
      case 'totals':
      case 'groups': {
        const merge = input.kind === 'groups' ? mergeGroups : (await import('./merge-totals.js')).mergeTotals;
        const merged = merge(
          this.environment.programs,
          this.request,
          this.#pipeline.layout,
          this.#scratch,
          this.environment.platform,
        );
        for (const chunk of merged.chunks)
          await this.#paced(this.#pipeline.runRows({ ...chunk, list: false, carriers: merged.carriers }, chunk.rows));
        return;
      }
    }
  }

  async #feedSplits(input: Extract<TaskInput, { kind: 'splits' }>): Promise<void> {
    let row = input.firstRow;
    await this.#feedBatches(input, (batch) => {
      row += batch.rows;
      return this.#pipeline.runBatch(batch, row - batch.rows);
    });
  }

  /** Runs the inner pipeline and calls the functions over each batch it gives. */
  async #feedCalls(input: Extract<TaskInput, { kind: 'udf' }>): Promise<void> {
    const { UdfHost } = await import('../udf/host.js');
    const host = await UdfHost.create(this.#heap, input);
    let row = 0;
    const feed = (batch: Batch, from = 0): Iterable<unknown> => {
      this.environment.checkCancelled();
      const extended = host.extend(batch, this.#scratch, from, row);
      row += batch.rows;
      return this.#pipeline.runBatch(extended, row - batch.rows, from);
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
    const heap = this.#heap;
    const feed = function* (this: TaskRun, batch: Batch, from = 0): Iterable<unknown> {
      for (const made of generateRows(heap, arena, batch, from, input.generate, settings)) {
        this.environment.checkCancelled();
        yield* this.#pipeline.runBatch(made, row);
        row += made.rows;
        arena.release();
        if (this.#pipeline.done()) return;
      }
    };
    await this.#feedInner(input.inner, feed.bind(this), undefined, GENERATED_BYTES);
  }

  /** Gives the batches of an inner pipeline to `feed`; `start` is told the number of the first row, where it is known. */
  async #feedInner(
    inner: InnerPipeline,
    feed: Feed,
    start: (row: number) => void = () => undefined,
    mostBytes?: number,
  ): Promise<void> {
    const plain = inner.spec.steps.length === 0 && inner.spec.source.kind === 'batches';
    if (plain && inner.input.kind === 'batches') {
      start(inner.input.firstRow);
      for (const [b, batch] of inner.input.batches.entries()) {
        await this.#paced(feed(batch, b === 0 ? inner.input.skip : 0));
        if (this.#pipeline.done()) return;
      }
      return;
    }
    if (plain && inner.input.kind === 'splits') {
      start(inner.input.firstRow);
      return this.#feedBatches(inner.input, feed, this.#passing.inner);
    }
    const take = (batch: Batch): void => exhaust(feed(batch));
    await this.#runInner(inner, { take, mostRows: BATCH_ROWS, mostBytes }, this.request.scratchArena);
  }

  /** What the inner pipeline needs is taken from `arena`. */
  async #runInner(
    inner: InnerPipeline,
    outer: Pick<OuterTask, 'take' | 'mostRows' | 'mostBytes'>,
    arena: number,
  ): Promise<void> {
    const { limit: _, pauses, given: __, ...request } = this.request;
    const arenas = { scratchArena: arena, outputArena: arena, passingArenas: this.#passing.inner };
    const run = new TaskRun(this.environment, { ...request, ...inner, ...arenas }, undefined, {
      ...outer,
      done: () => this.#pipeline.done(),
      mayRest: pauses !== undefined || this.#outer?.mayRest === true,
      rest: () => this.#rest(),
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
    const feed = (batch: Batch): void => exhaust(this.#pipeline.runBatch(batch, 0));
    const run = (inner: InnerPipeline, arena: number): Promise<void> =>
      this.#runInner(inner, { take: feed, mostRows: JOINED_ROWS }, arena);
    const { joinPartitions } = await import('./join-partition.js');
    await joinPartitions({ programs, platform, arenas, run }, input);
  }

  async #feedBatches(
    input: Extract<TaskInput, { kind: 'splits' }>,
    feed: Feed,
    passing = this.#passing.source,
  ): Promise<void> {
    const { formats, platform } = this.environment;
    const files = new OpenFile(platform.files);
    const context = { ...this.#context(), files };
    try {
      for await (const batch of readSplits(formats, input.splits, input.request, context, this.#heap, passing)) {
        await this.#paced(feed(batch));
        if (this.#pipeline.done()) return;
      }
    } finally {
      files.close();
    }
  }

  #context(): TaskContext {
    return {
      heap: this.#heap,
      arena: this.#scratch,
      batchArena: this.#scratch,
      platform: this.environment.platform,
      zone: this.request.spec.settings.timeZone,
      checkCancelled: () => this.environment.checkCancelled(),
      metrics: this.#metrics,
    };
  }
}
