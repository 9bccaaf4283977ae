import type { DataType, TableStatistics } from '../base/index.js';
import type { CachedStatistics, KnownColumn } from './cached-statistics.js';
import type { Attribute, Expr } from './expr.js';
import { exprType, readsOnly, toAttribute } from './expr-type.js';
import { equiTerm, splitAnd } from './logic.js';
import type { AggregatePlan, CachedPlan, JoinPlan, LocalPlan, Plan } from './node.js';
import { outputIds, outputOf } from './output.js';
import { type ColumnEstimate, type Columns, selectivity, together } from './selectivity.js';
import { planProperty } from './walk.js';

export type { ColumnEstimate } from './selectivity.js';

/** What a plan is expected to give. */
export interface PlanEstimate {
  readonly rows: number;
  /** Whether the number of rows rests on counts (of sources), not on guesses alone. */
  readonly counted: boolean;
  readonly columns: Columns;
}

/** Rows of a source that does not say. */
const UNKNOWN_ROWS = 1_000_000;
const SMALL_TABLE = 1_000;
const NO_COLUMNS: Columns = new Map();
const NOTHING: PlanEstimate = { rows: 0, counted: true, columns: NO_COLUMNS };

/** Estimates for a resolved plan, from its sources' statistics up. */
export const estimate: (plan: Plan) => PlanEstimate = planProperty((plan, inputs) => {
  const [input = NOTHING, other = NOTHING] = inputs;
  switch (plan.kind) {
    case 'scan':
      return scanEstimate(plan.source.statistics, plan.output, plan.source.schema.fields.length);
    case 'local':
      return localEstimate(plan);
    case 'range': {
      const span = plan.step === 0n ? 0n : (plan.end - plan.start) / plan.step;
      const rows = Math.max(0, Number(span));
      const column = { distinct: rows, nullFraction: 0, min: Number(plan.start), max: Number(plan.end) };
      return { rows, counted: true, columns: new Map(plan.output.map((a) => [a.id, column])) };
    }
    case 'project':
      return { ...input, columns: passedOn(plan.exprs, input) };
    case 'filter':
      return kept(input, selectivity(plan.condition, input.columns));
    case 'aggregate':
      return aggregateEstimate(plan, input);
    case 'join':
      return joinEstimate(plan, input, other);
    case 'limit':
      return kept(input, Math.min(1, (plan.limit ?? Number.POSITIVE_INFINITY) / Math.max(1, input.rows)));
    case 'sample':
      return kept(input, Math.min(1, plan.fraction - (plan.lowerBound ?? 0)));
    case 'union': {
      const rows = inputs.reduce((sum, each) => sum + each.rows, 0);
      return { rows, counted: inputs.every((each) => each.counted), columns: guesses(plan.output ?? [], rows) };
    }
    case 'distinct': {
      const rows = groups(outputOf(plan), input);
      return { ...input, rows };
    }
    case 'window':
      return { ...input, columns: together(input.columns, guesses(plan.calls.map(toAttribute), input.rows)) };
    case 'cached': {
      if (plan.statistics !== undefined) return cachedEstimate(plan, plan.statistics);
      const before = outputOf(plan.input);
      const columns = new Map<number, ColumnEstimate>();
      for (const [i, attribute] of plan.output.entries()) {
        const column = input.columns.get((before[plan.columns?.[i] ?? i] ?? attribute).id);
        if (column !== undefined) columns.set(attribute.id, column);
      }
      return { ...input, columns };
    }
    default:
      return input;
  }
});

function scanEstimate(statistics: TableStatistics, output: readonly Attribute[], width: number): PlanEstimate {
  const rowBytes = Math.max(1, width) * 8;
  const rows = statistics.rows ?? (statistics.bytes === undefined ? UNKNOWN_ROWS : statistics.bytes / rowBytes);
  const columns = new Map<number, ColumnEstimate>();
  for (const attribute of output)
    columns.set(attribute.id, knownColumn(attribute, rows, statistics.columns[attribute.name]));
  return { rows, counted: statistics.rows !== undefined, columns };
}

/** What is in a filled cache was looked at. */
function cachedEstimate(plan: CachedPlan, statistics: CachedStatistics): PlanEstimate {
  const columns = new Map<number, ColumnEstimate>();
  for (const [i, attribute] of plan.output.entries())
    columns.set(attribute.id, knownColumn(attribute, statistics.rows, statistics.columns[plan.columns?.[i] ?? i]));
  return { rows: statistics.rows, counted: true, columns };
}

function knownColumn(attribute: Attribute, rows: number, known: KnownColumn | undefined): ColumnEstimate {
  const guess = guessColumn(attribute, rows);
  if (known === undefined) return guess;
  const nullFraction = known.nullCount === undefined ? guess.nullFraction : known.nullCount / Math.max(1, rows);
  const bounds =
    known.min === undefined || known.max === undefined ? {} : { min: Number(known.min), max: Number(known.max) };
  const within = distinctWithin(attribute.type, rows, bounds.min, bounds.max);
  const distinct = known.distinct ?? within ?? guess.distinct;
  const guessed = known.distinct === undefined && within === undefined ? { guessed: true } : {};
  return { distinct: Math.max(1, distinct), nullFraction, ...bounds, ...guessed };
}

/** Integer-like values between bounds cannot be more than the bounds allow. */
function distinctWithin(type: DataType, rows: number, min?: number, max?: number): number | undefined {
  if (min === undefined || max === undefined || type.kind === 'float32' || type.kind === 'float64') return undefined;
  return Math.min(rows, max - min + 1);
}

const guesses = (output: readonly Attribute[], rows: number): ReadonlyMap<number, ColumnEstimate> =>
  new Map(output.map((attribute) => [attribute.id, guessColumn(attribute, rows)]));

/** Of a column nothing is known of: a tenth of the rows are different values. */
function guessColumn({ type, nullable }: Attribute, rows: number): ColumnEstimate {
  // A small table lists things, and names each once.
  const distinct = type.kind === 'boolean' ? 2 : rows <= SMALL_TABLE ? rows : Math.max(1, rows / 10);
  return { distinct: Math.min(distinct, Math.max(1, rows)), guessed: true, nullFraction: nullable ? 0.05 : 0 };
}

function kept(input: PlanEstimate, fraction: number): PlanEstimate {
  const rows = input.rows * fraction;
  return { ...input, rows };
}

/** A column's distinct values cannot be more than there are rows. */
const distinctOf = (input: PlanEstimate, id: number): number =>
  Math.max(1, Math.min(input.columns.get(id)?.distinct ?? input.rows / 10, input.rows));

function passedOn(exprs: readonly Expr[], input: PlanEstimate): ReadonlyMap<number, ColumnEstimate> {
  const columns = new Map<number, ColumnEstimate>();
  for (const expr of exprs) {
    const attribute = toAttribute(expr);
    const source = expr.kind === 'alias' ? expr.input : expr;
    const known = source.kind === 'attribute' ? input.columns.get(source.id) : undefined;
    columns.set(attribute.id, known ?? guessColumn(attribute, input.rows));
  }
  return columns;
}

/** How many different rows these columns make: not more than there are. */
export function groups(columns: readonly Attribute[], input: PlanEstimate): number {
  let product = 1;
  for (const attribute of columns) {
    product *= distinctOf(input, attribute.id);
    if (product >= input.rows) return input.rows;
  }
  return Math.min(product, input.rows);
}

function aggregateEstimate(plan: AggregatePlan, input: PlanEstimate): PlanEstimate {
  const keys = plan.groupBy.map((expr) => {
    const attribute = toAttribute(expr);
    return expr.kind === 'alias' && expr.input.kind === 'attribute' ? expr.input : attribute;
  });
  const rows = plan.groupBy.length === 0 ? 1 : Math.max(1, groups(keys, input));
  const inner = together(input.columns, passedOn(plan.groupBy, input));
  return { rows, counted: input.counted, columns: passedOn(plan.output, { ...input, rows, columns: inner }) };
}

function joinEstimate(plan: JoinPlan, left: PlanEstimate, right: PlanEstimate): PlanEstimate {
  const columns = together(left.columns, right.columns);
  const counted = left.counted && right.counted;
  const isLeft = (expr: Expr): boolean => readsOnly(expr, outputIds(plan.left));
  const isRight = (expr: Expr): boolean => readsOnly(expr, outputIds(plan.right));
  let matching = left.rows * right.rows;
  let leftMatch = 1;
  let leftKeys = 1;
  let rightKeys = 1;
  let widest = 1;
  for (const term of plan.condition === undefined ? [] : splitAnd(plan.condition)) {
    const equi = equiTerm(term, isLeft, isRight);
    if (equi === undefined) {
      matching *= selectivity(term, columns);
      continue;
    }
    const l = distinctOfExpr(equi.left, left);
    const r = distinctOfExpr(equi.right, right);
    widest = Math.max(widest, l, r);
    leftKeys *= Math.max(1, l);
    rightKeys *= Math.max(1, r);
    leftMatch *= Math.min(1, r / Math.max(1, l));
  }
  matching /= keyCombinations(widest, Math.min(leftKeys, left.rows), Math.min(rightKeys, right.rows));
  const semi = Math.min(left.rows * leftMatch, matching);
  const rowsOf: Readonly<Record<JoinPlan['how'], number>> = {
    inner: matching,
    cross: matching,
    left: Math.max(matching, left.rows),
    right: Math.max(matching, right.rows),
    full: Math.max(matching, left.rows, right.rows),
    semi,
    anti: Math.max(0, left.rows - semi),
    exists: left.rows,
  };
  return { rows: rowsOf[plan.how], counted, columns };
}

/**
 * How many different keys the two sides share. Several key columns are seldom independent: their combinations are
 * bounded by the rows of the side that has fewer, as when they refer to its composite key.
 */
const keyCombinations = (widest: number, left: number, right: number): number =>
  Math.max(widest, Math.min(left, right), 1);

export function distinctOfExpr(expr: Expr, input: PlanEstimate): number {
  if (expr.kind === 'attribute') return distinctOf(input, expr.id);
  if (expr.kind === 'cast') return distinctOfExpr(expr.input, input);
  return Math.max(1, input.rows / 10);
}

/** Bytes of one value, roughly. */
export function widthOf(type: DataType): number {
  switch (type.kind) {
    case 'null':
      return 0;
    case 'boolean':
    case 'int8':
      return 1;
    case 'int16':
      return 2;
    case 'int32':
    case 'float32':
    case 'date':
    case 'interval_ym':
      return 4;
    case 'string':
    case 'binary':
    case 'variant':
      return 20;
    case 'decimal':
      return type.precision <= 18 ? 8 : 16;
    case 'array':
    case 'map':
      return 64;
    case 'struct':
      return type.fields.reduce((sum, f) => sum + widthOf(f.type), 0);
    default:
      return 8;
  }
}

/** The expected size of a plan's rows in bytes. */
export function sizeInBytes(plan: Plan): number {
  const rowBytes = outputOf(plan).reduce((sum, attribute) => sum + widthOf(exprType(attribute)), 0);
  return Math.ceil(estimate(plan).rows) * Math.max(1, rowBytes);
}

/** Rows that a function has still to make are taken to be many. */
const ROWS_TO_MAKE = 100_000;

function localEstimate({ data, output }: LocalPlan): PlanEstimate {
  const { rows = ROWS_TO_MAKE } = data.content;
  return { rows, counted: data.content.rows !== undefined, columns: guesses(output, rows) };
}
