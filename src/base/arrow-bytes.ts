import * as arrow from 'apache-arrow';
import { arrowValidity } from './arrow-fixed.js';
import type { Column } from './column.js';
import { SparrowError } from './errors.js';
import type { Arena } from './heap.js';
import type { DataType } from './types.js';

const VIEW_BYTES = 16;
/** Values up to this length lie in the view itself. */
const INLINE_BYTES = 12;
const MAX_BYTES = 2 ** 31 - 1;

/** A string or binary column of Arrow data in any of its layouts. */
export function arrowBytesColumn(arena: Arena, type: DataType, data: arrow.Data): Column {
  const { length } = data;
  const pieces = piecesOf(data);
  const offsets = arena.alloc((length + 1) * 4);
  const slots = offsets >>> 2;
  const { i32, u8 } = arena.heap;
  let total = 0;
  i32[slots] = 0;
  for (let i = 0; i < length; i++) {
    total += pieces.lengthAt(i);
    if (total > MAX_BYTES) throw tooLarge(total);
    i32[slots + i + 1] = total;
  }
  const address = arena.alloc(total);
  if (pieces.whole !== undefined) u8.set(pieces.whole, address);
  else for (let i = 0; i < length; i++) u8.set(pieces.bytesAt(i), address + (i32[slots + i] as number));
  return { type, storage: 'utf8', length, ...arrowValidity(arena, data), data: address, offsets };
}

/** The values of a layout: how long each is, where its bytes are, and all of them in a row where they lie so. */
interface Pieces {
  lengthAt(row: number): number;
  bytesAt(row: number): Uint8Array;
  readonly whole?: Uint8Array;
}

function piecesOf(data: arrow.Data): Pieces {
  const { type, length } = data;
  const bytes = data.values as Uint8Array;
  if (arrow.DataType.isFixedSizeBinary(type)) {
    const width = type.byteWidth;
    return slices((row) => row * width, bytes, length);
  }
  if (arrow.DataType.isUtf8View(type) || arrow.DataType.isBinaryView(type)) return viewPieces(data);
  const offsets = data.valueOffsets as Int32Array | BigInt64Array;
  if (offsets.length === 0) return slices(() => 0, bytes, length);
  return slices((row) => Number(offsets[row] as number | bigint), bytes, length);
}

function slices(start: (row: number) => number, bytes: Uint8Array, rows: number): Pieces {
  return {
    lengthAt: (row) => start(row + 1) - start(row),
    bytesAt: (row) => bytes.subarray(start(row), start(row + 1)),
    whole: bytes.subarray(start(0), start(rows)),
  };
}

function viewPieces(data: arrow.Data): Pieces {
  const views = data.values as Uint8Array;
  const fields = new DataView(views.buffer, views.byteOffset, views.byteLength);
  // What lies under a null may be anything.
  const lengthAt = (row: number) => (data.getValid(row) ? fields.getInt32(row * VIEW_BYTES, true) : 0);
  const bytesAt = (row: number) => {
    const at = row * VIEW_BYTES;
    const length = lengthAt(row);
    if (length <= INLINE_BYTES) return views.subarray(at + 4, at + 4 + length);
    const buffer = data.variadicBuffers[fields.getInt32(at + 8, true)] as Uint8Array;
    const start = fields.getInt32(at + 12, true);
    return buffer.subarray(start, start + length);
  };
  return { lengthAt, bytesAt };
}

function tooLarge(bytes: number): SparrowError {
  return new SparrowError('UNSUPPORTED_ARROWTYPE', `one record batch holds ${bytes} bytes of text in a column`, {
    hint: 'cut the table into record batches of less than 2 GiB of text each',
  });
}
