import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { ALL_VALID_ADDRESS, BATCH_ROWS, PAGE_BYTES, SharedHeap, SparrowError } from '../../src/base/index.js';

const MIB = 2 ** 20;

describe('heap', () => {
  it('one bits for columns without nulls', () => {
    const heap = SharedHeap.create(16 * MIB);
    expect(heap.u8.subarray(ALL_VALID_ADDRESS, ALL_VALID_ADDRESS + BATCH_ROWS / 8).every((byte) => byte === 0xff)).toBe(
      true,
    );
  });

  it('allocations are aligned, apart from each other, and zeroed where asked', () => {
    const heap = SharedHeap.create(32 * MIB);
    const arena = heap.newArena('test');
    let end = 0;
    const taken: { from: number; to: number }[] = [];
    for (let i = 0; i < 2000; i++) {
      const bytes = (i * 37) % 5000;
      const from = i % 2 === 0 ? arena.alloc(bytes) : arena.allocZeroed(bytes);
      expect(from % 16).toBe(0);
      if (i % 2 === 1) expect(heap.u8.subarray(from, from + bytes).every((byte) => byte === 0)).toBe(true);
      heap.u8.fill(0xaa, from, from + bytes);
      taken.push({ from, to: from + bytes });
      end = Math.max(end, from + bytes);
    }
    taken.sort((a, b) => a.from - b.from);
    for (let i = 1; i < taken.length; i++) expect(taken[i]?.from).toBeGreaterThanOrEqual(taken[i - 1]?.to as number);
    expect(heap.arenaBytes(arena.id)).toBeGreaterThanOrEqual(arena.allocatedBytes);
  });

  it('released pages are used again', () => {
    const heap = SharedHeap.create(16 * MIB);
    const before = heap.usedBytes;
    for (let round = 0; round < 20; round++) {
      const arena = heap.newArena('round');
      for (let i = 0; i < 4; i++) arena.alloc(2 * MIB);
      expect(heap.usedBytes).toBeGreaterThan(before + 8 * MIB);
      arena.release();
      expect(heap.usedBytes).toBe(before);
      expect(heap.arenaBytes(arena.id)).toBe(0);
    }
  });

  it('refuses what goes beyond the limit and stays usable', () => {
    const heap = SharedHeap.create(16 * MIB);
    const arena = heap.newArena('greedy');
    expect(() => arena.alloc(17 * MIB)).toThrow(SparrowError);
    expect(() => {
      for (;;) arena.alloc(MIB);
    }).toThrow(/MEMORY_LIMIT_EXCEEDED.*greedy.*Hint/);
    expect(() => arena.alloc(2 ** 31)).toThrow(/MEMORY_LIMIT_EXCEEDED/);
    arena.release();
    expect(() => heap.newArena('next').alloc(8 * MIB)).not.toThrow();
  });

  it('a heap of 4 GiB is addressed to its end', () => {
    const heap = SharedHeap.create(2 ** 32);
    // Where the machine reserves less there is less to check.
    const last = heap.limitBytes - PAGE_BYTES;
    heap.f64[(last + PAGE_BYTES - 8) / 8] = 1.5;
    expect(heap.f64[(last + PAGE_BYTES - 8) / 8]).toBe(1.5);
    heap.buffer.write('end', heap.limitBytes - 3);
    expect(heap.buffer.toString('latin1', heap.limitBytes - 3, heap.limitBytes)).toBe('end');
  });

  it('pages claimed by two threads at once never overlap, and a dead thread’s are released', async () => {
    const heap = SharedHeap.create(256 * MIB);
    const arenas = [heap.newArena('a'), heap.newArena('b')];
    const program = `
      const { parentPort, workerData } = require('node:worker_threads');
      import(workerData.module).then(({ SharedHeap, Arena }) => {
        const heap = SharedHeap.attach(workerData.handle);
        const arena = new Arena(heap, workerData.id, 'worker');
        const taken = [];
        for (let i = 0; i < 400; i++) {
          const bytes = 1000 + ((i * 7919) % 300000);
          const address = arena.alloc(bytes);
          heap.u8.fill(workerData.id, address, address + bytes);
          taken.push([address, bytes]);
        }
        const clean = taken.every(([address, bytes]) =>
          heap.u8.subarray(address, address + bytes).every((byte) => byte === workerData.id));
        parentPort.postMessage({ taken, clean });
      });`;
    const module = new URL('../../dist/base/index.js', import.meta.url).href;
    const results = await Promise.all(
      arenas.map(async ({ id }) => {
        const worker = new Worker(program, { eval: true, workerData: { module, handle: heap.handle, id } });
        const [message] = (await once(worker, 'message')) as [{ taken: [number, number][]; clean: boolean }];
        await worker.terminate();
        return message;
      }),
    );
    const all = results.flatMap((result) => result.taken).sort((a, b) => a[0] - b[0]);
    expect(results.every((result) => result.clean)).toBe(true);
    for (let i = 1; i < all.length; i++) {
      const [address, bytes] = all[i - 1] as [number, number];
      expect(all[i]?.[0]).toBeGreaterThanOrEqual(address + bytes);
    }
    const used = heap.usedBytes;
    for (const { id } of arenas) heap.releaseArena(id);
    expect(heap.usedBytes).toBe(2 * PAGE_BYTES);
    expect(used).toBeGreaterThan(100 * MIB);
  });
});
