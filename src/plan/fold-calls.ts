import type { JsFunction } from '../base/index.js';
import type { AggregateCall, Call, Expr } from './expr.js';
import { replaceExpr } from './walk-expr.js';

/*
 * A user's aggregator is a call of a JavaScript function over the list of a group's values: `fold(collect_list(x))`, or
 * `fold(collect_list(named_struct('_1', x, '_2', y)))` where it takes several or is to see nulls, which lists leave out.
 */

/** The list with what it is made of: `collect_list` of the group. */
export const isFold = (expr: Expr): expr is Call & { readonly js: JsFunction } =>
  expr.kind === 'call' && expr.js?.folds !== undefined;

/** A call of an aggregator as it was written: the aggregate function `name` of its arguments, with its window. */
export const foldAsWritten = ({ js, args }: Call & { readonly js: JsFunction }): Expr =>
  replaceExpr(args[0] as Expr, (e) =>
    e.kind === 'aggregate_call' ? { ...e, args: foldArguments(js, e), shown: js.name } : undefined,
  );

function foldArguments({ folds }: JsFunction, { args }: AggregateCall): readonly Expr[] {
  const [only] = args;
  if (folds === 'values' || only?.kind !== 'call') return args;
  return only.args.filter((_, i) => i % 2 === 1);
}
