import { type Schema, SparrowError, timestampType } from '../../base/index.js';
import { nodePlatform } from '../../io/node-platform.js';
import { expandPaths } from '../../io/paths.js';
import { openSource } from '../../io/registry.js';
import { ofStream } from '../../io/stream-source.js';
import { aggregate, alias, call, cast, read, scan, write } from '../../plan/build.js';
import type { Expr } from '../../plan/expr.js';
import type { HintPlan, Plan, ResolvedPlan, ScanPlan, WritePlan } from '../../plan/node.js';
import { schemaOf } from '../../plan/output.js';
import { WATERMARK } from '../../plan/resolve/hint.js';
import { checkParts } from '../../plan/resolve/stream-check.js';
import { durationOf } from '../../plan/resolve/time-windows.js';
import { type JoinBatch, JoinState } from '../../plan/stream-join.js';
import { isDeduplication, StreamState, statefulNode } from '../../plan/stream-state.js';
import { allNodes, children, transformUp } from '../../plan/walk.js';
import { firstScalars, runToEnd } from '../actions.js';
import type { FrameContext } from '../context.js';
import type { RunOptions, WriteResult } from '../engine.js';
import type { Checkpoint, Committed } from './checkpoint.js';
import type { OutputMode } from './output-mode.js';

type Rewrite = NonNullable<RunOptions['rewrite']>;

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
    const isAlone = parts(outside) === parts(allNodes(node));
    found = node.kind !== 'join' && isAlone && isRowByRow(node.input as ResolvedPlan);
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

/** So many batches add to a state at least, and at most, before it is stored whole again. */
const [LEAST_ADDED, MOST_ADDED] = [10, 100];

/** Where the state before a batch lies, and how a join's is stored after it. */
interface Chain {
  readonly from: number;
  readonly stores: 'all' | 'added';
}

function chainOf(state: Checkpoint, batch: number): Chain {
  const from = Math.max(0, state.stateFrom);
  const added = batch - 1 - from;
  const isDue =
    added >= MOST_ADDED ||
    (added >= LEAST_ADDED && state.bytes('state', from + 1, batch - 1) >= state.bytes('state', from, from));
  return { from, stores: batch === 0 || isDue ? 'all' : 'added' };
}

/** The operator of a plan, and what it keeps. */
function stateOf(root: ResolvedPlan, at: JoinBatch, mode: OutputMode, settings: Parameters<Rewrite>[1], chain: Chain) {
  const node = statefulNode(root);
  if (node === undefined) throw changed();
  if (node.kind === 'join') {
    if (mode !== 'append') throw notIn(mode, 'joins of two streams');
    const store = new JoinState(node, at, settings);
    const merged = (before: ScanPlan | undefined): Plan => store.merged(before, chain.stores);
    return { node, merged, result: (rows: ScanPlan) => store.result(rows), isTimed: true };
  }
  const store = new StreamState(node, at.watermark, settings);
  if (store.hasSessions && mode === 'update') throw notIn(mode, 'sessions');
  const merged = (before: ScanPlan | undefined): Plan => store.merged(before, at.late);
  return { node, merged, result: (rows: ScanPlan) => store.result(rows, mode), isTimed: store.isTimed };
}

/** Runs a batch: brings the state up to date, then gives what follows from it. Both can be done again. */
export async function runStateful(job: StatefulBatch): Promise<{ result: WriteResult; committed: Committed }> {
  const { context, state, batch, mode, signal } = job;
  const isTimely = mode !== 'complete';
  const [watermark, last] = [state.watermark(batch), state.watermark(batch - 1)].map(inMicros);
  const at = { batch, watermark, late: isTimely ? last : undefined };
  const plan = await job.over(job.plan, 'state');
  const chain = chainOf(state, batch);
  const earlier = placesOf(state, chain.from, batch - 1);
  const before = earlier.length === 0 ? undefined : await storedState(earlier);
  let schema: Schema | undefined;
  let added = false;
  const merge: Rewrite = (resolved, settings) => {
    const root = resolved as WritePlan;
    const { node, merged, isTimed } = stateOf(root.input as ResolvedPlan, at, mode, settings, chain);
    for (const input of children(node)) checkParts(input as ResolvedPlan);
    if (mode === 'append' && !isDeduplication(node) && !isTimed) throw withoutWatermark();
    const input = merged(before);
    added = node.kind === 'join' && chain.stores === 'added';
    schema = schemaOf(input as ResolvedPlan);
    return { ...root, input };
  };
  const place = state.place('state', batch);
  const target = { format: 'parquet', path: place, mode: 'overwrite' as const, partitionBy: [], options: {} };
  await runToEnd(context, write(plan, target), { rewrite: merge, signal });
  const paths = added ? [...withFiles(earlier), place] : [place];
  const after = await openSource({ format: 'parquet', paths, options: {}, schema: schema as Schema }, nodePlatform);
  const rows = scan(ofStream(after, isTimely ? 'append' : 'complete'));
  const result = await job.give(plan, (resolved, settings) => {
    const { node, result } = stateOf(resolved, at, mode, settings, chain);
    const instead = (of: Plan): ResolvedPlan => transformUp(resolved, (n) => (n === node ? of : n)) as ResolvedPlan;
    // What stands above it takes its result batch by batch, too.
    checkParts(instead(rows));
    return instead(result(rows));
  });
  return { result, committed: { ...(await nextWatermark(job)), ...(added ? { stateFrom: chain.from } : {}) } };
}

const inMicros = (ms: number | undefined): bigint | undefined => (ms === undefined ? undefined : BigInt(ms) * 1000n);

const placesOf = (state: Checkpoint, from: number, to: number): string[] =>
  Array.from({ length: Math.max(0, to + 1 - from) }, (_, i) => state.place('state', from + i));

const withFiles = (places: readonly string[]): string[] =>
  places.filter((place) => expandPaths(nodePlatform.files, [place]).length > 0);

/** What was kept after some batches; undefined when it was nothing. */
async function storedState(places: readonly string[]): Promise<ScanPlan | undefined> {
  const missing = places.find((place) => nodePlatform.files.stat(place) === undefined);
  if (missing !== undefined) {
    throw new SparrowError('CANNOT_LOAD_STATE_STORE', 'the state of an earlier batch is not there', {
      where: `folder ${missing}`,
      hint: 'the query kept no state so far, or its folder was changed: begin anew with another checkpoint',
    });
  }
  const paths = withFiles(places);
  if (paths.length === 0) return undefined;
  return scan(await openSource({ format: 'parquet', paths, options: {} }, nodePlatform));
}

interface Mark {
  readonly plan: HintPlan;
  readonly time: Expr;
  readonly delayMs: number;
}

const marksIn = (plan: Plan): HintPlan[] =>
  allNodes(plan).filter((node): node is HintPlan => node.kind === 'hint' && node.name === WATERMARK);

function marksOf(plan: Plan): Mark[] {
  return marksIn(plan).map((mark) => {
    if (marksIn(mark).length > 1) {
      throw new SparrowError('UNSUPPORTED_FEATURE.MULTIPLE_WATERMARKS', 'a stream has one watermark');
    }
    const [time, delay] = mark.parameters as readonly [Expr, Expr];
    return { plan: mark, time, delayMs: Number(durationOf(delay, 'the delay of a watermark', true) / 1000n) };
  });
}

/** Milliseconds; a watermark does not go back. Of several the earliest counts, once all are known. */
async function nextWatermark({ context, plan, over, state }: StatefulBatch): Promise<Committed> {
  const known = state.latest;
  const next: (number | null)[] = [];
  for (const [i, mark] of marksOf(plan).entries()) {
    const rows = await over(mark.plan.input, 'complete');
    const latest = aggregate(rows, [], [alias(call('unix_millis', call('max', cast(mark.time, timestampType))), 'ms')]);
    const { columns } = await firstScalars(context, latest, 1);
    const ms = columns[0]?.[0] ?? null;
    const last = known[i] ?? null;
    next.push(ms === null ? last : Math.max(last ?? Number.NEGATIVE_INFINITY, Number(ms) - mark.delayMs));
  }
  if (next.length === 0) return {};
  const all = next.filter((ms) => ms !== null);
  return { ...(all.length === next.length && { nextBatchWatermarkMs: Math.min(...all) }), watermarksMs: next };
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

const notIn = (mode: OutputMode, what: string): SparrowError =>
  new SparrowError('STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION', `${what} of streams are not given in '${mode}'`, {
    hint: "use outputMode('append')",
  });

const withoutWatermark = (): SparrowError =>
  new SparrowError(
    'STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION',
    'groups of a stream are never over without a watermark on a time that they are grouped by',
    { hint: "use withWatermark(…) and group by its column or windows of it, or outputMode('complete')" },
  );
