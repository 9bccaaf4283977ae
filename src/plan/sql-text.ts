import { simpleString } from '../base/index.js';
import { knownEntry } from '../functions/entries.js';
import { jsFunctionName } from '../functions/js-function.js';
import { functionPlace } from '../functions/names.js';
import { orderedSets, phrases, shownArguments } from './display-names.js';
import type { Attribute, Call, Cast, Expr, FrameBound, Subquery, UnresolvedCall, WindowCall } from './expr.js';
import { exprType } from './expr-type.js';
import { foldAsWritten, isFold } from './fold-calls.js';
import { scalarText } from './scalar-text.js';
import { foldExpr, someExpr } from './walk-expr.js';

export interface SqlTextOptions {
  /** Columns as `name#id`: for plans. */
  readonly ids?: boolean;
  /** As Spark names columns: strings without quotes, no casts that the user did not write. */
  readonly pretty?: boolean;
  /** The zone that instants are shown in; UTC by default. */
  readonly timeZone?: string;
}

/** An expression as SQL text. */
export function sqlText(expr: Expr, options: SqlTextOptions = {}): string {
  return foldExpr<string>(expr, (node, inputs) => textOf(node, inputs, options));
}

/** The name of an output column without an alias, as Spark makes it: `(a + b)`, `sum(x)`, `count(1)`. */
export const columnName = (expr: Expr, timeZone = 'UTC'): string => sqlText(expr, { pretty: true, timeZone });

function textOf(expr: Expr, inputs: readonly string[], options: SqlTextOptions): string {
  const input = inputs[0] ?? '';
  switch (expr.kind) {
    case 'unresolved_column':
      return options.pretty ? expr.name : `'${expr.name}`;
    case 'unresolved_star':
      return expr.qualifier === undefined ? '*' : `${expr.qualifier}.*`;
    case 'sql_text':
      return options.pretty ? expr.text : `'expr(${expr.text})`;
    case 'attribute':
      return options.ids ? `${expr.name}#${expr.id}` : expr.name;
    case 'literal':
      if (options.pretty && expr.written !== undefined) return expr.written;
      return scalarText(expr.type, expr.value, !options.pretty, options.timeZone);
    case 'alias':
      if (options.pretty) return input;
      return `${input} AS ${expr.name}${options.ids && expr.id !== undefined ? `#${expr.id}` : ''}`;
    case 'cast':
      return castText(expr, input, options);
    case 'sort_order':
      return `${input} ${expr.descending ? 'DESC' : 'ASC'} NULLS ${expr.nullsFirst ? 'FIRST' : 'LAST'}`;
    case 'call':
      if (expr.shown === 'between') return betweenText(expr, options);
      if (expr.shown !== undefined && LIKES.test(expr.shown))
        return `${expr.shown}(${sqlText(likened(expr), options)})`;
      if (isFold(expr)) return sqlText(foldAsWritten(expr), options);
      return temporalText(expr, inputs) ?? callText(expr, inputs);
    case 'lambda':
    case 'unresolved_lambda':
      return lambdaText(input, expr.params.length);
    case 'lambda_variable':
      return VARIABLE;
    case 'unresolved_call':
      if (expr.routine !== undefined) return routineText(expr, expr.routine.name, inputs);
      return aggregateText(callName(expr.name), inputs, expr.args.length, expr.distinct === true, expr.shown);
    case 'aggregate_call':
      return aggregateText(expr.fn, inputs, expr.args.length, expr.distinct, expr.shown);
    case 'window_call':
      return windowText(expr, inputs);
    case 'ordinal':
      return expr.position === 'all' ? 'ALL' : String(expr.position);
    case 'outer_reference':
      if (options.pretty) return `outer(${fullName(expr.attribute)})`;
      return `outer(${expr.attribute.name}${options.ids ? `#${expr.attribute.id}` : ''})`;
    case 'subquery':
      return subqueryText(expr, inputs);
  }
}

const fullName = ({ path, qualifier, name }: Attribute): string =>
  [path, qualifier, name].filter((part) => part !== undefined).join('.');

function castText(expr: Cast, input: string, options: SqlTextOptions): string {
  // Spark's text of a cast to a nested type is that of its operand.
  if (options.pretty && (expr.implicit === true || isContainer(expr.type))) return input;
  return `${expr.safe === true ? 'TRY_CAST' : 'CAST'}(${input} AS ${simpleString(expr.type).toUpperCase()})`;
}

const isContainer = ({ kind }: Cast['type']): boolean => kind === 'array' || kind === 'map' || kind === 'struct';

/** How Spark writes calls that are not `name(args)`. */
const written: Readonly<Record<string, (args: readonly string[]) => string>> = {
  ne: ([a, b]) => `(NOT (${a} = ${b}))`,
  not: ([a]) => `(NOT ${a})`,
  neg: ([a]) => `(- ${a})`,
  isnull: ([a]) => `(${a} IS NULL)`,
  isnotnull: ([a]) => `(${a} IS NOT NULL)`,
  isin: ([a, ...values]) => `(${a} IN (${values.join(', ')}))`,
  like: ([a, b, mark]) => `${a} LIKE ${b}${mark === undefined ? '' : ` ESCAPE '${mark}'`}`,
  ilike: ([a, b]) => `ilike(${a}, ${b})`,
  rlike: ([a, b]) => `RLIKE(${a}, ${b})`,
  if: (args) => `(IF(${args.join(', ')}))`,
  when: (args) => caseText(args),
  getField: ([a, b]) => `${a}.${b?.replace(/^'(.*)'$/s, '$1')}`,
  getItem: ([a, b]) => `${a}[${b}]`,
  bitwiseNot: ([a]) => `~${a}`,
};

function caseText(args: readonly string[]): string {
  const parts: string[] = [];
  for (let i = 0; i + 1 < args.length; i += 2) parts.push(` WHEN ${args[i]} THEN ${args[i + 1]}`);
  return `CASE${parts.join('')}${args.length % 2 === 1 ? ` ELSE ${args.at(-1)}` : ''} END`;
}

/** Spark names no parameters, so that the text does not depend on what they are called. */
const VARIABLE = 'namedlambdavariable()';
const lambdaText = (body: string, params: number): string =>
  `lambdafunction(${[body, ...new Array<string>(params).fill(VARIABLE)].join(', ')})`;

function callText(call: Call, inputs: readonly string[]): string {
  if (call.fn === 'struct' && call.shown === undefined) return `struct(${structArgs(call, inputs).join(', ')})`;
  return functionText(call.fn, inputs, call);
}

/** Grouping functions are named before they are looked up. */
const callName = (name: string): string => (/^grouping/i.test(name) ? name.toLowerCase() : name);

/** `a BETWEEN b AND c` is two comparisons, shown as one call. */
function betweenText({ args }: Call, options: SqlTextOptions): string {
  const [low, high] = args as readonly [Call, Call];
  const texts = [low.args[0], low.args[1], high.args[1]].map((arg) => sqlText(unwrapped(arg as Expr), options));
  return `between(${texts.join(', ')})`;
}

/** `a LIKE ANY (…)` is many calls, shown as one of the value alone. */
const LIKES = /^(not)?like(any|all)$/;
function likened(expr: Expr): Expr {
  let at = expr;
  while (at.kind === 'call' && at.fn !== 'like') at = at.args[0] as Expr;
  return unwrapped((at as Call).args[0] as Expr);
}

const unwrapped = (expr: Expr): Expr => (expr.kind === 'cast' && expr.implicit === true ? unwrapped(expr.input) : expr);

const isMoment = (kind: string): boolean => kind === 'timestamp' || kind === 'timestamp_ntz' || kind === 'time';

/** Dates and instants plus or minus numbers and intervals, as Spark writes them. */
function temporalText(call: Call, inputs: readonly string[]): string | undefined {
  const { fn, args } = call;
  if ((fn !== 'add' && fn !== 'sub') || args.length !== 2) return undefined;
  const kindOf = (arg: Expr): string => {
    const given = exprType(unwrapped(arg)).kind;
    // A string that is moved by an interval is an instant.
    return given === 'string' && exprType(arg).kind === 'timestamp' ? 'timestamp' : given;
  };
  const [a, b] = args.map(kindOf) as [string, string];
  const [left, right] = inputs as [string, string];
  const sign = fn === 'add' ? '+' : '-';
  const isInterval = (kind: string): boolean => kind === 'interval_dt' || kind === 'interval_ym';
  if (fn === 'add' && (isInterval(a) || a === 'null') && isMoment(b)) return `${right} + ${left}`;
  if (a === 'null' && b === 'date' && fn === 'add') return `${right} + ${left}`;
  if (fn === 'sub' && (a === 'time' || b === 'time')) return `${left} - ${right}`;
  if (fn === 'add' && isMoment(a) && b === 'null') return `${left} + ${right}`;
  if (fn === 'add' && a !== 'date' && b === 'date')
    return temporalText({ ...call, args: [args[1], args[0]] as Expr[] }, [right, left]);
  if (isMoment(a) && isInterval(b)) return `${left} ${sign} ${right}`;
  if (a !== 'date') return undefined;
  if (b === 'interval_ym' || (b === 'interval_dt' && call.type.kind !== 'date')) return `${left} ${sign} ${right}`;
  if (b === 'int8' || b === 'int16' || b === 'int32') return `date_${fn}(${left}, ${right})`;
  if (b !== 'interval_dt') return undefined;
  const days = `extractansiintervaldays(${right})`;
  return `date_add(${left}, ${fn === 'add' ? days : `(- ${days})`})`;
}

/** Fields whose names do not follow from the expressions are shown with them. */
function structArgs({ type, args }: Call, inputs: readonly string[]): readonly string[] {
  if (type.kind !== 'struct') return inputs;
  return inputs.map((text, i) => {
    const name = type.fields[i]?.name;
    return name === `col${i + 1}` || name === ownName(args[i] as Expr) ? text : `${text} AS ${name}`;
  });
}

function ownName(expr: Expr): string | undefined {
  if (expr.kind === 'attribute' || expr.kind === 'lambda_variable') return expr.name;
  const last = expr.kind === 'call' && expr.fn === 'getField' ? expr.args[1] : undefined;
  return last?.kind === 'literal' ? String(last.value) : undefined;
}

function functionText(fn: string, given: readonly string[], call?: Pick<Call, 'shown' | 'called' | 'type'>): string {
  const shown = call?.shown;
  const phrase = shown !== undefined && Object.hasOwn(phrases, shown) ? phrases[shown] : undefined;
  if (phrase !== undefined) return phrase(given);
  const args = shownArguments(shown ?? functionPlace(fn)?.sql[0] ?? fn, given, call?.type);
  if (shown !== undefined) return `${shown}(${args.join(', ')})`;
  const special = Object.hasOwn(written, fn) ? written[fn] : undefined;
  if (special !== undefined) return special(args);
  const own = jsFunctionName(fn);
  if (own !== undefined) return `${own}(${args.join(', ')})`;
  const show = knownEntry(fn)?.shown;
  if (show !== undefined) return show(args, call?.type);
  const name = call?.called ?? functionPlace(fn)?.sql[0] ?? fn;
  if (args.length === given.length && args.length === 2 && isInfix(name))
    return `(${args[0]} ${wordOperators.has(name) ? name.toUpperCase() : name} ${args[1]})`;
  return `${name}(${args.join(', ')})`;
}

const wordOperators: ReadonlySet<string> = new Set(['and', 'or']);
const isInfix = (name: string): boolean => wordOperators.has(name) || name === 'div' || /^\W+$/.test(name);

function aggregateText(
  fn: string,
  inputs: readonly string[],
  count: number,
  distinct: boolean,
  shown: string | undefined,
): string {
  const args = inputs.slice(0, count);
  const filter = inputs[count];
  const given = distinct ? [`DISTINCT ${args[0] ?? ''}`, ...args.slice(1)] : args;
  const call =
    orderedText(fn, given, shown) ??
    functionText(
      jsFunctionName(fn) === undefined ? (functionPlace(fn)?.key ?? fn) : fn,
      given,
      shown === undefined ? undefined : { shown, type: { kind: 'null' } },
    );
  return filter === undefined ? call : `${call} FILTER (WHERE ${filter})`;
}

function orderedText(fn: string, args: readonly string[], shown: string | undefined): string | undefined {
  const name = shown === undefined ? fn : 'listagg';
  if ((shown !== undefined && shown !== 'string_agg') || !Object.hasOwn(orderedSets, name)) return undefined;
  return orderedSets[name]?.(args)?.replace(/^listagg/, shown ?? 'listagg');
}

function windowText(expr: WindowCall, inputs: readonly string[]): string {
  const { partitionBy, orderBy, frame } = expr.spec;
  const keys = inputs.slice(1, 1 + partitionBy.length);
  const orders = inputs.slice(1 + partitionBy.length);
  const parts: string[] = [];
  if (keys.length > 0) parts.push(`PARTITION BY ${keys.join(', ')}`);
  if (orderBy.length > 0) parts.push(`ORDER BY ${orders.join(', ')}`);
  const unit = frame?.unit ?? (orderBy.length > 0 ? 'range' : 'rows');
  const start = frame?.start ?? { kind: 'unbounded_preceding' };
  const end = frame?.end ?? { kind: orderBy.length > 0 ? 'current_row' : 'unbounded_following' };
  // The offsets of a RANGE frame are cast to the type of the key; a cast hides that one was written with PRECEDING.
  const [order] = orderBy;
  const cast = unit === 'range' && order !== undefined && isNumberButInt(order.input);
  parts.push(
    ownFrame(expr.input) ?? `${unit.toUpperCase()} BETWEEN ${boundText(start, cast)} AND ${boundText(end, cast)}`,
  );
  return `${inputs[0]} OVER (${parts.join(' ')})`;
}

/** As Spark names the column of a subquery: by what it reads of the queries around it. */
function subqueryText(expr: Subquery, inputs: readonly string[]): string {
  const outer = (expr.mentions ?? inputs.slice(expr.values.length)).join(', ');
  switch (expr.form) {
    case 'scalar':
      return `scalarsubquery(${outer})`;
    case 'exists':
      return `exists(${outer})`;
    case 'in': {
      const values = inputs.slice(0, expr.values.length).join(', ');
      return `(${expr.values.length === 1 ? values : `(named_struct(${values}))`} IN (listquery(${outer})))`;
    }
  }
}

function isNumberButInt(expr: Expr): boolean {
  if (someExpr(expr, isUnresolved)) return false;
  return ['int8', 'int16', 'int64', 'decimal', 'float32', 'float64'].includes(exprType(expr).kind);
}

const isUnresolved = ({ kind }: Expr): boolean => kind.startsWith('unresolved') || kind === 'sql_text';

/** Frames that functions prescribe, and that Spark shows. */
function ownFrame(input: Expr): string | undefined {
  if (input.kind !== 'call') return undefined;
  if (input.fn === 'cumeDist') return 'RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW';
  if (input.fn !== 'lag' && input.fn !== 'lead') return undefined;
  const [, offset] = input.args;
  const by = offset === undefined ? 1 : offset.kind === 'literal' ? Number(offset.value) : undefined;
  if (by === undefined) return undefined;
  const text = `${input.fn === 'lag' ? -by : by} FOLLOWING`;
  return `ROWS BETWEEN ${text} AND ${text}`;
}

function boundText(bound: FrameBound, cast = false): string {
  if (bound.kind !== 'offset') return bound.kind.replace('_', ' ').toUpperCase();
  const text = bound.shown ?? Math.abs(bound.offset);
  if (!(bound.offset < 0)) return `${text} FOLLOWING`;
  return cast ? `(- ${text}) FOLLOWING` : `${text} PRECEDING`;
}

/** A type in a message: `BIGINT`. */
export const typeName = (expr: Expr): string => simpleString(exprType(expr)).toUpperCase();

/** A call of an SQL function as it was written: without its body, and arguments that were left out. */
function routineText({ args }: UnresolvedCall, name: string, inputs: readonly string[]): string {
  const body = args.at(-1);
  return `${name}(${inputs.slice(0, body?.kind === 'unresolved_lambda' ? body.params.length : 0).join(', ')})`;
}
