import { type Arena, type Dictionary, engineBug, SparrowError } from '../../base/index.js';
import { chainsOf } from '../compile/aggregates.js';
import { GROUP_PARTITIONS } from '../compile/merge.js';
import { MORE } from '../compile/pipe.js';
import type { SinkForm } from '../compile/sink-form.js';
import { PIPE } from '../compile/state-layout.js';
import { GroupIndex } from './group-index.js';
import { OutputWriter } from './output-writer.js';
import { writeRunner } from './parts.js';
import { type PlaceWindow, placeWindow } from './place-window.js';
import type { Programs } from './programs.js';
import { RowStore, totalRows } from './row-store.js';
import { type SinkEnvironment, type SinkRunner, unexplained } from './sink-types.js';
import { SortBuffer } from './sort-buffer.js';
import {
  type MergePart,
  type PlacedGroups,
  type RowChunk,
  rowsOfSplits,
  type SinkSpec,
  type TaskInput,
} from './spec.js';
import type { TaskOutput } from './task.js';
import { TaskSpill } from './task-spill.js';
import type { GroupPlan } from './variant.js';

export function makeSinkRunner(environment: SinkEnvironment): SinkRunner {
  const { request, layout, state, output } = environment;
  const { sink } = request.spec;
  switch (sink.kind) {
    case 'output':
      return new OutputRunner(
        new OutputWriter(
          output,
          state,
          layout,
          sink.columns,
          expectedRows(request.input, request.limit),
          environment.take,
          environment.mostTaken,
        ),
      );
    case 'write':
      return new (writeRunner().WriteRunner)(environment, sink, expectedRows(request.input, request.limit));
    case 'aggregate':
      return sink.placed === undefined
        ? new AggregateRunner(environment, sink)
        : new PlacedRunner(environment, sink.placed);
    case 'build':
    case 'sort':
      return new RowsRunner(environment);
    case 'none':
      return new NoneRunner();
  }
}

function expectedRows(input: TaskInput, limit?: number): number {
  if (limit !== undefined) return limit;
  if (input.kind === 'udf' || input.kind === 'generate') return expectedRows(input.inner.input);
  if (input.kind === 'batches') return input.batches.reduce((n, b) => n + b.rows, 0);
  if (input.kind === 'splits') return rowsOfSplits(input.splits) ?? 65536;
  if (input.kind === 'kept') return totalRows(input.chunks);
  if (input.kind === 'joined') return 65536;
  if (input.kind === 'sorted')
    return Math.min(
      input.limit ?? 65536,
      input.runs.reduce((n, r) => n + r.count, 0),
    );
  const rowsOf = (part: MergePart): number => part.spilled.reduce((n, s) => n + s.rows, totalRows(part.chunks));
  if (input.kind === 'totals') return Math.max(1, input.to - input.from);
  return Math.max(...input.merge.parts.map(rowsOf), 1);
}

class NoneRunner implements SinkRunner {
  use(): void {}
  more(): void {}
  startGroups(): void {}
  finish(): TaskOutput {
    return { kind: 'none' };
  }
  explainFailure(): never {
    return unexplained();
  }
}

class OutputRunner implements SinkRunner {
  constructor(private readonly writer: OutputWriter) {}

  use(form: SinkForm, dictionaryOf: (column: number) => Dictionary | undefined): void {
    if (form.kind !== 'output') throw engineBug('output form expected');
    this.writer.use(form.columns, dictionaryOf);
  }

  more(what: number, detail: number): void {
    if (what === MORE.FLUSH) this.writer.flush(true);
    else if (what === MORE.OUT_BYTES) this.writer.growBytes(detail);
  }

  startGroups(): void {}

  finish(): TaskOutput {
    this.writer.flush(false);
    return { kind: 'batches', batches: this.writer.batches, rows: this.writer.rows };
  }

  explainFailure(): never {
    return unexplained();
  }
}

/** Rows beyond which a task's groups are split by hash, so that merging them can be shared out. */
const PARTITION_ROWS = 8192;

class AggregateRunner implements SinkRunner {
  #form: Extract<SinkForm, { kind: 'aggregate' }> | undefined;
  #rows: RowStore | undefined;
  #index: GroupIndex | undefined;
  #plan: GroupPlan | undefined;
  #generations = 0;
  #spilledRows = 0;
  readonly #spill: TaskSpill;
  private readonly programs: Programs;
  private readonly state: number;
  private readonly scratch: Arena;
  private readonly output: Arena;

  constructor(
    environment: SinkEnvironment,
    private readonly spec: Extract<SinkSpec, { kind: 'aggregate' }>,
  ) {
    ({ programs: this.programs, state: this.state, scratch: this.scratch, output: this.output } = environment);
    this.#spill = new TaskSpill(environment);
  }

  startGroups(plan: GroupPlan): void {
    this.#plan = plan;
    this.#generations++;
    this.#index = new GroupIndex(
      this.programs.heap,
      () => this.programs.kernels,
      this.scratch,
      this.state,
      plan.addressing,
      plan.slots,
      false,
    );
  }

  use(form: SinkForm): void {
    if (form.kind !== 'aggregate') throw engineBug('aggregate form expected');
    this.#form = form;
    this.#rows ??= new RowStore(this.programs.heap, this.output, this.state, form.layout.stride);
    if (this.#rows.stride !== form.layout.stride) throw engineBug('group rows changed their layout');
  }

  more(what: number, detail: number): void {
    const rows = this.#rows;
    if (rows === undefined) throw engineBug('no rows yet');
    if (what === MORE.ROWS) rows.moreRows();
    else if (what === MORE.BYTES) rows.moreBytes(detail);
    else if (what === MORE.GROUPS) this.#index?.grow(() => rows.chunks());
  }

  /** Group rows go to disk and the index starts anew, as it does when it is full. */
  relieve(isLast = false): void {
    const rows = this.#rows;
    if (rows === undefined || this.#form === undefined || this.#plan?.addressing.kind === 'single') return;
    const { aggregates, layout, carriers } = this.#form;
    // Their states are addresses of what lies in memory: it must stay.
    if (aggregates.some(({ entry }) => entry.finishBytes !== undefined && entry.collect === undefined)) return;
    const chains = chainsOf(layout, carriers, aggregates);
    const { bytes } = rows;
    // Few groups keep the order of their first rows, unless much hangs on them.
    const areLast = isLast && (totalRows(rows.chunks()) > PARTITION_ROWS || chains.length > 0);
    if (bytes === 0 || !this.#spill.isDue(bytes, areLast)) return;
    this.#spilledRows += totalRows(rows.chunks());
    this.#spill.groups(rows.chunks(), layout, chains);
    rows.clear();
    this.output.release();
    this.#index?.restart();
  }

  abandon(): void {
    this.#spill.abandon();
  }

  finish(): TaskOutput {
    this.relieve(true);
    const chunks = this.#rows?.chunks() ?? [];
    const rows = totalRows(chunks) + this.#spilledRows;
    const carriers = this.#form?.carriers ?? [];
    const unique = !this.#spill.isUsed && this.#generations + (this.#index?.generations ?? 1) <= 2;
    const whole = { kind: 'groups', carriers, rows, unique } as const;
    if (this.#spill.isUsed) {
      this.#spill.close();
      return { ...whole, chunks: rows === 0 ? [] : this.#scatter(chunks), spilled: this.#spill.partitions };
    }
    if (rows <= PARTITION_ROWS || this.#plan?.addressing.kind === 'single') return { ...whole, chunks: [chunks] };
    return { ...whole, chunks: this.#scatter(chunks) };
  }

  #scatter(chunks: readonly RowChunk[]): RowChunk[][] {
    const { kernels, heap } = this.programs;
    const counts = this.scratch.allocZeroed(GROUP_PARTITIONS * 4);
    for (const c of chunks) kernels.histogram(c.address, c.rows, c.stride, counts);
    const stride = chunks[0]?.stride ?? 8;
    let at = this.output.alloc(totalRows(chunks) * stride);
    const parts: RowChunk[][] = [];
    for (let p = 0; p < GROUP_PARTITIONS; p++) {
      const rows = heap.u32[(counts >>> 2) + p] as number;
      parts.push(rows === 0 ? [] : [{ address: at, rows, stride }]);
      heap.u32[(counts >>> 2) + p] = at;
      at += rows * stride;
    }
    for (const c of chunks) kernels.scatter(c.address, c.rows, c.stride, counts);
    return parts;
  }

  explainFailure(): never {
    const calls = this.spec.aggregates.map((a) => a.fn).join(', ');
    throw new SparrowError('ARITHMETIC_OVERFLOW', `the result of an aggregate (${calls}) does not fit its type`, {
      sqlState: '22003',
      hint: 'cast the argument to a wider type, such as decimal(38, 0) or double',
    });
  }
}

/** A table of totals with a place for every group of the stage, or for those between the bounds of the task's keys. */
class PlacedRunner implements SinkRunner {
  readonly #table: number;
  readonly #window: PlaceWindow;

  constructor({ programs, state, output, request }: SinkEnvironment, placed: PlacedGroups) {
    this.#window = placeWindow(placed, request.input);
    const { from, to } = this.#window;
    const bytes = placed.window === undefined ? placed.bytes : (to - from) * placed.recordBytes;
    this.#table = (output.allocZeroed(bytes) - from * placed.recordBytes) >>> 0;
    programs.heap.u32[(state + PIPE.TOTALS) >>> 2] = this.#table;
  }

  use(): void {}
  more(): void {}
  startGroups(): void {}

  finish(): TaskOutput {
    return { kind: 'totals', table: this.#table, ...this.#window, rows: 0 };
  }

  explainFailure(): never {
    return unexplained();
  }
}

class RowsRunner implements SinkRunner {
  #rows: RowStore | undefined;
  #form: Extract<SinkForm, { kind: 'rows' }> | undefined;
  readonly #sort: SortBuffer | undefined;
  readonly #spill: TaskSpill | undefined;
  readonly #splitters: bigint[] = [];
  #spilledRows = 0;
  private readonly programs: Programs;
  private readonly state: number;
  private readonly output: Arena;

  constructor(environment: SinkEnvironment) {
    const { programs, request, state, scratch, output } = environment;
    this.programs = programs;
    this.state = state;
    this.output = output;
    const { heap } = programs;
    heap.i64[(state + PIPE.KEY_MIN) >>> 3] = 2n ** 63n - 1n;
    heap.i64[(state + PIPE.KEY_MAX) >>> 3] = -(2n ** 63n);
    heap.i64[(state + PIPE.THRESHOLD) >>> 3] = -1n;
    const { sink, settings } = request.spec;
    if (sink.kind === 'build') this.#spill = new TaskSpill(environment);
    if (sink.kind !== 'sort') return;
    this.#sort = new SortBuffer(programs, sink, settings, state, scratch, output);
    // The best few rows are few.
    if (sink.limit === undefined) this.#spill = new TaskSpill(environment);
  }

  use(form: SinkForm): void {
    if (form.kind !== 'rows') throw engineBug('row form expected');
    this.#form = form;
    this.#rows ??= new RowStore(this.programs.heap, this.output, this.state, form.layout.stride);
  }

  more(what: number, detail: number): void {
    if (what === MORE.ROWS) this.#rows?.moreRows();
    else if (what === MORE.BYTES) this.#rows?.moreBytes(detail);
    else if (what === MORE.ENTRIES) this.#sort?.more();
  }

  startGroups(): void {}

  /** What was sorted so far goes to disk as a run of its own, what a join keeps partition by partition. */
  relieve(isLast = false): void {
    const [rows, sort, spill, form] = [this.#rows, this.#sort, this.#spill, this.#form];
    if (rows === undefined || spill === undefined || form === undefined) return;
    const { bytes } = rows;
    if (bytes === 0 || !spill.isDue(bytes, isLast)) return;
    if (sort === undefined) {
      this.#spilledRows += totalRows(rows.chunks());
      spill.joinRows(rows.chunks(), form.layout);
    } else {
      const run = sort.finish();
      this.#splitters.push(...run.splitters);
      spill.run(run.entries, run.count, form.layout);
      sort.clear();
    }
    rows.clear();
    this.output.release();
  }

  abandon(): void {
    this.#spill?.abandon();
  }

  finish(): TaskOutput {
    const { i64 } = this.programs.heap;
    this.relieve(true);
    this.#spill?.close();
    const chunks = this.#rows?.chunks() ?? [];
    const last = this.#sort?.finish();
    const spilled = (this.#spill?.runs ?? []).map((rows) => ({ entries: 0, count: rows.rows, spilled: rows }));
    const splitters = [...this.#splitters, ...(last?.splitters ?? [])];
    const runs = last === undefined ? undefined : [...spilled, last];
    return {
      kind: 'rows',
      chunks,
      rows: totalRows(chunks) + this.#spilledRows,
      ...(this.#spilledRows > 0 ? { spilled: this.#spill?.partitions ?? [] } : {}),
      keyMin: i64[(this.state + PIPE.KEY_MIN) >>> 3] as bigint,
      keyMax: i64[(this.state + PIPE.KEY_MAX) >>> 3] as bigint,
      ...(runs === undefined ? {} : { runs, splitters }),
    };
  }

  explainFailure(): never {
    return unexplained();
  }
}
