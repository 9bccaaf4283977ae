import { type Batch, type Column, int32Type } from '../../base/index.js';
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
  return chosenOnce(chosen, columns.join(), () =>
    batches.map(({ rows, columns: all }) => ({ rows, columns: columns.map((c) => all[c] as Column) })),
  );
}

/** Batches of a held frame with the dictionary codes of some of their columns as columns more. */
export function withCodeColumns(batches: readonly Batch[], columns: readonly number[]): readonly Batch[] {
  return chosenOnce(entryOf(batches).chosen, `codes of ${columns.join()}`, () =>
    batches.map(({ rows, columns: all }) => ({
      rows,
      columns: [...all, ...columns.map((c) => codesOf(all[c] as Column))],
    })),
  );
}

function codesOf({ dictionary, stats: _, ...column }: Column): Column {
  return { ...column, type: int32Type, stats: { min: 0, max: Math.max(0, (dictionary?.count ?? 0) - 1) } };
}

function chosenOnce(
  chosen: Map<string, readonly Batch[]>,
  key: string,
  make: () => readonly Batch[],
): readonly Batch[] {
  let some = chosen.get(key);
  if (some === undefined) {
    some = make();
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
