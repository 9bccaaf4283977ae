import { unreachable } from '../base/index.js';
import type { Expr, SortOrder } from './expr.js';
import { Memory } from './memory.js';
import { mapSame, replace } from './walk.js';

const NONE: readonly Expr[] = [];

/** What is remembered of expressions. */
export const exprMemory = new Memory<Expr>();

/** The expressions an expression is made of, in order of evaluation. */
export function exprChildren(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case 'unresolved_column':
    case 'unresolved_star':
    case 'sql_text':
    case 'attribute':
    case 'literal':
    case 'lambda_variable':
    case 'ordinal':
    case 'outer_reference':
      return NONE;
    case 'subquery':
      return expr.outer === undefined ? expr.values : [...expr.values, ...expr.outer];
    case 'lambda':
    case 'unresolved_lambda':
      return [expr.body];
    case 'alias':
    case 'cast':
    case 'sort_order':
      return [expr.input];
    case 'call':
      return expr.args;
    case 'unresolved_call':
    case 'aggregate_call':
      return expr.filter === undefined ? expr.args : [...expr.args, expr.filter];
    case 'window_call':
      return [expr.input, ...expr.spec.partitionBy, ...expr.spec.orderBy];
    default:
      return unreachable(expr);
  }
}

/** The same expression over other inputs. */
export function withExprChildren(expr: Expr, inputs: readonly Expr[]): Expr {
  switch (expr.kind) {
    case 'alias':
    case 'cast':
    case 'sort_order':
      return replace(expr, { input: inputs[0] as Expr });
    case 'call':
      return replace(expr, { args: sameOr(expr.args, inputs) });
    case 'lambda':
    case 'unresolved_lambda':
      return replace<typeof expr>(expr, { body: inputs[0] as Expr });
    case 'unresolved_call':
    case 'aggregate_call': {
      const args = sameOr(expr.args, inputs.slice(0, expr.args.length));
      if (expr.filter === undefined) return replace<typeof expr>(expr, { args });
      return replace<typeof expr>(expr, { args, filter: inputs[expr.args.length] as Expr });
    }
    case 'window_call': {
      const keys = expr.spec.partitionBy.length;
      const partitionBy = sameOr(expr.spec.partitionBy, inputs.slice(1, 1 + keys));
      const orderBy = sameOr(expr.spec.orderBy, inputs.slice(1 + keys)) as readonly SortOrder[];
      return replace(expr, { input: inputs[0] as Expr, spec: replace(expr.spec, { partitionBy, orderBy }) });
    }
    case 'subquery': {
      const values = sameOr(expr.values, inputs.slice(0, expr.values.length));
      if (expr.outer === undefined) return replace(expr, { values });
      return replace(expr, { values, outer: sameOr(expr.outer, inputs.slice(expr.values.length)) });
    }
    default:
      return expr;
  }
}

const sameOr = (old: readonly Expr[], now: readonly Expr[]): readonly Expr[] => mapSame(old, (_, i) => now[i] as Expr);

interface Frame<T> {
  readonly expr: Expr;
  readonly inputs: readonly Expr[];
  readonly results: T[];
}

/** Combines results from the leaves up; `childrenOf` may leave out what is not to be entered. */
export function foldExpr<T>(
  root: Expr,
  combine: (expr: Expr, inputs: readonly T[]) => T,
  childrenOf: (expr: Expr) => readonly Expr[] = exprChildren,
): T {
  const stack: Frame<T>[] = [{ expr: root, inputs: childrenOf(root), results: [] }];
  for (;;) {
    const top = stack[stack.length - 1] as Frame<T>;
    if (top.results.length < top.inputs.length) {
      const next = top.inputs[top.results.length] as Expr;
      const inputs = childrenOf(next);
      if (inputs.length === 0) top.results.push(combine(next, []));
      else stack.push({ expr: next, inputs, results: [] });
      continue;
    }
    stack.pop();
    const result = combine(top.expr, top.results);
    if (stack.length === 0) return result;
    (stack[stack.length - 1] as Frame<T>).results.push(result);
  }
}

/** Rewrites from the leaves up; `change` sees expressions whose inputs are already rewritten. */
export function transformExpr(root: Expr, change: (expr: Expr) => Expr): Expr {
  if (exprChildren(root).length === 0) return change(root);
  return foldExpr<Expr>(root, (expr, inputs) => change(inputs.length === 0 ? expr : withExprChildren(expr, inputs)));
}

/** Rewrites from the root down; where `change` returns something other than undefined, that stands and is not entered. */
export function replaceExpr(root: Expr, change: (expr: Expr) => Expr | undefined): Expr {
  const replaced = new Map<Expr, Expr>();
  const stack: { readonly expr: Expr; readonly inputs: readonly Expr[]; readonly results: Expr[] }[] = [];
  const enter = (expr: Expr): Expr | undefined => {
    const known = replaced.get(expr) ?? change(expr);
    if (known !== undefined) {
      replaced.set(expr, known);
      return known;
    }
    const inputs = exprChildren(expr);
    if (inputs.length === 0) return expr;
    stack.push({ expr, inputs, results: [] });
    return undefined;
  };
  const whole = enter(root);
  if (whole !== undefined) return whole;
  for (;;) {
    const top = stack[stack.length - 1] as (typeof stack)[number];
    if (top.results.length < top.inputs.length) {
      const done = enter(top.inputs[top.results.length] as Expr);
      if (done !== undefined) top.results.push(done);
      continue;
    }
    stack.pop();
    const result = withExprChildren(top.expr, top.results);
    if (stack.length === 0) return result;
    (stack[stack.length - 1] as (typeof stack)[number]).results.push(result);
  }
}

/** Calls `visit` for the expression and all within, outermost first; `false` leaves out what is below. */
export function visitExpr(root: Expr, visit: (expr: Expr) => boolean | undefined): void {
  const stack: Expr[] = [root];
  for (let expr = stack.pop(); expr !== undefined; expr = stack.pop()) {
    if (visit(expr) === false) continue;
    const inputs = exprChildren(expr);
    for (let i = inputs.length - 1; i >= 0; i--) stack.push(inputs[i] as Expr);
  }
}

/** Whether `test` holds for the expression or anything within. */
export function someExpr(root: Expr, test: (expr: Expr) => boolean): boolean {
  const stack: Expr[] = [root];
  for (let expr = stack.pop(); expr !== undefined; expr = stack.pop()) {
    if (test(expr)) return true;
    const inputs = exprChildren(expr);
    for (let i = inputs.length - 1; i >= 0; i--) stack.push(inputs[i] as Expr);
  }
  return false;
}
