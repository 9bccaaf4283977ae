import { aggregate } from '../build.js';
import { outputOf } from '../output.js';
import { HAS_DISTINCT } from '../traits.js';
import { bottomUp } from './rule.js';

/** The different rows are the groups by all columns. */
export const distinctToAggregate = bottomUp(
  'distinct-to-aggregate',
  'finding different rows is grouping by all columns',
  HAS_DISTINCT,
  (plan) => {
    if (plan.kind !== 'distinct') return plan;
    const output = outputOf(plan);
    const unique = [...new Map(output.map((attribute) => [attribute.id, attribute])).values()];
    // Without columns there is no key to group by, only rows to count.
    return unique.length === 0 ? plan : aggregate(plan.input, unique, output);
  },
);
