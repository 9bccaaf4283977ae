import type { Expr, SortOrder } from './expr.js';
import type { Plan } from './node.js';
import { mapSame, replace } from './walk.js';

/** The expressions of one node, inputs' not included. */
export function planExprs(plan: Plan): readonly Expr[] {
  switch (plan.kind) {
    case 'project':
      return plan.exprs;
    case 'filter':
      return [plan.condition];
    case 'aggregate':
      return [...plan.groupBy, ...plan.output, ...(plan.having === undefined ? [] : [plan.having])];
    case 'join':
      return plan.condition === undefined ? [] : [plan.condition];
    case 'sort':
      return plan.orders;
    case 'window':
      return [...plan.calls, ...plan.partitionBy, ...plan.orderBy];
    case 'repartition':
      return plan.by;
    case 'scan':
      return plan.predicate === undefined ? [] : [plan.predicate];
    case 'with_columns':
      return plan.columns.map((column) => column.expr);
    case 'drop':
      return plan.columns;
    case 'limit_by':
      return [plan.rows];
    case 'sql_query':
      return Object.values(plan.parameters);
    case 'values':
      return plan.rows.flat();
    case 'table_function':
      return plan.args;
    case 'generate':
      return [plan.generator];
    case 'expand':
      return plan.projections.flat();
    case 'lateral_join':
      return plan.condition === undefined ? [] : [plan.condition];
    case 'pivot':
      return [
        ...(plan.groupBy ?? []),
        ...plan.columns,
        ...plan.aggregates,
        ...(plan.values ?? []).flatMap((v) => v.exprs),
      ];
    case 'unpivot':
      return [...(plan.ids ?? []), ...(plan.values ?? []).flatMap((v) => v.exprs)];
    case 'hint':
      return plan.parameters;
    case 'asof_join':
      return [plan.leftOn, plan.rightOn];
    default:
      return [];
  }
}

/** Applies `change` to each expression of the node. */
export function mapExprs(plan: Plan, change: (expr: Expr) => Expr): Plan {
  switch (plan.kind) {
    case 'project':
      return replace(plan, { exprs: mapSame(plan.exprs, change) });
    case 'filter':
      return replace(plan, { condition: change(plan.condition) });
    case 'aggregate':
      return replace(plan, {
        groupBy: mapSame(plan.groupBy, change),
        output: mapSame(plan.output, change),
        ...(plan.having === undefined ? {} : { having: change(plan.having) }),
      });
    case 'join':
      return plan.condition === undefined ? plan : replace(plan, { condition: change(plan.condition) });
    case 'sort':
      return replace(plan, { orders: mapSame(plan.orders, change) as readonly SortOrder[] });
    case 'window':
      return replace(plan, {
        calls: mapSame(plan.calls, change) as typeof plan.calls,
        partitionBy: mapSame(plan.partitionBy, change),
        orderBy: mapSame(plan.orderBy, change) as readonly SortOrder[],
      });
    case 'repartition':
      return replace(plan, { by: mapSame(plan.by, change) });
    case 'scan':
      return plan.predicate === undefined ? plan : replace(plan, { predicate: change(plan.predicate) });
    case 'with_columns':
      return replace(plan, {
        columns: mapSame(plan.columns, (column) => replace(column, { expr: change(column.expr) })),
      });
    case 'drop':
      return replace(plan, { columns: mapSame(plan.columns, change) });
    default:
      return mapRelationExprs(plan, change);
  }
}

function mapRelationExprs(plan: Plan, change: (expr: Expr) => Expr): Plan {
  const all = (exprs: readonly Expr[]): readonly Expr[] => mapSame(exprs, change);
  const lists = <T extends { readonly exprs: readonly Expr[] }>(items: readonly T[]): readonly T[] =>
    mapSame(items, (item) => replace<T>(item, { exprs: all(item.exprs) } as Partial<T>));
  switch (plan.kind) {
    case 'limit_by':
      return replace(plan, { rows: change(plan.rows) });
    case 'values':
      return replace(plan, { rows: mapSame(plan.rows, all) });
    case 'table_function':
      return replace(plan, { args: all(plan.args) });
    case 'generate':
      return replace(plan, { generator: change(plan.generator) });
    case 'expand':
      return replace(plan, { projections: mapSame(plan.projections, all) });
    case 'lateral_join':
      return plan.condition === undefined ? plan : replace(plan, { condition: change(plan.condition) });
    case 'pivot':
      return replace(plan, {
        ...(plan.groupBy === undefined ? {} : { groupBy: all(plan.groupBy) }),
        columns: all(plan.columns),
        aggregates: all(plan.aggregates),
        ...(plan.values === undefined ? {} : { values: lists(plan.values) }),
      });
    case 'unpivot':
      return replace(plan, {
        ...(plan.ids === undefined ? {} : { ids: all(plan.ids) }),
        ...(plan.values === undefined ? {} : { values: lists(plan.values) }),
      });
    case 'hint':
      return replace(plan, { parameters: all(plan.parameters) });
    case 'asof_join':
      return replace(plan, { leftOn: change(plan.leftOn), rightOn: change(plan.rightOn) });
    default:
      return plan;
  }
}
