import type { JoinPlan, Plan } from '../node.js';
import { estimate, sizeInBytes } from '../statistics.js';
import { HAS_JOIN } from '../traits.js';
import { replace } from '../walk.js';
import { bottomUp } from './rule.js';

/** Joins that have to keep unmatched rows of one side find them more easily when they stream that side. */
const prefersRight = 4;

/** How much dearer held and marked rows of a semi join's left side are than held rows of its right side. */
const marksCost = 1.5;

/** What a held row takes beside its columns: its place in a chain, its hash and its mark. */
const heldRowBytes = 16;

const heldBytes = (plan: Plan): number => sizeInBytes(plan) + estimate(plan).rows * heldRowBytes;

/** The smaller side of a join is held in memory, the other one streams past it. */
export const chooseBuildSide = bottomUp(
  'choose-build-side',
  'the smaller side of a join is held in memory',
  HAS_JOIN,
  (plan) => (plan.kind === 'join' && plan.build === undefined ? replace(plan, { build: buildSide(plan) }) : plan),
);

function buildSide(plan: JoinPlan): 'left' | 'right' {
  const [left, right] = [heldBytes(plan.left), heldBytes(plan.right)];
  switch (plan.how) {
    case 'semi':
    case 'anti':
      // Marking rows of a small left side costs less than holding a large right one; the right one has only keys.
      return left * marksCost < right ? 'left' : 'right';
    case 'exists':
      return 'right';
    case 'left':
      return left * prefersRight < right ? 'left' : 'right';
    case 'right':
      return right * prefersRight < left ? 'right' : 'left';
    default:
      return left < right ? 'left' : 'right';
  }
}
