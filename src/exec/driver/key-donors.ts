import type { PhysicalExpr } from '../../functions/expression.js';
import type { JoinKey, PhysicalJoin, PhysicalPlan } from '../physical.js';

/** A smaller held side cannot be worth the wait. */
const LEAST_HELD = 100_000;
/** A donor leaves out most rows when it has this many times fewer. */
const LEAST_GAIN = 4;

/** A key of a join, over the side that is to be held, whose values another join below the other side knows. */
export interface KeyDonor {
  readonly key: PhysicalExpr;
  readonly join: PhysicalJoin;
}

/**
 * Joins below the streamed side that hold keys of their own equal to keys of this join: what they do not hold cannot come
 * to this join, so rows of the side to be held that have other keys need not be (equality carries over).
 */
export function keyDonors(plan: PhysicalJoin): KeyDonor[] {
  const left = plan.build === 'left';
  const [held, streamed] = left ? [plan.left, plan.right] : [plan.right, plan.left];
  const rows = held.estimatedRows ?? 0;
  if (rows < LEAST_HELD || !mayDrop(plan)) return [];
  return plan.keys.flatMap((k): KeyDonor[] => {
    const [key, asked] = left ? [k.left, k.right] : [k.right, k.left];
    if (k.nullSafe || key.kind !== 'column' || asked.kind !== 'column') return [];
    const [best] = donorsOf(streamed, asked.index).sort((a, b) => heldRows(a) - heldRows(b));
    return best === undefined || heldRows(best) * LEAST_GAIN > rows ? [] : [{ key, join: best }];
  });
}

const heldRows = ({ build, left, right }: PhysicalJoin): number =>
  (build === 'left' ? left : right).estimatedRows ?? Number.POSITIVE_INFINITY;

/** Whether held rows without a match never come out. */
function mayDrop({ how, build }: PhysicalJoin): boolean {
  if (how === 'inner' || how === 'semi') return true;
  return how !== 'full' && build === (how === 'right' ? 'left' : 'right');
}

/** Joins that let rows pass only where this column is one of the keys they hold. */
function donorsOf(plan: PhysicalPlan, index: number): PhysicalJoin[] {
  switch (plan.kind) {
    case 'filter':
      return donorsOf(plan.input, index);
    case 'project': {
      const expr = plan.exprs[index];
      return expr?.kind === 'column' ? donorsOf(plan.input, expr.index) : [];
    }
    case 'aggregate': {
      const out = plan.output[index];
      const key = out?.kind === 'column' ? plan.keys[out.index] : undefined;
      return key?.kind === 'column' ? donorsOf(plan.input, key.index) : [];
    }
    case 'join': {
      const width = plan.left.columns.length;
      const side = index < width ? 'left' : 'right';
      const own = side === 'left' ? index : index - width;
      const below = donorsOf(plan[side], own);
      return holdsKey(plan, side, own) ? [plan, ...below] : below;
    }
    default:
      return [];
  }
}

function holdsKey({ how, keys }: PhysicalJoin, side: 'left' | 'right', index: number): boolean {
  const [only] = keys as readonly [JoinKey | undefined];
  if (only === undefined || keys.length > 1 || only.nullSafe || (how !== 'inner' && how !== 'semi')) return false;
  const key = only[side];
  return key.kind === 'column' && key.index === index;
}
