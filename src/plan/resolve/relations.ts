import { engineBug, SparrowError } from '../../base/index.js';
import type { Plan, PlanKind } from '../node.js';
import { withChildren } from '../walk.js';
import type { Analyzed } from './analyzed.js';
import { type Context, placeOf } from './context.js';

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
const notYet = (plan: Plan): never => {
  throw new SparrowError('UNSUPPORTED_FEATURE', `this is not executable yet: ${placeOf(plan)}`);
};

/** The analyses of relational operators beyond the common ones. */
export const relationAnalyses = {
  with: (plan) => {
    throw engineBug(`WITH was not bound before analysis: ${placeOf(plan)}`);
  },
  recursion: notYet,
  recursive: asIs,
  recursive_ref: notYet,
  values: notYet,
  table_function: notYet,
  pivot: notYet,
  unpivot: notYet,
  hint: (_plan, inputs) => first(inputs),
  asof_join: notYet,
  generate: notYet,
  expand: asIs,
  lateral_join: notYet,
} as const satisfies { readonly [K in PlanKind]?: Analysis<K> };
