import type { Attribute, Expr } from '../expr.js';
import { toAttribute } from '../expr-type.js';
import type { Plan, ProjectPlan, ScanPlan } from '../node.js';
import { outputOf } from '../output.js';
import { HAS_ALIAS, HAS_PROJECT } from '../traits.js';
import { replace } from '../walk.js';
import { bottomUp } from './rule.js';

/** Projections that give what they get, and those that only give a source's columns new ids (self-joins). */
export const removeNoopProjects = bottomUp(
  'remove-noop-projects',
  'passing on the same columns is no work to do',
  HAS_PROJECT | HAS_ALIAS,
  (plan) => {
    if (plan.kind === 'subquery_alias') return plan.input;
    if (plan.kind !== 'project') return plan;
    const output = outputOf(plan.input);
    const same =
      plan.exprs.length === output.length &&
      plan.exprs.every(
        (expr, i) => expr.kind === 'attribute' && expr.id === output[i]?.id && expr.name === output[i]?.name,
      );
    if (same) return plan.input;
    return plan.input.kind === 'scan' ? renewedScan(plan, plan.input) : plan;
  },
);

/** A scan read twice in one query: the second time its columns simply have other ids. */
function renewedScan(plan: ProjectPlan, scan: ScanPlan): Plan {
  if (scan.predicate !== undefined) return plan;
  const columns = new Map(scan.output.map((attribute) => [attribute.id, attribute]));
  const output: Attribute[] = [];
  let renewed = false;
  for (const expr of plan.exprs) {
    const column = sourceColumn(expr, columns);
    if (column === undefined || column.name !== toAttribute(expr).name) return plan;
    columns.delete(column.id);
    renewed ||= expr.kind === 'alias';
    output.push(toAttribute(expr));
  }
  return renewed ? replace(scan, { output }) : plan;
}

const sourceColumn = (expr: Expr, columns: ReadonlyMap<number, Attribute>): Attribute | undefined => {
  const input = expr.kind === 'alias' ? expr.input : expr;
  return input.kind === 'attribute' ? columns.get(input.id) : undefined;
};
