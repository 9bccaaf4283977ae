import {
  type JsFunction,
  nearestNames,
  type SourceDescription,
  SparrowError,
  type TableSource,
} from '../base/index.js';
import type { EvalSettings } from '../functions/expression.js';
import type { Expr } from './expr.js';
import type { Plan } from './node.js';
import type { SqlRoutine } from './routine.js';

/** The value of the SQL variable that a name begins with, and the fields of it that the rest of the name asks for. */
export type VariableLookup = (
  parts: readonly string[],
) => { readonly expr: Expr; readonly fields: readonly string[] } | undefined;

/** What a variable, or a parameter as `:name`, stands for in a text, where that is a constant. */
export type ValueOf = (name: string) => unknown;

export const valuesOf =
  (parameters: Readonly<Record<string, Expr>>, variable?: VariableLookup): ValueOf =>
  (name) => {
    const expr = name.startsWith(':') ? parameters[name.slice(1)] : variable?.([name])?.expr;
    return expr?.kind === 'literal' ? expr.value : undefined;
  };

/** What the resolver asks of the session. */
export interface Catalog {
  /** Reads a source's metadata (schema, footers); nothing else. */
  openSource(description: SourceDescription): Promise<TableSource>;
  /** A temporary view by name, as the resolver should compare names. */
  view(name: string): Plan | undefined;
  viewNames(): readonly string[];
  /** The SQL variable that a name begins with. */
  variable?: VariableLookup;
  /** The user's own function that SQL text calls by this name (any case). */
  userFunction?(name: string): JsFunction | undefined;
  /** The SQL function of this name, unless a built-in one has it. */
  routine?(name: string): SqlRoutine | undefined;
  /** What constants mean. */
  settings(): EvalSettings;
  parseExpr(text: string): Expr;
  parseQuery(text: string, constantOf?: ValueOf): Plan;
}

/** For a session without SQL: what its parse functions throw. */
export function missingParser(text: string): never {
  throw new SparrowError('FEATURE_NOT_ENABLED', `no SQL parser is loaded to read \`${text}\``, {
    hint: 'build the expression with col(), lit() and fn',
  });
}

/** For a name that none of the tables, views and queries of WITH in reach has. */
export function tableNotFound(parts: readonly string[], names: readonly string[]): SparrowError {
  const name = parts.join('.');
  const how = 'df.createOrReplaceTempView("…")';
  return new SparrowError('TABLE_OR_VIEW_NOT_FOUND', `there is no table or view \`${name}\``, {
    candidates: nearestNames(name, names),
    sqlState: '42P01',
    parameters: { relationName: parts.map((part) => `\`${part}\``).join('.') },
    hint:
      names.length > 0 ? `register a DataFrame with ${how}` : `nothing is registered yet: ${how} registers a DataFrame`,
  });
}
