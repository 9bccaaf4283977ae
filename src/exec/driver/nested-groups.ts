import type { PhysicalExpr } from '../../functions/expression.js';
import type { PhysicalAggregate, PhysicalPlan } from '../physical.js';
import type { TaskInput } from '../task/spec.js';
import type { TaskOutput } from '../task/task.js';

/** Fewer groups are merged quickly, and may each be many of the groups below. */
const LEAST_GROUPS = 4_096;

export type Groups = Extract<TaskOutput, { kind: 'groups' }>;

/** An aggregation whose groups another one groups by the first of their keys. */
export interface NestedGroups {
  readonly inner: PhysicalAggregate;
  readonly keys: number;
}

/**
 * The aggregation below this one, where this one's keys are the first of its keys: `count(distinct x)` is planned so. If
 * its groups are partitioned by those keys alone, what this aggregation makes of a partition is not found in another one,
 * and needs no merging.
 */
export function nestedGroups(plan: PhysicalAggregate): NestedGroups | undefined {
  if (plan.keys.length === 0 || (plan.estimatedRows ?? 0) < LEAST_GROUPS) return undefined;
  let columns = plan.keys.map(columnIndex);
  let below: PhysicalPlan = plan.input;
  while (below.kind === 'filter' || below.kind === 'project') {
    const { exprs } = below.kind === 'project' ? below : { exprs: undefined };
    if (exprs !== undefined) columns = columns.map((at) => columnIndex(exprs[at]));
    below = below.input;
  }
  if (below.kind !== 'aggregate') return undefined;
  const { output, keys } = below;
  const used = new Set(columns.map((at) => columnIndex(output[at])));
  const isFirst = used.size < keys.length && Array.from(used.keys()).every((at) => at >= 0 && at < used.size);
  return isFirst ? { inner: below, keys: used.size } : undefined;
}

const columnIndex = (expr: PhysicalExpr | undefined): number => (expr?.kind === 'column' ? expr.index : -1);

/** What is to be finished of tasks that have no group in common: each has its own. Undefined where some are on disk. */
export function inputsApart(parts: readonly Groups[]): TaskInput[] | undefined {
  if (parts.some(({ spilled }) => spilled !== undefined)) return undefined;
  return parts.flatMap(({ rows, carriers, unique, chunks }): TaskInput[] => {
    const part = { carriers, unique, chunks: chunks.flat(), spilled: [], mixed: false };
    return rows === 0 ? [] : [{ kind: 'groups', merge: { partition: 0, bits: 0, inBins: false, parts: [part] } }];
  });
}
