import type { PhysicalExpr } from './expression.js';
import { scalarFunction } from './registry.js';

/** Whether the same row always gives the same value. */
export function isDeterministic(expr: PhysicalExpr): boolean {
  if (expr.kind !== 'call') return true;
  return (
    scalarFunction(expr.fn).deterministic !== false &&
    expr.args.every(isDeterministic) &&
    (expr.lambdas === undefined || expr.lambdas.bodies.every(({ body }) => isDeterministic(body)))
  );
}
