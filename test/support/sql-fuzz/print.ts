import {
  type CallExpr,
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

/** What becomes of a call in words, given those of its arguments. */
type Wrap = (call: CallExpr, words: string, args: readonly string[]) => string;

/** An expression in the words of one engine. */
export function printExpr(expr: Expr, dialect: Dialect, wrap: Wrap = (_, words) => words): string {
  switch (expr.kind) {
    case 'column':
      return expr.name;
    case 'literal':
      return literal(expr.type, expr.value, dialect);
    case 'call': {
      const args = expr.args.map((arg) => printExpr(arg, dialect, wrap));
      const filter = expr.filter === undefined ? '' : ` FILTER (WHERE ${printExpr(expr.filter, dialect)})`;
      const over = expr.over === undefined ? '' : ` OVER (${printOver(expr.over, dialect)})`;
      const words = operationOf(expr.op)[dialect].replaceAll(/\$([\dFO])/g, (_, at: string) =>
        at === 'F' ? filter : at === 'O' ? over : (args[Number(at)] as string),
      );
      return wrap(expr, words, args);
    }
    case 'subquery': {
      const query = `(${printQuery(expr.query, dialect)})`;
      if (expr.form === 'scalar') return query;
      const args = expr.args.map((arg) => printExpr(arg, dialect));
      return `(${[...args, expr.form, query].join(' ')})`;
    }
  }
}

/** Operations of several arguments that are not null whenever one of these is. */
const LENIENT = /<=>|AND|OR|IN |BETWEEN|CASE|if\(|nvl|nanvl|coalesce|greatest|least|concat_ws|array|map|struct/;
/** Of these Spark looks at the second argument first: it may be 0. */
const DIVIDES = /\$0 (\/|%|div) \$1|pmod\(/;

/** For DuckDB, as Spark evaluates: where an argument is null, those after it are not looked at (rule 49). */
export const printLazily = (root: Expr): string =>
  printExpr(root, 'duck', ({ op }, words, args) => {
    const { spark } = operationOf(op);
    if (args.length < 2 || LENIENT.test(spark)) return words;
    const first = DIVIDES.test(spark) ? args.slice(1) : args.slice(0, -1);
    return `CASE ${first.map((arg) => `WHEN (${arg}) IS NULL THEN NULL`).join(' ')} ELSE ${words} END`;
  });

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
