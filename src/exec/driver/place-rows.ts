import { carrierOf, isInteger } from '../../base/index.js';
import type { Range } from '../../functions/define.js';
import { carrierRange, inside } from '../../functions/emit.js';
import type { PhysicalExpr } from '../../functions/expression.js';
import { columnsAfter } from '../compile/bit-tests.js';
import { recordBytes } from '../compile/totals-tables.js';
import type { LaneExpr, Total, VectorPlan } from '../compile/vector-types.js';
import type { AggregateSpec, PhysicalAggregate } from '../physical.js';
import { placeWindow } from '../task/place-window.js';
import type { PlacedGroups, PlacedKeys } from '../task/placed-groups.js';
import { rowsOfSplits, type SourceColumn, type TaskInput } from '../task/spec.js';
import { columnOf, type Flow, type FlowPart } from './flow.js';
import { MOST_PLACE_BYTES } from './place-groups.js';
import type { Runner } from './runner.js';

/** Fewer rows are grouped as quickly by hash. */
const LEAST_ROWS = 100_000;
const LEAST_PLACES = 257;
const MOST_PLACES = 1n << 26n;
/** Tables may have this many places for each row that is expected, as they are cleared and looked through. */
const PLACES_A_ROW = 2;
/** Tables cannot go to disk. */
const MEMORY_SHARE = 1 / 8;
/** More rows than any query adds to one group: sums of so many must fit. */
const MOST_SUMMED = 1n << 36n;

/**
 * Places for the groups of any pipeline, where the bounds of its integer keys are known: counts and sums are added row by
 * row, and nothing is hashed, neither here nor when the tables of tasks are merged.
 */
export function placeRows({ query, settings }: Runner, flow: Flow, plan: PhysicalAggregate): PlacedKeys | undefined {
  const rows = Math.min(plan.input.estimatedRows ?? 0, rowsLeft(flow));
  if (rows < LEAST_ROWS || plan.keys.length === 0 || flow.length === 0) return undefined;
  const known = (expr: PhysicalExpr): SourceColumn => merged(flow.map((p) => columnOf(expr, p.columns, settings)));
  const keys = plan.keys.map((key) => placedKey(known(key)));
  const totals = totalsOfRows(plan.aggregates, known, mostSummed(flow));
  if (totals === undefined || !keys.every((key) => key !== undefined)) return undefined;
  const places = keys.reduce((n, { size }) => n * BigInt(size), 1n);
  if (places < LEAST_PLACES || places > MOST_PLACES) return undefined;
  const slots = Number(places);
  const types = plan.aggregates.map(({ type }) => type);
  const rowsPlan: VectorPlan = { masks: [], keys: [], ...totals, types, copies: 1 };
  const record = recordBytes(rowsPlan);
  const window = windowColumn(flow, plan);
  const bytes = slots * record;
  const placed: PlacedGroups = {
    keys,
    bytes,
    recordBytes: record,
    rows: rowsPlan,
    ...(window === undefined ? {} : { window }),
  };
  if (bytes >= 2 ** 31) return undefined;
  const inAll = placesOfTasks(flow, placed);
  const room = Math.min(MOST_PLACE_BYTES, query.heap.limitBytes * MEMORY_SHARE);
  if (inAll * record > room || inAll > rows * PLACES_A_ROW) return undefined;
  return { plan: rowsPlan, placed, slots, dictionaries: keys.map(() => undefined) };
}

/** About how many rows of batches the tables leave that are asked first: estimates of the plan do not know of all these. */
function rowsLeft(flow: Flow): number {
  let left = 0;
  for (const { steps, inputs, later } of flow) {
    let share = 1;
    for (const step of steps) if (step.kind === 'probe' && step.how === 'semi') share *= step.bits?.share ?? 1;
    if (later !== undefined || inputs.some(({ kind }) => kind !== 'batches')) return Number.POSITIVE_INFINITY;
    for (const input of inputs) {
      if (input.kind === 'batches') for (const batch of input.batches) left += batch.rows * share;
    }
  }
  return left;
}

/** Places in the tables of all tasks together. */
function placesOfTasks(flow: Flow, placed: PlacedGroups): number {
  let places = 0;
  for (const { inputs, later } of flow) {
    if (later !== undefined) places += placed.bytes / placed.recordBytes;
    for (const input of inputs) {
      const { from, to } = placeWindow(placed, input);
      places += to - from;
    }
  }
  return places;
}

function placedKey({ type, nullable, range }: SourceColumn): PlacedGroups['keys'][number] | undefined {
  const carrier = carrierOf(type);
  if (nullable || range === undefined || type.kind === 'boolean' || (carrier !== 'i32' && carrier !== 'i64'))
    return undefined;
  const size = range[1] - range[0] + 2n;
  return size < 2n || size > MOST_PLACES ? undefined : { byCode: false, base: range[0], size: Number(size) };
}

/** What is known of a column in all parts of a flow. */
function merged(columns: readonly SourceColumn[]): SourceColumn {
  const [first, ...others] = columns as [SourceColumn, ...SourceColumn[]];
  return others.reduce((all, { nullable, range }): SourceColumn => {
    const { range: before, ...rest } = all;
    const both = before === undefined || range === undefined ? undefined : wider(before, range);
    return { ...rest, nullable: all.nullable || nullable, ...(both === undefined ? {} : { range: both }) };
  }, first);
}

const wider = (a: Range, b: Range): Range => [a[0] < b[0] ? a[0] : b[0], a[1] > b[1] ? a[1] : b[1]];

/** What is kept of each group besides how many rows it has; undefined where that is not all there is to an aggregate. */
function totalsOfRows(
  aggregates: readonly AggregateSpec[],
  known: (expr: PhysicalExpr) => SourceColumn,
  most: bigint,
): Pick<VectorPlan, 'totals' | 'totalOf'> | undefined {
  const totals: Total[] = [];
  const totalOf: (number | undefined)[] = [];
  for (const { fn, args, filter } of aggregates) {
    const [arg] = args;
    if (filter !== undefined || args.length > 1) return undefined;
    const column = arg === undefined ? undefined : known(arg);
    if (fn === 'count' && (column === undefined || !column.nullable)) {
      totalOf.push(undefined);
      continue;
    }
    const of = column === undefined ? undefined : fn === 'count' ? counted : summed(fn, column, most);
    if (of === undefined) return undefined;
    totalOf.push(totals.push({ fold: 'sum', of }) - 1);
  }
  return { totals, totalOf };
}

const counted: LaneExpr = { op: 'const', value: 1n, kind: 'i64', range: [0n, 1n] };

function summed(fn: string, { type, nullable, range }: SourceColumn, most: bigint): LaneExpr | undefined {
  if ((fn !== 'sum' && fn !== 'avg') || nullable) return undefined;
  if (type.kind === 'float64') return { op: 'const', value: 0, kind: 'f64', range: undefined };
  if ((!isInteger(type) && type.kind !== 'decimal') || range === undefined) return undefined;
  const sums = [range[0] * most, range[1] * most] as const;
  return inside(sums, carrierRange('i64')) ? { op: 'const', value: 0n, kind: 'i64', range } : undefined;
}

/** Rows no group exceeds: those of the batches, where no join can make more of them. */
export function mostSummed(flow: Flow): bigint {
  let rows = 0;
  for (const { steps, inputs, later } of flow) {
    if (later !== undefined || steps.some((step) => step.kind === 'probe' && step.how !== 'semi')) return MOST_SUMMED;
    for (const input of inputs) {
      const some = rowsOfInput(input);
      if (some === undefined) return MOST_SUMMED;
      rows += some;
    }
  }
  return BigInt(rows);
}

/** Rows of an input, where they are known before it is read. */
export function rowsOfInput(input: TaskInput): number | undefined {
  switch (input.kind) {
    case 'batches':
      return input.batches.reduce((n, batch) => n + batch.rows, 0);
    case 'splits':
      return rowsOfSplits(input.splits);
    case 'udf':
      return input.inner.spec.steps.some((step) => step.kind === 'probe') ? undefined : rowsOfInput(input.inner.input);
    default:
      return undefined;
  }
}

/** The source column of every part that is the only key. */
function windowColumn(flow: Flow, { keys }: PhysicalAggregate): number | undefined {
  const [key] = keys;
  if (keys.length !== 1 || key?.kind !== 'column' || flow.length !== 1) return undefined;
  return sourceColumn(flow[0] as FlowPart, key.index);
}

function sourceColumn({ source, steps }: FlowPart, index: number): number | undefined {
  if (source.kind !== 'batches') return undefined;
  let origin: (number | undefined)[] = source.columns.map((_, i) => i);
  for (const step of steps) {
    if (step.kind === 'project')
      origin = step.exprs.map((expr) => (expr.kind === 'column' ? origin[expr.index] : undefined));
    else if (step.kind === 'probe') origin = columnsAfter(step, origin);
  }
  return origin[index];
}
