import { filter } from '../build.js';
import { trueLiteral } from '../logic.js';
import type { FilterPlan, HintPlan, Plan } from '../node.js';
import type { StreamMark } from '../node-parts.js';
import { allNodes } from '../walk.js';
import { type Analyzed, scopeOver } from './analyzed.js';
import type { Context } from './context.js';
import { resolveExpr } from './exprs.js';

/** The hint by which a plan says how late rows of a stream may be: a column of times, and a delay. */
export const WATERMARK = 'watermark';

/** Hints change nothing; over a part of a stream a watermark's column is remembered. */
export function resolveHint({ name, parameters }: HintPlan, input: Analyzed, context: Context): Analyzed {
  const [time] = parameters;
  if (name !== WATERMARK || time === undefined || !readsPart(input.plan)) return input;
  const column = resolveExpr(time, scopeOver(input, context), context.settings);
  return column.kind === 'attribute' ? { ...input, plan: marked(input.plan, 'time', column.id) } : input;
}

/** Whether rows of the part of a stream that a micro-batch reads come through. */
export const readsPart = (plan: Plan): boolean =>
  allNodes(plan).some((node) => node.kind === 'scan' && node.source.isPart === true);

/** The same rows, with a column marked. */
export const marked = (input: Plan, what: StreamMark['what'], id: number): FilterPlan =>
  Object.freeze({ ...filter(input, trueLiteral), marks: { what, id } });
