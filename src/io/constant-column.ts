import { type Arena, buildColumn, type Column, carrierOf, type DataType, type Scalar } from '../base/index.js';

/** A column with the same value in every row. */
export function constantColumn(arena: Arena, type: DataType, rows: number, value: Scalar): Column {
  const carrier = carrierOf(type);
  const one = buildColumn(arena, type, [value]);
  if (value === null || carrier === 'none') return buildColumn(arena, type, new Array<null>(rows).fill(null));
  if (carrier === 'bytes') {
    const { offsets, data } = one;
    // Dictionaries of different arenas must not meet: the arena's number is in the id.
    const dictionary = { id: arena.heap.newDictionaryId(), count: 1, offsets, data };
    return { ...one, storage: 'u8', length: rows, data: arena.allocZeroed(rows), offsets: 0, dictionary };
  }
  return buildColumn(arena, type, new Array<Scalar>(rows).fill(value));
}
