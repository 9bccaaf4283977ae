import { carrierOf, engineBug } from '../../base/index.js';
import type { PhysicalExpr } from '../../functions/expression.js';
import { PREFIX_BYTES } from '../compile/group-firsts.js';
import { packedFields } from '../compile/packed-entry.js';
import { ENTRY_BYTES } from '../compile/sort-entry.js';
import { prefixBits, prefixIsExact, prefixMask } from '../compile/sort-key.js';
import type { GroupLimit, PhysicalColumn, PhysicalSort, SortKey } from '../physical.js';
import { lowerBound } from '../task/sorted-run.js';
import type { KeptLayoutSpec, SortedRun, SortSinkSpec, SourceColumn, TaskInput, WindowTaskSpec } from '../task/spec.js';
import { columnOf, type Flow, type FlowPart, mergedColumns } from './flow.js';
import { fewRuns } from './merge-levels.js';
import type { Runner } from './runner.js';
import { rangesOnDisk } from './sort-ranges.js';

/** A table of the first prefixes of groups has to stay in the cache, and few of each group to be compared. */
const MOST_TABLE = 1 << 22;
const MOST_TABLED = 4;
/** Tasks of which no pairs are made. */
const LEAST_TASKS = 8;

/** Rows that one thread merges quicker than several. */
export const SMALL_SORT = 50_000;

/** Every task sorts its own rows; then ranges of keys are merged side by side. */
export async function openSort(executor: Runner, plan: PhysicalSort): Promise<Flow> {
  const flow = await executor.open(plan.input);
  const most = plan.limit === undefined ? undefined : plan.offset + plan.limit;
  const sorted = await sortFlow(executor, flow, plan.input.columns, plan.keys, { limit: most });
  const { runs, order } = sorted.inputs;
  if (most === undefined && plan.offset === 0) return [await inOrder(executor, sorted)];
  const limit = plan.limit === undefined ? {} : { limit: plan.limit };
  return [sorted.part([{ kind: 'sorted', runs, order, offset: plan.offset, ...limit }])];
}

/** Entries of one range: as many as are merged without leaving the near cache. */
const RANGE_ENTRIES = 65_536;

export const rangesOf = (executor: Runner, total: number): number =>
  Math.max(executor.scheduler.pool.size * 4, Math.ceil(total / RANGE_ENTRIES));

/** All sorted rows: merged by one task or, where that pays, by one for each range of keys. */
export async function inOrder(executor: Runner, { part, inputs, total }: SortedFlow): Promise<FlowPart> {
  const { runs, splitters, order } = inputs;
  if (runs.some((run) => run.spilled !== undefined)) return part(await rangesOnDisk(executor, runs, order));
  if (total <= SMALL_SORT) return part([{ kind: 'sorted', runs, order, offset: 0 }]);
  return part(splitRuns(executor, runs, splitters, rangesOf(executor, total), order));
}

export interface SortedFlow {
  readonly part: (inputs: TaskInput[]) => FlowPart;
  readonly inputs: {
    readonly runs: readonly SortedRun[];
    readonly splitters: readonly bigint[];
    readonly order: SortSinkSpec;
  };
  readonly total: number;
}

interface SortOptions {
  /** Only so many first rows are wanted. */
  readonly limit?: number | undefined;
  /** What is kept with each row beside its columns. */
  readonly computed?: readonly PhysicalExpr[];
  /** Of rows with equal first keys, so many of them, the first ones are enough. */
  readonly groups?: GroupLimit & { readonly keys: number };
}

/** A float is sorted by in canonical form, which is not the value that came in. */
function isItsKey({ type }: SourceColumn): boolean {
  const carrier = carrierOf(type);
  return carrier !== 'f32' && carrier !== 'f64';
}

/** Groups whose keys the prefix tells whole are limited where they are sorted. */
function sortedGroups(
  keyColumns: readonly SourceColumn[],
  groups: SortOptions['groups'],
  memory: number,
): Pick<SortSinkSpec, 'groupLimit'> {
  if (groups === undefined) return {};
  const columns = keyColumns.slice(0, groups.keys);
  if (!prefixIsExact(columns)) return {};
  const { by, rows } = groups;
  const bits = prefixBits(columns);
  const table = rows * PREFIX_BYTES * 2 ** bits;
  const isTabled = by !== 'denseRank' && rows <= MOST_TABLED && table <= Math.min(MOST_TABLE, memory / 64);
  return { groupLimit: { by, rows, mask: prefixMask(columns), ...(isTabled ? { tabled: bits } : {}) } };
}

/** Two tasks become one: the more rows it has, the fewer of them come among the first of their groups. */
function inPairs(part: FlowPart): FlowPart {
  const { inputs, later } = part;
  if (later !== undefined || inputs.length <= LEAST_TASKS) return part;
  const pairs: TaskInput[] = [];
  for (const [i, input] of inputs.entries()) {
    const before = i % 2 === 0 ? undefined : pairs.at(-1);
    if (before?.kind !== 'batches' || input.kind !== 'batches' || input.skip > 0) pairs.push(input);
    else pairs[pairs.length - 1] = { ...before, batches: [...before.batches, ...input.batches] };
  }
  return { ...part, inputs: pairs };
}

/** Sorts a flow task by task; what is left is to merge the runs. */
export async function sortFlow(
  executor: Runner,
  flow: Flow,
  columns: readonly PhysicalColumn[],
  keys: readonly SortKey[],
  { limit, computed = [], groups }: SortOptions = {},
): Promise<SortedFlow> {
  const known = mergedColumns(flow, columns);
  const kept = computed.map((expr) => columnOf(expr, known, executor.settings));
  const fields = known.map((c, index): PhysicalExpr => ({ kind: 'column', index, type: c.type, nullable: c.nullable }));
  const keyColumns = keys.map(({ expr }) => columnOf(expr, known, executor.settings));
  const behind = [...known, ...kept];
  const stored: SourceColumn[] = [];
  const keyFields = prefixIsExact(keyColumns)
    ? []
    : keys.map(({ expr }, k) => {
        const column = keyColumns[k] as SourceColumn;
        if (expr.kind === 'column' && isItsKey(column)) return expr.index;
        return behind.length + stored.push(column) - 1;
      });
  const packed = packedFields(keys, keyColumns, behind);
  const layout: KeptLayoutSpec = {
    header: 'sort',
    fields: [...behind, ...stored],
    ...(packed === undefined ? {} : { packed }),
  };
  const order: SortSinkSpec = {
    kind: 'sort',
    keys,
    keyColumns,
    keyFields,
    fields: [...fields, ...computed],
    layout,
    ...(limit === undefined ? {} : { limit }),
    ...sortedGroups(keyColumns, groups, executor.query.heap.limitBytes),
  };
  const wide = order.groupLimit?.tabled === undefined ? flow : flow.map(inPairs);
  const done = await executor.allResults(wide, () => order);
  const results = done.map(({ output }) => {
    if (output.kind !== 'rows' || output.runs === undefined) throw engineBug('sorted runs expected');
    return { runs: output.runs, splitters: output.splitters ?? [] };
  });
  const runs = await fewRuns(
    executor,
    results.flatMap((r) => r.runs),
    order,
    done.map(({ arena }) => arena),
  );
  const total = runs.reduce((n, r) => n + r.count, 0);
  const part = (inputs: TaskInput[]): FlowPart =>
    executor.project(
      [
        {
          source: { kind: 'rows', rows: { kind: 'kept', layout } },
          inputs,
          steps: [],
          tables: [],
          columns: layout.fields,
          small: total <= SMALL_SORT,
        },
      ],
      fields,
    )[0] as FlowPart;
  return { part, inputs: { runs, splitters: results.flatMap((r) => r.splitters), order }, total };
}

/** Cuts sorted runs into ranges of prefixes: rows with equal prefixes stay together, in the order of their runs. */
export function splitRuns(
  executor: Runner,
  runs: readonly SortedRun[],
  samples: readonly bigint[],
  ranges: number,
  order: SortSinkSpec,
  window?: WindowTaskSpec,
): TaskInput[] {
  const sorted = [...samples].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const cuts: bigint[] = [];
  for (let r = 1; r < ranges && sorted.length > 0; r++) {
    const cut = sorted[Math.floor((sorted.length * r) / ranges)] as bigint;
    if (cuts.at(-1) !== cut) cuts.push(cut);
  }
  const starts = runs.map(() => 0);
  const inputs: TaskInput[] = [];
  for (const cut of [...cuts, undefined]) {
    const pieces = runs.map((run, i): SortedRun => {
      const from = starts[i] as number;
      const to = cut === undefined ? run.count : lowerBound(executor.query.heap, run, cut);
      starts[i] = to;
      return { entries: run.entries + from * ENTRY_BYTES, count: to - from };
    });
    if (pieces.some((p) => p.count > 0))
      inputs.push({ kind: 'sorted', runs: pieces, order, offset: 0, ...(window === undefined ? {} : { window }) });
  }
  return inputs;
}
