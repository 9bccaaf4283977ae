import type { Scalar } from '../base/index.js';
import type { Call, Expr } from './expr.js';
import { splitAnd, splitOr } from './logic.js';

/** What is expected of a column's values. */
export interface ColumnEstimate {
  readonly distinct: number;
  /** `distinct` is not from statistics: an equality is then not taken for as selective as it says. */
  readonly guessed?: boolean;
  readonly nullFraction: number;
  /** Of integer-like types, dates and times: as numbers (decimals unscaled). */
  readonly min?: number;
  readonly max?: number;
}

/** What is known of columns, by their ids. */
export interface Columns {
  get(id: number): ColumnEstimate | undefined;
}

/** What is known together; where both know a column, what `last` knows. */
export const together = (first: Columns, last: Columns): Columns => ({ get: (id) => last.get(id) ?? first.get(id) });

const EQUALITY = 0.1;
/** Of a column whose values are not known at least this much equals a given one. */
const LEAST_GUESSED = 0.05;
const INEQUALITY = 1 / 3;
const LIKE = 0.1;
const UNKNOWN = 0.25;

/** The fraction of rows expected to meet a condition. */
export function selectivity(condition: Expr, columns: Columns): number {
  const bounds = new Map<ColumnEstimate, { from: number; to: number }>();
  let product = 1;
  for (const term of splitAnd(condition)) {
    const bound = boundOf(term, columns);
    if (bound === undefined) {
      product *= ofTerm(term, columns);
      continue;
    }
    // Two bounds of one column are a range: they are not independent.
    const known = bounds.get(bound.column) ?? { from: 0, to: 1 };
    if (bound.isLower) known.from = Math.max(known.from, bound.below);
    else known.to = Math.min(known.to, bound.below);
    bounds.set(bound.column, known);
  }
  for (const { from, to } of bounds.values()) product *= Math.max(0, to - from);
  return bounded(product);
}

interface Bound {
  readonly column: ColumnEstimate;
  readonly isLower: boolean;
  /** The fraction of values below it. */
  readonly below: number;
}

/** A comparison of a column whose range is known with a constant. */
function boundOf(term: Expr, columns: Columns): Bound | undefined {
  if (term.kind !== 'call' || !(term.fn in flipped)) return undefined;
  const [a, b] = [term.args[0] as Expr, term.args[1] as Expr];
  const turned = a.kind === 'literal';
  const column = columnOf(turned ? b : a, columns);
  const constant = turned ? a : b;
  if (column?.min === undefined || column.max === undefined || constant.kind !== 'literal') return undefined;
  if (asNumber(constant.value) === undefined) return undefined;
  const fn = turned ? (flipped[term.fn] as string) : term.fn;
  return { column, isLower: fn === 'gt' || fn === 'ge', below: below(column, constant) };
}

const bounded = (fraction: number): number => Math.min(1, Math.max(0, fraction));

function ofTerm(term: Expr, columns: Columns): number {
  if (term.kind === 'literal') return term.value === true ? 1 : 0;
  if (term.kind !== 'call') return UNKNOWN;
  switch (term.fn) {
    case 'or':
      // As if the branches were independent.
      return 1 - splitOr(term).reduce((product, branch) => product * (1 - selectivity(branch, columns)), 1);
    case 'and':
      return selectivity(term, columns);
    case 'not':
      return 1 - selectivity(term.args[0] as Expr, columns);
    case 'isnull':
      return columnOf(term.args[0], columns)?.nullFraction ?? EQUALITY;
    case 'isnotnull':
      return 1 - (columnOf(term.args[0], columns)?.nullFraction ?? EQUALITY);
    case 'isin': {
      const column = columnOf(term.args[0], columns);
      const values = term.args.length - 1;
      return bounded(column === undefined ? EQUALITY * values : values * equalShare(column));
    }
    case 'between':
      return bounded(
        ofComparison({ ...term, fn: 'ge', args: [term.args[0] as Expr, term.args[1] as Expr] }, columns) +
          ofComparison({ ...term, fn: 'le', args: [term.args[0] as Expr, term.args[2] as Expr] }, columns) -
          1,
      );
    case 'like':
    case 'ilike':
    case 'rlike':
    case 'contains':
    case 'startswith':
    case 'endswith':
      return LIKE;
    default:
      return ofComparison(term, columns);
  }
}

const flipped: Readonly<Record<string, string>> = { lt: 'gt', gt: 'lt', le: 'ge', ge: 'le' };

function ofComparison(term: Call, columns: Columns): number {
  const [a, b] = [term.args[0] as Expr, term.args[1] as Expr];
  if (b === undefined) return UNKNOWN;
  if (a.kind === 'literal' && b.kind !== 'literal')
    return ofComparison({ ...term, fn: flipped[term.fn] ?? term.fn, args: [b, a] }, columns);
  const column = columnOf(a, columns);
  switch (term.fn) {
    case 'eq':
    case 'eqNullSafe':
      return column === undefined
        ? EQUALITY
        : outside(column, b)
          ? 0
          : Math.min(equalShare(column), 1 / Math.max(1, columnOf(b, columns)?.distinct ?? 1));
    case 'ne':
      return column === undefined ? 1 - EQUALITY : 1 - equalShare(column);
    case 'lt':
    case 'le':
      return column === undefined ? INEQUALITY : below(column, b);
    case 'gt':
    case 'ge':
      return column === undefined ? INEQUALITY : bounded(1 - below(column, b));
    default:
      return UNKNOWN;
  }
}

/** The fraction of a column's values below a constant, taken as evenly spread. */
function below(column: ColumnEstimate, constant: Expr): number {
  const value = constant.kind === 'literal' ? asNumber(constant.value) : undefined;
  const { min, max } = column;
  if (value === undefined || min === undefined || max === undefined) return INEQUALITY;
  if (max === min) return value >= min ? 1 : 0;
  return bounded((value - min) / (max - min));
}

function outside(column: ColumnEstimate, constant: Expr): boolean {
  const value = constant.kind === 'literal' ? asNumber(constant.value) : undefined;
  if (value === undefined || column.min === undefined || column.max === undefined) return false;
  return value < column.min || value > column.max;
}

const asNumber = (value: Scalar): number | undefined =>
  typeof value === 'number' || typeof value === 'bigint' ? Number(value) : undefined;

function columnOf(expr: Expr | undefined, columns: Columns): ColumnEstimate | undefined {
  let at = expr;
  while (at?.kind === 'cast') at = at.input;
  return at?.kind === 'attribute' ? columns.get(at.id) : undefined;
}

const equalShare = (column: ColumnEstimate): number => {
  const share = 1 / Math.max(1, column.distinct);
  return column.guessed === true ? Math.max(share, LEAST_GUESSED) : share;
};
