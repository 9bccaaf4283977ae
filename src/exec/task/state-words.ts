import { ALL_VALID_ADDRESS, type Batch, type SharedHeap } from '../../base/index.js';
import { COLUMN, COLUMN_BYTES, DENSE, DENSE_BYTES, TABLE, TABLE_BYTES } from '../compile/state-layout.js';
import type { JoinTable } from './spec.js';
import type { DenseKey } from './variant.js';

/** Writes where a batch's columns lie into a state block, from `at` on. */
export function writeColumns({ u32 }: SharedHeap, at: number, batch: Batch): void {
  batch.columns.forEach((column, i) => {
    const words = (at + i * COLUMN_BYTES) >>> 2;
    u32[words + (COLUMN.DATA >>> 2)] = column.data;
    u32[words + (COLUMN.OFFSETS >>> 2)] = column.offsets;
    u32[words + (COLUMN.VALIDITY >>> 2)] = column.validity === 0 ? ALL_VALID_ADDRESS : column.validity;
    if (column.dictionary === undefined) return;
    u32[words + (COLUMN.DICT_OFFSETS >>> 2)] = column.dictionary.offsets;
    u32[words + (COLUMN.DICT_DATA >>> 2)] = column.dictionary.data;
    u32[words + (COLUMN.DICT_COUNT >>> 2)] = column.dictionary.count;
  });
}

/** Writes where join tables lie into a state block, from `at` on. */
export function writeTables({ u32, i64 }: SharedHeap, at: number, tables: readonly JoinTable[]): void {
  tables.forEach((table, i) => {
    const bytes = at + i * TABLE_BYTES;
    u32[(bytes + TABLE.HEADS) >>> 2] = table.heads;
    u32[(bytes + TABLE.SIZE) >>> 2] = table.size;
    i64[(bytes + TABLE.BASE) >>> 3] = table.base;
    if (table.bits === undefined) return;
    const { address, base, size, ranks = 0, flags = 0 } = table.bits;
    u32[(bytes + TABLE.BITS) >>> 2] = address;
    u32[(bytes + TABLE.BITS_ORIGIN) >>> 2] = address - base / 8;
    u32[(bytes + TABLE.BITS_BASE) >>> 2] = base;
    u32[(bytes + TABLE.BITS_SIZE) >>> 2] = size;
    u32[(bytes + TABLE.RANKS) >>> 2] = ranks;
    u32[(bytes + TABLE.FLAGS) >>> 2] = flags;
    u32[(bytes + TABLE.FLAGS_ORIGIN) >>> 2] = flags - base;
  });
}

/** Writes how the slots of a dense group index follow from its keys into a state block, from `at` on. */
export function writeDense({ u32, i64 }: SharedHeap, at: number, keys: readonly DenseKey[]): void {
  let stride = 4;
  keys.forEach(({ base, size }, k) => {
    i64[(at + k * DENSE_BYTES + DENSE.BASE) >>> 3] = base;
    u32[(at + k * DENSE_BYTES + DENSE.STRIDE) >>> 2] = stride;
    stride *= size;
  });
}
