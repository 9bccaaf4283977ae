import type { PlacedGroups } from './placed-groups.js';
import type { TaskInput } from './spec.js';
import { taskRange } from './variant.js';

/** Places from…to of a table. */
export interface PlaceWindow {
  readonly from: number;
  readonly to: number;
}

/** The places a task's rows can have: all of them, or those between the bounds of its only key. */
export function placeWindow({ keys, bytes, recordBytes, window }: PlacedGroups, input: TaskInput): PlaceWindow {
  const [key] = keys;
  const range = window === undefined ? undefined : taskRange(input, window);
  if (key === undefined || range === undefined) return { from: 0, to: bytes / recordBytes };
  return { from: Number(range[0] - key.base) + 1, to: Number(range[1] - key.base) + 2 };
}
