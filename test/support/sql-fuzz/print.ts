import {
  type Dialect,
  type Expr,
  type From,
  type Over,
  operationOf,
  type Query,
  type Select,
  type SortKey,
} from './expr.js';
import { literal } from './values.js';

/** An expression in the words of one engine. */
export function printExpr(expr: Expr, dialect: Dialect): string {
  switch (expr.kind) {
    case 'column':
      return expr.name;
    case 'literal':
      return literal(expr.type, expr.value, dialect);
    case 'call': {
      const args = expr.args.map((arg) => printExpr(arg, dialect));
      const filter = expr.filter === undefined ? '' : ` FILTER (WHERE ${printExpr(expr.filter, dialect)})`;
      const over = expr.over === undefined ? '' : ` OVER (${printOver(expr.over, dialect)})`;
      return operationOf(expr.op)[dialect].replaceAll(/\$([\dFO])/g, (_, at: string) =>
        at === 'F' ? filter : at === 'O' ? over : (args[Number(at)] as string),
      );
    }
    case 'subquery': {
      const query = `(${printQuery(expr.query, dialect)})`;
      if (expr.form === 'scalar') return query;
      const args = expr.args.map((arg) => printExpr(arg, dialect));
      return `(${[...args, expr.form, query].join(' ')})`;
    }
  }
}

const printKey = ({ expr, descending, nullsFirst }: SortKey, dialect: Dialect): string =>
  `${printExpr(expr, dialect)}${descending ? ' DESC' : ''} NULLS ${nullsFirst ? 'FIRST' : 'LAST'}`;

function printOver({ partitionBy, orderBy, frame }: Over, dialect: Dialect): string {
  const list = (exprs: readonly Expr[]): string => exprs.map((expr) => printExpr(expr, dialect)).join(', ');
  return [
    ...(partitionBy.length === 0 ? [] : [`PARTITION BY ${list(partitionBy)}`]),
    ...(orderBy.length === 0 ? [] : [`ORDER BY ${orderBy.map((key) => printKey(key, dialect)).join(', ')}`]),
    ...(frame === undefined ? [] : [frame]),
  ].join(' ');
}

export function printQuery(query: Query, dialect: Dialect): string {
  if (query.kind === 'set')
    return `(${printQuery(query.left, dialect)}) ${query.how} (${printQuery(query.right, dialect)})`;
  const { items, from, distinct, where, order, limit, offset } = query;
  return [
    `SELECT ${distinct ? 'DISTINCT ' : ''}${items.map((item, i) => `${printExpr(item, dialect)} AS r${i}`).join(', ')}`,
    `FROM ${printFrom(from, dialect)}`,
    ...(where === undefined ? [] : [`WHERE ${printExpr(where, dialect)}`]),
    ...printGroup(query, dialect),
    ...printHaving(query, dialect),
    ...(order === undefined
      ? []
      : [
          `ORDER BY ${order.map((key, i) => printKey({ ...key, expr: { kind: 'column', name: `r${i}`, type: 'int' } }, dialect)).join(', ')}`,
        ]),
    ...(limit === undefined ? [] : [`LIMIT ${limit}`]),
    ...(offset === undefined ? [] : [`OFFSET ${offset}`]),
  ].join(' ');
}

function printGroup({ group }: Select, dialect: Dialect): string[] {
  if (group === undefined || group.keys.length === 0) return [];
  const keys = group.keys.map((key) => printExpr(key, dialect));
  if (group.how === 'plain') return [`GROUP BY ${keys.join(', ')}`];
  if (group.how === 'GROUPING SETS') return [`GROUP BY GROUPING SETS ((${keys.join(', ')}), (${keys[0]}), ())`];
  return [`GROUP BY ${group.how} (${keys.join(', ')})`];
}

/** Spark has no group of all rows where there is none (rule 47). */
function printHaving({ having, group }: Select, dialect: Dialect): string[] {
  const total =
    dialect === 'duck' && group !== undefined && group.how !== 'plain' && group.keys.length > 0 ? ['count(*) > 0'] : [];
  const conditions = [...(having === undefined ? [] : [printExpr(having, dialect)]), ...total];
  return conditions.length === 0 ? [] : [`HAVING ${conditions.join(' AND ')}`];
}

export function printFrom(from: From, dialect: Dialect): string {
  switch (from.kind) {
    case 'table':
      return `${from.name} AS ${from.alias}`;
    case 'query':
      return `(${printQuery(from.query, dialect)}) AS ${from.alias}`;
    case 'explode': {
      const input = printFrom(from.input, dialect);
      const list = printExpr(from.list, dialect);
      return dialect === 'spark'
        ? `${input} CROSS JOIN LATERAL explode(${list}) AS ${from.alias}(x)`
        : `${input} CROSS JOIN LATERAL (SELECT unnest(${list})) AS ${from.alias}(x)`;
    }
    case 'join': {
      const how = dialect === 'spark' ? from.how.replace(/^(SEMI|ANTI)/, 'LEFT $1') : from.how;
      const on = from.on === undefined ? '' : ` ON ${printExpr(from.on, dialect)}`;
      return `${printFrom(from.left, dialect)} ${how} ${printFrom(from.right, dialect)}${on}`;
    }
  }
}
