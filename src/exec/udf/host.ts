import type { Arena, Batch, SharedHeap } from '../../base/index.js';
import { BatchCaller, type UdfColumn } from './batch-call.js';
import { loadFunction } from './load.js';

/** Calls functions of modules over the batches of a task, in the thread that runs it. */
export class UdfHost {
  private constructor(
    private readonly callers: readonly BatchCaller[],
    private readonly width: number,
  ) {}

  /** Loads the modules first. Throws `CANNOT_LOAD_FUNCTION_CLASS`. */
  static async create(
    heap: SharedHeap,
    { calls, width }: { readonly calls: readonly UdfColumn[]; readonly width: number },
  ): Promise<UdfHost> {
    const callers: BatchCaller[] = [];
    for (const call of calls) callers.push(new BatchCaller(heap, call, await loadFunction(call.fn)));
    return new UdfHost(callers, width);
  }

  /** The batch with a column for each call; rows before `from` are passed over. */
  extend(batch: Batch, arena: Arena, from: number, firstRow: number): Batch {
    const columns = batch.columns.slice(0, this.width);
    for (const caller of this.callers) {
      const call = caller.over(batch, arena, from, firstRow);
      call.run(0, batch.rows);
      columns.push(call.finish());
    }
    return { rows: batch.rows, columns };
  }
}
