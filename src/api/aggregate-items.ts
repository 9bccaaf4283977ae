import { SparrowError } from '../base/index.js';
import { alias, call, literal } from '../plan/build.js';
import type { Expr } from '../plan/expr.js';
import { ColumnBase } from './column.js';
import { columnByName } from './functions.js';
import { itemExprs, made, theColumn } from './names.js';
import { t } from './types.js';

/** PySpark's words for aggregates in a dictionary. */
const otherNames: Readonly<Record<string, string | undefined>> = {
  ...{ mean: 'avg', average: 'avg', std: 'stddev', size: 'count' },
};

/** Aggregates as given, PySpark's dictionary included. */
export function aggregateExprs(items: readonly unknown[]): Expr[] {
  const exprs = items.flatMap((item): Expr[] => {
    const value = made(item);
    if (typeof value !== 'object' || value === null || value instanceof ColumnBase || Array.isArray(value)) {
      return itemExprs([value]);
    }
    return Object.entries(value).map(([name, what]) =>
      typeof what === 'string'
        ? call(otherNames[what.toLowerCase()] ?? what, name === '*' ? literal(t.int32, 1) : columnByName(name))
        : alias(theColumn(what, `"${name}"`).expr, name),
    );
  });
  if (exprs.length > 0) return exprs;
  throw new SparrowError('CANNOT_BE_EMPTY', 'agg() needs at least one aggregate', { hint: "agg(fn.count().as('n'))" });
}
