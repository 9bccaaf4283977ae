import type { RecordBatch, Table } from 'apache-arrow';
import { type Batch, type SharedHeap, SparrowError } from '../base/index.js';
import { local } from '../plan/build.js';
import type { LocalData } from '../plan/local-data.js';
import type { Plan } from '../plan/node.js';
import { start } from './actions.js';
import { BatchCopier } from './batch-copy.js';
import type { FrameContext } from './context.js';
import type { ActionOptions } from './engine.js';
import { GivenBatches } from './given-batches.js';

/** Loaded when it is first needed: importing apache-arrow takes longer than a small query. */
const bridge = () => import('../base/arrow.js');

/** So many dictionaries are held for the batches to come: each task may have some of its own. */
const MOST_DICTIONARIES = 64;

/** Arrow record batches of a query, one by one; each is a copy. */
export async function* recordBatches(
  context: FrameContext,
  plan: Plan,
  options?: ActionOptions,
): AsyncGenerator<RecordBatch, void, undefined> {
  const { toArrowTable } = await bridge();
  const { schema, batches } = await start(context, plan, options);
  const { heap } = context.engine;
  const how = { copy: true, known: new Map() };
  const all = new GivenBatches(heap.limitBytes);
  for await (const batch of batches) {
    if (how.known.size > MOST_DICTIONARIES) how.known.clear();
    const [given] = toArrowTable(heap, schema, [batch], how).batches as [RecordBatch];
    yield given;
    all.note(given);
  }
}

/** A query's rows as one Arrow table, copied out of the engine's memory. */
export async function tableOf(context: FrameContext, plan: Plan, options?: ActionOptions): Promise<Table> {
  const { toArrowTable } = await bridge();
  const { heap } = context.engine;
  const { schema, batches } = await start(context, plan, options);
  const arena = heap.newArena('toArrow');
  try {
    const copier = new BatchCopier(arena);
    const all: Batch[] = [];
    for await (const batch of batches) all.push(copier.copy(batch));
    return toArrowTable(heap, schema, all);
  } finally {
    arena.release();
  }
}

/** Whether a value is an apache-arrow table, of whatever copy of the package. */
export const isArrowTable = (value: unknown): value is Table =>
  typeof value === 'object' &&
  value !== null &&
  'numRows' in value &&
  'batches' in value &&
  Array.isArray(value.batches) &&
  'schema' in value;

/** Gives the memory of frames made from Arrow tables back when nobody can ask for them any more. */
const forgotten = new FinalizationRegistry(({ heap, arena }: { readonly heap: SharedHeap; readonly arena: number }) =>
  heap.releaseArena(arena),
);

/** An Arrow table as local data, copied into the engine's memory. */
export async function planOfArrow(context: FrameContext, table: Table): Promise<Plan> {
  const { fromArrowTable } = await bridge();
  const { heap } = context.engine;
  const arena = heap.newArena('Arrow table');
  try {
    const { schema, batches } = fromArrowTable(table, arena);
    const rows = batches.reduce((sum, batch) => sum + batch.rows, 0);
    const data: LocalData = { schema, content: { kind: 'batches', rows, batches } };
    forgotten.register(data, { heap, arena: arena.id });
    return local(data);
  } catch (error) {
    arena.release();
    throw error;
  }
}

/** A schema beside an Arrow table would be a second opinion. */
export function refuseSchema(schema: unknown): void {
  if (schema === undefined) return;
  throw new SparrowError('INVALID_SCHEMA', 'an Arrow table brings its own schema', {
    hint: 'cast the columns afterwards, with withColumn and cast',
  });
}
