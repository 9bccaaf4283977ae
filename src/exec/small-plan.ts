import { isFloating } from '../base/index.js';
import { isDeterministic } from '../functions/deterministic.js';
import type { PhysicalExpr } from '../functions/expression.js';
import type { Plan } from '../plan/node.js';
import type { AggregateSpec, PhysicalAggregate, PhysicalPlan, PhysicalSort } from './physical.js';

/** Rows that are sooner interpreted than code for them is there. */
const MOST_ROWS = 2_000;

/**
 * Whether a plan is answered sooner by the interpreter than by code that has to be loaded and made first, with the same
 * rows in the same order to the last bit: few local rows, steps row by row, sums that are exact in any order.
 */
export const isSmall = (plan: PhysicalPlan): boolean => rowsOf(plan) <= MOST_ROWS;

/**
 * Whether a plan, not optimized yet, can be one that is answered so: then all that the optimizer could save is less than
 * its own code costs a process that has not run it before.
 */
export function isSmallQuery(plan: Plan): boolean {
  switch (plan.kind) {
    case 'local':
      return (plan.data.content.rows ?? Number.POSITIVE_INFINITY) <= MOST_ROWS;
    case 'filter':
    case 'project':
    case 'limit':
      return isSmallQuery(plan.input);
    case 'sort':
      return isSmallQuery(plan.input.kind === 'aggregate' ? plan.input.input : plan.input);
    case 'aggregate':
      return plan.groupBy.length === 0 && isSmallQuery(plan.input);
    default:
      return false;
  }
}

/** At most so many rows are read; infinitely many where the compiled engine is to be asked. */
function rowsOf(plan: PhysicalPlan): number {
  switch (plan.kind) {
    case 'batches':
      return plan.rows ?? Number.POSITIVE_INFINITY;
    case 'filter':
      return isDeterministic(plan.condition) ? rowsOf(plan.input) : Number.POSITIVE_INFINITY;
    case 'project':
      return plan.exprs.every(isDeterministic) ? rowsOf(plan.input) : Number.POSITIVE_INFINITY;
    case 'limit':
      return rowsOf(plan.input);
    case 'sort':
      return rowsOfSort(plan);
    case 'aggregate':
      return plan.keys.length === 0 ? rowsOfGroups(plan) : Number.POSITIVE_INFINITY;
    default:
      return Number.POSITIVE_INFINITY;
  }
}

/** Groups have no order of their own: it must be the sort that gives them one, by all their keys. */
function rowsOfSort(plan: PhysicalSort): number {
  if (!plan.keys.every((key) => isDeterministic(key.expr))) return Number.POSITIVE_INFINITY;
  const { input } = plan;
  if (input.kind !== 'aggregate') return rowsOf(input);
  const sorted = new Set(plan.keys.map(({ expr }) => (expr.kind === 'column' ? keyOf(input.output[expr.index]) : -1)));
  return input.keys.every((_, k) => sorted.has(k)) ? rowsOfGroups(input) : Number.POSITIVE_INFINITY;
}

/** The group key that an output column is: keys come first in a row of groups. */
const keyOf = (expr: PhysicalExpr | undefined): number => (expr?.kind === 'column' ? expr.index : -1);

function rowsOfGroups({ keys, aggregates, output, input }: PhysicalAggregate): number {
  const isPlain = [...keys, ...output].every(isDeterministic) && aggregates.every(isExact);
  return isPlain ? rowsOf(input) : Number.POSITIVE_INFINITY;
}

const exact: ReadonlySet<string> = new Set(['count', 'countIf', 'sum', 'avg', 'min', 'max']);

/** Whether it gives the same in whatever order its rows come. */
function isExact({ fn, args, filter }: AggregateSpec): boolean {
  if (!exact.has(fn) || (filter !== undefined && !isDeterministic(filter))) return false;
  return args.every((arg) => isDeterministic(arg) && !isFloating(arg.type));
}
