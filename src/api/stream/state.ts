import { type Schema, SparrowError, timestampType } from '../../base/index.js';
import { nodePlatform } from '../../io/node-platform.js';
import { expandPaths } from '../../io/paths.js';
import { openSource } from '../../io/registry.js';
import { ofStream } from '../../io/stream-source.js';
import { aggregate, alias, call, cast, read, scan, write } from '../../plan/build.js';
import type { Expr } from '../../plan/expr.js';
import type { HintPlan, Plan, ResolvedPlan, ScanPlan, WritePlan } from '../../plan/node.js';
import { schemaOf } from '../../plan/output.js';
import { checkParts } from '../../plan/resolve/stream-check.js';
import { durationOf } from '../../plan/resolve/time-windows.js';
import { isDeduplication, StreamState, statefulNode, type Watermark } from '../../plan/stream-state.js';
import { allNodes, transformUp } from '../../plan/walk.js';
import { firstScalars, runToEnd } from '../actions.js';
import type { FrameContext } from '../context.js';
import type { RunOptions, WriteResult } from '../engine.js';
import type { Checkpoint } from './checkpoint.js';
import type { OutputMode } from './output-mode.js';

type Rewrite = NonNullable<RunOptions['rewrite']>;

/** The hint by which a plan says how late rows of a stream may be: a column of times, and a delay. */
const WATERMARK = 'watermark';

/** A micro-batch of a query that keeps state. */
export interface StatefulBatch {
  readonly context: FrameContext;
  readonly plan: Plan;
  readonly mode: OutputMode;
  readonly state: Checkpoint;
  readonly batch: number;
  readonly signal: AbortSignal;
  /** The plan over what the batch reads. */
  readonly over: (plan: Plan, stream: 'complete' | 'state') => Promise<Plan>;
  /** Writes the result of a plan where the query's rows go. */
  readonly give: (plan: Plan, rewrite: Rewrite) => Promise<WriteResult>;
}

/** Whether a query, of which this is the plan over a batch, needs state. In `complete`: whether state is enough for it. */
export async function needsState(context: FrameContext, plan: Plan, mode: OutputMode): Promise<boolean> {
  let found = false;
  const rewrite: Rewrite = (resolved) => {
    const node = statefulNode(resolved);
    found = node !== undefined;
    if (node === undefined || mode !== 'complete') return resolved;
    const outside = allNodes(transformUp(resolved, (n) => (n === node ? ({ ...node, input: node } as never) : n)));
    const parts = (nodes: readonly Plan[]): number =>
      nodes.filter((n) => n.kind === 'scan' && n.source.isPart === true).length;
    found = parts(outside) === parts(allNodes(node)) && isRowByRow(node.input as ResolvedPlan);
    return resolved;
  };
  // Nothing runs: its rows are not asked for.
  await context.engine.run(plan, { settings: context.settings, rewrite });
  return found;
}

function isRowByRow(plan: ResolvedPlan): boolean {
  try {
    checkParts(plan);
    return true;
  } catch {
    return false;
  }
}

/** Runs a batch: brings the state up to date, then gives what follows from it. Both can be done again. */
export async function runStateful(job: StatefulBatch): Promise<{ result: WriteResult; watermark: number | undefined }> {
  const { context, state, batch, mode, signal } = job;
  const mark = watermarkOf(job.plan);
  const [at, late] = [state.watermark(batch), state.watermark(batch - 1)].map(inMicros);
  const watermark: Watermark | undefined = mark && { column: mark.column, at };
  const isTimely = mode !== 'complete';
  const plan = await job.over(job.plan, 'state');
  const before = batch === 0 ? undefined : await storedState(state.place('state', batch - 1));
  let schema: Schema | undefined;
  const merge: Rewrite = (resolved, settings) => {
    const root = resolved as WritePlan;
    const node = statefulNode(root.input as ResolvedPlan);
    if (node === undefined) throw changed();
    checkParts(node.input as ResolvedPlan);
    const store = new StreamState(node, watermark, settings);
    if (mode === 'append' && !isDeduplication(node) && !store.isTimed) throw withoutWatermark();
    const input = store.merged(before, isTimely ? late : undefined);
    schema = schemaOf(input as ResolvedPlan);
    return { ...root, input };
  };
  const place = state.place('state', batch);
  const target = { format: 'parquet', path: place, mode: 'overwrite' as const, partitionBy: [], options: {} };
  await runToEnd(context, write(plan, target), { rewrite: merge, signal });
  const after = await openSource(
    { format: 'parquet', paths: [place], options: {}, schema: schema as Schema },
    nodePlatform,
  );
  const rows = scan(ofStream(after, isTimely ? 'append' : 'complete'));
  const result = await job.give(plan, (resolved, settings) => {
    const node = statefulNode(resolved);
    if (node === undefined) throw changed();
    const found = new StreamState(node, watermark, settings).result(rows, mode);
    const instead = (of: Plan): ResolvedPlan => transformUp(resolved, (n) => (n === node ? of : n)) as ResolvedPlan;
    // What stands above it takes its result batch by batch, too.
    checkParts(instead(rows));
    return instead(found);
  });
  return { result, watermark: mark && (await nextWatermark(job, mark, state.watermark(batch))) };
}

const inMicros = (ms: number | undefined): bigint | undefined => (ms === undefined ? undefined : BigInt(ms) * 1000n);

/** What was kept after a batch; undefined when it was nothing. */
async function storedState(path: string): Promise<ScanPlan | undefined> {
  const { files } = nodePlatform;
  if (files.stat(path) === undefined) {
    throw new SparrowError('CANNOT_LOAD_STATE_STORE', 'the state of the batch before is not there', {
      where: `folder ${path}`,
      hint: 'the query kept no state so far, or its folder was changed: begin anew with another checkpoint',
    });
  }
  if (expandPaths(files, [path]).length === 0) return undefined;
  return scan(await openSource({ format: 'parquet', paths: [path], options: {} }, nodePlatform));
}

interface Mark {
  readonly plan: HintPlan;
  readonly time: Expr;
  readonly column: string;
  readonly delayMs: number;
}

export function watermarkOf(plan: Plan): Mark | undefined {
  const marks = allNodes(plan).filter((node): node is HintPlan => node.kind === 'hint' && node.name === WATERMARK);
  const [only, second] = marks;
  if (only === undefined) return undefined;
  if (second !== undefined) {
    throw new SparrowError('UNSUPPORTED_FEATURE.MULTIPLE_WATERMARKS', 'a streaming query has one watermark');
  }
  const [time, delay] = only.parameters as readonly [Expr, Expr];
  const column = time.kind === 'unresolved_column' ? (time.name.split('.').at(-1) ?? '').replaceAll('`', '') : '';
  const delayMs = Number(durationOf(delay, 'the delay of a watermark', true) / 1000n);
  return { plan: only, time, column, delayMs };
}

/** Milliseconds; a watermark does not go back. */
async function nextWatermark({ context, over }: StatefulBatch, mark: Mark, last: number | undefined) {
  const rows = await over(mark.plan.input, 'complete');
  const latest = aggregate(rows, [], [alias(call('unix_millis', call('max', cast(mark.time, timestampType))), 'ms')]);
  const { columns } = await firstScalars(context, latest, 1);
  const ms = columns[0]?.[0] ?? null;
  return ms === null ? last : Math.max(last ?? Number.NEGATIVE_INFINITY, Number(ms) - mark.delayMs);
}

/** For `foreachBatch`: the rows of the result, kept until the batch is done. */
export async function resultRows(job: Omit<StatefulBatch, 'give'>, plan: Plan, rewrite: Rewrite): Promise<Plan> {
  const path = job.state.place('result', job.batch);
  let schema: Schema | undefined;
  const kept: Rewrite = (resolved, settings) => {
    const input = rewrite((resolved as WritePlan).input as ResolvedPlan, settings);
    schema = schemaOf(input);
    return { ...(resolved as WritePlan), input };
  };
  const target = { format: 'parquet', path, mode: 'overwrite' as const, partitionBy: [], options: {} };
  await runToEnd(job.context, write(plan, target), { rewrite: kept, signal: job.signal });
  return read({ format: 'parquet', paths: [path], options: {}, schema: schema as Schema });
}

const changed = (): SparrowError =>
  new SparrowError('STATE_STORE_VALUE_SCHEMA_NOT_COMPATIBLE', 'the query keeps no state any more', {
    hint: 'begin anew with another checkpoint',
  });

const withoutWatermark = (): SparrowError =>
  new SparrowError(
    'STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION',
    'groups of a stream are never over without a watermark on a time that they are grouped by',
    { hint: "use withWatermark(…) and group by its column or windows of it, or outputMode('complete')" },
  );
