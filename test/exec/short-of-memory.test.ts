import { expect, test } from 'vitest';
import { SharedHeap, SparrowError, toPlainError } from '../../src/base/index.js';
import type { WorkerPool } from '../../src/exec/driver/pool.js';
import { Query } from '../../src/exec/driver/query.js';
import { Scheduler } from '../../src/exec/driver/scheduler.js';
import type { SpillDirectory } from '../../src/exec/driver/spill-directory.js';
import type { TaskTemplate } from '../../src/exec/task/task.js';
import type { Job } from '../../src/exec/task/thread.js';

const WORKERS = 4;
const TASKS = 30;

/** A pool whose tasks run out of memory when more than so many of them are under way. */
function stage(most: number) {
  const heap = SharedHeap.create(8 << 20);
  let under = 0;
  const widths: number[] = [];
  const pool = {
    size: WORKERS,
    capacity: WORKERS * 4,
    flags: new SharedArrayBuffer(4096),
    isAtRisk: true,
    async run({ request }: Extract<Job, { kind: 'task' }>) {
      widths.push(++under);
      const isTooMuch = under > most;
      await new Promise(setImmediate);
      under--;
      if (isTooMuch) return { ok: false, error: toPlainError(new SparrowError('MEMORY_LIMIT_EXCEEDED', 'no room')) };
      const metrics = { rowsRead: 0, bytesRead: 0, rowGroupsSkipped: 0, pagesSkipped: 0, spilledBytes: 0 };
      const output = { kind: 'none', rows: request.place ?? 0 };
      return { ok: true, result: { output, inputRows: 0, milliseconds: 1, thread: 1, metrics } };
    },
  };
  const spills = { settings: () => ({ directory: '', fromBytes: 0, heldFromBytes: 0, leastBytes: 1, tableBytes: 1 }) };
  const query = new Query(heap, pool.flags, undefined, 0, spills as unknown as SpillDirectory);
  const scheduler = new Scheduler(heap, pool as unknown as WorkerPool, {} as never, {} as never);
  const spec = { source: { kind: 'batches', columns: [], stable: true }, steps: [], sink: { kind: 'none' } };
  const tasks = Array.from({ length: TASKS }, (_, firstRow) => {
    return { spec, input: { kind: 'batches', batches: [], firstRow, skip: 0 }, tables: [] } as unknown as TaskTemplate;
  });
  const run = async (): Promise<number[]> => {
    const places: number[] = [];
    for await (const { output } of scheduler.run(query, tasks, false)) places.push((output as { rows: number }).rows);
    return places;
  };
  return { run, widths };
}

const all = Array.from({ length: TASKS }, (_, i) => i);

test.each([1, 2, 3, 4])(
  'a stage whose memory has room for %i tasks goes on with as many of them as have room',
  async (room) => {
    const { run, widths } = stage(room);
    expect(await run()).toEqual(all);
    // Half as many after each failure: with room for three, two.
    expect(Math.max(...widths.slice(-TASKS / 2))).toBe(room === 3 ? 2 : room);
  },
);

test('a task that has no room alone fails', async () => {
  await expect(stage(0).run()).rejects.toMatchObject({ code: 'MEMORY_LIMIT_EXCEEDED' });
});
