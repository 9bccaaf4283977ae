import { booleanType, int32Type, int64Type, SparrowError, stringType, timestampType } from '../../base/index.js';
import { alias, call, cast, filter, literal, over, project, sortOrder } from '../build.js';
import { generate } from '../build-relations.js';
import type { Attribute, Expr, UnresolvedCall, WindowFrame } from '../expr.js';
import { exprType } from '../expr-type.js';
import type { AggregatePlan, Plan } from '../node.js';
import { outputOf } from '../output.js';
import { sqlText } from '../sql-text.js';
import { replaceExpr, visitExpr } from '../walk-expr.js';
import { type Analyzed, scopeOver } from './analyzed.js';
import type { Context } from './context.js';
import { resolveExpr } from './exprs.js';
import { resolveGenerate } from './generators.js';
import { marked, readsPart } from './hint.js';
import { resolveProject } from './project.js';

/** An instant may lie in at most so many sliding windows. */
const MOST_WINDOWS = 10_000;

const UNIT_MICROS: Readonly<Record<string, number>> = {
  microsecond: 1,
  millisecond: 1e3,
  second: 1e6,
  minute: 60e6,
  hour: 3600e6,
  day: 86_400e6,
  week: 604_800e6,
};

/**
 * An aggregation by windows of time: each row is put into its windows below, and the call stands for that column.
 * Rows without a time are in no window.
 */
export function withTimeWindows(
  plan: AggregatePlan,
  input: Analyzed,
  context: Context,
): { readonly plan: AggregatePlan; readonly input: Analyzed } {
  const only = theCall([...plan.groupBy, ...plan.output]);
  if (only === undefined) return { plan, input };
  const others = plan.groupBy.flatMap((key) => {
    if (key.kind === 'ordinal' && key.position === 'all' && !isSliding(only))
      throw new SparrowError('UNSUPPORTED_FEATURE', 'sessions are of rows of equal keys, which GROUP BY has to name');
    const named = listed(key, plan.output);
    return theCall([named]) === undefined && named.kind !== 'ordinal' ? [named] : [];
  });
  const cut = isSliding(only) ? slidingWindows : sessions;
  const below = cut(only, input, context, others);
  const change = standsFor(only, below);
  return {
    plan: Object.freeze({ ...plan, groupBy: plan.groupBy.map(change), output: plan.output.map(change) }),
    input: { plan: below, frames: input.frames },
  };
}

/** What a key means that is the position or the alias of something selected. */
function listed(key: Expr, output: readonly Expr[]): Expr {
  if (key.kind === 'ordinal') return output[Number(key.position) - 1] ?? key;
  return output.find((out) => key.kind === 'unresolved_column' && out.kind === 'alias' && out.name === key.name) ?? key;
}

/** Columns that are, or are made of, a row's windows of time: a row for each of them, and none for rows without a time. */
export function withOwnWindows(
  exprs: readonly Expr[],
  inputOf: () => Analyzed,
  context: Context,
): { readonly exprs: readonly Expr[]; readonly input: Analyzed } | undefined {
  const only = theCall(exprs);
  if (only === undefined) return undefined;
  const input = inputOf();
  const plan = (isSliding(only) ? slidingWindows : ownSession)(only, input, context);
  return { exprs: exprs.map(standsFor(only, plan)), input: { plan, frames: input.frames } };
}

const isSliding = ({ name }: UnresolvedCall): boolean => name.toLowerCase() === 'window';

/** The window of time in a list, if there is one. */
function theCall(exprs: readonly Expr[]): UnresolvedCall | undefined {
  let only: UnresolvedCall | undefined;
  for (const expr of exprs) {
    visitExpr(expr, (at) => {
      if (at.kind !== 'unresolved_call' || !/^(session_)?window$/i.test(at.name)) return undefined;
      if (only !== undefined && sqlText(at) !== sqlText(only))
        throw new SparrowError('UNSUPPORTED_FEATURE', 'a query puts its rows into one window of time');
      only ??= at;
      return undefined;
    });
  }
  return only;
}

/** The column that was added last stands for the call. */
function standsFor(only: UnresolvedCall, plan: Plan): (expr: Expr) => Expr {
  const column = outputOf(plan).at(-1) as Attribute;
  const key = sqlText(only);
  return (expr) =>
    replaceExpr(expr, (at) => (at.kind === 'unresolved_call' && sqlText(at) === key ? column : undefined));
}

/** The rows that have a time, and the time. */
function timed(
  time: Expr | undefined,
  input: Analyzed,
  context: Context,
): { input: Analyzed; micros: Expr; time: Expr } {
  if (time === undefined) throw wrong('a window of time needs a column of times');
  const resolved = resolveExpr(time, scopeOver(input, context), context.settings);
  const { kind } = exprType(resolved);
  if (kind !== 'timestamp' && kind !== 'date' && kind !== 'string') {
    throw new SparrowError(
      'DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE',
      `a window of time is over timestamps, not ${kind}`,
      {
        sqlState: '42K09',
      },
    );
  }
  const scope = scopeOver(input, context);
  const instant = resolveExpr(cast(resolved, timestampType), scope, context.settings);
  const kept = filter(input.plan, resolveExpr(call('isnotnull', instant), scope, context.settings));
  return { input: { plan: kept, frames: input.frames }, micros: call('unix_micros', instant), time: instant };
}

/** The windows of one length that start every `slide`: those that hold the row's time, the latest first. */
function slidingWindows(of: UnresolvedCall, rows: Analyzed, context: Context): Plan {
  const length = durationOf(of.args[1], 'the length of a window');
  const slide = of.args[2] === undefined ? length : durationOf(of.args[2], 'the distance of windows');
  const offset = of.args[3] === undefined ? 0n : durationOf(of.args[3], 'the start of windows', true);
  if (slide > length) throw wrong('windows start no further apart than they are long');
  const { input, micros } = timed(of.args[0], rows, context);
  const last = call('-', micros, call('pmod', call('-', micros, long(offset)), long(slide)));
  const count = Number((length + slide - 1n) / slide);
  if (count > MOST_WINDOWS) throw wrong(`an instant lies in at most ${MOST_WINDOWS} windows`);
  const windows = Array.from({ length: count }, (_, i) => {
    const start = call('-', last, long(BigInt(i) * slide));
    return span(call('timestamp_micros', start), call('timestamp_micros', call('+', start, long(length))));
  });
  if (count === 1) return withColumn(input, alias(windows[0] as Expr, 'window'), context);
  const all = resolveGenerate(
    generate(input.plan, call('explode', call('array', ...windows)), { names: ['window'] }),
    input,
    context,
  );
  if (length % slide === 0n) return all;
  const end = call('unix_micros', call('getfield', outputOf(all).at(-1) as Attribute, literal(stringType, 'end')));
  const holds = call('<', micros, end);
  return filter(all, resolveExpr(holds, scopeOver({ plan: all, frames: input.frames }, context), context.settings));
}

/** Rows of equal other keys, none further from the one before than the gap: from the first to the gap after the last. */
function sessions(of: UnresolvedCall, rows: Analyzed, context: Context, others: readonly Expr[]): Plan {
  if (readsPart(rows.plan)) {
    // Each row's own: those of all batches are put together where the state is.
    const own = ownSession(of, rows, context);
    return marked(own, 'session', (outputOf(own).at(-1) as Attribute).id);
  }
  const { input, micros, time, gap } = gapped(of, rows, context);
  const keys = others.map((expr) => {
    const inner = expr.kind === 'alias' ? expr.input : expr;
    return resolveExpr(inner, scopeOver(input, context), context.settings);
  });
  const end = call('+', micros, gap);
  return withSessions(input, { keys, time, end, before: call('lag', end), name: SESSION }, context);
}

const SESSION = 'session_window';

const gapped = (of: UnresolvedCall, rows: Analyzed, context: Context) => ({
  ...timed(of.args[0], rows, context),
  gap: long(durationOf(of.args[1], 'the gap of sessions')),
});

function ownSession(of: UnresolvedCall, rows: Analyzed, context: Context): Plan {
  const { input, micros, time, gap } = gapped(of, rows, context);
  return withColumn(input, alias(span(time, call('timestamp_micros', call('+', micros, gap))), SESSION), context);
}

/**
 * Spans that meet, of rows of equal keys, as one more column: `time` begins them, `end` are the microseconds where they end,
 * and `before`, a window call by time, is the latest end of the rows before.
 */
export function withSessions(
  input: Analyzed,
  of: { keys: readonly Expr[]; time: Expr; end: Expr; before: Expr; frame?: WindowFrame; name: string },
  context: Context,
): Plan {
  const { keys, time, end } = of;
  const byTime = { partitionBy: keys, orderBy: [sortOrder(time)] };
  const before = over(of.before, of.frame === undefined ? byTime : { ...byTime, frame: of.frame });
  const isFirst = call('coalesce', call('>', call('unix_micros', time), before), literal(booleanType, true));
  const one = literal(int32Type, 1);
  const flagged = withColumn(input, alias(call('if', isFirst, one, literal(int32Type, 0)), 'first'), context);
  const first = outputOf(flagged).at(-1) as Attribute;
  const at = (plan: Plan): Analyzed => ({ plan, frames: input.frames });
  const counted = withColumn(at(flagged), alias(over(call('sum', first), byTime), 'number'), context);
  const inSession = { partitionBy: [...keys, outputOf(counted).at(-1) as Attribute], orderBy: [] };
  const last = call('timestamp_micros', over(call('max', end), inSession));
  const window = alias(span(over(call('min', time), inSession), last), of.name);
  return resolveProject(project(counted, [...outputOf(input.plan), window]), at(counted), context);
}

const span = (start: Expr, end: Expr): Expr =>
  call('named_struct', literal(stringType, 'start'), start, literal(stringType, 'end'), end);
const long = (value: bigint): Expr => literal(int64Type, value);
const withColumn = (input: Analyzed, column: Expr, context: Context): Plan =>
  resolveProject(project(input.plan, [...outputOf(input.plan), column]), input, context);

/** Microseconds of `10 minutes`, `1 hour 30 minutes` or `INTERVAL 5 SECONDS`; months have no fixed length. */
export function durationOf(expr: Expr | undefined, what: string, isOffset = false): bigint {
  if (expr?.kind !== 'literal') throw wrong(`${what} is a constant such as '10 minutes'`);
  if (expr.type.kind === 'interval_dt') return positive(expr.value as bigint, what, isOffset);
  const text = String(expr.value)
    .trim()
    .replace(/^interval\s+/i, '');
  const parts = [...text.matchAll(/([+-]?\d+(?:\.\d+)?)\s*([a-z]+?)s?(?:\s+|$)/gi)];
  const read = parts.map((part) => part[0]).join('');
  const micros = parts.map((part) => Number(part[1]) * (UNIT_MICROS[(part[2] as string).toLowerCase()] ?? Number.NaN));
  const total = micros.reduce((sum, value) => sum + value, 0);
  if (parts.length === 0 || read !== text || !Number.isSafeInteger(total)) {
    throw new SparrowError('CANNOT_PARSE_INTERVAL', `${what} cannot be read from '${text}'`, {
      sqlState: '22006',
      hint: "write '10 minutes': units are microseconds to weeks",
    });
  }
  return positive(BigInt(total), what, isOffset);
}

function positive(micros: bigint, what: string, isOffset: boolean): bigint {
  if (isOffset || micros > 0n) return micros;
  throw wrong(`${what} must be above zero`);
}

const wrong = (message: string): SparrowError =>
  new SparrowError('DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE', message, { sqlState: '42K09' });
