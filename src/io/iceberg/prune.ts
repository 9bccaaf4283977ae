import type { Predicate, Scalar } from '../../base/index.js';
import { mayMatch } from '../parquet/prune.js';
import type { ChunkStats } from '../parquet/statistics.js';
import type { ContentFile, Manifest } from './manifests.js';
import type { IceField } from './schema.js';
import { bucketColumn, rangeOf, type Transform, withBuckets } from './transforms.js';
import { boundOf, partitionScalar } from './values.js';

/** What a partition spec says about columns. */
type Transforms = readonly (Transform | undefined)[];

/** False when no row of a manifest's files can make the predicate true. */
export function manifestMayMatch(predicate: Predicate, manifest: Manifest, transforms: Transforms): boolean {
  const { partitions } = manifest;
  if (!partitions) return true;
  return mayMatch(withBuckets(predicate, transforms), (column) =>
    ofPartitions(column, transforms, (i, transform) => {
      const summary = partitions[i];
      if (summary === undefined) return undefined;
      const type = resultField(transform);
      const low = boundOf(summary.lower_bound ?? undefined, type);
      const high = boundOf(summary.upper_bound ?? undefined, type);
      // How many are null is not known; that none is, is.
      const base = { rows: 1, mayHaveNaN: true, ...(summary.contains_null ? {} : { nullCount: 0 }) };
      return low === undefined || high === undefined ? base : { ...base, ...range(transform, low, high) };
    }),
  );
}

/** False when no row of a file can make the predicate true, by its partition and the bounds of its columns. */
export function fileMayMatch(
  predicate: Predicate,
  file: ContentFile,
  transforms: Transforms,
  fields: readonly IceField[],
): boolean {
  return mayMatch(withBuckets(predicate, transforms), (column) => {
    const told = ofPartitions(column, transforms, (i, transform) => {
      const value = file.partition[i] ?? null;
      if (value === null) return { rows: 1, nullCount: 1, mayHaveNaN: false };
      const isFloat = transform.source.type.kind === 'float32' || transform.source.type.kind === 'float64';
      const own = partitionScalar(value, transform.source);
      return { rows: 1, nullCount: 0, mayHaveNaN: isFloat, ...range(transform, own, own) };
    });
    if (told?.min !== undefined || told?.nullCount === 1) return told;
    const found = fields.find((f) => f.name === column);
    return found === undefined ? told : columnStats(file, found);
  });
}

function ofPartitions(
  column: string,
  transforms: Transforms,
  stats: (position: number, transform: Transform) => ChunkStats | undefined,
): ChunkStats | undefined {
  let found: ChunkStats | undefined;
  for (const [i, transform] of transforms.entries()) {
    if (transform === undefined) continue;
    const isBucket = transform.name === 'bucket';
    if (column !== (isBucket ? bucketColumn(i) : transform.source.name)) continue;
    const told = stats(i, transform);
    // Of several partitions by one column, the one that says more.
    if (found?.min === undefined) found = told;
  }
  return found;
}

function range(transform: Transform, low: Scalar, high: Scalar): Partial<ChunkStats> {
  return transform.name === 'bucket' ? { min: low as number, max: high as number } : rangeOf(transform, low, high);
}

/** A partition field's own type: that of the column, or a count of periods or buckets. */
function resultField({ name, source }: Transform): IceField {
  return name === 'identity' || name === 'truncate' ? source : { ...source, type: { kind: 'int32' }, word: 'int' };
}

function columnStats(file: ContentFile, field: IceField): ChunkStats | undefined {
  const { id, type, parts } = field;
  if (parts.length > 0) return undefined;
  const rows = file.values.get(id) ?? file.rows;
  const nullCount = file.nulls.get(id);
  const [min, max] = [boundOf(file.lower.get(id), field), boundOf(file.upper.get(id), field)];
  const isFloat = type.kind === 'float32' || type.kind === 'float64';
  const hasBounds = min !== undefined && max !== undefined && !Number.isNaN(min) && !Number.isNaN(max);
  // A column that the file does not have may have a value for all its rows.
  if (!hasBounds && nullCount === undefined) return undefined;
  return {
    rows,
    mayHaveNaN: isFloat && file.nans.get(id) !== 0,
    ...(nullCount === undefined ? {} : { nullCount }),
    ...(hasBounds ? { min, max } : {}),
  };
}
