import { expect, test } from 'vitest';
import { SharedHeap } from '../../src/base/index.js';

test.each([0, 1, 7, 255, 256, 257, 5000, 70_001])('%i bytes are copied within the memory and out of it', (bytes) => {
  const heap = SharedHeap.create(4 << 20);
  const arena = heap.newArena('test');
  const from = arena.alloc(bytes + 16) + 3;
  const to = arena.alloc(bytes + 16) + 5;
  for (let i = -3; i < bytes + 8; i++) heap.u8[from + i] = (i * 31 + 1) & 0xff;
  heap.copy(to, from, bytes);
  const expected = Array.from({ length: bytes }, (_, i) => (i * 31 + 1) & 0xff);
  expect([...heap.u8.subarray(to, to + bytes)]).toEqual(expected);
  expect([heap.u8[to - 1], heap.u8[to + bytes]]).toEqual([0, 0]);
  const out = heap.copyOut(heap.u8, from, from + bytes);
  expect([...out]).toEqual(expected);
  expect(out.buffer).toBeInstanceOf(ArrayBuffer);
  const words = heap.copyOut(heap.i64, 1, 1 + (bytes >>> 3));
  expect(words).toEqual(BigInt64Array.from(heap.i64.subarray(1, 1 + (bytes >>> 3))));
});
