import { engineBug, type Scalar } from '../../base/index.js';
import { compareScalars } from '../../functions/compare-scalars.js';
import type { AggregateFunction, Call, WindowFunction } from '../../functions/define.js';
import type { Prepared } from '../../functions/evaluate.js';
import type { EvalSettings, PhysicalExpr } from '../../functions/expression.js';
import { findEntry } from '../../functions/registry.js';
import type { PhysicalWindow, WindowSpecCall } from '../physical.js';
import { frames, type OrderedRows } from './window-frame.js';

type Row = readonly Scalar[];
/** What of a window its columns depend on. */
type WindowColumns = Pick<PhysicalWindow, 'partitionBy' | 'orderBy' | 'calls'>;
type Ready = (expr: PhysicalExpr) => Prepared;

/** Steps of work between two breaths. */
const STEPS_A_BREATH = 1024;

/** Lets others have the thread now and then. */
class Pace {
  #steps = 0;

  constructor(readonly breathe: () => Promise<void>) {}

  /** Counts one step and tells whether it is time to breathe. */
  due(): boolean {
    if (++this.#steps < STEPS_A_BREATH) return false;
    this.#steps = 0;
    return true;
  }
}

/**
 * The columns a window adds, one array a call, for rows sorted by partition and then by the ordering keys. Frames
 * that only grow are aggregated as they grow, others anew for each row from their first row on: so sums of floats
 * and overflow are what adding up the frame in order gives.
 */
export async function windowColumns(
  plan: WindowColumns,
  rows: readonly Row[],
  ready: Ready,
  settings: EvalSettings,
  breathe: () => Promise<void>,
): Promise<Scalar[][]> {
  const pace = new Pace(breathe);
  const calls = plan.calls.map((call) => prepareCall(call, plan, ready, settings, pace));
  const columns = plan.calls.map((): Scalar[] => []);
  const orderKeys = plan.orderBy.map((key) => ready(key.expr));
  for await (const part of partitions(plan, rows, ready, pace)) {
    const ordered = await orderedRows(plan, part, orderKeys, pace);
    for (const [i, call] of calls.entries()) {
      const column = columns[i] as Scalar[];
      for (const value of await call(part, ordered)) column.push(value);
    }
  }
  return columns;
}

async function* partitions(plan: WindowColumns, rows: readonly Row[], ready: Ready, pace: Pace): AsyncGenerator<Row[]> {
  const keys = plan.partitionBy.map(ready);
  const types = plan.partitionBy.map((expr) => expr.type);
  let current: Scalar[] | undefined;
  let part: Row[] = [];
  for (const row of rows) {
    const values = keys.map((key) => key(row));
    const same = current?.every(
      (value, k) => compareScalars(types[k] as PhysicalExpr['type'], value, values[k] as Scalar) === 0,
    );
    if (same === false) {
      yield part;
      part = [];
    }
    current = values;
    part.push(row);
    if (pace.due()) await pace.breathe();
  }
  if (part.length > 0) yield part;
}

async function orderedRows(
  plan: WindowColumns,
  part: readonly Row[],
  orderKeys: readonly Prepared[],
  pace: Pace,
): Promise<OrderedRows> {
  const keys = orderKeys.map((): Scalar[] => []);
  const peers = new Int32Array(part.length);
  for (const [at, row] of part.entries()) {
    orderKeys.forEach((key, k) => {
      (keys[k] as Scalar[]).push(key(row));
    });
    const same = plan.orderBy.every(
      ({ expr }, k) => at > 0 && compareScalars(expr.type, keys[k]?.[at - 1] as Scalar, keys[k]?.[at] as Scalar) === 0,
    );
    // Without an order all rows are peers of the first.
    peers[at] = at > 0 && same ? (peers[at - 1] as number) : at;
    if (pace.due()) await pace.breathe();
  }
  return { rows: part.length, keys, peers };
}

/** One call over one partition: a value for each of its rows. */
type PreparedCall = (part: readonly Row[], ordered: OrderedRows) => Promise<readonly Scalar[]>;

function prepareCall(
  spec: WindowSpecCall,
  plan: WindowColumns,
  ready: Ready,
  settings: EvalSettings,
  pace: Pace,
): PreparedCall {
  const call: Call = {
    fn: spec.fn,
    argTypes: spec.args.map((arg) => arg.type),
    literals: spec.args.map((arg) => (arg.kind === 'literal' ? arg.value : undefined)),
    returns: spec.type,
    settings,
  };
  const args = spec.args.map(ready);
  const entry = findEntry(spec.fn);
  if (entry?.kind === 'window') return overRows(entry, args, call, spec, plan, pace);
  if (entry?.kind !== 'aggregate') throw engineBug(`'${spec.fn}' cannot be called over a window`);
  const filter = spec.filter === undefined ? undefined : ready(spec.filter);
  return overFrames(entry, args, filter, call, spec, plan, pace);
}

function overRows(
  entry: WindowFunction,
  args: readonly Prepared[],
  call: Call,
  spec: WindowSpecCall,
  plan: WindowColumns,
  pace: Pace,
): PreparedCall {
  return async (part, ordered) => {
    const values = args.map((): Scalar[] => []);
    for (const row of part) {
      args.forEach((arg, a) => {
        (values[a] as Scalar[]).push(arg(row));
      });
      if (pace.due()) await pace.breathe();
    }
    return entry.eval(
      values,
      ordered.peers,
      part.length,
      call,
      frames(spec.frame, plan.orderBy, ordered, call.settings),
    );
  };
}

function overFrames(
  entry: AggregateFunction,
  args: readonly Prepared[],
  filter: Prepared | undefined,
  call: Call,
  spec: WindowSpecCall,
  plan: WindowColumns,
  pace: Pace,
): PreparedCall {
  const { init, update, finish } = entry.eval;
  return async (part, ordered) => {
    const inputs: (Row | undefined)[] = [];
    for (const row of part) {
      const counts = filter === undefined || filter(row) === true;
      inputs.push(counts ? args.map((arg) => arg(row)) : undefined);
      if (pace.due()) await pace.breathe();
    }
    const frameOf = frames(spec.frame, plan.orderBy, ordered, call.settings);
    const results: Scalar[] = [];
    let state = init(call);
    let [first, next] = [0, 0];
    let result: Scalar | undefined;
    for (let row = 0; row < part.length; row++) {
      const [from, to] = frameOf(row);
      if (from !== first || to < next) {
        state = init(call);
        [first, next, result] = [from, from, undefined];
      }
      for (; next < to; next++) {
        const input = inputs[next];
        if (input !== undefined) update(state, input, call);
        result = undefined;
        if (pace.due()) await pace.breathe();
      }
      if (result === undefined) result = finish(state, call);
      results.push(result);
      if (pace.due()) await pace.breathe();
    }
    return results;
  };
}
