import type { PhysicalAggregate, PhysicalJoin, PhysicalPlan } from '../../src/exec/physical.js';
import { type PhysicalExpr, referencedColumns } from '../../src/functions/expression.js';

type Wanted = ReadonlySet<number> | 'all';

/**
 * The plan with null for every value that nothing above reads. Whether such a value is made, and so can fail, is free:
 * Spark's optimizer takes it out, compiled code does not come to it, the interpreter makes it.
 */
export function withoutUnread(plan: PhysicalPlan, wanted: Wanted = 'all'): PhysicalPlan {
  switch (plan.kind) {
    case 'project': {
      const exprs = plan.exprs.map((expr, i) => (isIn(wanted, i) ? expr : nothing(expr)));
      return { ...plan, exprs, input: withoutUnread(plan.input, reads([], exprs)) };
    }
    case 'filter':
      return { ...plan, input: withoutUnread(plan.input, reads(wanted, [plan.condition])) };
    case 'sort':
      return {
        ...plan,
        input: withoutUnread(
          plan.input,
          reads(
            wanted,
            plan.keys.map((key) => key.expr),
          ),
        ),
      };
    case 'limit':
    case 'sample':
      return { ...plan, input: withoutUnread(plan.input, wanted) };
    case 'union':
      return { ...plan, inputs: plan.inputs.map((input) => withoutUnread(input, wanted)) };
    case 'aggregate':
      return aggregate(plan, wanted);
    case 'join':
      return join(plan, wanted);
    default:
      return 'input' in plan ? { ...plan, input: withoutUnread(plan.input) } : plan;
  }
}

function aggregate(plan: PhysicalAggregate, wanted: Wanted): PhysicalPlan {
  const output = plan.output.map((expr, i) => (isIn(wanted, i) ? expr : nothing(expr)));
  const read = reads([], output);
  const aggregates = plan.aggregates.map((spec, i) =>
    isIn(read, plan.keys.length + i) ? spec : { ...spec, fn: 'count', args: [] },
  );
  const over = aggregates.flatMap(({ args, filter }) => (filter === undefined ? args : [...args, filter]));
  return { ...plan, output, aggregates, input: withoutUnread(plan.input, reads([], [...plan.keys, ...over])) };
}

function join(plan: PhysicalJoin, wanted: Wanted): PhysicalPlan {
  if (wanted === 'all') return { ...plan, left: withoutUnread(plan.left), right: withoutUnread(plan.right) };
  const width = plan.left.columns.length;
  const residual = plan.residual === undefined ? [] : [plan.residual];
  const read = reads(wanted, residual);
  const both = read === 'all' ? [] : [...read];
  const left = reads(
    both.filter((i) => i < width),
    plan.keys.map((key) => key.left),
  );
  const right = reads(
    both.filter((i) => i >= width).map((i) => i - width),
    plan.keys.map((key) => key.right),
  );
  return { ...plan, left: withoutUnread(plan.left, left), right: withoutUnread(plan.right, right) };
}

const isIn = (wanted: Wanted, index: number): boolean => wanted === 'all' || wanted.has(index);

const nothing = (expr: PhysicalExpr): PhysicalExpr => ({ kind: 'literal', type: expr.type, value: null });

/** What is read of an input: the columns that are passed on, and those of expressions. */
function reads(passed: Wanted | readonly number[], exprs: readonly PhysicalExpr[]): Wanted {
  if (passed === 'all') return passed;
  const read = new Set(passed);
  for (const expr of exprs) referencedColumns(expr, read);
  return read;
}
