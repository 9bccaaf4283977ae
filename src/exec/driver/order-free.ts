import type { PhysicalExpr } from '../../functions/expression.js';
import { findEntry } from '../../functions/registry.js';
import type { PhysicalAggregate, PhysicalPlan } from '../physical.js';

/** The joins of a plan whose rows may come in any order: nothing above them tells. */
export function orderFreeJoins(root: PhysicalPlan): ReadonlySet<PhysicalPlan> {
  const free = new Set<PhysicalPlan>();
  const visit = (plan: PhysicalPlan, seen: boolean): void => {
    switch (plan.kind) {
      case 'join':
        if (!seen) free.add(plan);
        visit(plan.left, seen);
        return visit(plan.right, seen);
      case 'filter':
      case 'project':
      case 'udf':
      case 'generate':
        return visit(plan.input, seen);
      case 'union':
        return plan.inputs.forEach((input) => {
          visit(input, seen);
        });
      case 'aggregate':
        // Groups come in the order of their first rows.
        return visit(plan.input, (seen && plan.keys.length > 0) || hasOrderedCall(plan));
      case 'sort':
        return visit(
          plan.input,
          !isTotal(
            plan.keys.map(({ expr }) => expr),
            plan.input,
          ),
        );
      case 'limit':
      case 'window':
      case 'sample':
      case 'repartition':
        return visit(plan.input, true);
      default:
        return;
    }
  };
  visit(root, true);
  return free;
}

const hasOrderedCall = ({ aggregates }: PhysicalAggregate): boolean =>
  aggregates.some(({ fn }) => {
    const entry = findEntry(fn);
    return entry?.kind !== 'aggregate' || entry.ordered === true || entry.collect !== undefined;
  });

/** Whether no two rows agree in these: they are, or have among them, the keys of groups. */
function isTotal(exprs: readonly (PhysicalExpr | undefined)[], plan: PhysicalPlan): boolean {
  const through = (outputs: readonly PhysicalExpr[]) =>
    exprs.map((expr) => (expr?.kind === 'column' ? outputs[expr.index] : undefined));
  switch (plan.kind) {
    case 'filter':
      return isTotal(exprs, plan.input);
    case 'project':
      return isTotal(through(plan.exprs), plan.input);
    case 'aggregate': {
      const known = new Set(through(plan.output).map((expr) => (expr?.kind === 'column' ? expr.index : -1)));
      return plan.keys.every((_, k) => known.has(k));
    }
    default:
      return false;
  }
}
