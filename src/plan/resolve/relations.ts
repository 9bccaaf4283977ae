import { engineBug } from '../../base/index.js';
import { renewed } from '../build-relations.js';
import type { Plan, PlanKind } from '../node.js';
import { withChildren } from '../walk.js';
import type { Analyzed } from './analyzed.js';
import { resolveAsOfJoin } from './asof.js';
import { type Context, placeOf } from './context.js';
import { resolveEachColumn } from './each-column.js';
import { resolveGenerate } from './generators.js';
import { resolveHint } from './hint.js';
import { resolveLateralJoin } from './lateral.js';
import { resolveTableFunction, resolveValues } from './leaves.js';
import { resolvePivot } from './pivot.js';
import { resolveRecursion } from './recursion.js';
import { resolveSummary } from './summary.js';
import { resolveUnpivot } from './unpivot.js';

/** How a node is analysed when its inputs are. */
export type Analysis<K extends PlanKind> = (
  plan: Extract<Plan, { kind: K }>,
  inputs: readonly Analyzed[],
  context: Context,
) => Plan | Analyzed;

const first = (inputs: readonly Analyzed[]): Analyzed => inputs[0] as Analyzed;
const asIs = (plan: Plan, inputs: readonly Analyzed[]): Plan =>
  withChildren(
    plan,
    inputs.map((input) => input.plan),
  );

/** The analyses of relational operators beyond the common ones. */
export const relationAnalyses = {
  with: (plan) => {
    throw engineBug(`WITH was not bound before analysis: ${placeOf(plan)}`);
  },
  recursion: (plan, inputs, context) => resolveRecursion(plan, first(inputs), context),
  recursive: asIs,
  recursive_ref: (plan, _inputs, context) => {
    const output = context.recursive?.get(plan.id);
    if (output === undefined) throw engineBug('a recursive reference outside of its query');
    return Object.freeze({ ...plan, output: output.map((column) => renewed(column)) });
  },
  values: (plan, _inputs, context) => resolveValues(plan, context),
  table_function: (plan, _inputs, context) => resolveTableFunction(plan, context),
  pivot: (plan, inputs, context) => resolvePivot(plan, first(inputs), context),
  unpivot: (plan, inputs, context) => resolveUnpivot(plan, first(inputs), context),
  summary: (plan, inputs, context) => resolveSummary(plan.statistics, first(inputs), context),
  each_column: (plan, inputs, context) => resolveEachColumn(plan.change, first(inputs), context),
  hint: (plan, inputs, context) => resolveHint(plan, first(inputs), context),
  asof_join: (plan, [left, right], context) => resolveAsOfJoin(plan, left as Analyzed, right as Analyzed, context),
  generate: (plan, inputs, context) => resolveGenerate(plan, first(inputs), context),
  expand: asIs,
  lateral_join: (plan, inputs, context) => resolveLateralJoin(plan, first(inputs), context),
} as const satisfies { readonly [K in PlanKind]?: Analysis<K> };
