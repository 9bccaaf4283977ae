import { project } from '../build.js';
import type { Expr } from '../expr.js';
import type { Plan } from '../node.js';
import { outputIds, outputOf } from '../output.js';
import { withChildren } from '../walk.js';
import type { Context } from './context.js';
import { resolveExpr } from './exprs.js';
import { type Analyzed, type Scope, scopeOf, withHidden } from './scope.js';

export type { Analyzed } from './scope.js';

export const scopeOver = (input: Analyzed, context: Context): Scope =>
  scopeOf(outputOf(input.plan), input.frames, context.settings.caseSensitive === true, context);

/**
 * Expressions over an input, and the input itself: with more columns when they read some that were projected away.
 * As in Spark bare names find those only to sort, filter and partition by; columns taken from their frame always do.
 */
export function resolveOver(
  exprs: readonly Expr[],
  input: Analyzed,
  context: Context,
  byName = true,
  ambiguous = false,
): { readonly exprs: readonly Expr[]; readonly input: Plan } {
  const { result, input: below } = overInput(
    input,
    context,
    byName,
    (scope) => exprs.map((expr) => resolveExpr(expr, scope, context.settings)),
    ambiguous,
  );
  return { exprs: result, input: below };
}

/** As `resolveOver`, for whatever `use` resolves with the names given. */
export function overInput<T>(
  input: Analyzed,
  context: Context,
  byName: boolean,
  use: (scope: Scope) => T,
  ambiguous = false,
): { readonly result: T; readonly input: Plan } {
  const needed = new Set<number>();
  const result = use(withHidden(scopeOver(input, context), input.plan, needed, byName, ambiguous));
  return { result, input: needed.size === 0 ? input.plan : (expose(input.plan, needed) ?? input.plan) };
}

/** The same rows with these columns of nodes below shown, too; undefined where that cannot be. */
export function expose(plan: Plan, ids: ReadonlySet<number>): Plan | undefined {
  const shown = outputIds(plan);
  if ([...ids].every((id) => shown.has(id))) return plan;
  switch (plan.kind) {
    case 'project': {
      const input = expose(plan.input, ids);
      if (input === undefined) return undefined;
      const more = outputOf(input).filter((attribute) => ids.has(attribute.id) && !shown.has(attribute.id));
      return project(input, [...plan.exprs, ...more]);
    }
    case 'filter':
    case 'sort':
    case 'limit':
    case 'window':
    case 'sample':
    case 'repartition': {
      const input = expose(plan.input, ids);
      return input && withChildren(plan, [input]);
    }
    default:
      return undefined;
  }
}

/** Cuts a plan back to the columns it had before some were exposed. */
export function backTo(plan: Plan, original: Plan): Plan {
  const output = outputOf(original);
  return outputOf(plan).length === output.length ? plan : project(plan, output);
}
