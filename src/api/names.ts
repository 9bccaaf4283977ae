import { SparrowError } from '../base/index.js';
import { alias, column } from '../plan/build.js';
import type { Expr } from '../plan/expr.js';
import { Column, ColumnBase, columnExpr, withFields } from './column.js';
import type { Columns } from './frame-types.js';
import { columnByName } from './functions.js';
import { describe } from './literal.js';

/** A name as an expression reads it: in backquotes when it would be taken for a path otherwise. */
export const quoted = (name: string): string => (/[.`*]/.test(name) ? `\`${name.replaceAll('`', '``')}\`` : name);

/** The last part of a possibly qualified name, without backquotes. */
const lastPart = (name: string): string => {
  const parts = name.match(/`(?:[^`]|``)*`|[^.]+/g) ?? [name];
  const last = parts.at(-1) ?? name;
  return last.startsWith('`') ? last.slice(1, -1).replaceAll('``', '`') : last;
};

/** `$`: every property is the column of that name. With a plan id it is that frame's column, also in a self-join. */
export function columnsOf<S>(planId?: number): Columns<S> {
  return new Proxy(Object.freeze({}), {
    get: (_, name) => (typeof name === 'string' ? withFields(new Column(column(quoted(name), planId))) : undefined),
  }) as Columns<S>;
}

/** Calls `given` with the frame's columns when it is a function. */
export const made = (given: unknown): unknown => (typeof given === 'function' ? given(columnsOf()) : given);

/** Names, columns, lists, objects and functions of columns as one list of expressions. */
export function itemExprs(items: readonly unknown[]): Expr[] {
  return items.flatMap((item): Expr[] => {
    const value = made(item);
    if (Array.isArray(value)) return itemExprs(value);
    if (typeof value === 'string' || value instanceof ColumnBase) return [namedExpr(columnExpr(value, columnByName))];
    return namedColumns(value).map(({ name, expr }) => alias(expr, name));
  });
}

/** As Spark names it: a cast column keeps its name. */
function namedExpr(expr: Expr): Expr {
  let inner = expr;
  while (inner.kind === 'cast') inner = inner.input;
  return inner !== expr && inner.kind === 'unresolved_column' ? alias(expr, lastPart(inner.name)) : expr;
}

/** `{ name: column }` as pairs. */
export function namedColumns(given: unknown): { readonly name: string; readonly expr: Expr }[] {
  if (typeof given !== 'object' || given === null || Object.getPrototypeOf(given) !== Object.prototype) {
    throw new SparrowError('NOT_COLUMN_OR_STR', `${describe(given)} is neither a column nor a column's name`, {
      hint: "give names, columns such as col('x'), or an object { newName: column }",
    });
  }
  return Object.entries(given).map(([name, value]) => ({ name, expr: theColumn(value, name).expr }));
}

/** A column, or an error that names the place. */
export function theColumn(value: unknown, where: string): ColumnBase {
  if (value instanceof ColumnBase) return value;
  throw new SparrowError('NOT_COLUMN', `${where} is to be a column, not ${describe(value)}`, {
    hint: "write lit(…) for a value and col('…') for a column",
  });
}

export function theName(value: unknown, what: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new SparrowError('NOT_STR', `${what} is to be a name, not ${describe(value)}`);
}

export function wholeNumber(value: unknown, what: string): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
  throw new SparrowError('NOT_INT', `${what} is to be a whole number of at least 0, not ${describe(value)}`);
}
