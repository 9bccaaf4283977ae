import type { EvalSettings } from '../../functions/expression.js';
import { aggregateFunction } from '../../functions/registry.js';
import { constantValue } from '../bind.js';
import type { AggregateCall, Expr, Literal } from '../expr.js';
import { exprType } from '../expr-type.js';
import { isConstant } from '../facts.js';
import { replaceExpr } from '../walk-expr.js';

/** What an expression over aggregates is when there were no rows: `count(*) + 1` is 1, `max(x)` is null. */
export function valueOfNothing(expr: Expr, settings: EvalSettings): Expr {
  const value = replaceExpr(expr, (e) => (e.kind === 'aggregate_call' ? emptyAggregate(e, settings) : undefined));
  if (!isConstant(value)) return value;
  const known = constantValue(value, settings);
  return known === undefined ? value : Object.freeze({ kind: 'literal', type: exprType(value), value: known });
}

function emptyAggregate({ fn, args, type }: AggregateCall, settings: EvalSettings): Literal {
  const { eval: meaning } = aggregateFunction(fn);
  const call = {
    fn,
    argTypes: args.map(exprType),
    literals: args.map((arg) => (arg.kind === 'literal' ? arg.value : undefined)),
    returns: type,
    settings,
  };
  return Object.freeze({ kind: 'literal', type, value: meaning.finish(meaning.init(call), call) });
}
