import type { Arena } from '../../base/index.js';
import { spillKernels } from '../compile/spill-kernels.js';
import type { RowField } from '../row-layout.js';
import type { RowChunk } from './spec.js';

/** Copies the texts of rows behind each other into the arena, which `lengths` helps to measure: a word for each row. */
export function keepTexts(
  arena: Arena,
  { address, rows, stride }: RowChunk,
  texts: readonly RowField[],
  lengths = texts.length === 0 ? 0 : arena.alloc(rows * 4),
): void {
  if (texts.length === 0 || rows === 0) return;
  const { heap } = arena;
  const kernels = spillKernels(heap);
  heap.fill(0, lengths, rows * 4);
  const each = texts.map(({ offset, nullOffset = 0 }) => [address, rows, stride, offset, nullOffset] as const);
  const bytes = each.reduce((_, field) => kernels.measure(...field, lengths), 0);
  const room = arena.alloc(bytes);
  each.reduce((used, field) => kernels.move_bytes(...field, room, used), 0);
  for (const { offset } of texts) kernels.add(address, rows, stride, offset, room, 0xffffffff);
}
