import { type ColumnStats, carrierOf, type DataType } from '../../base/index.js';
import type { LeafDecode } from './leaf-type.js';
import type { ColumnOrder, Statistics } from './metadata.js';

/** A bound: a number or bigint of the column's carrier, or the bytes of a string. */
export type Bound = number | bigint | Uint8Array;

/** What is known of a column in one row group. */
export interface ChunkStats {
  readonly min?: Bound;
  readonly max?: Bound;
  readonly nullCount?: number;
  readonly distinct?: number;
  readonly rows: number;
  /** NaN is larger than every number, and no bound tells of it. */
  readonly mayHaveNaN: boolean;
}

export interface TypedLeaf {
  readonly type: DataType;
  readonly decode: LeafDecode;
}

/** What was made of statistics the last time: every query over a file asks for the same. */
const known = new WeakMap<Statistics, { readonly leaf: TypedLeaf; readonly stats: ChunkStats }>();

/** The statistics of a chunk that can be trusted, as values of `type`. `order` and `rows` are those of the chunk. */
export function chunkStats(
  statistics: Statistics | undefined,
  order: ColumnOrder | undefined,
  leaf: TypedLeaf,
  rows: number,
): ChunkStats {
  if (statistics === undefined) return trusted({}, order, leaf, rows);
  const last = known.get(statistics);
  if (last?.leaf.type === leaf.type && last.leaf.decode === leaf.decode) return last.stats;
  const stats = trusted(statistics, order, leaf, rows);
  known.set(statistics, { leaf, stats });
  return stats;
}

function trusted(statistics: Statistics, order: ColumnOrder | undefined, leaf: TypedLeaf, rows: number): ChunkStats {
  const floating = leaf.decode.storage === 'f32' || leaf.decode.storage === 'f64';
  const { nullCount, distinctCount, nanCount } = statistics;
  const base = {
    rows,
    mayHaveNaN: floating && nanCount !== 0,
    ...(nullCount !== undefined && nullCount >= 0 && nullCount <= rows ? { nullCount } : {}),
    ...(distinctCount !== undefined && distinctCount > 0 ? { distinct: distinctCount } : {}),
  };
  const [low, high] = orderedBounds(statistics, order, leaf.decode);
  const min = low === undefined ? undefined : bound(low, leaf);
  const max = high === undefined ? undefined : bound(high, leaf);
  if (min !== undefined && max !== undefined && compareBounds(min, max) > 0) return base;
  return { ...base, ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
}

/** The raw bounds whose order is known to be the one of the type. */
function orderedBounds(
  s: Statistics,
  order: ColumnOrder | undefined,
  decode: LeafDecode,
): readonly [Uint8Array | undefined, Uint8Array | undefined] {
  const signedNumber =
    decode.unsigned !== true && ['boolean', 'int32', 'int64', 'float', 'double'].includes(decode.physical);
  if (s.minValue !== undefined || s.maxValue !== undefined) {
    const known = order === undefined ? signedNumber : order !== 'undefined';
    return known ? [s.minValue, s.maxValue] : [undefined, undefined];
  }
  return signedNumber ? [s.min, s.max] : [undefined, undefined];
}

function bound(bytes: Uint8Array, leaf: TypedLeaf): Bound | undefined {
  const { physical, convert, plainBytes, unsigned } = leaf.decode;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (plainBytes > 0 && bytes.length !== plainBytes) return undefined;
  switch (physical) {
    case 'boolean':
      return bytes.length === 1 ? view.getUint8(0) & 1 : undefined;
    case 'int32': {
      const value = unsigned === true ? view.getUint32(0, true) : view.getInt32(0, true);
      const scaled = convert === 'millis32' ? BigInt(value) * 1000n : value;
      return asCarrier(scaled, leaf.type);
    }
    case 'int64': {
      const value = unsigned === true ? view.getBigUint64(0, true) : view.getBigInt64(0, true);
      return convert === 'millis' ? value * 1000n : convert === 'nanos' ? floorThousand(value) : value;
    }
    case 'float':
    case 'double': {
      const value = physical === 'float' ? view.getFloat32(0, true) : view.getFloat64(0, true);
      return Number.isNaN(value) ? undefined : value;
    }
    case 'byte_array':
    case 'fixed':
      if (convert === 'decimal_bytes' || convert === 'decimal_fixed') return bigEndian(bytes);
      return convert === 'none' ? bytes : undefined;
    case 'int96':
      return undefined;
  }
}

function asCarrier(value: number | bigint, type: DataType): number | bigint {
  const carrier = carrierOf(type);
  return carrier === 'i64' || carrier === 'i128' ? BigInt(value) : Number(value);
}

function floorThousand(value: bigint): bigint {
  const quotient = value / 1000n;
  return value < 0n && quotient * 1000n !== value ? quotient - 1n : quotient;
}

function bigEndian(bytes: Uint8Array): bigint | undefined {
  if (bytes.length === 0 || bytes.length > 16) return undefined;
  let value = BigInt(((bytes[0] as number) << 24) >> 24);
  for (let i = 1; i < bytes.length; i++) value = (value << 8n) | BigInt(bytes[i] as number);
  return value;
}

/** Order of the type: numbers by value, strings by their UTF-8 bytes. */
export function compareBounds(a: Bound, b: Bound): number {
  if (a instanceof Uint8Array || b instanceof Uint8Array) return Buffer.compare(a as Uint8Array, b as Uint8Array);
  return a < b ? -1 : a > b ? 1 : 0;
}

/** A column's statistics as the engine takes them: no bounds of strings. */
export function publicStats(s: ChunkStats, type: DataType): ColumnStats & { readonly nullCount?: number } {
  const { min, max, nullCount, distinct } = s;
  const numeric = (v: Bound | undefined): v is number | bigint => v !== undefined && !(v instanceof Uint8Array);
  return {
    ...(numeric(min) ? { min: floatSafe(min, type) } : {}),
    ...(numeric(max) && !s.mayHaveNaN ? { max: floatSafe(max, type) } : {}),
    ...(nullCount === undefined ? {} : { nullCount }),
    ...(distinct === undefined ? {} : { distinct }),
  };
}

function floatSafe(value: number | bigint, type: DataType): number | bigint {
  return type.kind === 'float32' || type.kind === 'float64' ? value : asCarrier(value, type);
}

/** The statistics of several pieces together; a bound only when every piece with values has it. */
export function mergeStats(pieces: readonly ChunkStats[]): ChunkStats {
  const rows = pieces.reduce((sum, p) => sum + p.rows, 0);
  const filled = pieces.filter((p) => p.rows > 0 && p.nullCount !== p.rows);
  const nullCounts = pieces.map((p) => p.nullCount);
  const distincts = filled.map((p) => p.distinct);
  const least = (values: (Bound | undefined)[], sign: number): Bound | undefined =>
    values.reduce((a, b) => (a === undefined || b === undefined ? undefined : sign * compareBounds(a, b) <= 0 ? a : b));
  const min =
    filled.length === 0
      ? undefined
      : least(
          filled.map((p) => p.min),
          1,
        );
  const max =
    filled.length === 0
      ? undefined
      : least(
          filled.map((p) => p.max),
          -1,
        );
  const known = <T>(values: (T | undefined)[]): values is T[] => values.every((v) => v !== undefined);
  return {
    rows,
    mayHaveNaN: pieces.some((p) => p.mayHaveNaN),
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
    ...(known(nullCounts) ? { nullCount: nullCounts.reduce((a, b) => a + b, 0) } : {}),
    // Row groups mostly repeat the same values, so the largest count is the better guess.
    ...(distincts.length > 0 && known(distincts) ? { distinct: Math.max(...distincts) } : {}),
  };
}
