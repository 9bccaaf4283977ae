import { type Arena, engineBug } from '../../base/index.js';
import { ENTRY_BYTES } from '../compile/sort-module.js';
import type { Programs } from './programs.js';
import { sorter } from './sort-buffer.js';
import type { TaskRequest } from './task.js';

/** The runs of a sorted input as one sorted list of entries, after its offset and up to its limit. */
export function prepareSorted(
  programs: Programs,
  request: TaskRequest,
  scratch: Arena,
): { address: number; rows: number } {
  const { input, spec } = request;
  if (input.kind !== 'sorted') throw engineBug('sorted runs expected');
  const runs = input.runs.filter((r) => r.count > 0);
  const total = runs.reduce((n, r) => n + r.count, 0);
  const rows = Math.max(0, Math.min(total - input.offset, input.limit ?? total));
  const [only] = runs;
  if (only === undefined) return { address: 0, rows: 0 };
  let address = only.entries;
  if (runs.length > 1) {
    const all = scratch.alloc(total * ENTRY_BYTES);
    let at = all;
    for (const run of runs) {
      programs.heap.u8.copyWithin(at, run.entries, run.entries + run.count * ENTRY_BYTES);
      at += run.count * ENTRY_BYTES;
    }
    const sort = sorter(programs, input.order, spec.settings);
    address = sort(all, total, scratch.alloc(total * ENTRY_BYTES));
  }
  return { address: address + input.offset * ENTRY_BYTES, rows };
}
