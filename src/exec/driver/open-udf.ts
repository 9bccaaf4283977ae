import type { Batch, JsFunction } from '../../base/index.js';
import type { PhysicalExpr } from '../../functions/expression.js';
import type { PhysicalUdf } from '../physical.js';
import type { SourceColumn } from '../task/spec.js';
import type { UdfColumn } from '../udf/batch-call.js';
import { CallersThread, type Surroundings, withColumns } from '../udf/callers-thread.js';
import { loadFunction } from '../udf/load.js';
import { type Flow, type FlowPart, outputSink, wrappedPart } from './flow.js';
import type { Runner } from './runner.js';
import { columnAt } from './udf-calls.js';

/** Functions of modules run in the tasks that make their arguments; others on the caller's thread, over rows that are all there. */
export async function openUdf(executor: Runner, plan: PhysicalUdf): Promise<Flow> {
  const { calls, exprs } = argumentColumns(plan);
  const flow = await executor.open(plan.input);
  const prepared = exprs.length === plan.input.columns.length ? flow : executor.project(flow, exprs);
  if (plan.calls.some(({ fn }) => !runsInWorkers(fn))) return [await onCallersThread(executor, plan, prepared, calls)];
  return prepared.map((part) => inTasks(executor, plan, part, calls));
}

export const runsInWorkers = (fn: JsFunction): boolean => fn.source.kind === 'module' && fn.concurrency === 0;

/** Arguments that are not columns of the input are computed behind them. */
export function argumentColumns(plan: PhysicalUdf): {
  readonly calls: readonly UdfColumn[];
  readonly exprs: readonly PhysicalExpr[];
} {
  const exprs: PhysicalExpr[] = plan.input.columns.map(columnAt);
  const positionOf = (expr: PhysicalExpr): number => (expr.kind === 'column' ? expr.index : exprs.push(expr) - 1);
  const calls = plan.calls.map(({ fn, args, guard }) => ({
    fn,
    args: args.map(positionOf),
    ...(guard === undefined ? {} : { guard: positionOf(guard) }),
  }));
  return { calls, exprs };
}

/** What a function gives is known by its type alone. */
const resultColumns = (plan: PhysicalUdf): SourceColumn[] =>
  plan.calls.map(({ fn }) => ({ type: fn.returns, nullable: true }));

function inTasks(executor: Runner, plan: PhysicalUdf, part: FlowPart, calls: readonly UdfColumn[]): FlowPart {
  const width = plan.input.columns.length;
  const columns = [...part.columns.slice(0, width), ...resultColumns(plan)];
  const names = plan.columns.map((column) => column.name);
  const wrapped = wrappedPart(
    part,
    executor.settings,
    (inner) => ({ kind: 'udf', inner, calls, width }),
    columns,
    names,
  );
  // Never on the caller's thread, which a function that does not return would hold for good.
  return { ...wrapped, small: false };
}

/** How functions are loaded: those that are to be apart in processes that end with the query. */
async function loader({ query, scheduler }: Runner, calls: readonly UdfColumn[]): Promise<Surroundings['load']> {
  if (calls.every(({ fn }) => fn.isolation === undefined)) return loadFunction;
  const { IsolatedFunctions } = await import('../udf/isolated.js');
  const { startProcess } = await import('./worker-start.js');
  const isolated = new IsolatedFunctions(scheduler.pool.size, await startProcess());
  query.onEnd(() => isolated.close());
  return (fn) => (fn.isolation === undefined ? loadFunction(fn) : isolated.load(fn));
}

async function onCallersThread(
  executor: Runner,
  plan: PhysicalUdf,
  flow: Flow,
  calls: readonly UdfColumn[],
): Promise<FlowPart> {
  const { query, scheduler } = executor;
  const load = await loader(executor, calls);
  const host = new CallersThread(
    { heap: query.heap, now: () => scheduler.platform.clock.monotonic(), load, check: () => query.check() },
    calls,
  );
  const width = plan.input.columns.length;
  const made: Batch[] = [];
  let firstRow = 0;
  for await (const done of executor.results(flow, (part) => outputSink(part.columns))) {
    if (done.output.kind !== 'batches') continue;
    for (const batch of done.output.batches) {
      const results = await host.columns(batch, query.arena, firstRow);
      made.push(withColumns({ rows: batch.rows, columns: batch.columns.slice(0, width) }, results));
      firstRow += batch.rows;
    }
  }
  return executor.batchPart(plan.columns, made);
}
