import type { Predicate, Scalar } from '../../base/index.js';
import { type Bound, type ChunkStats, compareBounds } from './statistics.js';

/** What a predicate can still be for the rows of a piece, as far as statistics tell. */
interface Outcome {
  readonly canBeTrue: boolean;
  readonly canBeFalse: boolean;
}

const UNKNOWN: Outcome = { canBeTrue: true, canBeFalse: true };

/** False only when provably no row of the piece makes the predicate true. */
export function mayMatch(predicate: Predicate, stats: (column: string) => ChunkStats | undefined): boolean {
  return outcome(predicate, stats).canBeTrue;
}

/** The columns that a predicate asks about. */
export function columnsOf(predicate: Predicate | undefined): ReadonlySet<string> {
  if (predicate === undefined) return new Set();
  switch (predicate.kind) {
    case 'and':
    case 'or':
      return new Set(predicate.inputs.flatMap((input) => [...columnsOf(input)]));
    case 'not':
      return columnsOf(predicate.input);
    default:
      return new Set([predicate.column]);
  }
}

function outcome(predicate: Predicate, stats: (column: string) => ChunkStats | undefined): Outcome {
  switch (predicate.kind) {
    case 'and':
    case 'or': {
      const parts = predicate.inputs.map((input) => outcome(input, stats));
      const every = predicate.kind === 'and';
      return {
        canBeTrue: every ? parts.every((p) => p.canBeTrue) : parts.some((p) => p.canBeTrue),
        canBeFalse: every ? parts.some((p) => p.canBeFalse) : parts.every((p) => p.canBeFalse),
      };
    }
    case 'not': {
      const { canBeTrue, canBeFalse } = outcome(predicate.input, stats);
      return { canBeTrue: canBeFalse, canBeFalse: canBeTrue };
    }
    case 'is_null':
    case 'is_not_null':
      return nullOutcome(predicate.kind === 'is_null', stats(predicate.column));
    case 'in': {
      const parts = predicate.values.map((value) => compareOutcome('eq', value, stats(predicate.column)));
      return { canBeTrue: parts.some((p) => p.canBeTrue), canBeFalse: parts.every((p) => p.canBeFalse) };
    }
    case 'compare':
      return compareOutcome(predicate.op, predicate.value, stats(predicate.column));
  }
}

function nullOutcome(isNull: boolean, s: ChunkStats | undefined): Outcome {
  if (s?.nullCount === undefined) return UNKNOWN;
  const [someNull, someValue] = [s.nullCount > 0, s.nullCount < s.rows];
  return isNull ? { canBeTrue: someNull, canBeFalse: someValue } : { canBeTrue: someValue, canBeFalse: someNull };
}

type Op = Extract<Predicate, { kind: 'compare' }>['op'];
const OPPOSITE: Readonly<Record<Op, Op>> = { eq: 'ne', ne: 'eq', lt: 'ge', ge: 'lt', gt: 'le', le: 'gt' };

function compareOutcome(op: Op, scalar: Scalar, s: ChunkStats | undefined): Outcome {
  if (s === undefined) return UNKNOWN;
  // Comparing null gives null, which is neither.
  if (s.nullCount === s.rows) return { canBeTrue: false, canBeFalse: false };
  const value = asBound(scalar);
  if (value === undefined) return UNKNOWN;
  return { canBeTrue: possible(op, value, s), canBeFalse: possible(OPPOSITE[op], value, s) };
}

/** Whether some value of the piece may stand in relation `op` to `value`. */
function possible(op: Op, value: Bound, s: ChunkStats): boolean {
  const { min, max } = s;
  const literalNaN = typeof value === 'number' && Number.isNaN(value);
  // NaN is equal to itself and above every number, in both operands.
  if (s.mayHaveNaN && (op === 'ge' || (literalNaN ? op === 'eq' || op === 'le' : op === 'gt' || op === 'ne')))
    return true;
  if (literalNaN) return op === 'lt' || op === 'le' || op === 'ne';
  if (!comparable(value, min) || !comparable(value, max)) return true;
  const low = min === undefined ? undefined : compareBounds(min, value);
  const high = max === undefined ? undefined : compareBounds(max, value);
  switch (op) {
    case 'eq':
      return (low === undefined || low <= 0) && (high === undefined || high >= 0);
    case 'ne':
      return low === undefined || high === undefined || low !== 0 || high !== 0;
    case 'lt':
      return low === undefined || low < 0;
    case 'le':
      return low === undefined || low <= 0;
    case 'gt':
      return high === undefined || high > 0;
    case 'ge':
      return high === undefined || high >= 0;
  }
}

function comparable(value: Bound, bound: Bound | undefined): boolean {
  return bound === undefined || value instanceof Uint8Array === bound instanceof Uint8Array;
}

export function asBound(value: Scalar): Bound | undefined {
  switch (typeof value) {
    case 'boolean':
      return value ? 1 : 0;
    case 'number':
    case 'bigint':
      return value;
    case 'string':
      return Buffer.from(value, 'utf8');
    default:
      return value instanceof Uint8Array ? value : undefined;
  }
}
