import type { JoinPlan } from '../node.js';
import { sizeInBytes } from '../statistics.js';
import { replace } from '../walk.js';
import { bottomUp } from './rule.js';

/** Joins that have to keep unmatched rows of one side find them more easily when they stream that side. */
const prefersRight = 4;

/** The smaller side of a join is held in memory, the other one streams past it. */
export const chooseBuildSide = bottomUp(
  'choose-build-side',
  'the smaller side of a join is held in memory',
  (plan) => (plan.kind === 'join' && plan.build === undefined ? replace(plan, { build: buildSide(plan) }) : plan),
);

function buildSide(plan: JoinPlan): 'left' | 'right' {
  const [left, right] = [sizeInBytes(plan.left), sizeInBytes(plan.right)];
  switch (plan.how) {
    case 'left':
    case 'semi':
    case 'anti':
      return left * prefersRight < right ? 'left' : 'right';
    case 'right':
      return right * prefersRight < left ? 'right' : 'left';
    default:
      return left < right ? 'left' : 'right';
  }
}
