import { type Arena, carrierOf, engineBug } from '../../base/index.js';
import type { PhysicalExpr } from '../../functions/expression.js';
import { GROUP_PARTITIONS } from '../compile/merge.js';
import { isDirectKey } from '../compile/row-sinks.js';
import { keptLayout } from '../compile/rows.js';
import type { JoinKey, PhysicalColumn, PhysicalJoin } from '../physical.js';
import { BIN_BITS } from '../task/bins.js';
import { totalRows } from '../task/row-store.js';
import type {
  JoinSidePart,
  KeptLayoutSpec,
  ProbeStep,
  RowChunk,
  RowList,
  SinkSpec,
  SourceColumn,
} from '../task/spec.js';
import type { SplitRequest } from '../task/split-rows.js';
import type { TaskOutput } from '../task/task.js';
import { columnOf, type Flow, mergedColumns } from './flow.js';
import type { Runner } from './runner.js';

type KeptRows = Extract<TaskOutput, { kind: 'rows' }>;

/** How a join is done when one of its sides is held. */
export interface JoinForm {
  readonly how: ProbeStep['how'];
  /** Build rows that come out after everything was probed. */
  readonly rest?: 'matched' | 'unmatched';
}

export function joinForm(how: PhysicalJoin['how'], buildLeft: boolean): JoinForm {
  switch (how) {
    case 'inner':
      return { how: 'pairs' };
    case 'left':
      return buildLeft ? { how: 'pairs', rest: 'unmatched' } : { how: 'probe_outer' };
    case 'right':
      return buildLeft ? { how: 'probe_outer' } : { how: 'pairs', rest: 'unmatched' };
    case 'full':
      return { how: 'probe_outer', rest: 'unmatched' };
    case 'exists':
      return { how: 'exists' };
    case 'semi':
      return buildLeft ? { how: 'mark', rest: 'matched' } : { how: 'semi' };
    case 'anti':
      return buildLeft ? { how: 'mark', rest: 'unmatched' } : { how: 'anti' };
  }
}

/** The rows of one side, kept by the tasks that made them: in memory, or on disk in partitions. */
export class JoinSide {
  readonly chunks: readonly RowChunk[];
  /** Bounds of the first key, task by task. */
  readonly bounds: readonly (readonly [bigint, bigint])[];
  readonly rows: number;
  readonly isSpilled: boolean;
  readonly #lists = new Map<KeptRows, readonly RowList[]>();

  constructor(
    readonly joinKeys: readonly JoinKey[],
    readonly keys: readonly PhysicalExpr[],
    readonly layout: KeptLayoutSpec,
    /** Position of each input column among the stored fields. */
    readonly fieldOf: readonly number[],
    readonly columns: readonly SourceColumn[],
    private readonly outputs: readonly KeptRows[],
    /** Where the rows of each output that are in memory lie. */
    readonly arenas: number[],
  ) {
    this.chunks = outputs.flatMap((o) => o.chunks);
    this.bounds = outputs.filter((o) => o.rows > 0).map((o) => [o.keyMin, o.keyMax] as const);
    this.rows = outputs.reduce((n, o) => n + o.rows, 0);
    this.isSpilled = outputs.some((o) => o.spilled !== undefined);
  }

  /** Lists what stayed in memory by partition; its memory is the arena's. */
  async split({ query, scheduler }: Runner, arena: Arena): Promise<void> {
    const places = [...this.outputs.keys()].filter((i) => (this.outputs[i] as KeptRows).chunks.length > 0);
    const kept = places.map((i) => this.outputs[i] as KeptRows);
    const layout = keptLayout(this.layout);
    const requests = kept.map(({ chunks, rows }): SplitRequest => {
      const some = totalRows(chunks);
      const list = arena.alloc(some * 4);
      const ends = arena.alloc((GROUP_PARTITIONS << BIN_BITS) * 4);
      const [to, scratch] = [query.newArena('join').id, query.newArena('join').id];
      return { chunks, first: rows - some, list, ends, layout, arena: to, scratch };
    });
    await scheduler.split(query, requests, (i) => {
      const place = places[i] as number;
      query.release(this.arenas[place] as number);
      this.arenas[place] = (requests[i] as SplitRequest).arena;
    });
    const { u32 } = query.heap;
    kept.forEach((output, i) => {
      const { list, ends } = requests[i] as SplitRequest;
      const end = (p: number): number => (p < 0 ? list : (u32[(ends >>> 2) + ((p + 1) << BIN_BITS) - 1] as number));
      const lists = Array.from({ length: GROUP_PARTITIONS }, (_, p): RowList => {
        return { address: end(p - 1), count: (end(p) - end(p - 1)) / 4 };
      });
      this.#lists.set(output, lists);
    });
  }

  /** Where the rows of one partition are; numbers begin at `first`. */
  partsOf(partition: number, first: number): JoinSidePart[] {
    let next = first;
    return this.outputs
      .map((output): JoinSidePart => {
        const number = next;
        next += output.rows;
        const list = this.#lists.get(output)?.[partition] ?? { address: 0, count: 0 };
        return { first: number, spilled: output.spilled?.[partition] ?? [], list };
      })
      .filter((part) => part.spilled.length + part.list.count > 0);
  }
}

/** Runs the side that is to be held, and keeps its rows. */
export async function keptSide(executor: Runner, plan: PhysicalJoin, left: boolean): Promise<JoinSide> {
  const input = left ? plan.left : plan.right;
  const flow = await executor.open(input);
  const columns = mergedColumns(flow, input.columns);
  const joinKeys = widestFirst(plan.keys, (k) => columnOf(left ? k.left : k.right, columns, executor.settings));
  const keepNullKeys = plan.how === 'full' || plan.how === (left ? 'left' : 'right') || (plan.how === 'anti' && left);
  return keptRows(executor, flow, { isLeft: left, columns: input.columns, joinKeys, keepNullKeys });
}

interface SideOptions {
  readonly isLeft: boolean;
  readonly columns: readonly PhysicalColumn[];
  readonly joinKeys: readonly JoinKey[];
  /** Rows come out even if null keys cannot match. */
  readonly keepNullKeys: boolean;
}

/** Runs a flow and keeps its rows with their keys. */
export async function keptRows(executor: Runner, flow: Flow, options: SideOptions): Promise<JoinSide> {
  const { joinKeys, keepNullKeys } = options;
  const columns = mergedColumns(flow, options.columns);
  const keys = joinKeys.map((k) => (options.isLeft ? k.left : k.right));
  const { fields, layout, fieldOf } = storedFields(keys, columns, executor);
  const nullSafe = joinKeys.map((k) => k.nullSafe);
  const sink: SinkSpec = { kind: 'build', keys, nullSafe, fields, layout, keepNullKeys };
  const done = await executor.allResults(flow, () => sink);
  const outputs = done.map(({ output }) => {
    if (output.kind !== 'rows') throw engineBug('rows expected');
    return output;
  });
  const arenas = done.map(({ arena }) => arena);
  return new JoinSide(joinKeys, keys, layout, fieldOf, columns, outputs, arenas);
}

/** The key with the widest bounds first: it may address the table, and leaves the others least to compare. */
function widestFirst(keys: readonly JoinKey[], known: (key: JoinKey) => SourceColumn): readonly JoinKey[] {
  const width = (key: JoinKey): bigint => {
    const { type, range } = known(key);
    const fits = !key.nullSafe && isDirectKey({ kind: 'column', index: 0, type, nullable: true });
    return fits && range !== undefined ? range[1] - range[0] : -1n;
  };
  if (keys.length < 2) return keys;
  const widths = keys.map(width);
  const widest = widths.reduce((best, w, k) => (w > (widths[best] as bigint) ? k : best), 0);
  return [keys[widest] as JoinKey, ...keys.filter((_, k) => k !== widest)];
}

/** Keys are stored first; a column that is a key is not stored twice. */
function storedFields(
  keys: readonly PhysicalExpr[],
  columns: readonly SourceColumn[],
  executor: Runner,
): { fields: PhysicalExpr[]; layout: KeptLayoutSpec; fieldOf: number[] } {
  const fields: PhysicalExpr[] = [];
  const specs: SourceColumn[] = keys.map((key) => columnOf(key, columns, executor.settings));
  const fieldOf = columns.map((column, index) => {
    const carrier = carrierOf(column.type);
    // A float key is stored in canonical form, which is not the value that came in.
    const asKey =
      carrier === 'f32' || carrier === 'f64' ? -1 : keys.findIndex((k) => k.kind === 'column' && k.index === index);
    if (asKey >= 0) return asKey;
    fields.push({ kind: 'column', index, type: column.type, nullable: column.nullable });
    return specs.push(column) - 1;
  });
  return { fields, layout: { header: 'join', fields: specs }, fieldOf };
}
