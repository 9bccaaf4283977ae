import { int32Type, type Scalar, SparrowError, sameType, stringType, timestampType } from '../base/index.js';
import { aggregate, call, filter, literal, project, union } from './build.js';
import type { AggregateCall, Alias, Attribute, Expr } from './expr.js';
import { exprType, toAttribute } from './expr-type.js';
import { exprKey } from './facts.js';
import { nextId } from './ids.js';
import type { AggregatePlan, DistinctPlan, JoinPlan, Plan, ResolvedPlan, ScanPlan } from './node.js';
import { outputOf } from './output.js';
import { buildCall } from './resolve/calls.js';
import type { Context, PlanSettings } from './resolve/context.js';
import { noFrames } from './resolve/frames.js';
import { ROWS_BEFORE, withSessions } from './resolve/time-windows.js';
import { instantOf, timesIn } from './stream-times.js';
import { foldPlan } from './walk.js';
import { replaceExpr, visitExpr } from './walk-expr.js';

/** The operator of a streaming query that needs what earlier micro-batches read: groups, different rows, or matches. */
export type StatefulNode = AggregatePlan | DistinctPlan | JoinPlan;
type GroupingNode = Exclude<StatefulNode, JoinPlan>;

/** The lowest operator over a stream's part that needs state; undefined when each row stands for itself. */
export function statefulNode(root: ResolvedPlan): StatefulNode | undefined {
  let found: StatefulNode | undefined;
  foldPlan<{ readonly part: boolean }>(root, (plan, inputs) => {
    if (plan.kind === 'scan') return { part: plan.source.isPart === true };
    const part = inputs.some((input) => input.part);
    const needs = plan.kind === 'join' ? inputs.every((input) => input.part) : part;
    if (!needs || (plan.kind !== 'aggregate' && plan.kind !== 'distinct' && plan.kind !== 'join')) return { part };
    found ??= plan;
    return { part: false };
  });
  return found;
}

/** Takes the first row of each key, as dropDuplicates does: it may be given at once. */
export const isDeduplication = (node: StatefulNode): boolean =>
  node.kind === 'distinct' ||
  (node.kind === 'aggregate' &&
    node.output.length === outputOf(node.input).length &&
    node.output.every((out, i) => {
      const own = outputOf(node.input)[i] as Attribute;
      if (out.kind === 'attribute') return out.id === own.id;
      const call = out.kind === 'alias' ? out.input : out;
      const [arg] = call.kind === 'aggregate_call' && call.fn === 'first' ? call.args : [];
      return arg?.kind === 'attribute' && arg.id === own.id && (out as Alias).name === own.name;
    }));

/** Of an aggregate call: what is kept, how that of two batches becomes one, and the call's value of it. */
interface Parts {
  readonly kept: readonly AggregateCall[];
  readonly merge: readonly ((of: Attribute) => Expr)[];
  readonly finish: (of: readonly Attribute[]) => Expr;
}

const SAME: ReadonlySet<string> = new Set(['sum', 'min', 'max', 'boolAnd', 'boolOr', 'first', 'last', 'anyValue']);

function partsOf(call: AggregateCall, settings: PlanSettings): Parts | undefined {
  const { fn, args, distinct, filter: condition, type } = call;
  if (distinct) return undefined;
  const as = (expr: Expr, to = type): Expr =>
    sameType(exprType(expr), to)
      ? expr
      : Object.freeze({ kind: 'cast', input: expr, type: to, implicit: true, nullable: true });
  const again =
    (name: string, to = type) =>
    (of: Attribute) =>
      as(buildCall(name, [of, ...(name === fn ? args.slice(1) : [])], settings), to);
  const one = ([of]: readonly Attribute[]): Expr => of as Attribute;
  if (fn === 'count' || fn === 'countIf') return { kept: [call], merge: [again('sum')], finish: one };
  if (SAME.has(fn)) return { kept: [call], merge: [again(fn)], finish: one };
  const [arg] = args;
  if (fn !== 'avg' || arg === undefined || type.kind !== 'float64' || exprType(arg).kind === 'decimal')
    return undefined;
  const options = condition === undefined ? {} : { filter: condition };
  const sum = buildCall('sum', [as(arg, type)], settings, options) as AggregateCall;
  const count = buildCall('count', [arg], settings, options) as AggregateCall;
  return {
    kept: [sum, count],
    merge: [again('sum', sum.type), again('sum', count.type)],
    finish: ([total, rows]) => buildCall('tryDivide', [total as Attribute, as(rows as Attribute, type)], settings),
  };
}

const CHANGED = 'c';
const OLD = 'o';

/**
 * The state of one operator as rows: its keys, and partial results of its aggregates where these can be merged, else the
 * columns that its aggregates read. `c` and `o` say whether the batch changed a row, and whether it is a new one.
 */
export class StreamState {
  readonly #keys: readonly Expr[];
  readonly #calls = new Map<number, Parts>();
  /** Of aggregates that cannot be merged: the input's columns that are kept instead. */
  readonly #raw: readonly Attribute[] | undefined;
  /** Which key tells the time. */
  readonly #time: number;
  /** Which key is a session: those of all batches that meet become one. */
  readonly #session: number;

  constructor(
    private readonly node: GroupingNode,
    private readonly watermark: bigint | undefined,
    private readonly settings: PlanSettings,
  ) {
    this.#keys = node.kind === 'distinct' ? outputOf(node.input) : node.groupBy;
    const times = timesIn(node.input);
    this.#time = this.#keys.findIndex(times.isTime);
    this.#session = this.#keys.findIndex(times.isSession);
    const calls = node.kind === 'distinct' ? [] : node.output.flatMap(callsIn);
    let raw = false;
    for (const call of calls) {
      const parts = partsOf(call, settings);
      if (parts === undefined) raw = true;
      else this.#calls.set(exprKey(call), parts);
    }
    if (!raw) return;
    const read = new Set<number>();
    for (const call of calls) visitExpr(call, (e) => void (e.kind === 'attribute' && read.add(e.id)));
    this.#raw = outputOf(node.input).filter(({ id }) => read.has(id));
  }

  get hasSessions(): boolean {
    return this.#session >= 0;
  }

  /** Whether some key is a time of which a watermark can say that it is over. */
  get isTimed(): boolean {
    return this.#time >= 0;
  }

  /** The rows of the state after a batch: those before, but for what was over then, and what the batch adds. */
  merged(before: ScanPlan | undefined, late: bigint | undefined): Plan {
    const batch = this.#current(this.#part(), late);
    if (before === undefined && this.#session < 0) return batch;
    const all = before === undefined ? batch : this.#together(before, batch, late);
    const both = this.#session < 0 ? all : this.#inSessions(all);
    if (this.#raw !== undefined) return both;
    const keys = this.#keys.map((_, i) => this.#column(both, `k${i}`));
    const merges = [...this.#calls.values()].flatMap((parts) => parts.merge);
    const merged = merges.map((merge, i) => own(merge(this.#column(both, `p${i}`)), `p${i}`));
    const flag = (fn: string, name: string): Alias => own(this.#call(fn, this.#column(both, name)), name);
    const flags = [flag('max', CHANGED), flag('min', OLD)];
    return aggregate(both, keys, [...keys.map((key) => own(key, key.name)), ...merged, ...flags]);
  }

  #together(before: ScanPlan, batch: Plan, late: bigint | undefined): Plan {
    checkState(before, outputOf(batch));
    const kept = this.#current(before, late);
    const old = project(
      kept,
      outputOf(batch).map((a) => {
        const isFlag = a.name === CHANGED || a.name === OLD;
        return own(isFlag ? literal(int32Type, 0) : this.#column(kept, a.name), a.name);
      }),
    );
    // The state first, so that the first row of a key stays the first.
    return unionOf([old, batch]);
  }

  /** Sessions that meet are one. */
  #inSessions(rows: Plan): Plan {
    const name = `k${this.#session}`;
    const part = (of: string): Expr => this.#call('getField', this.#column(rows, name), literal(stringType, of));
    const sessions = withSessions(
      { plan: rows, frames: noFrames },
      {
        keys: this.#keys.flatMap((_, i) => (i === this.#session ? [] : this.#column(rows, `k${i}`))),
        time: part('start'),
        end: this.#call('unixMicros', part('end')),
        before: call('max', this.#call('unixMicros', part('end'))),
        frame: ROWS_BEFORE,
        name,
      },
      { settings: this.settings } as Context,
    );
    const session = outputOf(sessions).at(-1) as Attribute;
    return project(
      sessions,
      outputOf(rows).map((a) => (a.name === name ? session : a)),
    );
  }

  /** What the operator gives for a batch, of the state after it. */
  result(state: ScanPlan, mode: 'append' | 'update' | 'complete'): Plan {
    const isNew = isDeduplication(this.node);
    const equal = (plan: Plan, name: string): Plan =>
      filter(plan, this.#call('=', this.#column(plan, name), literal(int32Type, 1)));
    const over = (plan: Plan): Plan => {
      const at = this.watermark;
      const none = literal({ kind: 'boolean' }, false);
      return filter(plan, at === undefined ? none : this.#call('<=', this.#timeOf(plan), micros(at)));
    };
    const rows = mode === 'complete' ? state : isNew ? equal(state, OLD) : mode === 'append' ? over(state) : state;
    const changed = mode === 'update' && !isNew;
    if (this.#raw === undefined) return this.#finished(changed ? equal(rows, CHANGED) : rows);
    const again = this.#again(rows);
    return project(
      changed ? equal(again, CHANGED) : again,
      outputOf(this.node).map(({ id }) => byId(again, id)),
    );
  }

  /** The operator itself over the rows that were kept. */
  #again(rows: Plan): Plan {
    const { node } = this;
    const columns = new Map((this.#raw ?? []).map((a, i) => [a.id, this.#column(rows, `p${i}`)]));
    const keys = this.#keys.map((key, i) => named(this.#column(rows, `k${i}`), key as Attribute | Alias));
    const output = (node as AggregatePlan).output.map((out) =>
      replaceExpr(out, (e) =>
        e.kind === 'aggregate_call'
          ? replaceExpr(e, (a) => (a.kind === 'attribute' ? columns.get(a.id) : undefined))
          : undefined,
      ),
    );
    return aggregate(rows, keys, [...output, own(this.#call('max', this.#column(rows, CHANGED)), CHANGED)]);
  }

  /** The output of the operator, of merged rows. */
  #finished(rows: Plan): Plan {
    const { node } = this;
    const keys = new Map(this.#keys.map((key, i) => [(key as Attribute | Alias).id, this.#column(rows, `k${i}`)]));
    let next = 0;
    const values = new Map<number, Expr>();
    for (const [key, parts] of this.#calls) {
      values.set(key, parts.finish(parts.kept.map(() => this.#column(rows, `p${next++}`))));
    }
    const value = (expr: Expr): Expr =>
      replaceExpr(expr, (e) =>
        e.kind === 'aggregate_call' ? values.get(exprKey(e)) : e.kind === 'attribute' ? keys.get(e.id) : undefined,
      );
    const output = node.kind === 'distinct' ? this.#keys : node.output;
    return project(
      rows,
      output.map((out) => (out.kind === 'attribute' ? named(value(out), out) : value(out))),
    );
  }

  /** The batch's own rows in the form of the state. */
  #part(): Plan {
    const { node } = this;
    const flags = [CHANGED, OLD].map((name) => own(literal(int32Type, 1), name));
    if (this.#raw !== undefined || node.kind === 'distinct') {
      const keys = this.#keys.map((key, i) => own(key.kind === 'alias' ? key.input : key, `k${i}`));
      const raw = (this.#raw ?? []).map((a, i) => own(a, `p${i}`));
      const rows = project(node.input, [...keys, ...raw, ...flags]);
      return node.kind === 'distinct' ? Object.freeze({ kind: 'distinct' as const, input: rows }) : rows;
    }
    const keys = node.groupBy.map((key, i) => own(toAttribute(key as Alias), `k${i}`));
    const kept = [...this.#calls.values()].flatMap((parts) => parts.kept).map((call, i) => own(call, `p${i}`));
    const groups = aggregate(node.input, node.groupBy, [...keys, ...kept]);
    return project(groups, [...outputOf(groups), ...flags]);
  }

  /** Without rows whose time was over. */
  #current(rows: Plan, late: bigint | undefined): Plan {
    if (late === undefined || this.#time < 0) return rows;
    const inTime = this.#call('>', this.#timeOf(rows), micros(late));
    return filter(rows, this.#call('coalesce', inTime, literal({ kind: 'boolean' }, true)));
  }

  #timeOf(rows: Plan): Expr {
    return instantOf(this.#column(rows, `k${this.#time}`), this.settings);
  }

  #column(rows: Plan, name: string): Attribute {
    return outputOf(rows).find((a) => a.name === name) as Attribute;
  }

  #call(name: string, ...args: readonly Expr[]): Expr {
    return buildCall(name, args, this.settings);
  }
}

/** Throws when the state has not these columns. */
export function checkState(before: ScanPlan, wants: readonly Attribute[]): void {
  const fits = wants.every((a) => before.output.some((b) => b.name === a.name && kindOf(b) === kindOf(a)));
  if (fits && wants.length === before.output.length) return;
  throw new SparrowError('STATE_STORE_VALUE_SCHEMA_NOT_COMPATIBLE', 'the state of the query has other columns', {
    where: before.source.label,
    hint: 'the query was changed: begin anew with another checkpoint',
  });
}

/** Rows of plans with the same columns, under new ids. */
export const unionOf = (plans: readonly [Plan, ...Plan[]]): Plan =>
  Object.freeze({
    ...union(plans),
    output: outputOf(plans[0]).map((a): Attribute => ({ ...a, id: nextId(), nullable: true })),
  });

const kindOf = ({ type }: Attribute): string => type.kind;
export const own = (input: Expr, name: string): Alias => Object.freeze({ kind: 'alias', name, input, id: nextId() });
export const named = (input: Expr, { name, id }: Attribute | Alias): Alias =>
  Object.freeze({ kind: 'alias', name, input, ...(id === undefined ? {} : { id }) });
export const micros = (at: bigint): Expr => literal(timestampType, at as Scalar);
const byId = (plan: Plan, id: number): Attribute => outputOf(plan).find((a) => a.id === id) as Attribute;

function callsIn(expr: Expr): AggregateCall[] {
  const found: AggregateCall[] = [];
  visitExpr(expr, (e) => {
    if (e.kind === 'aggregate_call') found.push(e);
    return e.kind !== 'aggregate_call';
  });
  return found;
}
