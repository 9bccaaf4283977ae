import { structType } from '../base/index.js';
import { alias, local, project, union } from '../plan/build.js';
import type { Expr } from '../plan/expr.js';
import type { Plan } from '../plan/node.js';

/** What SELECT without FROM reads: one row without columns. */
export const oneRow = (): Plan => local({ schema: structType([]), content: { kind: 'scalars', rows: 1, columns: [] } });

/** Rows of constant expressions; columns are `col1`, `col2`, … */
export function inlineTable(rows: readonly (readonly Expr[])[]): Plan {
  const plans = rows.map((row) =>
    project(
      oneRow(),
      row.map((expr, i) => alias(expr, `col${i + 1}`)),
    ),
  );
  return plans.length === 1 ? (plans[0] as Plan) : union(plans);
}
