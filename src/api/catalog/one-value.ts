import { readColumn, type Scalar } from '../../base/index.js';
import { alias, literal, project, range } from '../../plan/build.js';
import type { Expr, Literal } from '../../plan/expr.js';
import { bound, type CommandContext } from './command-context.js';

/** A constant expression computed: a literal of its type. */
export async function oneValue(expr: Expr, context: CommandContext): Promise<Literal> {
  const { engine, settings } = context;
  const plan = bound(project(range(0n, 1n), [alias(expr, 'value')]), context);
  const query = await engine.run(plan, { settings });
  let value: Scalar = null;
  for await (const batch of query.batches) {
    const [first] = batch.columns;
    if (first !== undefined) value = readColumn(engine.heap, first)[0] ?? null;
  }
  const type = query.schema.fields[0]?.type ?? { kind: 'null' };
  return literal(type, value);
}
