import './all-functions.js';
import { readdirSync, readFileSync } from 'node:fs';
import { type DataType, type Scalar, SparrowError, simpleString, stringType } from '../../src/base/index.js';
import { castScalar } from '../../src/functions/cast-eval.js';
import type { ArgType } from '../../src/functions/define.js';
import { prepare } from '../../src/functions/evaluate.js';
import { type CallExpr, type EvalSettings, isNullable, type PhysicalExpr } from '../../src/functions/expression.js';
import { scalarFunction } from '../../src/functions/registry.js';
import { bind } from '../../src/plan/bind.js';
import { resolveExpr } from '../../src/plan/resolve/exprs.js';
import { scopeOf } from '../../src/plan/resolve/scope.js';
import { parseExpression } from '../../src/sql/expression-parser.js';
import { type InputColumn, runCompiled, sameScalar, show } from './expression-harness.js';

/** What Spark said: type and text, or an error condition. */
export type Answer = readonly [type: string, text: string | null] | readonly [condition: string];
/** SQL, Spark's answer with ANSI on, and with ANSI off where that differs; null where it was not asked. */
export type Golden = readonly [sql: string, ansi: Answer, legacy?: Answer | null];

export interface GoldenFile {
  readonly spark: string;
  readonly timeZone: string;
  readonly kind: 'row' | 'agg';
  readonly cases: readonly Golden[];
}

const folder = new URL('../conformance/functions/', import.meta.url);

export const goldenNames = (): string[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.json') && file !== 'table.json')
    .map((file) => file.slice(0, -'.json'.length));

export const readGoldens = (name: string): GoldenFile =>
  JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8'));

/** The rows aggregates were asked over: SQL of each cell, by column. */
export const goldenTable = (): Readonly<Record<string, readonly string[]>> =>
  JSON.parse(readFileSync(new URL('table.json', folder), 'utf8'));

/** When Spark was asked: a time of day as a timestamp is on that day. */
export const RECORDED_DAY = '2026-11-28';
const NOW = BigInt(Date.parse(`${RECORDED_DAY}T20:00Z`)) * 1000n;
export const goldenSettings = (timeZone: string, ansi: boolean): EvalSettings => ({ ansi, timeZone, nowMicros: NOW });

/** A row expression without columns, ready to be evaluated. */
export function boundExpression(sql: string, settings: EvalSettings): PhysicalExpr {
  const parsed = parseExpression(sql, { timeZone: settings.timeZone, timestampType: 'ltz' });
  const no = (): never => {
    throw new Error('an expression of constants');
  };
  const around = { subquery: no };
  return bind(resolveExpr(parsed, scopeOf([], { inputs: [] }, false, around), settings), []);
}

export function textOf(type: DataType, value: Scalar, settings: EvalSettings): string | null {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex').toUpperCase();
  return castScalar(value, type, stringType, {
    mode: settings.ansi ? 'ansi' : 'legacy',
    timeZone: settings.timeZone,
  }) as string | null;
}

const conditionOf = (error: unknown): readonly [string] => {
  if (error instanceof SparrowError) return [error.code];
  return [`${(error as Error).name}: ${(error as Error).message}`];
};

/** What we say. */
export function answerOf(sql: string, settings: EvalSettings): { answer: Answer; expr?: PhysicalExpr } {
  let expr: PhysicalExpr | undefined;
  try {
    expr = boundExpression(sql, settings);
    const value = prepare(expr, settings)([]);
    return { answer: [simpleString(expr.type), textOf(expr.type, value, settings)], expr };
  } catch (error) {
    return { answer: conditionOf(error), ...(expr === undefined ? {} : { expr }) };
  }
}

/** Same condition, or same type and text; Java 17 prints some doubles with a digit more than they need. */
export function sameAnswer(got: Answer, wanted: Answer): boolean {
  // An exception of Java has no condition: any error of ours says as much.
  if (wanted.length === 1 && wanted[0].startsWith('?'))
    return got.length === 1 && /^[A-Z]/.test(got[0]) && !got[0].includes(':');
  // A bug of Spark's, which says so: there is no answer to compare with.
  if (wanted[0] === 'INTERNAL_ERROR') return true;
  if (got.length !== wanted.length || anyVersion(got[0]) !== anyVersion(wanted[0])) return false;
  if (got[1] === wanted[1]) return true;
  const [a, b] = [got[1], wanted[1]];
  if (a === null || b === null || a === undefined || b === undefined) return false;
  if (wanted[0] === 'float') return Math.fround(Number(a)) === Math.fround(Number(b));
  return wanted[0] === 'double' && Number(a) === Number(b);
}

/** Conditions whose second half differs between Spark 4.0 (none), 4.1 and 4.3. */
const anyVersion = (condition: string): string => condition.replace(/^(DATETIME_FIELD_OUT_OF_BOUNDS)\..*/, '$1');

interface Shape {
  readonly expr: CallExpr;
  readonly rows: Scalar[][];
  readonly sqls: string[];
}

/** Compares the compiled form with the reference, calls of one shape in one module with the arguments in columns. */
export function compiledDifferences(
  exprs: readonly { readonly sql: string; readonly expr: PhysicalExpr }[],
  settings: EvalSettings,
): string[] {
  const shapes = new Map<string, Shape>();
  for (const { sql, expr } of exprs) {
    if (expr.kind !== 'call') continue;
    const lifted = liftArguments(expr, settings);
    if (lifted === undefined) continue;
    const key = show(lifted.expr);
    const shape = shapes.get(key) ?? { expr: lifted.expr, rows: [], sqls: [] };
    shapes.set(key, shape);
    shape.rows.push(lifted.row);
    shape.sqls.push(sql);
  }
  return [...shapes.values()].flatMap((shape) => shapeDifferences(shape, settings));
}

function liftArguments(expr: CallExpr, settings: EvalSettings): { expr: CallExpr; row: Scalar[] } | undefined {
  const row: Scalar[] = [];
  const args: PhysicalExpr[] = [];
  for (const [i, arg] of expr.args.entries()) {
    let value: Scalar;
    try {
      value = prepare(arg, settings)([]);
    } catch {
      // The error is an argument's: that one has cases of its own.
      return undefined;
    }
    const literal: PhysicalExpr = { kind: 'literal', type: arg.type, value };
    if (arg.type.kind === 'null' || mustBeConstant(expr, i, settings)) args.push(literal);
    else {
      args.push({ kind: 'column', index: row.length, type: arg.type, nullable: true });
      row.push(value);
    }
  }
  return row.length === 0 ? undefined : { expr: { ...expr, args, nullable: true }, row };
}

/** Whether the call types only, or types otherwise, when it knows the argument's value. */
function mustBeConstant(expr: CallExpr, position: number, settings: EvalSettings): boolean {
  if (expr.fn === 'cast' || expr.fn === 'tryCast') return false;
  const args = expr.args.map<ArgType>((arg, i) => ({
    type: arg.type,
    nullable: isNullable(arg),
    ...(arg.kind === 'literal' && i !== position ? { literal: arg.value } : {}),
  }));
  const resolution = scalarFunction(expr.fn).resolve(args, settings);
  return 'mismatch' in resolution || show(resolution.returns) !== show(expr.type);
}

function shapeDifferences({ expr, rows, sqls }: Shape, settings: EvalSettings): string[] {
  const columns = rows[0] as Scalar[];
  const input = columns.map<InputColumn>((_, c) => ({
    type: expr.args.filter((arg) => arg.kind === 'column')[c]?.type as DataType,
    nullable: true,
    values: rows.map((row) => row[c] as Scalar),
  }));
  const reference = prepare(expr, settings);
  const got = runCompiled(expr, input, settings);
  const differences: string[] = [];
  for (const [i, row] of rows.entries()) {
    let wanted: { value: Scalar } | { error: true };
    try {
      wanted = { value: reference(row) };
    } catch {
      wanted = { error: true };
    }
    const other = got[i] as typeof wanted;
    const same =
      'error' in wanted || 'error' in other
        ? 'error' in wanted === 'error' in other
        : sameScalar(wanted.value, other.value);
    if (!same) differences.push(`${sqls[i]}: interpreted ${show(wanted)}, compiled ${show(other)}`);
  }
  return differences;
}
