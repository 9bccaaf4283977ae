import { type Arena, BATCH_ROWS, engineBug } from '../../base/index.js';
import { STATE } from '../../functions/runtime.js';
import { fullCarriers, groupLayout, prepareAggregate } from '../compile/aggregates.js';
import { MORE } from '../compile/pipe.js';
import { PIPE, type StateLayout } from '../compile/state-layout.js';
import { compileTotalsMerge } from '../compile/totals-merge.js';
import { sumOverflow } from './merge-groups.js';
import { type Programs, planKey, type Run } from './programs.js';
import { RowStore } from './row-store.js';
import type { RowChunk, StateCarriers } from './spec.js';
import type { TaskRequest } from './task.js';

/** Group rows of a range of places, from the tables of all tasks. */
export function mergeTotals(
  programs: Programs,
  request: TaskRequest,
  layout: StateLayout,
  scratch: Arena,
): { chunks: readonly RowChunk[]; carriers: StateCarriers } {
  const { input, spec } = request;
  if (input.kind !== 'totals' || spec.source.kind !== 'rows' || spec.source.rows.kind !== 'groups')
    throw engineBug('totals expected');
  const source = spec.source.rows;
  const { heap } = programs;
  const carriers = fullCarriers(source.aggregates.map((a) => prepareAggregate(a, spec.settings)));
  const state = scratch.allocZeroed(layout.bytes);
  const rows = new RowStore(heap, scratch, state, groupLayout(source.keys, carriers).stride);
  const tables = scratch.alloc(input.tables.length * 4);
  heap.u32.set(input.tables, tables >>> 2);
  heap.u32[(state + PIPE.TOTALS) >>> 2] = tables;
  heap.u32[(state + PIPE.TOTALS_BYTES) >>> 2] = input.tables.length;
  programs.attach(state, {
    moreHeap: () => {
      throw engineBug('merging totals needs no heap');
    },
    more: (what, detail) => {
      if (what === MORE.ROWS) rows.moreRows();
      else if (what === MORE.BYTES) rows.moreBytes(detail);
    },
  });
  try {
    const key = `totals ${planKey([source, input.keys, spec.settings])}`;
    const build = (): Uint8Array => compileTotalsMerge(source, input.keys, spec.settings, layout);
    const { merge } = programs.generated<{ merge: Run }>(key, build);
    for (let from = input.from; from < input.to; from += BATCH_ROWS)
      merge(state, from, Math.min(input.to, from + BATCH_ROWS));
    if (heap.i32[(state + STATE.ERROR) >>> 2] !== 0) throw sumOverflow(source.aggregates.map((a) => a.fn));
  } finally {
    programs.detach(state);
  }
  return { chunks: rows.chunks(), carriers };
}
