import type { Column, Storage } from './column.js';
import type { Arena } from './heap.js';
import type { DataType } from './types.js';

/** Many values of one column in little memory: numbers of at most 53 bits, as the column's carrier holds them. */
export interface PackedColumn {
  /** Integers, microseconds, days, floats; booleans as 0 and 1. */
  readonly values: Float64Array;
  /** 1 where the value is null; absent where none is. */
  readonly nulls: Uint8Array | undefined;
  /** Bounds of the values that are not null, where all are integers. */
  readonly bounds: readonly [number, number] | undefined;
}

export const isPacked = (column: object): column is PackedColumn => 'values' in column && 'bounds' in column;

/** Rows from…from+rows of a packed column in the arena, integers as narrow as all of the column's allow. */
export function buildPacked(arena: Arena, type: DataType, packed: PackedColumn, from: number, rows: number): Column {
  const { values, nulls, bounds } = packed;
  const storage = storageFor(type, bounds);
  const data = write(arena, storage, values.subarray(from, from + rows));
  const validity = nulls === undefined ? { nullCount: 0, validity: 0 } : writeValidity(arena, nulls, from, rows);
  const stats = bounds === undefined || type.kind === 'boolean' ? {} : { stats: statsOf(type, bounds) };
  return { type, storage, length: rows, ...validity, data, offsets: 0, ...stats };
}

function storageFor(type: DataType, bounds: PackedColumn['bounds']): Storage {
  switch (type.kind) {
    case 'boolean':
      return 'u8';
    case 'float32':
      return 'f32';
    case 'float64':
      return 'f64';
    default: {
      if (bounds === undefined) return 'i8';
      const fits = (bits: number): boolean => bounds[0] >= -(2 ** (bits - 1)) && bounds[1] < 2 ** (bits - 1);
      return fits(8) ? 'i8' : fits(16) ? 'i16' : fits(32) ? 'i32' : 'i64';
    }
  }
}

/** Bounds as the carrier has them: bigint for 64 bits. */
function statsOf(type: DataType, [min, max]: readonly [number, number]): NonNullable<Column['stats']> {
  const small = type.kind === 'int8' || type.kind === 'int16' || type.kind === 'int32' || type.kind === 'date';
  return small ? { min, max } : { min: BigInt(min), max: BigInt(max) };
}

const HIGH = 4_294_967_296;

function write(arena: Arena, storage: Storage, values: Float64Array): number {
  const { heap } = arena;
  const { length } = values;
  switch (storage) {
    case 'f64': {
      const data = arena.alloc(length * 8);
      heap.f64.set(values, data >>> 3);
      return data;
    }
    case 'f32': {
      const data = arena.alloc(length * 4);
      heap.f32.set(values, data >>> 2);
      return data;
    }
    case 'i32': {
      const data = arena.alloc(length * 4);
      heap.i32.set(values, data >>> 2);
      return data;
    }
    case 'i16': {
      const data = arena.alloc(length * 2);
      heap.i16.set(values, data >>> 1);
      return data;
    }
    case 'i64': {
      const data = arena.alloc(length * 8);
      const { i32 } = heap;
      let at = data >>> 2;
      for (let i = 0; i < length; i++) {
        const value = values[i] as number;
        const high = Math.floor(value / HIGH);
        i32[at++] = value - high * HIGH;
        i32[at++] = high;
      }
      return data;
    }
    default: {
      const data = arena.alloc(length);
      heap.i8.set(values, data);
      return data;
    }
  }
}

function writeValidity(
  arena: Arena,
  nulls: Uint8Array,
  from: number,
  rows: number,
): { readonly nullCount: number; readonly validity: number } {
  const validity = arena.allocZeroed((rows + 7) >>> 3);
  const { u8 } = arena.heap;
  let nullCount = 0;
  for (let i = 0; i < rows; i++) {
    if (nulls[from + i] !== 0) nullCount++;
    else u8[validity + (i >>> 3)] = (u8[validity + (i >>> 3)] as number) | (1 << (i & 7));
  }
  return { nullCount, validity: nullCount === 0 ? 0 : validity };
}
