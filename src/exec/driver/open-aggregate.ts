import { engineBug } from '../../base/index.js';
import type { PhysicalExpr } from '../../functions/expression.js';
import { fullCarriers, prepareAggregate } from '../compile/aggregates.js';
import { GROUP_PARTITION_BITS, MOST_MERGE_BITS } from '../compile/merge.js';
import type { PhysicalAggregate } from '../physical.js';
import { totalRows } from '../task/row-store.js';
import type { MergePart, RowSourceSpec, SinkSpec, SourceColumn, TaskInput } from '../task/spec.js';
import { bytesOf, type SpilledRows } from '../task/spilled.js';
import type { DoneTask } from '../task/task.js';
import { columnOf, type Flow, type FlowPart } from './flow.js';
import { type Groups, inputsApart, nestedGroups } from './nested-groups.js';
import { placeGroups, placeInputs } from './place-groups.js';
import { placeRows, rowsOfInput } from './place-rows.js';
import type { Runner } from './runner.js';
import { splitSums } from './split-sums.js';

/** Groups that one thread merges quicker than several; also what one partition should hold. */
const SMALL_GROUPS = 16_384;

/** So few rows are grouped by one task where most groups are expected to have few of them: nothing is left to merge. */
const ONE_TASK_ROWS = 32_768;
const FEW_A_GROUP = 4;

/** More are never merged at one go. */
const MOST_GROUPS = 1 << 18;

/** More are merged bin by bin. */
const BINNED_GROUPS = 1 << 21;

/** How many merges of what is on disk the memory could hold at once: some run, others wait as batches. */
const MERGES_IN_MEMORY = 16;
/** How many it must hold; twice as many where they are in bins, whose rows are all read before they are merged. */
const FEWEST_IN_MEMORY = 2;

/** Bits that cut so much into parts of a size; beyond those that rows are split by, `largest` of them. */
const bitsFor = (total: number, size: number, largest = size): number =>
  Math.max(
    0,
    Math.min(GROUP_PARTITION_BITS, Math.ceil(Math.log2(total / size))),
    Math.min(MOST_MERGE_BITS, Math.ceil(Math.log2(total / largest))),
  );

/** Groups are made by every task for itself, then merged partition by partition. */
export async function openAggregate(executor: Runner, plan: PhysicalAggregate): Promise<Flow> {
  return [groupsPart(executor, plan, await executor.groups(plan, () => makeGroups(executor, plan)))];
}

/** Partial groups of all tasks, and how they are shared out to be merged; nothing of them changes by merging. */
interface PartialGroups {
  readonly source: Extract<RowSourceSpec, { kind: 'groups' }>;
  readonly inputs: readonly TaskInput[];
  readonly small: boolean;
  /** Groups of different inputs differ in the first keys, so many of them. */
  readonly apart?: number;
  /** No group has more rows, where that is known. */
  readonly mostInGroup: bigint | undefined;
  /** The plan's aggregates, made of what is in the groups. */
  readonly results: readonly PhysicalExpr[];
}

async function makeGroups(executor: Runner, given: PhysicalAggregate): Promise<PartialGroups> {
  const nested = nestedGroups(given);
  if (nested !== undefined) executor.partitionBy(nested.inner, nested.keys);
  const partitionKeys = executor.partitionKeys(given);
  const flow = inOneTask(await executor.open(given.input), given);
  const { aggregates, results } = splitSums(given, flow, executor.settings);
  const plan: PhysicalAggregate = { ...given, aggregates };
  const sink = (part: FlowPart): Extract<SinkSpec, { kind: 'aggregate' }> => ({
    kind: 'aggregate',
    keys: plan.keys,
    aggregates: plan.aggregates,
    maxRows: mostRows(part),
    ...(partitionKeys === undefined ? {} : { partitionKeys }),
  });
  const keys = plan.keys.map((key) => keyColumn(key, flow, executor));
  const source = { kind: 'groups', keys, aggregates: plan.aggregates } as const;
  const [only] = flow;
  const inLanes = only && flow.length === 1 ? placeGroups(only, sink(only), executor.settings) : undefined;
  const places = inLanes ?? placeRows(executor, flow, plan);
  if (places !== undefined) {
    const done = await executor.allResults(flow, (part) => ({ ...sink(part), placed: places.placed }));
    const tables = done.map(({ output }) => {
      if (output.kind !== 'totals') throw engineBug('totals expected');
      return output;
    });
    const inputs = placeInputs(places, tables);
    return { source, results, inputs, mostInGroup: mostInGroup(flow, done), small: places.slots <= SMALL_GROUPS };
  }
  const done = await executor.allResults(flow, sink);
  const parts = done.map(({ output }) => {
    if (output.kind !== 'groups') throw engineBug('groups expected');
    return output;
  });
  const total = parts.reduce((n, p) => n + p.rows, 0);
  const small = total <= SMALL_GROUPS;
  const made = { source, results, mostInGroup: mostInGroup(flow, done), small };
  if (total === 0 && plan.keys.length === 0) return { ...made, inputs: [emptyGroup(executor, plan)] };
  const areApart = nested !== undefined && flow.length === 1 && only?.apart === nested.keys;
  const apart = areApart ? inputsApart(parts) : undefined;
  if (apart !== undefined) return { ...made, inputs: apart };
  // Determined by the data, as the order of groups depends on it and where tasks begin, unless a part would not fit.
  const inBins = plan.keys.length > 0 && total > BINNED_GROUPS;
  const wanted = (): number =>
    Math.max(small ? 0 : bitsFor(total, SMALL_GROUPS, MOST_GROUPS), spilledBits(executor, parts, inBins));
  const bits = plan.keys.length === 0 ? 0 : wanted();
  return {
    ...made,
    inputs: mergeInputs(parts, bits, inBins),
    ...(partitionKeys === undefined ? {} : { apart: partitionKeys }),
  };
}

/** Rows that no group exceeds: those of all groups or somewhat more, the same for inputs of about the same size. */
function mostInGroup(flow: Flow, done: readonly DoneTask[]): bigint | undefined {
  // A join may multiply rows.
  if (flow.some((part) => part.later !== undefined || part.steps.some((step) => step.kind === 'probe')))
    return undefined;
  const rows = done.reduce((sum, { inputRows }) => sum + inputRows, 0);
  return (1n << BigInt(rows.toString(2).length)) - 1n;
}

/** The flow as one task, where merging the groups of several would cost more than they save. */
function inOneTask(flow: Flow, plan: PhysicalAggregate): Flow {
  const [part, ...others] = flow;
  if (part === undefined || others.length > 0 || part.inputs.length < 2 || plan.keys.length === 0) return flow;
  const inputs = part.inputs.flatMap((input) => (input.kind === 'batches' ? [input] : []));
  const [first] = inputs;
  if (first === undefined || part.later !== undefined || inputs.length < part.inputs.length) return flow;
  const batches = inputs.flatMap((input) => input.batches);
  const rows = batches.reduce((n, batch) => n + batch.rows, 0);
  if (rows > ONE_TASK_ROWS || (plan.estimatedRows ?? 0) * FEW_A_GROUP < rows) return flow;
  return [{ ...part, inputs: [{ ...first, batches }] }];
}

/** The groups, finished: what the plan gives of them. */
function groupsPart(executor: Runner, plan: PhysicalAggregate, groups: PartialGroups): FlowPart {
  const { source, inputs, small, results, mostInGroup: most } = groups;
  const { keys, aggregates } = source;
  const ofCount = most === undefined ? {} : { range: [0n, most] as const };
  const columns: SourceColumn[] = [
    ...keys,
    ...aggregates.map(({ fn, type, nullable }) => ({ type, nullable, ...(fn === 'count' ? ofCount : {}) })),
  ];
  const apart = groups.apart === undefined ? {} : { apart: groups.apart };
  const start = { source: { kind: 'rows', rows: source }, inputs, steps: [], tables: [], columns } as const;
  const part: FlowPart = { ...start, small, ...apart };
  if (aggregates.length === plan.aggregates.length) return executor.project([part], plan.output)[0] as FlowPart;
  const passed = keys.map(({ type, nullable }, index): PhysicalExpr => ({ kind: 'column', index, type, nullable }));
  return executor.project(executor.project([part], [...passed, ...results]), plan.output)[0] as FlowPart;
}

/** A key's type and bounds. Rows of several parts meet in one table, so bounds hold for all or are dropped. */
function keyColumn(key: PhysicalAggregate['keys'][number], flow: Flow, executor: Runner): SourceColumn {
  const nullable = key.kind === 'literal' ? key.value === null : key.nullable;
  const known = flow.map((part) => columnOf(key, part.columns, executor.settings));
  const [first] = known;
  return {
    type: key.type,
    nullable,
    ...(known.length === 1 && first?.range !== undefined ? { range: first.range } : {}),
  };
}

/** Rows no task of the part exceeds. */
function mostRows(part: FlowPart): number {
  let most = 0;
  for (const input of part.inputs) {
    const rows = rowsOfInput(input);
    if (rows === undefined) return Number.MAX_SAFE_INTEGER;
    most = Math.max(most, rows);
  }
  // A join may multiply rows.
  return part.steps.some((s) => s.kind === 'probe') || part.later !== undefined
    ? Number.MAX_SAFE_INTEGER
    : Math.max(most, 1);
}

/** What was too much for the memory is not merged at one go, even where few groups have much: lists of values, say. */
function spilledBits({ query }: Runner, parts: readonly Groups[], inBins: boolean): number {
  const bytes = parts.reduce((n, { spilled = [] }) => spilled.reduce((sum, rows) => sum + bytesOf(rows), n), 0);
  const { limitBytes } = query.heap;
  const fewest = inBins ? 2 * FEWEST_IN_MEMORY : FEWEST_IN_MEMORY;
  return bytes === 0 ? 0 : bitsFor(bytes, limitBytes / MERGES_IN_MEMORY, limitBytes / fewest);
}

/** What is on disk for a partition: parts by some more bits are lists by themselves. */
function spilledOf(lists: readonly (readonly SpilledRows[])[], partition: number, bits: number) {
  const cut = Math.log2(lists.length);
  if (bits > cut) return { spilled: lists[partition >> (bits - cut)] ?? [], apart: false };
  const each = 1 << (cut - bits);
  return { spilled: lists.slice(partition * each, (partition + 1) * each).flat(), apart: true };
}

/** As many partitions as the groups are worth: a partition has to look at every row that was not split by hash. */
function mergeInputs(parts: readonly Groups[], bits: number, inBins: boolean): TaskInput[] {
  const split = Math.max(0, GROUP_PARTITION_BITS - bits);
  const mixed = bits > GROUP_PARTITION_BITS;
  return Array.from({ length: 1 << bits }, (_, partition): TaskInput => {
    const of = parts.flatMap((p): MergePart[] => {
      const { carriers, unique } = p;
      if (p.chunks.length === 1) {
        return [{ carriers, unique, chunks: p.chunks.flat(), spilled: [], mixed: bits > 0 }];
      }
      const from = mixed ? partition >> (bits - GROUP_PARTITION_BITS) : partition << split;
      const to = from + (1 << split);
      if (p.spilled === undefined) {
        return [{ carriers, unique, chunks: p.chunks.slice(from, to).flat(), spilled: [], mixed }];
      }
      if (p.numbered === true) {
        const chunks = p.chunks.slice(from, to).flat();
        return [{ carriers, unique, chunks, ...spilledOf(p.spilled, partition, bits), mixed, numbered: true }];
      }
      if (mixed)
        return [{ carriers, unique, chunks: p.chunks[from] ?? [], ...spilledOf(p.spilled, partition, bits), mixed }];
      // One by one, so that rows come in the order they would have if they had stayed in memory.
      return p.chunks.slice(from, to).map((chunks, i) => {
        return { carriers, unique, chunks, ...spilledOf(p.spilled ?? [], from + i, GROUP_PARTITION_BITS), mixed };
      });
    });
    const some = of.filter((p) => p.spilled.length > 0 || totalRows(p.chunks) > 0);
    return { kind: 'groups', merge: { partition, bits, inBins, parts: some } };
  }).filter((input) => bits === 0 || (input.kind === 'groups' && input.merge.parts.length > 0));
}

/** Without keys there is one group even over no rows. */
function emptyGroup(executor: Runner, plan: PhysicalAggregate): TaskInput {
  const carriers = fullCarriers(plan.aggregates.map((a) => prepareAggregate(a, executor.settings)));
  return {
    kind: 'groups',
    merge: {
      partition: 0,
      bits: 0,
      inBins: false,
      parts: [{ carriers, chunks: [], spilled: [], mixed: false, unique: false }],
    },
  };
}
