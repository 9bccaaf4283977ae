import { call, literal } from '../plan/build.js';
import { pivot } from '../plan/build-relations.js';
import type { Expr } from '../plan/expr.js';
import type { Plan } from '../plan/node.js';
import { aggregateExprs } from './aggregate-items.js';
import { columnByName } from './functions.js';
import { literalOf } from './literal.js';
import { t } from './types.js';

/** Groups with a column to be turned; `F` is the frame that comes out. */
export class PivotedData<F> {
  readonly #make: (aggregates: readonly Expr[]) => F;

  constructor(
    plan: Plan,
    groupBy: readonly Expr[],
    turned: Expr,
    values: readonly (string | number | boolean)[] | undefined,
    make: (plan: Plan) => F,
  ) {
    const given = values?.map((value) => ({ exprs: [literalOf(value)] }));
    this.#make = (aggregates) =>
      make(pivot(plan, { groupBy, columns: [turned], ...(given === undefined ? {} : { values: given }), aggregates }));
  }

  /** A column for each value, or for each value and aggregate (`value_name`). */
  agg(...columns: readonly unknown[]): F {
    return this.#make(aggregateExprs(columns));
  }
  /** The number of rows. */
  count(): F {
    return this.#make([call('count', literal(t.int32, 1))]);
  }
  /** The sum of a column. */
  sum(name: string): F {
    return this.#make([call('sum', columnByName(name))]);
  }
  /** The mean of a column. */
  avg(name: string): F {
    return this.#make([call('avg', columnByName(name))]);
  }
  /** The least value of a column. */
  min(name: string): F {
    return this.#make([call('min', columnByName(name))]);
  }
  /** The greatest value of a column. */
  max(name: string): F {
    return this.#make([call('max', columnByName(name))]);
  }
}
