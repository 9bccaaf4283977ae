import { alias, column } from '../plan/build.js';
import { pivot, unpivot } from '../plan/build-relations.js';
import type { Expr } from '../plan/expr.js';
import type { PivotValue, Plan } from '../plan/node.js';
import { joinName, type QueryContext, qualifiedName } from './query-context.js';

/** `PIVOT (sum(a) AS s, … FOR c IN (1 AS one, 2))`; several columns and values are in parentheses. */
export function readPivot(query: QueryContext, input: Plan): Plan {
  const { tokens, exprs } = query;
  tokens.expect('PIVOT', '(');
  const aggregates: Expr[] = [];
  do aggregates.push(readAggregate(query));
  while (tokens.accept(','));
  tokens.expect('FOR');
  const columns = readColumns(query);
  tokens.expect('IN', '(');
  const values: PivotValue[] = [];
  do values.push(pivotValue(exprs.named(), columns.length));
  while (tokens.accept(','));
  tokens.expect(')', ')');
  return pivot(input, { columns, values, aggregates });
}

/** `FOR` is never the alias of an aggregate, unless AS says so. */
function readAggregate({ tokens, exprs }: QueryContext): Expr {
  const expr = exprs.expression();
  const { kind } = tokens.peek();
  const isName = tokens.accept('AS') || kind === 'name' || (kind === 'word' && !tokens.is('FOR'));
  return isName ? alias(expr, tokens.name()) : expr;
}

function pivotValue(expr: Expr, width: number): PivotValue {
  const name = expr.kind === 'alias' ? expr.name : undefined;
  const value = expr.kind === 'alias' ? expr.input : expr;
  const isRow = value.kind === 'unresolved_call' && value.name.toLowerCase() === 'struct' && width > 1;
  return { exprs: isRow ? value.args : [value], ...(name === undefined ? {} : { name }) };
}

function readColumns({ tokens }: QueryContext): Expr[] {
  if (!tokens.accept('(')) return [column(joinName(qualifiedName(tokens, 'a column')))];
  const columns: Expr[] = [];
  do columns.push(column(joinName(qualifiedName(tokens, 'a column'))));
  while (tokens.accept(','));
  tokens.expect(')');
  return columns;
}

/** `UNPIVOT [INCLUDE NULLS] (v FOR n IN (a AS 'x', b))`; several value columns are in parentheses. */
export function readUnpivot(query: QueryContext, input: Plan): Plan {
  const { tokens } = query;
  tokens.expect('UNPIVOT');
  const includeNulls = tokens.accept('INCLUDE');
  if (includeNulls || tokens.accept('EXCLUDE')) tokens.expect('NULLS');
  tokens.expect('(');
  const valueNames = readNames(query);
  tokens.expect('FOR');
  const variableName = tokens.name();
  tokens.expect('IN', '(');
  const values: { exprs: readonly Expr[]; name?: string }[] = [];
  do {
    const columns = readColumns(query);
    const name =
      tokens.accept('AS') || tokens.peek().kind === 'word' || tokens.peek().kind === 'name'
        ? readAlias(query)
        : undefined;
    values.push(name === undefined ? { exprs: columns } : { exprs: columns, name });
  } while (tokens.accept(','));
  tokens.expect(')', ')');
  return unpivot(input, { values, variableName, valueNames, includeNulls });
}

function readAlias({ tokens }: QueryContext): string {
  return tokens.peek().kind === 'string' ? tokens.string() : tokens.name('an alias');
}

function readNames({ tokens }: QueryContext): string[] {
  if (!tokens.accept('(')) return [tokens.name()];
  const names: string[] = [];
  do names.push(tokens.name());
  while (tokens.accept(','));
  tokens.expect(')');
  return names;
}
