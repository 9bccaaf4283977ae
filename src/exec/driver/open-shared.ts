import { type Batch, type Column, engineBug } from '../../base/index.js';
import type { PhysicalExpr } from '../../functions/expression.js';
import type { PhysicalPlan, PhysicalShared } from '../physical.js';
import type { SourceColumn } from '../task/spec.js';
import { type Flow, outputSink } from './flow.js';
import { heldBatches } from './held-batches.js';
import { isOutOfMemory } from './out-of-memory.js';
import type { Runner } from './runner.js';

/** The rows of shared parts of a query by their number; undefined for those that cannot be held. */
export type SharedRows = Map<number, Promise<readonly Batch[] | undefined>>;

/** The share of the memory that one part may take. */
const MEMORY_SHARE = 1 / 16;

/** Rows that are computed when they are first asked for, or each time where holding them would take too much memory. */
export async function openShared(executor: Runner, plan: PhysicalShared, shared: SharedRows): Promise<Flow> {
  const held = shared.get(plan.id) ?? hold(executor, plan.input);
  shared.set(plan.id, held);
  const batches = await held;
  if (batches !== undefined) return [executor.batchPart(plan.columns, heldBatches(batches, plan.positions))];
  const exprs = plan.columns.map(({ type, nullable }, i): PhysicalExpr => {
    return { kind: 'column', index: plan.positions[i] as number, type, nullable };
  });
  return executor.project(await executor.open(plan.input), exprs);
}

async function hold(executor: Runner, plan: PhysicalPlan): Promise<readonly Batch[] | undefined> {
  const { query } = executor;
  if (query.isPressed) return undefined;
  const flow = await executor.open(plan);
  const batches: Batch[] = [];
  const arenas: number[] = [];
  let bytes = query.heap.usedBytes;
  try {
    for (const part of flow) {
      for (const { output, arena } of await executor.allResults([part], () => outputSink(part.columns))) {
        if (output.kind !== 'batches') throw engineBug('batches expected');
        arenas.push(arena);
        batches.push(...output.batches.map((batch) => withBounds(batch, part.columns)));
      }
    }
  } catch (error) {
    if (!isOutOfMemory(error)) throw error;
    bytes = Number.NEGATIVE_INFINITY;
  }
  bytes = query.heap.usedBytes - bytes;
  if (bytes <= query.heap.limitBytes * MEMORY_SHARE && !query.isPressed) return batches;
  for (const arena of arenas) query.release(arena);
  return undefined;
}

/** Bounds that are known of the pipeline's columns hold for what it gives. */
function withBounds({ rows, columns }: Batch, known: readonly SourceColumn[]): Batch {
  return {
    rows,
    columns: columns.map((column, i): Column => {
      const range = known[i]?.range;
      if (range === undefined || column.stats !== undefined) return column;
      return { ...column, stats: { min: range[0], max: range[1] } };
    }),
  };
}
