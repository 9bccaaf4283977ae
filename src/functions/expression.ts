import {
  type DataType,
  instantToLocal,
  type JsFunction,
  joinMicros,
  localToInstant,
  type Scalar,
  splitMicros,
  timeZone as timeZoneOf,
} from '../base/index.js';
import { ASKED_BY_FUNCTIONS } from './asked-settings.js';

/**
 * An expression with every name and type settled, as tasks receive it: plain data over the input's column
 * positions. Both the compiler and the interpreter take it.
 */
export type PhysicalExpr = ColumnExpr | LiteralExpr | CallExpr;

export interface ColumnExpr {
  readonly kind: 'column';
  readonly index: number;
  readonly type: DataType;
  readonly nullable: boolean;
}

export interface LiteralExpr {
  readonly kind: 'literal';
  readonly type: DataType;
  readonly value: Scalar;
}

/** A call of a registry entry by its name; arguments already have the types the overload asks for. */
export interface CallExpr {
  readonly kind: 'call';
  readonly fn: string;
  /** Lambda functions left out; what their bodies read of the row comes last. */
  readonly args: readonly PhysicalExpr[];
  readonly type: DataType;
  readonly nullable: boolean;
  /** The user's own function: such a call is taken out of its expression before anything is compiled. */
  readonly js?: JsFunction;
  readonly lambdas?: Lambdas;
}

/** The lambda functions among a call's arguments, in order. */
export interface Lambdas {
  readonly bodies: readonly LambdaBody[];
  /** How many of the call's arguments, at the end, are there for the bodies to read. */
  readonly captured: number;
}

/** A lambda function. The columns of its body are its parameters, then the values captured by the call. */
export interface LambdaBody {
  readonly params: readonly DataType[];
  readonly body: PhysicalExpr;
}

/** What the session settles for every expression of a query. */
export interface EvalSettings {
  readonly ansi: boolean;
  /** Results of decimals keep all digits behind the point. */
  readonly exactDecimals?: boolean;
  /** Everything set by Spark's configuration names, as text. */
  readonly config?: Readonly<Record<string, string>>;
  readonly timeZone: string;
  /** The current database, where it is not `default`. */
  readonly database?: string;
  /** What keys are hashed with; results do not depend on it. */
  readonly hashSeed?: bigint;
  /** Microseconds since the epoch: fixed for the whole query, so that `current_timestamp` is one instant. */
  readonly nowMicros: bigint;
}

/** Programs are kept by these settings, so that they say no more than the day. */
function startOfDay(micros: bigint, zone: string): bigint {
  const { days } = splitMicros(instantToLocal(timeZoneOf(zone), micros));
  return localToInstant(timeZoneOf(zone), joinMicros(days, 0));
}

/**
 * The settings that tasks get: what programs are kept by must not change with others. A query's instant is in its plan
 * already, but for the day on which it is asked.
 */
export function taskSettings({ ansi, timeZone, database, config = {}, ...given }: EvalSettings): EvalSettings {
  const nowMicros = startOfDay(given.nowMicros, timeZone);
  const asked = ASKED_BY_FUNCTIONS.filter((name) => Object.hasOwn(config, name));
  const settings = { ansi, timeZone, nowMicros, ...(database === undefined ? {} : { database }) };
  if (asked.length === 0) return settings;
  const own = Object.fromEntries(asked.map((name) => [name, config[name] as string]));
  return { ...settings, config: own };
}

export const isNullable = (expr: PhysicalExpr): boolean =>
  expr.kind === 'literal' ? expr.value === null : expr.nullable;

/** Positions of the columns an expression reads. */
export function referencedColumns(expr: PhysicalExpr, into = new Set<number>()): Set<number> {
  if (expr.kind === 'column') into.add(expr.index);
  else if (expr.kind === 'call') for (const arg of expr.args) referencedColumns(arg, into);
  return into;
}
