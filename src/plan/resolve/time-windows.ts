import {
  booleanType,
  calendarIntervalType,
  type DataType,
  int32Type,
  int64Type,
  SparrowError,
  simpleString,
  stringType,
  timestampNtzType,
  timestampType,
} from '../../base/index.js';
import { alias, call, cast, filter, literal, over, project, sortOrder } from '../build.js';
import { generate } from '../build-relations.js';
import type { Attribute, Expr, UnresolvedCall, WindowFrame } from '../expr.js';
import { exprType } from '../expr-type.js';
import { hasAggregate } from '../facts.js';
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
  const all = plan.groupBy.some((key) => key.kind === 'ordinal' && key.position === 'all');
  const named = (all ? plan.output : plan.groupBy).map((expr) => listed(expr, plan.output));
  const others = named.filter((expr) => {
    if (theCall([expr]) !== undefined || expr.kind === 'ordinal') return false;
    return !all || !hasAggregate(resolveExpr(expr, scopeOver(input, context), context.settings));
  });
  const key = sqlText(only);
  const isMerged = named.some((expr) => sqlText(expr.kind === 'alias' ? expr.input : expr) === key);
  // Sessions are put together where they are a key themselves, not of what is made of them.
  const own = isMerged || readsPart(input.plan) ? sessions : ownSession;
  const cut = isSliding(only) ? slidingWindows : own;
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
        throw wrong('a query puts its rows into one window of time', '_LEGACY_ERROR_TEMP_1039');
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

/** The rows that have a time, and the time; of a window it is its last microsecond. */
function timed(
  of: UnresolvedCall,
  input: Analyzed,
  context: Context,
): { input: Analyzed; micros: Expr; time: Expr; clock: Clock } {
  const [given] = of.args;
  if (given === undefined || of.args[1] === undefined)
    throw wrong(`${of.name} takes a column of times and a duration`, 'WRONG_NUM_ARGS.WITHOUT_SUGGESTION');
  const scope = scopeOver(input, context);
  let time = resolveExpr(given, scope, context.settings);
  if (exprType(time).kind === 'struct') time = resolveExpr(call('window_time', time), scope, context.settings);
  const { kind } = exprType(time);
  if (kind !== 'timestamp' && kind !== 'timestamp_ntz' && kind !== 'date' && kind !== 'string')
    throw wrong(`a window of time is over timestamps, not ${kind}`, 'DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE');
  if (kind !== 'timestamp_ntz') time = resolveExpr(cast(time, timestampType), scope, context.settings);
  const kept = filter(input.plan, resolveExpr(call('isnotnull', time), scope, context.settings));
  const clock = clockOf(exprType(time));
  return { input: { plan: kept, frames: input.frames }, micros: clock.micros(time), time, clock };
}

/** Times as microseconds, and back. */
interface Clock {
  readonly micros: (time: Expr) => Expr;
  readonly time: (micros: Expr) => Expr;
}

const EPOCH = literal(timestampNtzType, 0n);
const MICROSECOND = literal(stringType, 'MICROSECOND');

const clockOf = ({ kind }: DataType): Clock =>
  kind === 'timestamp'
    ? { micros: (time) => call('unix_micros', time), time: (micros) => call('timestamp_micros', micros) }
    : {
        micros: (time) => call('timestampdiff', MICROSECOND, EPOCH, time),
        time: (micros) => call('timestampadd', MICROSECOND, micros, EPOCH),
      };

/** The windows of one length that start every `slide`: those that hold the row's time, the latest first. */
function slidingWindows(of: UnresolvedCall, rows: Analyzed, context: Context): Plan {
  const { input, micros, clock } = timed(of, rows, context);
  if (of.args.slice(1).some((arg) => arg?.kind === 'literal' && arg.type.kind.startsWith('interval')))
    throw wrong("windows are given as text, '10 minutes', not as intervals", '_LEGACY_ERROR_TEMP_1207');
  const length = durationOf(of.args[1], 'the length of a window');
  const slide = of.args[2] === undefined ? length : durationOf(of.args[2], 'the distance of windows');
  const offset = of.args[3] === undefined ? 0n : durationOf(of.args[3], 'the start of windows', true);
  const far = 'DATATYPE_MISMATCH.PARAMETER_CONSTRAINT_VIOLATION';
  if (slide > length) throw wrong('windows start no further apart than they are long', far);
  if (offset >= slide || -offset >= slide)
    throw wrong('the first window starts less than the distance of two off', far);
  const last = call('-', micros, call('pmod', call('-', micros, long(offset)), long(slide)));
  const count = Number((length + slide - 1n) / slide);
  if (count > MOST_WINDOWS) throw wrong(`an instant lies in at most ${MOST_WINDOWS} windows`);
  const windows = Array.from({ length: count }, (_, i) => {
    const start = call('-', last, long(BigInt(i) * slide));
    return span(clock.time(start), clock.time(call('+', start, long(length))));
  });
  if (count === 1) return withColumn(input, alias(windows[0] as Expr, 'window'), context);
  const all = resolveGenerate(
    generate(input.plan, call('explode', call('array', ...windows)), { names: ['window'] }),
    input,
    context,
  );
  if (length % slide === 0n) return all;
  const end = clock.micros(call('getfield', outputOf(all).at(-1) as Attribute, literal(stringType, 'end')));
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
  const { input, time, end } = gapped(of, rows, context);
  const keys = others.map((expr) => {
    const inner = expr.kind === 'alias' ? expr.input : expr;
    return resolveExpr(inner, scopeOver(input, context), context.settings);
  });
  const known = { keys, time, end, name: SESSION };
  if (end.kind !== 'attribute') return withSessions(input, { ...known, before: call('lag', end) }, context);
  return withSessions(input, { ...known, before: call('max', end), frame: ROWS_BEFORE }, context);
}

const SESSION = 'session_window';
/** All rows before the current one. */
export const ROWS_BEFORE: WindowFrame = {
  unit: 'rows',
  start: { kind: 'unbounded_preceding' },
  end: { kind: 'offset', offset: -1 },
};
/** A gap that is as long everywhere. */
const FIXED = /^\s*[1-9]\d*\s*(hour|minute|(milli|micro)?second)s?\s*$/i;

/** Where a row's own session ends: rows whose gap is not above zero, or no interval, are in none. */
function gapped(of: UnresolvedCall, rows: Analyzed, context: Context) {
  const gap = of.args[1];
  const { input, micros, time, clock } = timed(of, rows, context);
  const own = gap && resolveExpr(gap, scopeOver(input, context), context.settings);
  const type = own === undefined ? stringType : exprType(own);
  const isLiteral = own?.kind === 'literal';
  if (type.kind === 'interval_dt' || (isLiteral && FIXED.test(String(own.value))))
    return { input, time, clock, end: call('+', micros, long(durationOf(gap, 'the gap of sessions'))) };
  if (type.kind !== 'string' && type.kind !== 'interval' && type.kind !== 'null')
    throw wrong(`the gap of sessions is an interval, not ${simpleString(type)}`, '_LEGACY_ERROR_TEMP_1040');
  const moved = call('+', time, { ...cast(own as Expr, calendarIntervalType), safe: true });
  const plan = withColumn(input, alias(clock.micros(moved), 'end'), context);
  const end = outputOf(plan).at(-1) as Attribute;
  const kept = filter(
    plan,
    resolveExpr(call('>', end, micros), scopeOver({ ...input, plan }, context), context.settings),
  );
  return { input: { plan: kept, frames: input.frames }, time, clock, end };
}

function ownSession(of: UnresolvedCall, rows: Analyzed, context: Context): Plan {
  const { input, time, end, clock } = gapped(of, rows, context);
  const window = alias(span(time, clock.time(end)), SESSION);
  return resolveProject(project(input.plan, [...without(end, input.plan), window]), input, context);
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
  const clock = clockOf(exprType(time));
  const isFirst = call('coalesce', call('>', clock.micros(time), before), literal(booleanType, true));
  const one = literal(int32Type, 1);
  const flagged = withColumn(input, alias(call('if', isFirst, one, literal(int32Type, 0)), 'first'), context);
  const first = outputOf(flagged).at(-1) as Attribute;
  const at = (plan: Plan): Analyzed => ({ plan, frames: input.frames });
  const counted = withColumn(at(flagged), alias(over(call('sum', first), byTime), 'number'), context);
  const inSession = { partitionBy: [...keys, outputOf(counted).at(-1) as Attribute], orderBy: [] };
  const last = clock.time(over(call('max', end), inSession));
  const window = alias(span(over(call('min', time), inSession), last), of.name);
  return resolveProject(project(counted, [...without(end, input.plan), window]), at(counted), context);
}

const without = (column: Expr, plan: Plan): readonly Attribute[] =>
  outputOf(plan).filter(({ id }) => column.kind !== 'attribute' || id !== column.id);

const span = (start: Expr, end: Expr): Expr =>
  call('named_struct', literal(stringType, 'start'), start, literal(stringType, 'end'), end);
const long = (value: bigint): Expr => literal(int64Type, value);
const withColumn = (input: Analyzed, column: Expr, context: Context): Plan =>
  resolveProject(project(input.plan, [...outputOf(input.plan), column]), input, context);

/** Microseconds of `10 minutes`, `1 hour 30 minutes`, `INTERVAL 5 SECONDS` (gaps) or a number of them; months have no fixed length. */
export function durationOf(expr: Expr | undefined, what: string, isOffset = false): bigint {
  const type = expr?.kind === 'literal' ? expr.type.kind : 'null';
  if (expr?.kind !== 'literal' || type === 'null')
    throw wrong(`${what} is a constant such as '10 minutes'`, '_LEGACY_ERROR_TEMP_1207');
  if (type !== 'string') return positive(BigInt(expr.value as bigint), what, isOffset);
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

const wrong = (message: string, code = 'DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE'): SparrowError =>
  new SparrowError(code, message, code.startsWith('D') ? { sqlState: '42K09' } : {});
