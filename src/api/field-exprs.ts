import { call } from '../plan/build.js';
import type { Expr } from '../plan/expr.js';
import { literalOf } from './literal.js';

/** A field of a struct: of a column by name, a longer name. */
export function fieldExpr(expr: Expr, name: string): Expr {
  if (expr.kind !== 'unresolved_column') return call('getField', expr, literalOf(name));
  return { ...expr, name: `${expr.name}.\`${name.replaceAll('`', '``')}\`` };
}

/** A struct with a field, however deep, replaced or added. */
export function withFieldExpr(struct: Expr, [name = '', ...inner]: readonly string[], value: Expr): Expr {
  const made = inner.length === 0 ? value : withFieldExpr(fieldExpr(struct, name), inner, value);
  return call('withField', struct, literalOf(name), made);
}

/** A struct without a field, however deep. */
export function dropFieldExpr(struct: Expr, [name = '', ...inner]: readonly string[]): Expr {
  if (inner.length === 0) return call('dropField', struct, literalOf(name));
  return call('withField', struct, literalOf(name), dropFieldExpr(fieldExpr(struct, name), inner));
}
