import { readColumn, type Scalar, type Schema } from '../../base/index.js';
import { alias, literal, project, range } from '../../plan/build.js';
import type { Expr, Literal } from '../../plan/expr.js';
import type { Plan } from '../../plan/node.js';
import { bound, type CommandContext } from './command-context.js';

/** The rows of a query, column by column. */
export async function collect(
  plan: Plan,
  context: CommandContext,
): Promise<{ readonly schema: Schema; readonly columns: Scalar[][]; readonly rows: number }> {
  const { engine, settings, signal } = context;
  const query = await engine.run(bound(plan, context), signal === undefined ? { settings } : { settings, signal });
  const columns = query.schema.fields.map((): Scalar[] => []);
  let rows = 0;
  for await (const batch of query.batches) {
    rows += batch.rows;
    for (const [c, column] of batch.columns.entries()) {
      for (const value of readColumn(engine.heap, column)) columns[c]?.push(value);
    }
  }
  return { schema: query.schema, columns, rows };
}

/** Constant expressions computed: literals of their types. */
export async function constants(exprs: readonly Expr[], context: CommandContext): Promise<Literal[]> {
  const named = exprs.map((expr, i) => alias(expr, `value${i}`));
  const { schema, columns } = await collect(project(range(0n, 1n), named), context);
  return schema.fields.map((field, i) => literal(field.type, columns[i]?.[0] ?? null));
}

export async function oneValue(expr: Expr, context: CommandContext): Promise<Literal> {
  const [value] = await constants([expr], context);
  return value as Literal;
}
