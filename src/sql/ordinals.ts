import { ordinal } from '../plan/build.js';
import type { Expr } from '../plan/expr.js';

/** Whole numbers as positions of the output list, and a lone ALL as all of it. */
export function ordinals(exprs: readonly Expr[]): Expr[] {
  const [only] = exprs;
  const alone = only?.kind === 'sort_order' ? only.input : only;
  if (exprs.length === 1 && only !== undefined && alone?.kind === 'unresolved_column' && /^all$/i.test(alone.name)) {
    return [only.kind === 'sort_order' ? { ...only, input: ordinal('all') } : ordinal('all')];
  }
  return exprs.map((expr) => {
    const inner = expr.kind === 'sort_order' ? expr.input : expr;
    if (inner.kind !== 'literal' || inner.type.kind !== 'int32' || inner.value === null) return expr;
    const position = ordinal(Number(inner.value));
    return expr.kind === 'sort_order' ? { ...expr, input: position } : position;
  });
}
