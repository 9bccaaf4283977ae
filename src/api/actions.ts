import {
  type Batch,
  readColumn,
  rowReader,
  type Scalar,
  type Schema,
  SparrowError,
  sliceColumn,
} from '../base/index.js';
import { aggregate, alias, call, limit, literal } from '../plan/build.js';
import type { Plan } from '../plan/node.js';
import type { FrameContext } from './context.js';
import type { ActionOptions, RunningQuery, RunOptions } from './engine.js';
import type { ShownTable } from './show.js';
import { t } from './types.js';

/** Cells turned into JavaScript values at once: a few milliseconds. */
const CELLS_PER_TURN = 16_384;
/** How long that may go on before other events get a turn. */
const TURN_MS = 8;

export async function start(
  context: FrameContext,
  plan: Plan,
  options: Omit<RunOptions, 'settings'> = {},
): Promise<RunningQuery> {
  if (options.signal?.aborted) {
    throw new SparrowError('OPERATION_CANCELED', 'the query was canceled before it started', {
      cause: options.signal.reason,
    });
  }
  return context.engine.run(plan, { ...options, settings: context.settings });
}

/** Rows as objects, some thousands at a time, giving other events a turn in between. */
export async function* rowsOf(context: FrameContext, plan: Plan, options?: ActionOptions): AsyncGenerator<object[]> {
  const query = await start(context, plan, options);
  const read = rowReader(context.engine.heap, query.schema, context.values);
  const step = Math.max(8, Math.floor(CELLS_PER_TURN / Math.max(1, query.schema.fields.length) / 8) * 8);
  let since = performance.now();
  for await (const batch of query.batches) {
    for (let from = 0; from < batch.rows; from += step) {
      if (performance.now() - since > TURN_MS) {
        await new Promise(setImmediate);
        since = performance.now();
      }
      yield read(sliceRows(batch, from, Math.min(step, batch.rows - from)));
    }
  }
}

function sliceRows(batch: Batch, from: number, rows: number): Batch {
  return rows === batch.rows ? batch : { rows, columns: batch.columns.map((c) => sliceColumn(c, from, rows)) };
}

export async function collectRows(context: FrameContext, plan: Plan, options?: ActionOptions): Promise<object[]> {
  const all: object[] = [];
  for await (const rows of rowsOf(context, plan, options)) for (const row of rows) all.push(row);
  return all;
}

/** The last `count` rows, holding no more than that. */
export async function lastRows(
  context: FrameContext,
  plan: Plan,
  count: number,
  options?: ActionOptions,
): Promise<object[]> {
  let last: object[] = [];
  if (count === 0) return last;
  for await (const rows of rowsOf(context, plan, options)) last = [...last, ...rows].slice(-count);
  return last;
}

/** The number of rows, counted by the engine. */
export async function countRows(context: FrameContext, plan: Plan, options?: ActionOptions): Promise<number> {
  const counted = aggregate(plan, [], [alias(call('count', literal(t.int32, 1)), 'count')]);
  const query = await start(context, counted, options);
  let rows = 0;
  for await (const batch of query.batches) {
    for (const column of batch.columns)
      for (const value of readColumn(context.engine.heap, column)) rows += Number(value);
  }
  return rows;
}

/** The first rows as scalars, one more than asked for when there are more. */
export async function firstScalars(
  context: FrameContext,
  plan: Plan,
  rows: number,
  options?: ActionOptions,
): Promise<ShownTable> {
  const query = await start(context, limit(plan, rows + 1), options);
  const { fields }: Schema = query.schema;
  const columns: Scalar[][] = fields.map(() => []);
  let count = 0;
  for await (const batch of query.batches) {
    batch.columns.forEach((column, i) => {
      for (const value of readColumn(context.engine.heap, column)) columns[i]?.push(value);
    });
    count += batch.rows;
  }
  return { fields, columns, rows: count, timeZone: context.settings.timeZone };
}

/** Runs a plan for its effect. */
export async function runToEnd(
  context: FrameContext,
  plan: Plan,
  options?: Omit<RunOptions, 'settings'>,
): Promise<void> {
  const query = await start(context, plan, options);
  for await (const _ of query.batches);
}
