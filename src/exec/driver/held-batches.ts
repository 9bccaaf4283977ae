import type { Batch } from '../../base/index.js';
import type { SourceColumn } from '../task/spec.js';

/** Batches of held frames never change, so what is found out about them is found out once. */
interface Held {
  readonly chosen: Map<string, readonly Batch[]>;
  columns?: readonly SourceColumn[];
}

/** Choices of columns that are kept for each frame. */
const MOST_CHOICES = 32;

const held = new WeakMap<readonly Batch[], Held>();

function entryOf(batches: readonly Batch[]): Held {
  let entry = held.get(batches);
  if (entry === undefined) {
    entry = { chosen: new Map() };
    held.set(batches, entry);
  }
  return entry;
}

/** Batches of a held frame with some of their columns: the same array for the same columns. */
export function heldBatches(batches: readonly Batch[], columns: readonly number[] | undefined): readonly Batch[] {
  const { chosen } = entryOf(batches);
  if (columns === undefined) return batches;
  const key = columns.join();
  let some = chosen.get(key);
  if (some === undefined) {
    some = batches.map(({ rows, columns: all }) => ({ rows, columns: columns.map((c) => all[c] as (typeof all)[0]) }));
    const [oldest] = chosen.keys();
    if (chosen.size >= MOST_CHOICES && oldest !== undefined) chosen.delete(oldest);
    chosen.set(key, some);
    entryOf(some);
  }
  return some;
}

/** What is known of the columns, looked up once for batches that are held. */
export function heldColumns(batches: readonly Batch[], find: () => SourceColumn[]): readonly SourceColumn[] {
  const entry = held.get(batches);
  if (entry === undefined) return find();
  entry.columns ??= find();
  return entry.columns;
}
