import { type Batch, type Column, carrierOf, type SharedHeap, storageBytes } from '../../base/index.js';
import type { CachedStatistics, KnownColumn } from '../../plan/cached-statistics.js';

/** Bits of the sketch that counts the different values of one batch (linear counting). */
const SKETCH_BITS = 1 << 20;

/** A value that comes back in a batch fewer times than this on average is taken to be as rare in the others. */
const SATURATED = 10;

/** What the optimizer may know of cached rows: bounds as the columns have them, distinct values from one batch. */
export function cachedStatistics(batches: readonly Batch[], heap: SharedHeap): CachedStatistics {
  const rows = batches.reduce((n, batch) => n + batch.rows, 0);
  const largest = batches.reduce<Batch | undefined>(
    (most, b) => (most === undefined || b.rows > most.rows ? b : most),
    undefined,
  );
  const width = largest?.columns.length ?? 0;
  const columns = Array.from({ length: width }, (_, i): KnownColumn => {
    const all = batches.map((batch) => batch.columns[i] as Column);
    return columnStatistics(all, largest?.columns[i] as Column, rows, heap);
  });
  return { rows, columns };
}

function columnStatistics(all: readonly Column[], sample: Column, rows: number, heap: SharedHeap): KnownColumn {
  const nullCount = all.reduce((n, column) => n + Math.max(0, column.nullCount), 0);
  if (sample.dictionary !== undefined) return { nullCount, distinct: Math.max(1, sample.dictionary.count) };
  const carrier = carrierOf(sample.type);
  // Bytes without a dictionary had too many different values for one.
  if (carrier === 'bytes') return { nullCount, distinct: Math.max(1, rows - nullCount) };
  if (carrier !== 'i32' && carrier !== 'i64' && carrier !== 'i128') return { nullCount };
  let low: bigint | undefined;
  let high: bigint | undefined;
  for (const { stats, length, nullCount: nulls } of all) {
    if (length === nulls) continue;
    if (stats?.min === undefined || stats.max === undefined) return { nullCount };
    const [min, max] = [BigInt(stats.min), BigInt(stats.max)];
    if (low === undefined || min < low) low = min;
    if (high === undefined || max > high) high = max;
  }
  if (low === undefined || high === undefined) return { nullCount };
  const found = differentValues(sample, heap);
  const scaled = found * SATURATED < sample.length ? found : (found / Math.max(1, sample.length)) * rows;
  const distinct = Math.max(1, Math.min(scaled, Number(high - low) + 1, rows));
  return { nullCount, min: low, max: high, distinct };
}

/** The number of different words in a column's data, estimated by how much of a bitmap of their hashes stays empty. */
function differentValues(column: Column, heap: SharedHeap): number {
  const width = storageBytes(column.storage) ?? 0;
  if (width === 0) return 1;
  const bits = new Uint32Array(SKETCH_BITS >>> 5);
  const view = width === 1 ? heap.u8 : width === 2 ? heap.u16 : heap.u32;
  const words = width / view.BYTES_PER_ELEMENT;
  const from = column.data / view.BYTES_PER_ELEMENT;
  for (let i = 0; i < column.length; i++) {
    let hash = 0;
    for (let w = 0; w < words; w++)
      hash = Math.imul(hash ^ (view[from + i * words + w] as number), 0x9e3779b1) ^ (hash >>> 15);
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = (hash ^ (hash >>> 13)) & (SKETCH_BITS - 1);
    bits[hash >>> 5] = (bits[hash >>> 5] as number) | (1 << (hash & 31));
  }
  let empty = SKETCH_BITS;
  for (let word of bits) for (; word !== 0; word &= word - 1) empty--;
  return Math.min(column.length, Math.round(-SKETCH_BITS * Math.log(Math.max(1, empty) / SKETCH_BITS)));
}
