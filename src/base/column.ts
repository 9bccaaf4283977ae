import type { DataType } from './types.js';

/**
 * How a column's values lie in the shared heap. Addresses are absolute byte addresses.
 *
 * - `i8 u8 i16 u16 i32 i64 i128 f32 f64`: fixed width, little endian, one after the other. An integer, date,
 *   timestamp, interval or decimal column may be stored narrower than its type when all its values fit
 *   (decimals unscaled); loads widen it. Booleans are `u8`, 0 or 1.
 * - `utf8`: Arrow's layout: `offsets` is the address of int32[length + 1], relative to `data`. Used by string,
 *   binary and the nested types (each nested value being one binary value, see nested.ts).
 * - `view`: `data` is the address of length pairs (u32 address, u32 byte length), for what operators pass on.
 * - with `dictionary`: storage is `u8`, `u16` or `i32` codes into it.
 * - `none`: a column of type null; no buffers.
 */
export type Storage = 'i8' | 'u8' | 'i16' | 'u16' | 'i32' | 'i64' | 'i128' | 'f32' | 'f64' | 'utf8' | 'view' | 'none';

/** The distinct values of a string or binary column, in Arrow's layout. Equal ids mean the same dictionary. */
export interface Dictionary {
  readonly id: number;
  readonly count: number;
  readonly offsets: number;
  readonly data: number;
  /** Codes stand in the order of their values' bytes. */
  readonly sorted?: boolean;
}

/** What is known of a column's values; bounds are inclusive and ignore nulls. Numbers as their carrier, decimals unscaled. */
export interface ColumnStats {
  readonly min?: bigint | number;
  readonly max?: bigint | number;
  /** Number of distinct values, exact or estimated. */
  readonly distinct?: number;
  /** Every value is ASCII. */
  readonly ascii?: boolean;
}

/** A column of a batch: a plain descriptor that crosses threads as it is. */
export interface Column {
  readonly type: DataType;
  readonly storage: Storage;
  readonly length: number;
  /** Nulls in it; -1 when not counted. With 0, `validity` is 0 too. */
  readonly nullCount: number;
  /** Address of the validity bitmap (bit i set: row i is not null, least significant bit first); 0 when no row is null. */
  readonly validity: number;
  readonly data: number;
  /** Address of the offsets for `utf8`, else 0. */
  readonly offsets: number;
  readonly dictionary?: Dictionary;
  /** Codes of null rows are 0. */
  readonly zeroed?: boolean;
  readonly stats?: ColumnStats;
}

/** Rows in column form; at most BATCH_ROWS of them. */
export interface Batch {
  readonly rows: number;
  readonly columns: readonly Column[];
}

/** Bytes of one stored value; 0 for `none`, undefined for `utf8`. */
export function storageBytes(storage: Storage): number | undefined {
  return STORAGE_BYTES[storage];
}

const STORAGE_BYTES: Readonly<Record<Storage, number | undefined>> = {
  i8: 1,
  u8: 1,
  i16: 2,
  u16: 2,
  i32: 4,
  i64: 8,
  i128: 16,
  f32: 4,
  f64: 8,
  view: 8,
  utf8: undefined,
  none: 0,
};

/** Rows from..from+rows of a column without copying. `from` must be a multiple of 8 (validity is a bitmap). */
export function sliceColumn(column: Column, from: number, rows: number): Column {
  if (from === 0 && rows === column.length) return column;
  const width = storageBytes(column.storage);
  return {
    ...column,
    length: rows,
    nullCount: column.nullCount === 0 ? 0 : -1,
    validity: column.validity === 0 ? 0 : column.validity + (from >>> 3),
    data: width === undefined ? column.data : column.data + from * width,
    offsets: column.offsets === 0 ? 0 : column.offsets + from * 4,
  };
}

/** Cuts columns of any length into batches of at most `batchRows` rows (a multiple of 8). */
export function sliceIntoBatches(columns: readonly Column[], rows: number, batchRows: number): Batch[] {
  const batches: Batch[] = [];
  for (let from = 0; from < rows; from += batchRows) {
    const length = Math.min(batchRows, rows - from);
    batches.push({ rows: length, columns: columns.map((column) => sliceColumn(column, from, length)) });
  }
  return batches;
}
