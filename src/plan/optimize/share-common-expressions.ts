import { findEntry } from '../../functions/registry.js';
import { project } from '../build.js';
import type { Attribute, Expr } from '../expr.js';
import { toAttribute } from '../expr-type.js';
import { exprKey, isDeterministic, isTrivial } from '../facts.js';
import { nextId } from '../ids.js';
import type { Plan } from '../node.js';
import { mapExprs } from '../node-exprs.js';
import { outputOf } from '../output.js';
import { columnName } from '../sql-text.js';
import { HAS_AGGREGATE, HAS_PROJECT } from '../traits.js';
import { exprChildren, replaceExpr, visitExpr } from '../walk-expr.js';
import { bottomUp } from './rule.js';

/** What several outputs compute alike is computed once, in a projection below. */
export const shareCommonExpressions = bottomUp(
  'share-common-expressions',
  'what several outputs compute alike is computed once',
  HAS_PROJECT | HAS_AGGREGATE,
  (plan) => {
    if (plan.kind !== 'project' && plan.kind !== 'aggregate') return plan;
    const shared = commonIn(plan.kind === 'project' ? outputExprs(plan.exprs) : rowExprs(plan.groupBy, plan.output));
    return shared.size === 0 ? plan : share(plan, plan.input, shared);
  },
);

/** An expression that is evaluated for each row, or (not `sure`) perhaps only for some. */
interface Part {
  readonly expr: Expr;
  readonly sure: boolean;
}

const surely = (expr: Expr): Part => ({ expr, sure: true });

function outputExprs(exprs: readonly Expr[]): readonly Part[] {
  const parts: Part[] = [];
  for (const expr of exprs) if (expr.kind !== 'attribute' && isDeterministic(expr)) parts.push(surely(expr));
  return parts;
}

/** What an Aggregate computes for each row of its input: grouping expressions and the aggregates' arguments. */
function rowExprs(groupBy: readonly Expr[], output: readonly Expr[]): readonly Part[] {
  const parts = groupBy.map(surely);
  for (const expr of output) {
    visitExpr(expr, (e) => {
      if (e.kind !== 'aggregate_call') return true;
      for (const arg of e.args) parts.push({ expr: arg, sure: e.filter === undefined });
      if (e.filter !== undefined) parts.push(surely(e.filter));
      return false;
    });
  }
  return parts.filter(({ expr }) => isDeterministic(expr));
}

function share(plan: Plan, input: Plan, shared: ReadonlyMap<number, Expr>): Plan {
  const columns = new Map<number, Attribute>();
  const aliases: Expr[] = [];
  for (const [key, expr] of shared) {
    const alias = Object.freeze({ kind: 'alias', name: columnName(expr), input: expr, id: nextId() } as const);
    aliases.push(alias);
    columns.set(key, toAttribute(alias));
  }
  const below = project(input, [...outputOf(input), ...aliases]);
  const above = mapExprs(plan, (expr) =>
    isTrivial(expr) ? expr : replaceExpr(expr, (e) => (isTrivial(e) ? e : columns.get(exprKey(e)))),
  );
  return Object.freeze({ ...above, input: below }) as Plan;
}

/**
 * Expressions that occur at least twice, once where they are surely evaluated: then they run for each row anyway and
 * raise the errors they raise anyway. Behind a condition alone nothing is shared.
 */
function commonIn(parts: readonly Part[]): ReadonlyMap<number, Expr> {
  const seen = new Map<number, { readonly expr: Expr; times: number; sure: boolean }>();
  const stack = parts.filter(({ expr }) => !isTrivial(expr)).reverse();
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { expr, sure } = next;
    if (isWorthSharing(expr)) {
      const key = exprKey(expr);
      const known = seen.get(key);
      if (known !== undefined) {
        known.times++;
        known.sure ||= sure;
        // What is inside was counted where it was met first.
        continue;
      }
      seen.set(key, { expr, times: 1, sure });
    }
    // The body of a lambda function is evaluated with its parameters, perhaps never.
    const inputs = expr.kind === 'lambda' ? [] : exprChildren(expr);
    const guards = expr.kind === 'call' && isLazy(expr.fn);
    for (let i = inputs.length - 1; i >= 0; i--) {
      const input = inputs[i] as Expr;
      if (!isTrivial(input)) stack.push({ expr: input, sure: sure && !(guards && i > 0) });
    }
  }
  const shared = new Map<number, Expr>();
  for (const [key, { expr, times, sure }] of seen) if (times > 1 && sure) shared.set(key, expr);
  return shared;
}

const isLazy = (fn: string): boolean => {
  const entry = findEntry(fn);
  return entry?.kind === 'scalar' && entry.lazy === true;
};

/** Calls over columns. What reads none is folded; logic and comparisons cost next to nothing. */
function isWorthSharing(expr: Expr): boolean {
  if (expr.kind !== 'call' || cheap.has(expr.fn)) return false;
  return expr.args.some((arg) => arg.kind !== 'literal');
}

const cheap: ReadonlySet<string> = new Set([
  ...['eq', 'ne', 'lt', 'le', 'gt', 'ge', 'eqNullSafe', 'and', 'or', 'not', 'isnull', 'isnotnull'],
  ...['neg', 'positive', 'getField'],
]);
