import { type DataType, engineBug } from '../base/index.js';
import type { Alias, Attribute, Expr } from './expr.js';
import { exprChildren, exprMemory } from './walk-expr.js';

/** The type of a resolved expression. */
export function exprType(expr: Expr): DataType {
  switch (expr.kind) {
    case 'attribute':
    case 'literal':
    case 'cast':
    case 'call':
    case 'aggregate_call':
    case 'lambda_variable':
      return expr.type;
    case 'lambda':
      return exprType(expr.body);
    case 'window_call':
      return expr.type ?? exprType(expr.input);
    case 'outer_reference':
      return expr.attribute.type;
    case 'subquery':
      if (expr.type === undefined) throw engineBug('the type of a subquery that is not resolved');
      return expr.type;
    case 'alias':
    case 'sort_order':
      return exprType(expr.input);
    default:
      throw engineBug(`the type of an expression that is not resolved (${expr.kind})`);
  }
}

/** Whether a resolved expression can be null. */
export function exprNullable(expr: Expr): boolean {
  switch (expr.kind) {
    case 'literal':
      return expr.value === null;
    case 'attribute':
    case 'call':
    case 'aggregate_call':
    case 'lambda_variable':
      return expr.nullable;
    case 'lambda':
      return exprNullable(expr.body);
    case 'cast':
      return expr.nullable ?? (expr.safe === true || exprNullable(expr.input));
    case 'window_call':
      return expr.nullable ?? exprNullable(expr.input);
    case 'outer_reference':
      return expr.attribute.nullable;
    case 'subquery':
      return expr.nullable ?? true;
    case 'alias':
    case 'sort_order':
      return exprNullable(expr.input);
    default:
      throw engineBug(`the nullability of an expression that is not resolved (${expr.kind})`);
  }
}

const made = new WeakMap<Alias, Attribute>();

/** The column a resolved output expression makes: an attribute is itself, an alias a new one with its id. */
export function toAttribute(expr: Expr): Attribute {
  if (expr.kind === 'attribute') return expr;
  if (expr.kind !== 'alias' || expr.id === undefined) throw engineBug(`an output must be named, not ${expr.kind}`);
  const known = made.get(expr);
  if (known !== undefined) return known;
  const attribute: Attribute = Object.freeze({
    kind: 'attribute',
    id: expr.id,
    name: expr.name,
    type: exprType(expr.input),
    nullable: exprNullable(expr.input),
    ...(expr.qualifier === undefined ? {} : { qualifier: expr.qualifier }),
    ...(expr.path === undefined ? {} : { path: expr.path }),
  });
  made.set(expr, attribute);
  return attribute;
}

const referenced = exprMemory.property<ReadonlySet<number>>();

/** The ids of the attributes an expression reads. */
export function references(expr: Expr): ReadonlySet<number> {
  const known = referenced.get(expr);
  if (known !== undefined) return known;
  const ids = new Set<number>();
  const stack: Expr[] = [expr];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    if (next.kind === 'attribute') ids.add(next.id);
    else stack.push(...exprChildren(next));
  }
  referenced.set(expr, ids);
  return ids;
}

/** Whether everything the expression reads is among `ids`. */
export function readsOnly(expr: Expr, ids: { has(id: number): boolean }): boolean {
  if (expr.kind === 'attribute') return ids.has(expr.id);
  for (const id of references(expr)) if (!ids.has(id)) return false;
  return true;
}

/** Whether the expression reads any of `ids`. */
export function readsAny(expr: Expr, ids: { has(id: number): boolean }): boolean {
  if (expr.kind === 'attribute') return ids.has(expr.id);
  for (const id of references(expr)) if (ids.has(id)) return true;
  return false;
}
