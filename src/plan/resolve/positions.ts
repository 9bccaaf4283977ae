import { SparrowError } from '../../base/index.js';
import type { Ordinal } from '../expr.js';

/** The item of a list that a position means. */
export function itemAt<T>(ordinal: Ordinal, items: readonly T[], clause: 'GROUP_BY' | 'ORDER_BY'): T {
  const position = ordinal.position as number;
  const item = items[position - 1];
  if (item !== undefined) return item;
  throw new SparrowError(
    `${clause}_POS_OUT_OF_RANGE`,
    `the position ${position} is not in the list of ${items.length} output columns`,
    { sqlState: '42805', parameters: { index: `${position}`, size: `${items.length}` } },
  );
}
