import { type DataType, integerBounds, isInteger } from '../../base/index.js';
import { intOperation } from '../../functions/arithmetic-emit.js';
import { callOf } from '../../functions/call.js';
import { pow10 } from '../../functions/decimal.js';
import type { Range } from '../../functions/define.js';
import { carrierRange, inside } from '../../functions/emit.js';
import type { CallExpr, EvalSettings, PhysicalExpr } from '../../functions/expression.js';
import { operationRange, operatorRange } from '../../functions/int-emit.js';
import type { ColumnForm } from './load.js';
import type { LaneComparison, LaneExpr, LaneKind, LaneMask, TextLanes, TextUnit } from './vector-types.js';

/** Source columns and what steps made of them, as values of lanes; undefined where there is no such form. */
export interface LaneColumns {
  (index: number): LaneExpr | undefined;
  /** The length of the texts of a column, in the unit that a call asks for. */
  readonly measure: (index: number, call: CallExpr) => LaneExpr | undefined;
}

const STORED: Readonly<Partial<Record<ColumnForm['storage'], Range>>> = {
  i8: [-128n, 127n],
  u8: [0n, 255n],
  i16: [-32768n, 32767n],
  u16: [0n, 65535n],
  i32: [-(2n ** 31n), 2n ** 31n - 1n],
};

const kindOf = (range: Range): LaneKind | undefined =>
  inside(range, carrierRange('i32')) ? 'i32' : inside(range, carrierRange('i64')) ? 'i64' : undefined;

/** A source column without nulls. */
export function loadLanes(form: ColumnForm | undefined, column: number): LaneExpr | undefined {
  if (form === undefined || form.dictionary || form.nullable) return undefined;
  if (form.storage === 'f64') return { op: 'load', column, kind: 'f64', range: undefined };
  const stored = STORED[form.storage];
  if (stored !== undefined) {
    const range = form.range !== undefined && inside(form.range, stored) ? form.range : stored;
    return { op: 'load', column, kind: 'i32', range };
  }
  if (form.storage !== 'i64' || form.range === undefined) return undefined;
  return { op: 'load', column, kind: 'i64', range: form.range };
}

/** The codes of a dictionary column. */
export function loadCodes(form: ColumnForm | undefined, column: number): LaneExpr | undefined {
  const stored = form === undefined || form.nullable || !form.dictionary ? undefined : STORED[form.storage];
  return stored === undefined ? undefined : { op: 'load', column, kind: 'i32', range: stored };
}

const MEASURES: Readonly<Record<string, TextUnit>> = { length: 'chars', octetLength: 'bytes', bitLength: 'bits' };
const MEASURED: Readonly<Record<TextUnit, Range>> = {
  chars: [0n, 2n ** 31n - 1n],
  bytes: [0n, 2n ** 31n - 1n],
  bits: [-(2n ** 31n), 2n ** 31n - 1n],
};

/** The lengths of texts of a source column without nulls, as a call of them counts. */
export function loadMeasure(form: ColumnForm | undefined, column: number, of: CallExpr): TextLanes | undefined {
  if (form === undefined || form.nullable || (form.type.kind !== 'string' && form.type.kind !== 'binary'))
    return undefined;
  const unit = of.fn === 'length' && form.type.kind === 'binary' ? 'bytes' : (MEASURES[of.fn] as TextUnit);
  const range = MEASURED[unit];
  if (form.dictionary) return { op: 'entry', column, of, kind: 'i32', range };
  return form.storage === 'utf8' ? { op: 'measure', column, unit, kind: 'i32', range } : undefined;
}

const isExact = (type: DataType): boolean => isInteger(type) || type.kind === 'decimal';
const scaleOf = (type: DataType): number => (type.kind === 'decimal' ? type.scale : 0);

/** The expression in lanes, if every step of it has a form that cannot fail. */
export function planLanes(expr: PhysicalExpr, columns: LaneColumns, settings: EvalSettings): LaneExpr | undefined {
  switch (expr.kind) {
    case 'column':
      return columns(expr.index);
    case 'literal':
      return literalLanes(expr.value, expr.type);
    case 'call':
      return callLanes(expr, columns, settings);
  }
}

function literalLanes(value: unknown, type: DataType): LaneExpr | undefined {
  if (type.kind === 'float64')
    return typeof value === 'number' ? { op: 'const', value, kind: 'f64', range: undefined } : undefined;
  if (integerBounds(type) === undefined || (typeof value !== 'number' && typeof value !== 'bigint')) return undefined;
  return constantLanes(BigInt(value));
}

/** A constant in lanes that hold it. */
export function constantLanes(value: bigint): LaneExpr | undefined {
  const kind = kindOf([value, value]);
  return kind === undefined ? undefined : { op: 'const', value, kind, range: [value, value] };
}

function callLanes(expr: CallExpr, columns: LaneColumns, settings: EvalSettings): LaneExpr | undefined {
  const { fn, type } = expr;
  const [first, second] = expr.args;
  if (first === undefined) return undefined;
  if (fn === 'cast') return castLanes(first, type, columns, settings);
  if (fn in MEASURES) return first.kind === 'column' ? columns.measure(first.index, expr) : undefined;
  if ((fn !== 'add' && fn !== 'sub' && fn !== 'mul') || second === undefined) return undefined;
  const a = planLanes(first, columns, settings);
  const b = planLanes(second, columns, settings);
  if (a === undefined || b === undefined) return undefined;
  if (type.kind === 'float64')
    return a.kind === 'f64' && b.kind === 'f64' ? { op: fn, a, b, kind: 'f64', range: undefined } : undefined;
  if (!isExact(type) || !isExact(first.type) || !isExact(second.type)) return undefined;
  const operation = intOperation(fn, callOf(expr, settings));
  if (operation.drop !== 0 || a.range === undefined || b.range === undefined) return undefined;
  if (!inside(operationRange(operation, a.range, b.range), integerBounds(type) as Range)) return undefined;
  const left = scaleLanes(a, operation.scaleA);
  const right = scaleLanes(b, operation.scaleB);
  return left === undefined || right === undefined ? undefined : combineLanes(fn, left, right);
}

/** An operation whose result fits 64 bits, as its bounds prove. */
export function combineLanes(op: 'add' | 'sub' | 'mul', a: LaneExpr, b: LaneExpr): LaneExpr | undefined {
  if (a.range === undefined || b.range === undefined) return undefined;
  if (a.op === 'const' && b.op === 'const') {
    const [value] = operatorRange(op, a.range, b.range);
    return constantLanes(value);
  }
  const range = operatorRange(op, a.range, b.range);
  // Lanes are never narrowed: a wide value times zero stays wide.
  const kind = a.kind === 'i64' || b.kind === 'i64' ? kindOf(range) && 'i64' : kindOf(range);
  return kind === undefined ? undefined : { op, a, b, kind, range };
}

function scaleLanes(a: LaneExpr, digits: number): LaneExpr | undefined {
  if (digits === 0) return a;
  const factor = constantLanes(pow10(digits));
  return factor === undefined ? undefined : combineLanes('mul', a, factor);
}

function castLanes(
  arg: PhysicalExpr,
  to: DataType,
  columns: LaneColumns,
  settings: EvalSettings,
): LaneExpr | undefined {
  const bounds = integerBounds(to);
  const digits = scaleOf(to) - scaleOf(arg.type);
  if (!isExact(arg.type) || !isExact(to) || bounds === undefined || digits < 0) return undefined;
  const inner = planLanes(arg, columns, settings);
  const cast = inner === undefined ? undefined : scaleLanes(inner, digits);
  return cast?.range !== undefined && inside(cast.range, bounds) ? cast : undefined;
}

const COMPARISONS = new Set<string>(['eq', 'ne', 'lt', 'le', 'gt', 'ge']);

/** A condition in lanes: comparisons of 32-bit values, and, or, between. */
export function planMask(expr: PhysicalExpr, columns: LaneColumns, settings: EvalSettings): LaneMask | undefined {
  if (expr.kind !== 'call') return undefined;
  const [a, b, c] = expr.args;
  if (expr.fn === 'and' || expr.fn === 'or') {
    const of = expr.args.map((arg) => planMask(arg, columns, settings));
    return of.includes(undefined) ? undefined : { op: expr.fn, of: of as LaneMask[] };
  }
  const compare = (op: LaneComparison, left?: PhysicalExpr, right?: PhysicalExpr): LaneMask | undefined => {
    if (left === undefined || right === undefined || !comparable(left.type, right.type)) return undefined;
    const [x, y] = [planLanes(left, columns, settings), planLanes(right, columns, settings)];
    return x?.kind === 'i32' && y?.kind === 'i32' ? { op, a: x, b: y } : undefined;
  };
  if (expr.fn === 'between') {
    const of = [compare('ge', a, b), compare('le', a, c)];
    return of.includes(undefined) ? undefined : { op: 'and', of: of as LaneMask[] };
  }
  return COMPARISONS.has(expr.fn) ? compare(expr.fn as LaneComparison, a, b) : undefined;
}

/** Integer-like values that mean the same when their stored numbers are the same. */
export function comparable(a: DataType, b: DataType): boolean {
  if (a.kind === 'boolean' || integerBounds(a) === undefined || integerBounds(b) === undefined) return false;
  if (a.kind === 'decimal' || b.kind === 'decimal')
    return a.kind === 'decimal' && b.kind === 'decimal' && a.scale === b.scale;
  return a.kind === b.kind;
}

/** A text that two values share exactly when they are computed alike. */
export function laneKey(expr: LaneExpr): string {
  switch (expr.op) {
    case 'load':
      return `$${expr.column}`;
    case 'const':
      return `${expr.kind}:${Object.is(expr.value, -0) ? '-0' : expr.value}`;
    case 'measure':
      return `${expr.unit}($${expr.column})`;
    case 'entry':
      return `${expr.of.fn}($${expr.column})`;
    default:
      return `${expr.op}.${expr.kind}(${laneKey(expr.a)},${laneKey(expr.b)})`;
  }
}
