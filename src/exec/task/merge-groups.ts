import { type Arena, BATCH_ROWS, engineBug, type Platform, SparrowError } from '../../base/index.js';
import type { EvalSettings } from '../../functions/expression.js';
import { STATE } from '../../functions/runtime.js';
import { fullCarriers, groupLayout, prepareAggregate } from '../compile/aggregates.js';
import { compileMerge, GROUP_PARTITION_BITS } from '../compile/merge.js';
import { MORE } from '../compile/pipe.js';
import { PIPE, type StateLayout } from '../compile/state-layout.js';
import { GroupIndex } from './group-index.js';
import { PartReader } from './part-reader.js';
import { type Programs, planKey, type Run } from './programs.js';
import { RowStore, totalRows } from './row-store.js';
import type { MergeInput, MergePart, RowChunk, RowSourceSpec, StateCarriers } from './spec.js';
import type { TaskRequest } from './task.js';

/** The groups of one partition with all their partial rows merged, in the order of the tasks that made them. */
export function mergeGroups(
  programs: Programs,
  request: TaskRequest,
  layout: StateLayout,
  scratch: Arena,
  platform: Platform,
): { chunks: readonly RowChunk[]; carriers: StateCarriers } {
  const { input, spec } = request;
  if (input.kind !== 'groups' || spec.source.kind !== 'rows' || spec.source.rows.kind !== 'groups')
    throw engineBug('groups expected');
  const source = spec.source.rows;
  const aggregates = source.aggregates.map((a) => prepareAggregate(a, spec.settings));
  const { merge } = input;
  const parts = merge.parts.filter((part) => rowsOf(part) > 0);
  const [only] = parts;
  if (only !== undefined && parts.length === 1 && only.unique && !only.mixed && !merge.inBins)
    return { chunks: only.chunks, carriers: only.carriers };
  const full = fullCarriers(aggregates);
  const reader = new PartReader(merge, source.keys, aggregates, scratch, platform);
  const merger = new Merger({ programs, source, settings: spec.settings, layout, scratch, full });
  try {
    if (merge.inBins) merger.bins(parts, reader);
    else {
      const nothing = [{ address: 0, rows: 0, stride: 0 }];
      const none: MergePart = { carriers: full, chunks: nothing, spilled: [], mixed: false, unique: true };
      merger.parts(merge, parts.length === 0 ? [none] : parts, reader);
    }
  } finally {
    merger.detach();
  }
  return { chunks: merger.rows.chunks(), carriers: full };
}

interface MergeSetting {
  readonly programs: Programs;
  readonly source: Extract<RowSourceSpec, { kind: 'groups' }>;
  readonly settings: EvalSettings;
  readonly layout: StateLayout;
  readonly scratch: Arena;
  /** How the merged rows keep their states. */
  readonly full: StateCarriers;
}

interface MergeProgram {
  readonly run: Run;
  /** Where its literals are. */
  readonly literals: number;
}

/** Merges rows into a table. */
class Merger {
  readonly rows: RowStore;
  /** The merge has a state block of its own: its row and byte cursors are not the pipeline's. */
  readonly #state: number;
  readonly #index: GroupIndex;
  readonly #key: string;
  readonly #programs = new Map<string, MergeProgram>();
  /** Rows before those of the bin at hand. */
  #before = 0;

  constructor(private readonly setting: MergeSetting) {
    const { programs, source, settings, layout, scratch, full } = setting;
    const { heap } = programs;
    const state = scratch.allocZeroed(layout.bytes);
    const rows = new RowStore(heap, scratch, state, groupLayout(source.keys, full).stride);
    const addressing = { kind: source.keys.length === 0 ? 'single' : 'hash' } as const;
    const index = new GroupIndex(heap, () => programs.kernels, scratch, state, addressing, 0, true);
    [this.#state, this.rows, this.#index] = [state, rows, index];
    this.#key = planKey([source, settings]);
    programs.attach(state, {
      moreHeap: (bytes) => {
        const address = scratch.alloc(Math.max(bytes, 1 << 16));
        heap.u32[(state + STATE.HEAP_NEXT) >>> 2] = address;
        heap.u32[(state + STATE.HEAP_END) >>> 2] = address + Math.max(bytes, 1 << 16);
      },
      more: (what, detail) => {
        if (what === MORE.ROWS) rows.moreRows();
        else if (what === MORE.BYTES) rows.moreBytes(detail);
        else if (what === MORE.GROUPS) index.grow(() => rowsBehind(rows.chunks(), this.#before));
      },
    });
  }

  detach(): void {
    this.setting.programs.detach(this.#state);
  }

  /** All rows into one table. */
  parts({ partition, bits }: MergeInput, parts: readonly MergePart[], reader: PartReader): void {
    this.setting.programs.heap.u32[(this.#state + PIPE.PARTITION) >>> 2] = partition;
    for (const [p, part] of parts.entries()) {
      // Where the first parts had hardly a group in common, the others will not either.
      if (p === PARTS_TO_LEARN_FROM) reserveForRest(parts, p, this.#index, this.rows, bits);
      const program = this.#program(part, part.mixed ? bits : 0);
      for (const chunk of reader.chunks(part)) this.#merge(program, chunk);
      this.#check();
    }
  }

  /** A table for each bin: it is in the processor's cache, which one for all would not be. */
  bins(parts: readonly MergePart[], reader: PartReader): void {
    const bins: (readonly [MergeProgram, RowChunk])[][] = [];
    reader.bins(parts, (bin, part, rows) => {
      bins[bin] ??= [];
      bins[bin].push([this.#program(part, 0), rows]);
    });
    const { u32 } = this.setting.programs.heap;
    for (const bin of bins) {
      if (bin === undefined) continue;
      this.#before += u32[(this.#state + PIPE.GROUPS) >>> 2] as number;
      if (this.#before > 0) this.#index.restart();
      for (const [program, rows] of bin) this.#merge(program, rows);
      this.#check();
    }
  }

  #merge({ run, literals }: MergeProgram, { address, rows }: RowChunk): void {
    const { u32 } = this.setting.programs.heap;
    u32[(this.#state + PIPE.SOURCE) >>> 2] = address;
    u32[(this.#state + STATE.LITERALS) >>> 2] = literals;
    for (let from = 0; from <= rows; from += BATCH_ROWS) run(this.#state, from, Math.min(rows, from + BATCH_ROWS));
  }

  #program({ carriers }: MergePart, bits: number): MergeProgram {
    const key = `merge ${bits} ${carriers.join()} `;
    const known = this.#programs.get(key);
    if (known !== undefined) return known;
    const { programs, source, settings, layout, scratch } = this.setting;
    const { exports, literals } = programs.linked<{ merge: Run }>(key + this.#key, () =>
      compileMerge(source, carriers, bits, settings, layout),
    );
    const program = { run: exports.merge, literals: literals.length === 0 ? 0 : scratch.alloc(literals.length) };
    programs.heap.u8.set(literals, program.literals);
    this.#programs.set(key, program);
    return program;
  }

  #check(): void {
    const { programs, source } = this.setting;
    if (programs.heap.i32[(this.#state + STATE.ERROR) >>> 2] !== 0)
      throw sumOverflow(source.aggregates.map((a) => a.fn));
  }
}

/** All rows but the first ones, so many. */
function rowsBehind(chunks: readonly RowChunk[], passed: number): RowChunk[] {
  let left = passed;
  return chunks.flatMap(({ address, rows, stride }) => {
    const some = Math.min(left, rows);
    left -= some;
    return some === rows ? [] : [{ address: address + some * stride, rows: rows - some, stride }];
  });
}

const PARTS_TO_LEARN_FROM = 2;
const MOSTLY_NEW = 0.9;

/** How many rows a part has for a partition of so many bits, as far as it is known. */
const rowsOf = ({ spilled, chunks, mixed }: MergePart, bits = 0): number =>
  spilled.reduce((n, { rows }) => n + rows, totalRows(chunks)) /
  (mixed ? 2 ** Math.max(0, bits - GROUP_PARTITION_BITS) : 1);

function reserveForRest(
  parts: readonly MergePart[],
  done: number,
  index: GroupIndex,
  rows: RowStore,
  bits: number,
): void {
  const all = (some: readonly MergePart[]): number => some.reduce((n, part) => n + rowsOf(part, bits), 0);
  const groups = totalRows(rows.chunks());
  if (groups > all(parts.slice(0, done)) * MOSTLY_NEW) index.reserve(all(parts), () => rows.chunks());
}

/** A total that does not fit the aggregate's type. */
export function sumOverflow(calls: readonly string[]): SparrowError {
  return new SparrowError(
    'ARITHMETIC_OVERFLOW',
    `the result of an aggregate (${calls.join(', ')}) does not fit its type`,
    {
      sqlState: '22003',
      hint: 'cast the argument to a wider type, such as decimal(38, 0) or double',
    },
  );
}
