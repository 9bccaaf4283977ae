import type { DataType } from '../../base/index.js';
import { aggregate } from '../build.js';
import type { Alias, Attribute, Expr } from '../expr.js';
import { exprNullable, exprType, toAttribute } from '../expr-type.js';
import { nextId } from '../ids.js';
import type { AggregatePlan, Plan } from '../node.js';
import { HAS_AGGREGATE } from '../traits.js';
import { replaceExpr } from '../walk-expr.js';
import { bottomUp } from './rule.js';

/** The entries of a map have an order that means nothing: groups by maps are groups by their sorted entries. */
export const sortMapKeys = bottomUp(
  'sort-map-keys',
  'maps with the same entries are one group, whatever order those are in',
  HAS_AGGREGATE,
  (plan) => (plan.kind === 'aggregate' && plan.groupBy.some(isUnsorted) ? sorted(plan) : plan),
);

const holdsMap = (type: DataType): boolean =>
  type.kind === 'map' ||
  (type.kind === 'array' && holdsMap(type.element)) ||
  (type.kind === 'struct' && type.fields.some((field) => holdsMap(field.type)));

const valueIn = (expr: Expr): Expr => (expr.kind === 'alias' ? expr.input : expr);

function isUnsorted(key: Expr): boolean {
  const value = valueIn(key);
  return holdsMap(exprType(value)) && !(value.kind === 'call' && value.fn === 'sortMaps');
}

function sorted(plan: AggregatePlan): Plan {
  const renamed = new Map<number, Attribute>();
  const groupBy = plan.groupBy.map((key) => {
    if (!isUnsorted(key)) return key;
    const value = valueIn(key);
    const nullable = exprNullable(value);
    const input: Expr = Object.freeze({ kind: 'call', fn: 'sortMaps', args: [value], type: exprType(value), nullable });
    if (key.kind === 'alias') return Object.freeze({ ...key, input });
    const column = toAttribute(key as Attribute);
    const alias: Alias = Object.freeze({ kind: 'alias', name: column.name, input, id: nextId() });
    renamed.set(column.id, toAttribute(alias));
    return alias;
  });
  // What aggregates read are the rows' own maps.
  const output = plan.output.map((expr): Expr => {
    if (expr.kind === 'attribute') {
      const input = renamed.get(expr.id);
      return input === undefined ? expr : Object.freeze({ kind: 'alias', name: expr.name, input, id: expr.id });
    }
    return replaceExpr(expr, (e) =>
      e.kind === 'aggregate_call' ? e : e.kind === 'attribute' ? renamed.get(e.id) : undefined,
    );
  });
  return aggregate(plan.input, groupBy, output);
}
