import type { Arena } from '../../base/index.js';
import { FIELD, FIELDS, HASH_FACTOR } from './kernels/layout.js';

/**
 * Writes the table by which the kernel knows fields; gives its address. `slots` has the place of each field in a record
 * of the index, -1 for those nobody wants; `strict`: records with other fields are left out of the index.
 */
export function writeFieldTable(
  arena: Arena,
  fields: readonly string[],
  slots: readonly number[],
  strict: boolean,
): number {
  const { u32, i32, u8 } = arena.heap;
  const table = arena.allocZeroed(FIELDS.first + (fields.length + 1) * FIELD.bytes);
  const size = 2 ** Math.ceil(Math.log2(fields.length * 2 + 2));
  const hashes = arena.allocZeroed(size * 4);
  const entryOf = (i: number): number => table + FIELDS.first + i * FIELD.bytes;
  u32[(table + FIELDS.mask) >>> 2] = size - 1;
  u32[(table + FIELDS.hashes) >>> 2] = hashes;
  u32[(table + FIELDS.start) >>> 2] = entryOf(fields.length);
  u32[(table + FIELDS.strict) >>> 2] = strict ? 1 : 0;
  fields.forEach((field, i) => {
    // Names that JSON cannot have as they are never stand in the index.
    if (JSON.stringify(field) !== `"${field}"`) return;
    const name = Buffer.from(`"${field}"`, 'utf8');
    const pieces = Math.ceil(name.length / 16);
    const at = arena.allocZeroed(pieces * 32);
    let hash = 0;
    name.forEach((byte, b) => {
      const place = at + (b >> 4) * 32 + (b & 15);
      u8[place] = byte;
      u8[place + 16] = 255;
      hash = (Math.imul(hash, HASH_FACTOR) + byte) >>> 0;
    });
    const entry = entryOf(i);
    i32[(entry + FIELD.slot) >>> 2] = slots[i] as number;
    u32[(entry + FIELD.name) >>> 2] = at;
    u32[(entry + FIELD.nameEnd) >>> 2] = at + pieces * 32;
    u32[(entry + FIELD.length) >>> 2] = name.length;
    while (u32[(hashes >>> 2) + (hash & (size - 1))] !== 0) hash++;
    u32[(hashes >>> 2) + (hash & (size - 1))] = entry;
  });
  return table;
}
