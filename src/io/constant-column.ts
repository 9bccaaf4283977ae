import {
  type Arena,
  buildColumn,
  type Column,
  carrierOf,
  type DataType,
  type Scalar,
  type Storage,
  storageBytes,
} from '../base/index.js';

/** What kernels may read behind the last value. */
const SLACK = 16;

/** A column with the same value in every row. */
export function constantColumn(arena: Arena, type: DataType, rows: number, value: Scalar): Column {
  if (value === null) return nullColumn(arena, type, rows);
  const one = buildColumn(arena, type, [value]);
  if (carrierOf(type) === 'bytes') {
    const { offsets, data } = one;
    // Dictionaries of different arenas must not meet: the arena's number is in the id.
    const dictionary = { id: arena.heap.newDictionaryId(), count: 1, offsets, data };
    return { ...one, storage: 'u8', length: rows, data: arena.allocZeroed(rows + SLACK), offsets: 0, dictionary };
  }
  // As wide as the type, whatever the value: code is compiled for each width.
  const storage = storageOf(type);
  const width = storageBytes(storage) ?? 0;
  const data = arena.alloc(rows * width + SLACK);
  const { u8, i32, i64 } = arena.heap;
  if (storage === 'i32') i32.fill(Number(value), data >>> 2, (data >>> 2) + rows);
  else if (storage === 'i64') i64.fill(BigInt(value as bigint), data >>> 3, (data >>> 3) + rows);
  else if (rows > 0) {
    u8.copyWithin(data, one.data, one.data + width);
    for (let done = width; done < rows * width; done *= 2)
      u8.copyWithin(data + done, data, data + Math.min(done, rows * width - done));
  }
  return { ...one, storage, length: rows, data };
}

function nullColumn(arena: Arena, type: DataType, rows: number): Column {
  const storage = storageOf(type);
  const base = { type, length: rows, nullCount: rows, storage, validity: 0, data: 0, offsets: 0 };
  if (storage === 'none') return base;
  const validity = arena.allocZeroed((rows >> 3) + SLACK);
  if (storage === 'utf8')
    return { ...base, validity, data: arena.allocZeroed(SLACK), offsets: arena.allocZeroed((rows + 1) * 4) };
  return { ...base, validity, data: arena.allocZeroed(rows * (storageBytes(storage) ?? 0) + SLACK) };
}

function storageOf(type: DataType): Storage {
  if (type.kind === 'boolean') return 'u8';
  const carrier = carrierOf(type);
  return carrier === 'bytes' ? 'utf8' : carrier;
}
