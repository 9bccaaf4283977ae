import type { Expr } from './expr.js';
import type { Table } from './tables.js';

const SHRINK_MS = 20_000;

/** The smallest case found that still fails: each step takes the first smaller one that does. */
export async function shrink<T>(
  start: T,
  smaller: (from: T) => Iterable<T>,
  fails: (candidate: T) => Promise<boolean>,
): Promise<T> {
  const until = performance.now() + SHRINK_MS;
  let best = start;
  for (let again = true; again; ) {
    again = false;
    for (const candidate of smaller(best)) {
      if (performance.now() > until) return best;
      if (!(await fails(candidate))) continue;
      best = candidate;
      again = true;
      break;
    }
  }
  return best;
}

const isExpr = (value: unknown): value is Expr =>
  typeof value === 'object' && value !== null && 'type' in value && 'kind' in value;

/** Every part of an expression that has its type, and constants in its place. */
function* smallerExpr(expr: Expr): Iterable<Expr> {
  if (expr.kind !== 'call') return;
  const fitting = (inside: Expr): Expr[] =>
    inside.kind !== 'call'
      ? []
      : inside.args.flatMap((arg) => [...(arg.type === expr.type ? [arg] : []), ...fitting(arg)]);
  yield* fitting(expr);
  yield { kind: 'literal', type: expr.type, value: null };
}

/** The same tree with one expression in it made smaller, from the outermost inwards. */
export function* smallerTrees<T>(
  tree: T,
  /** Names of parts that may go. */
  optional: ReadonlySet<string> = new Set(),
  /** Names of lists that may lose all but one. */
  lists: ReadonlySet<string> = new Set(),
): Iterable<T> {
  if (typeof tree !== 'object' || tree === null) return;
  if (isExpr(tree)) yield* smallerExpr(tree) as Iterable<T>;
  if (Array.isArray(tree)) {
    for (const [i, item] of tree.entries())
      for (const smaller of smallerTrees(item, optional, lists))
        yield tree.map((old, k) => (k === i ? smaller : old)) as T;
    return;
  }
  for (const [key, value] of Object.entries(tree)) {
    if (optional.has(key) && value !== undefined) {
      const { [key as keyof T]: _, ...rest } = tree;
      yield rest as T;
    }
    if (lists.has(key) && Array.isArray(value) && value.length > 1)
      for (let i = 0; i < value.length; i++) yield { ...tree, [key]: value.filter((_, k) => k !== i) };
    for (const smaller of smallerTrees(value, optional, lists)) yield { ...tree, [key]: smaller };
  }
}

/** The tables with fewer rows: halves first. */
export function* smallerTables(tables: readonly Table[]): Iterable<readonly Table[]> {
  for (const [t, table] of tables.entries()) {
    const { rows } = table;
    for (let size = Math.ceil(rows.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
      for (let from = 0; from < rows.length; from += size) {
        const kept = [...rows.slice(0, from), ...rows.slice(from + size)];
        yield tables.map((old, k) => (k === t ? { ...table, rows: kept } : old));
      }
      if (size === 1) break;
    }
  }
}

/** The tables without the columns that a text does not name. */
export const namedOnly = (tables: readonly Table[], sql: string): readonly Table[] =>
  tables.map((table) => {
    const kept = table.columns.map((column, c) => c === 0 || new RegExp(`\\b${column.name}\\b`).test(sql));
    return {
      ...table,
      columns: table.columns.filter((_, c) => kept[c]),
      rows: table.rows.map((row) => row.filter((_, c) => kept[c])),
    };
  });
