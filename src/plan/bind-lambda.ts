import type { ColumnExpr, LambdaBody, PhysicalExpr } from '../functions/expression.js';
import type { Call, Lambda } from './expr.js';

/** Until the call around it is bound, a lambda function's parameter is a column of a negative index. */
export const variableIndex = (id: number): number => -1 - id;

/**
 * A call with lambda functions: what their bodies read besides their own parameters becomes further arguments of the
 * call, so that a body is an expression over a small row of its own and the call reads columns only by its arguments.
 */
export function bindHigherOrder(call: Call, args: readonly PhysicalExpr[]): PhysicalExpr {
  const captured = new Map<number, ColumnExpr>();
  const lambdas: { readonly lambda: Lambda; readonly body: PhysicalExpr }[] = [];
  const given: PhysicalExpr[] = [];
  for (const [i, arg] of call.args.entries()) {
    const bound = args[i] as PhysicalExpr;
    if (arg.kind !== 'lambda') {
      given.push(bound);
      continue;
    }
    lambdas.push({ lambda: arg, body: bound });
    const own = new Set(arg.params.map(({ id }) => variableIndex(id)));
    collectColumns(bound, (column) => {
      if (!own.has(column.index)) captured.set(column.index, column);
    });
  }
  const outer = [...captured.values()];
  const bodies = lambdas.map(({ lambda, body }): LambdaBody => {
    const places = new Map<number, number>();
    for (const column of outer) places.set(column.index, lambda.params.length + places.size);
    for (const [i, { id }] of lambda.params.entries()) places.set(variableIndex(id), i);
    return { params: lambda.params.map(({ type }) => type), body: moveColumns(body, places) };
  });
  return {
    kind: 'call',
    fn: call.fn,
    args: [...given, ...outer],
    type: call.type,
    nullable: call.nullable,
    lambdas: { bodies, captured: outer.length },
  };
}

function collectColumns(expr: PhysicalExpr, visit: (column: ColumnExpr) => void): void {
  if (expr.kind === 'column') visit(expr);
  else if (expr.kind === 'call') for (const arg of expr.args) collectColumns(arg, visit);
}

/** The bodies of inner lambda functions have rows of their own already. */
function moveColumns(expr: PhysicalExpr, places: ReadonlyMap<number, number>): PhysicalExpr {
  if (expr.kind === 'column') return { ...expr, index: places.get(expr.index) ?? expr.index };
  if (expr.kind === 'literal') return expr;
  return { ...expr, args: expr.args.map((arg) => moveColumns(arg, places)) };
}
