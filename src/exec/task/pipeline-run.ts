import { Arena, BATCH_ROWS, type Batch, engineBug, type Format, type TaskContext } from '../../base/index.js';
import type { TaskMemory } from '../../functions/js-call.js';
import { STATE } from '../../functions/runtime.js';
import { MORE } from '../compile/pipe.js';
import type { PipelineVariant } from '../compile/pipeline.js';
import { PIPE, type StateLayout, stateLayout } from '../compile/state-layout.js';
import { ExpressionHeap } from './expression-heap.js';
import type { OutputParts } from './output-parts.js';
import { ProgramMemory } from './program-memory.js';
import type { Program, TaskHost } from './programs.js';
import { type RowsAt, replayBatch, replayRows } from './replay.js';
import { makeSinkRunner } from './sink-runner.js';
import type { OuterTask, SinkRunner } from './sink-types.js';
import { readsDisk, type SourceSpec } from './spec.js';
import { writeColumns, writeDense, writeTables } from './state-words.js';
import type { TaskOutput, TaskRequest } from './task.js';
import type { TaskEnvironment } from './task-environment.js';
import { TimedCalls } from './timed-calls.js';
import { addedForms, columnForms, formKey, type GroupPlan, planGroups } from './variant.js';

/** What a pipeline runs with beside its request. */
interface PipelineSurroundings {
  readonly context: TaskContext;
  /** The format that a write sink writes. */
  readonly writes: Format | undefined;
  /** The task this pipeline feeds. */
  readonly outer: OuterTask | undefined;
  /** Cuts what it gives into parts. */
  readonly parts: OutputParts | undefined;
}

/** Runs batches and kept rows through the compiled code of one pipeline, into its sink. */
export class PipelineRun implements TaskHost {
  /** Rows that entered the pipeline. */
  inputRows = 0;
  readonly scratch: Arena;
  readonly layout: StateLayout;
  readonly memory: TaskMemory;
  readonly #heap;
  readonly #state: number;
  readonly #sink: SinkRunner;
  readonly #kept: ProgramMemory;
  readonly #texts: ExpressionHeap;
  readonly #outer: OuterTask | undefined;
  readonly #calls: TimedCalls;
  #groups: GroupPlan | undefined;
  #groupsKey = '';
  #program: Program | undefined;
  #programForm = '';

  constructor(
    private readonly environment: TaskEnvironment,
    private readonly request: TaskRequest,
    { outer, parts, context, writes }: PipelineSurroundings,
  ) {
    this.#outer = outer;
    this.memory = { place: request.place ?? 0, kept: new Map() };
    const { heap } = environment.programs;
    this.#heap = heap;
    this.scratch = context.arena;
    this.layout = stateLayout(request.spec);
    this.#state = this.scratch.alloc(this.layout.bytes);
    heap.u8.fill(0, this.#state, this.#state + this.layout.positions);
    this.#sink = makeSinkRunner({
      programs: environment.programs,
      request,
      layout: this.layout,
      state: this.#state,
      scratch: this.scratch,
      output: new Arena(heap, request.outputArena, 'task output'),
      context,
      writes,
      ...(outer === undefined ? {} : { outer }),
      ...(parts === undefined ? {} : { parts }),
    });
    this.#texts = new ExpressionHeap(this.scratch, this.#state);
    environment.programs.attach(this.#state, this);
    this.#kept = new ProgramMemory(this.scratch, this.#state, this.layout);
    writeTables(heap, this.#state + this.layout.tables, request.tables);
    this.#set(PIPE.LIMIT, request.limit ?? 0xffffffff);
    this.#calls = new TimedCalls(environment, this.#texts, request.tables, {
      isTimed: request.tables.length > 0 || outer?.mayRest === true,
      mayRest: parts !== undefined || outer?.mayRest === true,
    });
  }

  /** What the sink makes of it all. */
  finish(): TaskOutput {
    return this.#sink.finish();
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

  /** Stands still between the calls of compiled code: whoever goes on reads the batch as it was. */
  *runBatch(batch: Batch, firstRow: number, from = 0): Generator<void> {
    const { spec } = this.request;
    if (spec.source.kind !== 'batches') throw engineBug('batches for a pipeline over rows');
    if (from === 0 && this.#sink.pass?.(batch) === true) {
      this.environment.checkCancelled();
      this.inputRows += batch.rows;
      return;
    }
    const program = this.#programFor(batch, spec.source);
    writeColumns(this.#heap, this.#state + this.layout.columns, batch);
    this.#kept.setMemos(program, batch);
    this.#heap.i64[(this.#state + PIPE.FIRST_ROW) >>> 3] = BigInt(firstRow);
    yield* this.#execute(program, batch.rows, batch, () => replayBatch(this.#heap, this.request, batch, from), from);
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

  *runRows(at: RowsAt, rows: number): Generator<void> {
    const groups = this.#planGroups(undefined);
    const added = { rows, columns: at.added ?? [] };
    writeColumns(this.#heap, this.#state + this.layout.columns, added);
    const variant: PipelineVariant = {
      forms: addedForms(this.request.spec.source, added),
      addressing: groups.addressing,
      list: at.list,
      ...(readsDisk(this.request.input) ? { passing: true } : {}),
      ...(at.carriers === undefined ? {} : { partial: { carriers: at.carriers } }),
    };
    const program = this.#pipeline(variant);
    this.#set(PIPE.SOURCE, at.address);
    for (let from = 0; from < rows && !this.done(); from += BATCH_ROWS) {
      const to = Math.min(rows, from + BATCH_ROWS);
      yield* this.#execute(program, to, undefined, () => replayRows(this.#heap, this.request, at, from, to), from);
    }
  }

  *#execute(program: Program, to: number, batch: Batch | undefined, replay: () => void, from = 0): Generator<void> {
    this.environment.checkCancelled();
    this.#kept.setLiterals(program);
    this.#kept.setTotals(program, this.#groups?.slots ?? 0);
    this.#texts.reset();
    this.#sink.use(program.sink, batch);
    yield* this.#calls.run(program, this.#state, from, to);
    this.inputRows += to - from;
    if (this.#heap.i32[(this.#state + STATE.ERROR) >>> 2] === 0) {
      this.#sink.relieve?.();
      return;
    }
    replay();
    this.#sink.explainFailure();
  }

  done(): boolean {
    if (this.#outer?.done() === true) return true;
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
    writeDense(this.#heap, this.#state + this.layout.dense, plan.dense);
    return plan;
  }

  #get(offset: number): number {
    return this.#heap.u32[(this.#state + offset) >>> 2] as number;
  }

  #set(offset: number, value: number): void {
    this.#heap.u32[(this.#state + offset) >>> 2] = value;
  }
}
