import { type Arena, buildColumn, type Column, type DataType, type Scalar, type Storage } from '../../base/index.js';
import type { BodyBuffer } from './body.js';

/** Texts of a piece have about so many bytes at most. */
const PIECE_BYTES = 1 << 24;

/** A column of a batch, taken some rows at a time. */
export interface ColumnPieces {
  /** Some rows, in the arena. */
  read(arena: Arena, from: number, rows: number): Column;
  /** How many rows from here on, at most so many, are not too many bytes: at least one. */
  fitting(from: number, rows: number): number;
}

const allOf = (_: number, rows: number): number => rows;

/** Values that lie in the file as they lie in a column. */
export function fixedPieces(
  type: DataType,
  [storage, width]: readonly [Storage, number],
  bytes: BodyBuffer,
  validity: Buffer | undefined,
): ColumnPieces {
  return {
    fitting: allOf,
    read: (arena, from, rows) => {
      const data = arena.alloc(rows * width);
      bytes.read(from * width, arena.heap.u8.subarray(data, data + rows * width));
      return { type, storage, length: rows, ...validityOf(arena, validity, from, rows), data, offsets: 0 };
    },
  };
}

/** Texts, with where each of them starts and the last one ends. */
export function textPieces(
  type: DataType,
  starts: Float64Array,
  bytes: BodyBuffer,
  validity: Buffer | undefined,
): ColumnPieces {
  const at = (row: number): number => starts[row] as number;
  return {
    fitting: (from, rows) => {
      if (at(from + rows) - at(from) <= PIECE_BYTES) return rows;
      let few = 1;
      let many = rows;
      while (many - few > 1) {
        const middle = (few + many) >>> 1;
        if (at(from + middle) - at(from) <= PIECE_BYTES) few = middle;
        else many = middle;
      }
      return few;
    },
    read: (arena, from, rows) => {
      const first = at(from);
      const total = at(from + rows) - first;
      const offsets = arena.alloc((rows + 1) * 4);
      const data = arena.alloc(total);
      bytes.read(first, arena.heap.u8.subarray(data, data + total));
      const slot = offsets >>> 2;
      for (let i = 0; i <= rows; i++) arena.heap.i32[slot + i] = at(from + i) - first;
      return { type, storage: 'utf8', length: rows, ...validityOf(arena, validity, from, rows), data, offsets };
    },
  };
}

/** Values of any other type. */
export const valuePieces = (type: DataType, values: readonly Scalar[]): ColumnPieces => ({
  fitting: allOf,
  read: (arena, from, rows) => buildColumn(arena, type, values.slice(from, from + rows)),
});

function validityOf(
  arena: Arena,
  bitmap: Buffer | undefined,
  from: number,
  rows: number,
): { nullCount: number; validity: number } {
  if (bitmap === undefined) return { nullCount: 0, validity: 0 };
  const bytes = (rows + 7) >>> 3;
  const validity = arena.alloc(bytes);
  const [first, shift] = [from >>> 3, from & 7];
  for (let i = 0; i < bytes; i++) {
    const low = (bitmap[first + i] as number) >>> shift;
    const high = shift === 0 ? 0 : (bitmap[first + i + 1] ?? 0) << (8 - shift);
    arena.heap.u8[validity + i] = low | high;
  }
  return { nullCount: -1, validity };
}
