import type { Predicate, Scalar } from '../../base/index.js';
import { mapPredicate } from '../map-predicate.js';
import type { Bound } from '../parquet/statistics.js';
import type { PartitionField } from './metadata.js';
import type { IceField } from './schema.js';
import { asBound } from './values.js';

/** How a table's partitions follow from a column. */
export interface Transform {
  readonly name: string;
  /** Of `bucket[n]` and `truncate[n]`. */
  readonly size: number;
  readonly source: IceField;
}

/** The transforms of a spec, by position; undefined where a partition tells nothing about a column. */
export function transformsOf(
  spec: readonly PartitionField[],
  fields: readonly IceField[],
): readonly (Transform | undefined)[] {
  return spec.map((p) => {
    const id = p['source-id'] ?? p['source-ids']?.[0];
    const source = fields.find((f) => f.id === id);
    const [, name = '', size] = /^(\w+)(?:\[(\d+)\])?$/.exec(p.transform) ?? [];
    const isKnown = ['identity', 'bucket', 'truncate', 'year', 'month', 'day', 'hour'].includes(name);
    if (source === undefined || !isKnown || (p['source-ids']?.length ?? 1) > 1) return undefined;
    return { name, size: Number(size ?? 0), source };
  });
}

const DAY_MICROS = 86_400_000_000n;
const HOUR_MICROS = 3_600_000_000n;
const MONTHS = 12;

/** The least and the greatest value of the column that a partition between two of its own values can hold. */
export function rangeOf(
  { name, size, source }: Transform,
  low: Scalar,
  high: Scalar,
): { readonly min?: Bound; readonly max?: Bound } {
  const [min, max] = [asBound(low), asBound(high)];
  if (min === undefined || max === undefined) return {};
  if (name === 'identity') return { min, max };
  if (name === 'truncate') return { min, ...truncatedMost(max, size) };
  const first = firstOf(name, Number(min), source);
  const next = firstOf(name, Number(max) + 1, source);
  if (first === undefined || next === undefined) return {};
  return { min: first, max: typeof next === 'bigint' ? next - 1n : next - 1 };
}

function truncatedMost(max: Bound, size: number): { readonly max?: Bound } {
  if (typeof max === 'bigint') return { max: max + BigInt(size - 1) };
  if (typeof max === 'number') return { max: max + size - 1 };
  // What begins with these bytes: below the next bytes that begin otherwise.
  const next = Buffer.from(max);
  for (let i = next.length - 1; i >= 0; i--) {
    if (next[i] !== 0xff) {
      next[i] = (next[i] as number) + 1;
      return { max: next.subarray(0, i + 1) };
    }
  }
  return {};
}

/** When the n-th period since 1970 begins, as a value of the column. */
function firstOf(name: string, n: number, { type, word }: IceField): number | bigint | undefined {
  const isDate = type.kind === 'date';
  if (!isDate && type.kind !== 'timestamp' && type.kind !== 'timestamp_ntz') return undefined;
  if (name === 'hour') return isDate || word === 'date' ? undefined : BigInt(n) * HOUR_MICROS;
  const months = name === 'year' ? n * MONTHS : n;
  const days = name === 'day' ? n : firstDay(months);
  return isDate ? days : BigInt(days) * DAY_MICROS;
}

function firstDay(months: number): number {
  const date = new Date(0);
  date.setUTCFullYear(1970 + Math.floor(months / MONTHS), months - Math.floor(months / MONTHS) * MONTHS, 1);
  return date.getTime() / 86_400_000;
}

/** The name under which a predicate asks for the bucket of a partition field. */
export const bucketColumn = (position: number): string => `\0bucket ${position}`;

/** The same predicate, which says of each value asked for which bucket it is in. */
export function withBuckets(predicate: Predicate, transforms: readonly (Transform | undefined)[]): Predicate {
  if (!transforms.some((t) => t?.name === 'bucket')) return predicate;
  const equal = (column: string, value: Scalar): Predicate => {
    const plain: Predicate = { kind: 'compare', op: 'eq', column, value };
    const more = transforms.flatMap((t, i): Predicate[] => {
      if (t?.name !== 'bucket' || t.source.name !== column) return [];
      const bucket = bucketOf(value, t);
      return bucket === undefined ? [] : [{ kind: 'compare', op: 'eq', column: bucketColumn(i), value: bucket }];
    });
    return more.length === 0 ? plain : { kind: 'and', inputs: [plain, ...more] };
  };
  return mapPredicate(predicate, (p) => {
    if (p.kind === 'in') return { kind: 'or', inputs: p.values.map((value) => equal(p.column, value)) };
    return p.kind === 'compare' && p.op === 'eq' ? equal(p.column, p.value) : p;
  });
}

function bucketOf(value: Scalar, { size, source: { type, word } }: Transform): number | undefined {
  const bytes = hashed(value, type.kind, word);
  return bytes === undefined || size < 1 ? undefined : (murmur3(bytes) & 0x7fffffff) % size;
}

/** The bytes of a value that are hashed (Iceberg's specification, "Appendix B: 32-bit Hash Requirements"). */
function hashed(value: Scalar, kind: string, word: string): Buffer | undefined {
  if (kind === 'decimal') return bigEndian(value as bigint);
  switch (typeof value) {
    case 'number':
    case 'bigint': {
      if (kind === 'float32' || kind === 'float64') return undefined;
      const bytes = Buffer.alloc(8);
      bytes.writeBigInt64LE(BigInt(value));
      return bytes;
    }
    case 'string':
      return word === 'uuid' ? Buffer.from(value.replaceAll('-', ''), 'hex') : Buffer.from(value, 'utf8');
    default:
      return value instanceof Uint8Array ? Buffer.from(value) : undefined;
  }
}

/** Two's complement in as few bytes as hold it, the highest first. */
function bigEndian(value: bigint): Buffer {
  let size = 1;
  while (BigInt.asIntN(size * 8, value) !== value) size++;
  return Buffer.from(
    BigInt.asUintN(size * 8, value)
      .toString(16)
      .padStart(size * 2, '0'),
    'hex',
  );
}

/** MurmurHash3, x86, 32 bits, seed 0 (Austin Appleby, public domain). */
function murmur3(bytes: Buffer): number {
  const mix = (k: number): number => {
    const product = Math.imul(k, 0xcc9e2d51);
    return Math.imul((product << 15) | (product >>> 17), 0x1b873593);
  };
  const whole = bytes.length & ~3;
  let h = 0;
  for (let i = 0; i < whole; i += 4) {
    h ^= mix(bytes.readInt32LE(i));
    h = (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
  }
  let tail = 0;
  for (let i = bytes.length - 1; i >= whole; i--) tail = (tail << 8) | (bytes[i] as number);
  if (whole < bytes.length) h ^= mix(tail);
  h ^= bytes.length;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
