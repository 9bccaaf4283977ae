import type { Predicate } from '../base/index.js';

/** A predicate without parts. */
export type Comparison = Exclude<Predicate, { kind: 'and' | 'or' | 'not' }>;

/** The predicate with something else in place of each of its comparisons. */
export function mapPredicate(predicate: Predicate, change: (comparison: Comparison) => Predicate): Predicate {
  switch (predicate.kind) {
    case 'and':
    case 'or':
      return { ...predicate, inputs: predicate.inputs.map((input) => mapPredicate(input, change)) };
    case 'not':
      return { ...predicate, input: mapPredicate(predicate.input, change) };
    default:
      return change(predicate);
  }
}
