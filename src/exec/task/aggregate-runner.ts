import { type Arena, engineBug, SparrowError } from '../../base/index.js';
import { chainsOf } from '../compile/aggregates.js';
import { GROUP_PARTITIONS } from '../compile/merge.js';
import { MORE } from '../compile/pipe.js';
import type { SinkForm } from '../compile/sink-form.js';
import { GROUP_HEADER } from '../row-layout.js';
import { GroupIndex } from './group-index.js';
import type { Programs } from './programs.js';
import { RowStore, totalRows } from './row-store.js';
import type { SinkEnvironment, SinkRunner } from './sink-types.js';
import type { RowChunk, SinkSpec } from './spec.js';
import type { TaskOutput } from './task.js';
import { TaskSpill } from './task-spill.js';
import type { GroupPlan } from './variant.js';

/** Rows beyond which a task's groups are split by hash, so that merging them can be shared out. */
const PARTITION_ROWS = 8192;

/** Groups the rows of its task; what memory has no room for goes to disk. */
export class AggregateRunner implements SinkRunner {
  #form: Extract<SinkForm, { kind: 'aggregate' }> | undefined;
  #rows: RowStore | undefined;
  #index: GroupIndex | undefined;
  #plan: GroupPlan | undefined;
  #generations = 0;
  #spilledRows = 0;
  /** Hashes of what went to disk, while they are few. */
  readonly #early = new Set<number>();
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
    this.#rows ??= new RowStore(this.programs.heap, this.output, this.state, form.layout.stride, this.scratch);
    if (this.#rows.stride !== form.layout.stride) throw engineBug('group rows changed their layout');
  }

  more(what: number, detail: number): void {
    const rows = this.#rows;
    if (rows === undefined) throw engineBug('no rows yet');
    if (what === MORE.ROWS) rows.moreRows();
    else if (what === MORE.BYTES) rows.moreBytes(detail);
    else if (what === MORE.GROUPS) this.#index?.grow(() => rows.chunks());
  }

  /**
   * Group rows go to disk. Where that broke a generation of the index off, a group would have one row more, and floating
   * sums other last bits: rows wait until it is over, unless lists hang on them, or nearly all of the memory is in use.
   */
  relieve(isLast = false): void {
    const rows = this.#rows;
    if (rows === undefined || this.#form === undefined || this.#plan?.addressing.kind === 'single') return;
    const isWhole = this.#index?.settle() === true;
    const { aggregates, layout, carriers } = this.#form;
    // Their states are addresses of what lies in memory: it must stay.
    if (aggregates.some(({ entry }) => entry.finishBytes !== undefined && entry.collect === undefined)) return;
    const chains = chainsOf(layout, carriers, aggregates);
    const { bytes } = rows;
    if (bytes === 0) return;
    const isFree = isWhole || isLast || chains.length > 0;
    // Few groups stay, unless much hangs on them.
    const areLast = isLast && (totalRows(rows.chunks()) > PARTITION_ROWS || chains.length > 0 || this.#spill.isForced);
    if (!(isFree ? this.#spill.isDue(bytes, areLast) : this.#spill.isUrgent(bytes))) return;
    const chunks = rows.chunks();
    this.#noteEarly(chunks);
    this.#spilledRows += totalRows(chunks);
    this.#spill.groups(chunks, layout, chains);
    rows.clear();
    this.output.release();
    this.#index?.restart();
  }

  #noteEarly(chunks: readonly RowChunk[]): void {
    const { u32 } = this.programs.heap;
    for (const { address, rows, stride } of chunks)
      for (let i = 0; i < rows && this.#early.size <= PARTITION_ROWS; i++)
        this.#early.add(u32[(address + i * stride + GROUP_HEADER.HASH) >>> 2] as number);
  }

  abandon(): void {
    this.#spill.abandon();
  }

  finish(): TaskOutput {
    this.relieve(true);
    const chunks = this.#rows?.chunks() ?? [];
    if (this.#spill.isUsed && this.#early.size > 0 && this.#early.size <= PARTITION_ROWS) this.#noteEarly(chunks);
    const [early, all] = [this.#early.size, totalRows(chunks) + this.#spilledRows];
    // As many as there would be without spilling: the order of groups depends on it.
    const rows = early > 0 && early <= PARTITION_ROWS ? early : all;
    const carriers = this.#form?.carriers ?? [];
    const unique = !this.#spill.isUsed && this.#generations + (this.#index?.generations ?? 1) <= 2;
    const whole = { kind: 'groups', carriers, rows, unique } as const;
    if (this.#spill.isUsed) {
      this.#spill.close();
      const numbered = rows <= PARTITION_ROWS;
      if (numbered) this.#spill.numberGroups(chunks);
      return { ...whole, chunks: this.#scatter(chunks), spilled: this.#spill.partitions, numbered };
    }
    if (rows <= PARTITION_ROWS || this.#plan?.addressing.kind === 'single') {
      return { ...whole, chunks: [this.#collected(chunks)] };
    }
    return { ...whole, chunks: this.#scatter(chunks) };
  }

  /** Rows one after the other in what the task gives: where they were goes with the task. */
  #collected(chunks: readonly RowChunk[]): RowChunk[] {
    const { heap } = this.programs;
    const [rows, stride] = [totalRows(chunks), chunks[0]?.stride ?? 8];
    if (rows === 0) return [];
    const address = this.output.alloc(rows * stride);
    let at = address;
    for (const chunk of chunks) {
      heap.copy(at, chunk.address, chunk.rows * stride);
      at += chunk.rows * stride;
    }
    return [{ address, rows, stride }];
  }

  #scatter(chunks: readonly RowChunk[]): RowChunk[][] {
    if (chunks.length === 0) return Array.from({ length: GROUP_PARTITIONS }, () => []);
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
