import { BATCH_ROWS, isInteger } from '../../base/index.js';
import { carrierRange, inside } from '../../functions/emit.js';
import type { CallExpr, EvalSettings, PhysicalExpr } from '../../functions/expression.js';
import type { PipelineSpec, SinkSpec } from '../task/spec.js';
import type { GroupAddressing } from './group-table.js';
import {
  combineLanes,
  constantLanes,
  type LaneColumns,
  laneKey,
  loadCodes,
  loadLanes,
  loadMeasure,
  planLanes,
  planMask,
} from './lane-plan.js';
import type { ColumnForm } from './load.js';
import { MAX_MEMOS } from './state-layout.js';
import type { LaneExpr, LaneMask, Total, VectorPlan } from './vector-types.js';

type AggregateSink = Extract<SinkSpec, { kind: 'aggregate' }>;

/** Below this share of rows expected to pass the filters, only those that do are looked at. */
export const LEAST_PASSING = 0.15;

/** The plan of a pipeline that ends in few groups, where every part of it has a form in lanes. */
export function planVectors(
  spec: PipelineSpec,
  forms: readonly ColumnForm[],
  addressing: GroupAddressing,
): VectorPlan | undefined {
  const { sink } = spec;
  if (sink.kind !== 'aggregate' || spec.source.kind !== 'batches') return undefined;
  if (addressing.kind === 'hash' || (addressing.kind === 'dense' && addressing.slots === 'many')) return undefined;
  const flow = planSteps(spec, forms);
  if (flow === undefined) return undefined;
  const keys = planKeys(sink, flow, forms, addressing, spec.settings);
  const totals = planTotals(sink, flow.columns, addressing, spec.settings);
  if (keys === undefined || totals === undefined) return undefined;
  const isExact = totals.totals.every(({ of }) => of.kind !== 'f64');
  const copies = isExact && addressing.kind === 'dense' && addressing.slots === 'few' ? 4 : 1;
  return { masks: flow.masks, keys, ...totals, types: sink.aggregates.map(({ type }) => type), copies };
}

interface PlannedSteps {
  readonly columns: LaneColumns;
  /** The source column that a column passes on. */
  readonly origin: (index: number) => number | undefined;
  readonly masks: readonly LaneMask[];
}

function planSteps({ steps, settings }: PipelineSpec, forms: readonly ColumnForm[]): PlannedSteps | undefined {
  let origin = (index: number): number | undefined => index;
  const entries = new Set<string>();
  const lanesOf = (columnAt: (index: number) => LaneExpr | undefined, source: typeof origin): LaneColumns =>
    Object.assign((index: number) => columnAt(index), {
      measure: (index: number, call: CallExpr) => {
        const column = source(index);
        const lanes = column === undefined ? undefined : loadMeasure(forms[column], column, call);
        // What is found for the entries of a dictionary is a memo, of which a pipeline has so many.
        if (lanes?.op === 'entry') entries.add(laneKey(lanes));
        return entries.size > MAX_MEMOS ? undefined : lanes;
      },
    });
  let columns = lanesOf((index) => loadLanes(forms[index], index), origin);
  const masks: LaneMask[] = [];
  for (const step of steps) {
    if (step.kind === 'filter') {
      const mask = planMask(step.condition, columns, settings);
      if (mask === undefined) return undefined;
      masks.push(mask);
    } else if (step.kind === 'project') {
      const { exprs } = step;
      const [before, source] = [columns, origin];
      const lanes = exprs.map((expr) => planLanes(expr, before, settings));
      // Anything else might fail for a row that a filter leaves out.
      if (exprs.some((expr, i) => expr.kind !== 'column' && lanes[i] === undefined)) return undefined;
      origin = (index) => {
        const expr = exprs[index];
        return expr?.kind === 'column' ? source(expr.index) : undefined;
      };
      columns = lanesOf((index) => lanes[index], origin);
    } else return undefined;
  }
  return { columns, origin, masks };
}

function planKeys(
  sink: AggregateSink,
  { columns, origin }: PlannedSteps,
  forms: readonly ColumnForm[],
  addressing: GroupAddressing,
  settings: EvalSettings,
): LaneExpr[] | undefined {
  const keys: LaneExpr[] = [];
  for (const [k, key] of sink.keys.entries()) {
    const byCode = addressing.kind === 'dense' && addressing.byCode[k] === true;
    const lanes = byCode ? codeLanes(key, origin, forms) : planLanes(key, columns, settings);
    if (lanes?.kind !== 'i32') return undefined;
    keys.push(lanes);
  }
  return keys;
}

function codeLanes(
  key: PhysicalExpr,
  origin: PlannedSteps['origin'],
  forms: readonly ColumnForm[],
): LaneExpr | undefined {
  const source = key.kind === 'column' ? origin(key.index) : undefined;
  return source === undefined ? undefined : loadCodes(forms[source], source);
}

function planTotals(
  sink: AggregateSink,
  columns: LaneColumns,
  addressing: GroupAddressing,
  settings: EvalSettings,
): Pick<VectorPlan, 'totals' | 'totalOf'> | undefined {
  const totals = new Map<string, Total>();
  const totalOf: (number | undefined)[] = [];
  for (const { fn, args, filter } of sink.aggregates) {
    const [arg] = args;
    if (filter !== undefined) return undefined;
    if (fn === 'count') {
      if (!args.every((a) => isNeverNull(a, columns))) return undefined;
      totalOf.push(undefined);
      continue;
    }
    const lanes = arg && planLanes(arg, columns, settings);
    if (arg === undefined || lanes === undefined) return undefined;
    const total = fn === 'min' || fn === 'max' ? extremeOf(fn, lanes) : sumOf(fn, arg, lanes, addressing);
    if (total === undefined) return undefined;
    const key = `${total.fold} ${laneKey(total.of)} ${total.fold === 'sum' ? '' : total.origin}`;
    totals.set(key, total);
    totalOf.push([...totals.keys()].indexOf(key));
  }
  return { totals: [...totals.values()], totalOf };
}

function sumOf(fn: string, arg: PhysicalExpr, of: LaneExpr, addressing: GroupAddressing): Total | undefined {
  return (fn === 'sum' || fn === 'avg') && isSummable(arg, of, addressing) ? { fold: 'sum', of } : undefined;
}

function extremeOf(fn: 'min' | 'max', of: LaneExpr): Total | undefined {
  if (of.kind !== 'i32' || of.range === undefined) return undefined;
  const [low, high] = of.range;
  const origin = fn === 'max' ? low - 1n : high + 1n;
  const constant = constantLanes(origin);
  if (constant === undefined) return undefined;
  const shifted = fn === 'max' ? combineLanes('sub', of, constant) : combineLanes('sub', constant, of);
  return shifted?.kind === 'i32' ? { fold: fn === 'max' ? 'greatest' : 'least', of: shifted, origin } : undefined;
}

const isNeverNull = (arg: PhysicalExpr, columns: LaneColumns): boolean =>
  arg.kind === 'literal' ? arg.value !== null : arg.kind === 'column' && columns(arg.index) !== undefined;

/** Sums of a batch stay within 64 bits; doubles are added in the order of the rows, which lanes of one sum are not. */
function isSummable(arg: PhysicalExpr, { kind, range }: LaneExpr, addressing: GroupAddressing): boolean {
  if (kind === 'f64') return arg.type.kind === 'float64' && addressing.kind === 'dense';
  if (!isInteger(arg.type) && arg.type.kind !== 'decimal') return false;
  const rows = BigInt(BATCH_ROWS);
  return range !== undefined && inside([range[0] * rows, range[1] * rows], carrierRange('i64'));
}
