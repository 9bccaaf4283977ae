import { relative, sep } from 'node:path';
import { type DataType, formatScalar, type Platform, type Scalar, type WrittenFile } from '../../base/index.js';
import { fileStats } from '../parquet/file-stats.js';
import type { Bound } from '../parquet/statistics.js';
import type { AddFile } from './actions.js';

/** Longer texts are cut in statistics; what a bound loses by it, it makes up for. */
const BOUND_CHARS = 32;
/** Statistics of more columns are seldom used and fill the log. */
const STATS_COLUMNS = 32;

/** The log's entry of a file that was written, with statistics of its columns from its footer. */
export function addFile(file: WrittenFile, root: string, platform: Platform): AddFile {
  const { rows, columns } = fileStats(file.temporaryPath, platform);
  const [minValues, maxValues, nullCount]: Record<string, unknown>[] = [{}, {}, {}];
  for (const [name, { type, stats }] of [...columns].slice(0, STATS_COLUMNS)) {
    if (stats.nullCount !== undefined && nullCount) nullCount[name] = stats.nullCount;
    const min = stats.min === undefined ? undefined : boundJson(type, stats.min, false);
    const max = stats.max === undefined || stats.mayHaveNaN ? undefined : boundJson(type, stats.max, true);
    if (min !== undefined && minValues) minValues[name] = min;
    if (max !== undefined && maxValues) maxValues[name] = max;
  }
  return {
    path: encodePath(relative(root, file.finalPath)),
    partitionValues: Object.fromEntries(file.partitions ?? []),
    size: file.bytes,
    modificationTime: Math.floor(platform.clock.now()),
    dataChange: true,
    stats: JSON.stringify({ numRecords: rows, minValues, maxValues, nullCount }),
  };
}

/** A path below the table as the log has it: percent-encoded, with `/`. */
const encodePath = (path: string): string =>
  path
    .split(sep)
    .map((part) => encodeURIComponent(part).replaceAll('%3D', '='))
    .join('/');

function boundJson(type: DataType, bound: Bound, isUpper: boolean): unknown {
  switch (type.kind) {
    case 'int8':
    case 'int16':
    case 'int32':
      return Number(bound);
    case 'int64':
      // Past 2^53 JSON readers of JavaScript would round it.
      return Number.isSafeInteger(Number(bound)) ? Number(bound) : undefined;
    case 'float32':
    case 'float64':
      return Number.isFinite(Number(bound)) ? Number(bound) : undefined;
    case 'date':
      return formatScalar(type, bound as Scalar, 'UTC');
    case 'timestamp':
    case 'timestamp_ntz':
      return timestampBound(BigInt(bound as bigint), isUpper, type.kind === 'timestamp' ? 'Z' : '');
    case 'string':
      return textBound(bound as Uint8Array, isUpper);
    default:
      return undefined;
  }
}

/** Milliseconds, as Delta has them: a lower bound is rounded down, an upper one up. */
function timestampBound(micros: bigint, isUpper: boolean, zone: string): string | undefined {
  const down = (micros - (((micros % 1000n) + 1000n) % 1000n)) / 1000n;
  const millis = Number(isUpper && down * 1000n !== micros ? down + 1n : down);
  if (!(Math.abs(millis) < 253_402_300_800_000 && millis > -62_135_596_800_000)) return undefined;
  return new Date(millis).toISOString().replace('Z', zone);
}

function textBound(bytes: Uint8Array, isUpper: boolean): string | undefined {
  const chars = [...Buffer.from(bytes).toString('utf8')];
  if (chars.includes('\ufffd')) return undefined;
  if (chars.length <= BOUND_CHARS) return chars.join('');
  const start = chars.slice(0, BOUND_CHARS).join('');
  return isUpper ? `${start}\u{10ffff}` : start;
}
