import { type Column, carrierOf, type Storage, storageBytes } from '../../base/index.js';
import type { GroupContext } from './chunk-pages.js';
import type { SplitColumn } from './split.js';

/** A column the file does not have: null in every row, or the value of its partition. */
export function constantColumn(group: GroupContext, column: SplitColumn): Column {
  const { rows } = group.split;
  const { type, constant } = column;
  const { heap, arena } = group.task;
  const base = { type, length: rows, nullCount: 0, validity: 0, offsets: 0 };
  if (typeof constant === 'string') {
    const bytes = Buffer.from(constant, 'utf8');
    const offsets = group.alloc(8);
    const data = group.alloc(bytes.length);
    heap.i32.set([0, bytes.length], offsets >>> 2);
    heap.u8.set(bytes, data);
    const dictionary = { id: arena.heap.newDictionaryId(), count: 1, offsets, data };
    return { ...base, storage: 'u8', data: arena.allocZeroed(rows), dictionary };
  }
  const storage = storageOf(column);
  if (constant === undefined) return nullColumn(group, column, storage);
  const data = group.alloc(rows * (storageBytes(storage) ?? 0));
  if (storage === 'i64') heap.i64.fill(BigInt(constant), data >>> 3, (data >>> 3) + rows);
  else if (storage === 'f64') heap.f64.fill(Number(constant), data >>> 3, (data >>> 3) + rows);
  else heap.i32.fill(Number(constant), data >>> 2, (data >>> 2) + rows);
  return { ...base, storage, data };
}

function nullColumn(group: GroupContext, column: SplitColumn, storage: Storage): Column {
  const { rows } = group.split;
  const { arena } = group.task;
  const base = { type: column.type, length: rows, nullCount: rows, storage };
  if (storage === 'none') return { ...base, validity: 0, data: 0, offsets: 0 };
  const validity = arena.allocZeroed((rows >> 3) + 16);
  if (storage !== 'utf8') {
    return { ...base, validity, data: arena.allocZeroed(rows * (storageBytes(storage) ?? 0)), offsets: 0 };
  }
  return { ...base, validity, data: arena.allocZeroed(16), offsets: arena.allocZeroed((rows + 1) * 4) };
}

function storageOf({ type }: SplitColumn): Storage {
  if (type.kind === 'boolean') return 'u8';
  const carrier = carrierOf(type);
  return carrier === 'bytes' ? 'utf8' : carrier;
}
