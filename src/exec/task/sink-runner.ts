import { type Arena, BATCH_ROWS, type Batch, engineBug } from '../../base/index.js';
import { MORE } from '../compile/pipe.js';
import type { SinkForm } from '../compile/sink-form.js';
import { ENTRY_BYTES } from '../compile/sort-entry.js';
import { spillKernels } from '../compile/spill-kernels.js';
import { PIPE } from '../compile/state-layout.js';
import type { RowLayout } from '../row-layout.js';
import { AggregateRunner } from './aggregate-runner.js';
import { OutputWriter } from './output-writer.js';
import { RowPacker } from './pack-rows.js';
import { writeRunner } from './parts.js';
import { type PlaceWindow, placeWindow } from './place-window.js';
import type { PlacedGroups } from './placed-groups.js';
import type { Programs } from './programs.js';
import { RowStore, totalRows } from './row-store.js';
import { type SinkEnvironment, type SinkRunner, unexplained } from './sink-types.js';
import { SortBuffer } from './sort-buffer.js';
import { type MergePart, rowsOfSplits, type TaskInput } from './spec.js';
import type { TaskOutput } from './task.js';
import { TaskSpill } from './task-spill.js';

export function makeSinkRunner(environment: SinkEnvironment): SinkRunner {
  const { request, layout, state, output } = environment;
  const { sink } = request.spec;
  switch (sink.kind) {
    case 'output':
      return new OutputRunner(
        new OutputWriter(output, state, layout, sink.columns, {
          expectedRows: expectedRows(request.input, request.limit),
          take: environment.outer?.take,
          mostRows: environment.outer?.mostRows,
          mostBytes: environment.outer?.mostBytes,
          parts: environment.parts,
          given: request.given,
        }),
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
  // How they are shared out among parts depends on what is on disk.
  if (input.merge.inBins) return BATCH_ROWS;
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

  use(form: SinkForm, batch: Batch | undefined): void {
    if (form.kind !== 'output') throw engineBug('output form expected');
    this.writer.use(form.columns, batch);
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

/** What rows that a top-k has left behind may take. */
const PASSED_BYTES = 1 << 24;

class RowsRunner implements SinkRunner {
  #rows: RowStore | undefined;
  #form: Extract<SinkForm, { kind: 'rows' }> | undefined;
  readonly #sort: SortBuffer | undefined;
  readonly #spill: TaskSpill | undefined;
  readonly #splitters: bigint[] = [];
  #spilledRows = 0;
  /** Of a top-k: what is among the best, and what that took when the rest was freed last. */
  #packer: RowPacker | undefined;
  #bestBytes = 0;
  private readonly programs: Programs;
  private readonly state: number;
  private readonly output: Arena;

  constructor(private readonly environment: SinkEnvironment) {
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
    if (rows === undefined || form === undefined) return;
    if (spill === undefined) return sort === undefined || isLast ? undefined : this.#leaveBest(rows, sort, form.layout);
    const bytes = rows.bytes + (sort?.count ?? 0) * ENTRY_BYTES;
    if (bytes === 0 || !spill.isDue(bytes, isLast)) return;
    if (sort === undefined) {
      this.#spilledRows += totalRows(rows.chunks());
      spill.joinRows(rows.chunks(), form.layout);
    } else {
      const run = sort.finish();
      this.#splitters.push(...run.splitters);
      spill.run(run, form.layout, sort.spec, sort.spare);
      sort.clear();
    }
    rows.clear();
    this.output.release();
  }

  /** Rows of a top-k that are not among the best any more are freed, where they and their texts are many bytes. */
  #leaveBest(rows: RowStore, sort: SortBuffer, layout: RowLayout): void {
    if (sort.isPacked || rows.bytes < Math.max(PASSED_BYTES, 2 * this.#bestBytes)) return;
    const { entries, count } = sort.best();
    const prefixes = sort.spare.of(count * 12);
    const list = prefixes + count * 8;
    spillKernels(this.programs.heap).list_entries(entries, count, list, prefixes, 0);
    this.#packer ??= new RowPacker(this.environment.scratch, layout);
    this.#packer.take(list, count);
    this.output.release();
    sort.clear();
    const best = this.#packer.put(this.output);
    rows.adopt(best);
    sort.restart(best.address, count, layout.stride, prefixes);
    this.#bestBytes = best.bytes + best.textBytes;
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
    const packed = this.#sort?.isPacked === true ? (runs ?? []).reduce((n, run) => n + run.count, 0) : 0;
    return {
      kind: 'rows',
      chunks,
      rows: totalRows(chunks) + this.#spilledRows + packed,
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
