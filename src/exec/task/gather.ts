import { type Arena, type Batch, type Column, storageBytes } from '../../base/index.js';

/** Some rows of a batch, copied in the order given. */
export function gatherRows(batch: Batch, rows: ArrayLike<number>, arena: Arena): Batch {
  return { rows: rows.length, columns: batch.columns.map((column) => gatherColumn(column, rows, arena)) };
}

/** The same, but texts and nested values stay where they are: a long one that comes often is not copied each time. */
export function gatherViews(batch: Batch, rows: ArrayLike<number>, arena: Arena): Batch {
  const columns = batch.columns.map((column): Column => {
    const isText = column.storage === 'utf8' && column.dictionary === undefined;
    return isText ? viewsOf(column, rows, arena) : gatherColumn(column, rows, arena);
  });
  return { rows: rows.length, columns };
}

function viewsOf(column: Column, rows: ArrayLike<number>, arena: Arena): Column {
  const { u32 } = arena.heap;
  const { stats: _, ...rest } = column;
  const { validity, nullCount } = gatherValidity(column, rows, arena);
  const data = arena.alloc(rows.length * 8);
  const from = column.offsets >>> 2;
  for (let i = 0, at = data >>> 2; i < rows.length; i++, at += 2) {
    const row = rows[i] as number;
    const start = u32[from + row] as number;
    u32[at] = column.data + start;
    u32[at + 1] = (u32[from + row + 1] as number) - start;
  }
  return { ...rest, storage: 'view', length: rows.length, validity, nullCount, data, offsets: 0 };
}

function gatherColumn(column: Column, rows: ArrayLike<number>, arena: Arena): Column {
  const { heap } = arena;
  const { validity, nullCount } = gatherValidity(column, rows, arena);
  const { stats: _, ...rest } = column;
  const made = { ...rest, length: rows.length, validity, nullCount };
  if (column.storage === 'utf8') return { ...made, ...gatherBytes(column, rows, arena) };
  const width = storageBytes(column.storage) ?? 0;
  const data = arena.alloc(width * rows.length);
  // Words of the largest size that divides the width.
  const view = width % 4 === 0 ? heap.u32 : width === 2 ? heap.u16 : heap.u8;
  const words = width / view.BYTES_PER_ELEMENT;
  const from = column.data / view.BYTES_PER_ELEMENT;
  const to = data / view.BYTES_PER_ELEMENT;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number;
    for (let w = 0; w < words; w++) view[to + i * words + w] = view[from + row * words + w] as number;
  }
  return { ...made, data };
}

function gatherValidity(
  column: Column,
  rows: ArrayLike<number>,
  arena: Arena,
): { validity: number; nullCount: number } {
  if (column.storage === 'none') return { validity: 0, nullCount: rows.length };
  if (column.validity === 0) return { validity: 0, nullCount: 0 };
  const { u8 } = arena.heap;
  const validity = arena.allocZeroed((rows.length + 7) >>> 3);
  let nullCount = 0;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number;
    if (((u8[column.validity + (row >>> 3)] as number) >>> (row & 7)) & 1)
      u8[validity + (i >>> 3)] = (u8[validity + (i >>> 3)] as number) | (1 << (i & 7));
    else nullCount++;
  }
  return nullCount === 0 ? { validity: 0, nullCount } : { validity, nullCount };
}

function gatherBytes(column: Column, rows: ArrayLike<number>, arena: Arena): { data: number; offsets: number } {
  const { u8, u32 } = arena.heap;
  const from = column.offsets >>> 2;
  const offsets = arena.alloc((rows.length + 1) * 4);
  let total = 0;
  for (let i = 0; i < rows.length; i++) {
    u32[(offsets >>> 2) + i] = total;
    const row = rows[i] as number;
    total += (u32[from + row + 1] as number) - (u32[from + row] as number);
  }
  u32[(offsets >>> 2) + rows.length] = total;
  const data = arena.alloc(total);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number;
    u8.copyWithin(
      data + (u32[(offsets >>> 2) + i] as number),
      column.data + (u32[from + row] as number),
      column.data + (u32[from + row + 1] as number),
    );
  }
  return { data, offsets };
}
