import { type PhysicalExpr, referencedColumns } from '../../functions/expression.js';
import type { PhysicalPlan } from '../physical.js';

/** Which columns of the joins of a plan anything above them reads; a join that is not there has all of them read. */
export function columnsRead(root: PhysicalPlan): ReadonlyMap<PhysicalPlan, ReadonlySet<number>> {
  const found = new Map<PhysicalPlan, ReadonlySet<number>>();
  const visit = (plan: PhysicalPlan, read: ReadonlySet<number>): void => {
    switch (plan.kind) {
      case 'join': {
        found.set(plan, read);
        const keys = (side: 'left' | 'right') => plan.keys.map((key) => key[side]);
        const both = withColumns(read, plan.residual);
        const width = plan.left.columns.length;
        const isMine = (column: number): boolean => column < width;
        visit(plan.left, withColumns(new Set([...both].filter(isMine)), ...keys('left')));
        const others = [...both].filter((column) => !isMine(column)).map((column) => column - width);
        return visit(plan.right, withColumns(new Set(others), ...keys('right')));
      }
      case 'filter':
        return visit(plan.input, withColumns(read, plan.condition));
      case 'project':
        return visit(plan.input, withColumns(new Set(), ...plan.exprs));
      case 'aggregate': {
        const calls = plan.aggregates.flatMap(({ args, filter }) => [...args, filter]);
        return visit(plan.input, withColumns(new Set(), ...plan.keys, ...calls));
      }
      case 'sort':
        return visit(plan.input, withColumns(read, ...plan.keys.map(({ expr }) => expr)));
      case 'limit':
        return visit(plan.input, read);
      case 'union':
        return plan.inputs.forEach((input) => {
          visit(input, read);
        });
      default:
        // Whoever reads these says so where it opens them: all of their inputs' columns are taken to be read.
        return;
    }
  };
  visit(root, new Set(root.columns.keys()));
  return found;
}

function withColumns(read: ReadonlySet<number>, ...exprs: readonly (PhysicalExpr | undefined)[]): Set<number> {
  const all = new Set(read);
  for (const expr of exprs) if (expr !== undefined) referencedColumns(expr, all);
  return all;
}
