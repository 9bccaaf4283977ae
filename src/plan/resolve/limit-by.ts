import { SparrowError, simpleString } from '../../base/index.js';
import { constantValue } from '../bind.js';
import { limit } from '../build.js';
import { exprType } from '../expr-type.js';
import { isConstant } from '../facts.js';
import type { LimitByPlan, Plan } from '../node.js';
import { columnName } from '../sql-text.js';
import { type Analyzed, scopeOver } from './analyzed.js';
import type { Context } from './context.js';
import { resolveExpr } from './exprs.js';
import { endedBy } from './recursion.js';

/** LIMIT and OFFSET: a whole number that is known before the query runs. */
export function resolveLimitBy(plan: LimitByPlan, input: Analyzed, context: Context): Plan {
  const expr = resolveExpr(plan.rows, scopeOver(input, context), context.settings);
  const name = plan.what;
  const refused = (detail: string, why: string): SparrowError =>
    new SparrowError(`INVALID_LIMIT_LIKE_EXPRESSION.${detail}`, `the ${name} ${why}: ${columnName(expr)}`, {
      sqlState: '42K0E',
      parameters: { name, expr: `"${columnName(expr)}"` },
    });
  if (!isConstant(expr)) throw refused('IS_UNFOLDABLE', 'must be constant');
  const type = exprType(expr);
  if (!['int8', 'int16', 'int32'].includes(type.kind)) {
    throw refused('DATA_TYPE', `must be an integer, not ${simpleString(type).toUpperCase()}`);
  }
  const value = constantValue(expr, context.settings);
  if (value === null || value === undefined) throw refused('IS_NULL', 'must not be null');
  const rows = Number(value);
  if (rows < 0) throw refused('IS_NEGATIVE', 'must not be negative');
  return name === 'limit' ? limit(endedBy(input.plan, rows), rows) : limit(input.plan, undefined, rows);
}
