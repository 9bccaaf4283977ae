import { engineBug } from '../../base/index.js';
import type { PhysicalExpr } from '../../functions/expression.js';
import type { PhysicalBatches, PhysicalPlan, StoredRows } from '../physical.js';
import type { KeptLayoutSpec, SinkSpec } from '../task/spec.js';
import type { SpillSettings } from '../task/task.js';
import { type Flow, mergedColumns, tasksOf } from './flow.js';
import type { Runner } from './runner.js';

const layoutOf = (fields: StoredRows['fields']): KeptLayoutSpec => ({ header: 'join', fields });

/** Puts all rows of a plan on disk, in order: what spilling does with a join's side, for every row. */
export async function storeRows(executor: Runner, plan: PhysicalPlan, directory: string): Promise<StoredRows> {
  const { query, scheduler, settings } = executor;
  const flow = await executor.open(plan);
  const fields = mergedColumns(flow, plan.columns);
  const exprs = fields.map(({ type, nullable }, index): PhysicalExpr => ({ kind: 'column', index, type, nullable }));
  const layout = layoutOf(fields);
  const sink: SinkSpec = { kind: 'build', keys: [], nullSafe: [], fields: exprs, layout, keepNullKeys: true };
  const spill: SpillSettings = { ...query.spill, directory, fromBytes: 0, heldFromBytes: 0, leastBytes: 1 };
  const parts: StoredRows['parts'][number][] = [];
  for (const part of flow) {
    const tasks = tasksOf(part, sink, settings).map((task) => ({ ...task, spill }));
    for await (const { output, arena } of scheduler.run(query, tasks, part.small)) {
      if (output.kind !== 'rows' || output.chunks.length > 0) throw engineBug('rows on disk expected');
      if (output.rows > 0) parts.push((output.spilled ?? []).flat());
      query.release(arena);
    }
  }
  return { fields, parts };
}

/** Batches that are there, or what there is in their place. */
export async function openBatches(executor: Runner, plan: PhysicalBatches): Promise<Flow> {
  const instead = await plan.instead?.();
  if (instead === undefined) return [executor.batchPart(plan.columns, await plan.load())];
  const whole = 'parts' in instead ? storedFlow(instead) : await executor.open(instead);
  const { positions } = plan;
  if (positions === undefined) return whole;
  const exprs = plan.columns.map(({ type, nullable }, i): PhysicalExpr => {
    return { kind: 'column', index: positions[i] as number, type, nullable };
  });
  return executor.project(whole, exprs);
}

const storedFlow = ({ fields, parts }: StoredRows): Flow => [
  {
    source: { kind: 'rows', rows: { kind: 'kept', layout: layoutOf(fields) } },
    inputs: parts.map((spilled) => ({ kind: 'kept', chunks: [], spilled }) as const),
    steps: [],
    tables: [],
    columns: fields,
    small: false,
  },
];
