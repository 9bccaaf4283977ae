import { booleanType, int32Type, int64Type, SparrowError } from '../base/index.js';
import { attribute, filter, join, literal, project } from './build.js';
import type { Attribute, Expr } from './expr.js';
import { exprType } from './expr-type.js';
import { isDeterministic } from './facts.js';
import {
  and,
  coalesce,
  compare,
  equal,
  falseLiteral,
  ifElse,
  joinAndOrNone,
  nullOf,
  or,
  splitAnd,
  trueLiteral,
} from './logic.js';
import type { JoinPlan, Plan, ScanPlan } from './node.js';
import { outputOf } from './output.js';
import { buildCall } from './resolve/calls.js';
import type { PlanSettings } from './resolve/context.js';
import { checkState, micros, named, own, unionOf } from './stream-state.js';
import { instantOf, type StreamTimes, timesIn } from './stream-times.js';
import { replaceExpr, visitExpr } from './walk-expr.js';

const SIDES = ['left', 'right'] as const;
type Side = (typeof SIDES)[number];
const other = (side: Side): Side => (side === 'left' ? 'right' : 'left');

/** Whose rows come out without a match, too. */
const KEPT: Partial<Record<JoinPlan['how'], readonly Side[]>> = {
  inner: [],
  cross: [],
  semi: [],
  left: ['left'],
  right: ['right'],
  full: SIDES,
};

/** Of a row: no match so far, one, or none ever, as a condition on its own side does not hold. */
const [UNMATCHED, MATCHED, HOPELESS] = [0, 1, 2].map((value) => literal(int32Type, value)) as [Expr, Expr, Expr];
/** Whether a row came with this batch. */
const [OLD, NEW] = [UNMATCHED, MATCHED];
/** What is stored: a row, or that one of an earlier batch has found its first match. */
const [ROW, FOUND] = [UNMATCHED, MATCHED];
const MILLISECOND = 1000n;

/** Rows of one side: the columns of the join's input, how they fared, whether they are new, and what names them. */
interface Rows {
  readonly plan: Plan;
  readonly columns: readonly Attribute[];
  readonly matched: Attribute;
  readonly isNew: Attribute;
  readonly batch: Attribute;
  readonly number: Attribute;
}
/** Columns behind those of the side. */
const BEHIND = ['m', 'n', 'b', 'i'] as const;

/** The micro-batch that a join's state is brought up to, and the watermarks of it and of the one before. */
export interface JoinBatch {
  readonly batch: number;
  readonly watermark: bigint | undefined;
  readonly late: bigint | undefined;
}

/**
 * The state of a join of two streams: the rows of both that may still find a match, as rows of one table. `s` is the side,
 * `l…` and `r…` are columns, `m` says how a row fared, `b` with which batch it came, and `i` is its number there. Rows go
 * when the watermark says that no row of the other side can match any more; those of a side that an outer join keeps come
 * out then, if nothing matched. A batch stores what it adds: its own rows, and which of the earlier ones found a match
 * (`k`; `m` is the batch then); from time to time all that is left is stored anew.
 */
export class JoinState {
  readonly isTimed = true;
  readonly #terms: readonly Expr[];
  readonly #times: Readonly<Record<Side, StreamTimes>>;
  readonly #kept: readonly Side[];

  constructor(
    private readonly node: JoinPlan,
    private readonly at: JoinBatch,
    private readonly settings: PlanSettings,
  ) {
    this.#terms = node.condition === undefined ? [] : splitAnd(node.condition);
    this.#times = { left: timesIn(node.left), right: timesIn(node.right) };
    const kept = KEPT[node.how];
    if (kept === undefined)
      throw unsupported(`a ${node.how} join of two streams`, 'use inner, left, right, full or semi joins');
    this.#kept = kept;
    for (const side of kept) {
      if (this.#over(side, outputOf(node[side]), 0n) !== undefined) continue;
      throw unsupported(
        `rows of the ${side} side of a ${node.how} join of two streams are never over`,
        'join by a time that has a watermark, or give both sides one and say within which time they match',
      );
    }
  }

  /** What a batch stores: what it adds to the state before, or all that is left, its own rows among it. */
  merged(before: ScanPlan | undefined, stores: 'all' | 'added'): Plan {
    const fresh = { left: this.#fresh('left'), right: this.#fresh('right') };
    if (before === undefined) return unionOf(this.#stored(fresh, fresh));
    const earlier = { left: this.#earlier('left', before), right: this.#earlier('right', before) };
    const both = (side: Side): Rows => this.#rows(unionOf([earlier[side].plan, fresh[side].plan]));
    const all = { left: both('left'), right: both('right') };
    const added = this.#stored(fresh, all);
    checkState(before, outputOf(added[0]));
    for (const side of SIDES) if (this.#waits(side)) added.push(this.#found(side, earlier[side], fresh[other(side)]));
    if (stores === 'added') return unionOf(added);
    return unionOf([...added, ...SIDES.map((side) => this.#stores(side, earlier[side], ROW))]);
  }

  /** What the join gives for a batch, of the state after it. */
  result(state: ScanPlan): Plan {
    const output = outputOf(this.node);
    const isOwn = equal(byName(state, 'b'), this.#batch);
    if (this.node.how === 'semi') {
      const open = this.#earlier('left', state, isOwn, 'lt');
      const now = this.#followed('left', open, state, 'eq');
      return project(
        filter(now.plan, equal(now.matched, MATCHED)),
        output.map((a, i) => named(now.columns[i] as Attribute, a)),
      );
    }
    const rows = (side: Side): Rows => this.#earlier(side, state, isOwn);
    const [left, right] = [rows('left'), rows('right')];
    const both = [left, right].map(({ matched }) => compare('lt', matched, HOPELESS));
    const anyNew = or(equal(left.isNew, NEW), equal(right.isNew, NEW));
    const condition = joinAndOrNone([...this.#condition(left, right), ...both, anyNew]);
    const pairs = project(
      join(left.plan, right.plan, 'inner', condition),
      [...left.columns, ...right.columns].map((a) => own(a, a.name)),
    );
    const alone = this.#kept.map((side) => this.#alone(side, rows(side)));
    const all = alone.length === 0 ? pairs : unionOf([pairs, ...alone]);
    return project(
      all,
      output.map((a, i) => named(outputOf(all)[i] as Attribute, a)),
    );
  }

  /** Rows that come out without the other side: those that are over, and those without hope at once. */
  #alone(side: Side, { plan, columns, matched, isNew }: Rows): Plan {
    const at = this.at.watermark;
    const over = at === undefined ? falseLiteral : coalesce(this.#over(side, columns, at) as Expr, falseLiteral);
    const ends = or(and(equal(matched, UNMATCHED), over), and(equal(matched, HOPELESS), equal(isNew, NEW)));
    const nothing = outputOf(this.node[other(side)]).map((a, i) => own(nullOf(a.type), `${other(side)[0]}${i}`));
    const ours = columns.map((a) => own(a, a.name));
    return project(filter(plan, ends), side === 'left' ? [...ours, ...nothing] : [...nothing, ...ours]);
  }

  /** The batch's own rows that are in time. */
  #fresh(side: Side): Rows {
    const { late } = this.at;
    const input = this.node[side];
    const output = outputOf(input);
    const time = output.find(this.#times[side].isTime);
    const inTime = late === undefined || time === undefined ? trueLiteral : this.#after(time, late);
    const hopeful = coalesce(
      joinAndOrNone(this.#terms.filter((term) => this.#isOf(term, side))) ?? trueLiteral,
      falseLiteral,
    );
    const keeps = this.#kept.includes(side);
    const exprs = output.map((a, i) => own(a, `${side[0]}${i}`));
    const fared = keeps ? ifElse(hopeful, UNMATCHED, HOPELESS) : UNMATCHED;
    const rows = filter(input, keeps ? inTime : and(inTime, hopeful));
    // Only rows that may have to be told apart from others are numbered.
    const number = this.#waits(side)
      ? buildCall('monotonicallyIncreasingId', [], this.settings)
      : literal(int64Type, 0n);
    const behind = [own(fared, 'm'), own(NEW, 'n'), own(this.#batch, 'b'), own(number, 'i')];
    return this.#rows(project(rows, [...exprs, ...behind]));
  }

  get #batch(): Expr {
    return literal(int32Type, this.at.batch);
  }

  /** Whether rows of a side wait for their first match. */
  #waits(side: Side): boolean {
    return this.#kept.includes(side) || (side === 'left' && this.node.how === 'semi');
  }

  /** Rows of a state that are still of use, and those for which `anyway` holds; `by`: as `#followed` has it. */
  #earlier(side: Side, state: ScanPlan, anyway: Expr = falseLiteral, by: 'lt' | 'le' = 'le'): Rows {
    const { late } = this.at;
    const columns = outputOf(this.node[side]).map((_, i) => byName(state, `${side[0]}${i}`));
    const over = late === undefined ? undefined : this.#over(side, columns, late);
    const stays = over === undefined ? trueLiteral : coalesce(buildCall('not', [over], this.settings), trueLiteral);
    const all = this.#rows(this.#part(side, state, or(anyway, stays)));
    const rows = this.#waits(side) ? this.#followed(side, all, state, by) : all;
    const open = this.node.how === 'semi' ? equal(rows.matched, UNMATCHED) : compare('lt', rows.matched, HOPELESS);
    return this.#rows(filter(rows.plan, or(equal(rows.isNew, NEW), open)));
  }

  /** A side's rows of a state, under new ids. */
  #part(side: Side, state: ScanPlan, condition: Expr, kind: Expr = ROW): Plan {
    const columns = outputOf(this.node[side]).map((_, i) => `${side[0]}${i}`);
    const isSide = equal(byName(state, 's'), literal(int32Type, SIDES.indexOf(side)));
    const rows = filter(state, and(and(isSide, equal(byName(state, 'k'), kind)), condition));
    const of = (name: string): Expr => own(byName(state, name), name);
    const isNew = ifElse(equal(byName(state, 'b'), this.#batch), NEW, OLD);
    return project(rows, [...[...columns, 'm'].map(of), own(isNew, 'n'), of('b'), of('i')]);
  }

  /** Rows with what later batches found out about them: those before this one, this one, or all up to it. */
  #followed(side: Side, rows: Rows, state: ScanPlan, by: 'lt' | 'eq' | 'le'): Rows {
    const found = this.#rows(this.#part(side, state, compare(by, byName(state, 'm'), this.#batch), FOUND));
    return this.#marked(rows, found, and(equal(rows.batch, found.batch), equal(rows.number, found.number)));
  }

  #rows(plan: Plan): Rows {
    const [matched, isNew, batch, number] = BEHIND.map((name) => byName(plan, name)) as [
      Attribute,
      Attribute,
      Attribute,
      Attribute,
    ];
    return { plan, columns: outputOf(plan).slice(0, -BEHIND.length), matched, isNew, batch, number };
  }

  /** Both sides as rows of one table; those that wait for a match are told of those among `others`. */
  #stored(of: Readonly<Record<Side, Rows>>, others: Readonly<Record<Side, Rows>>): [Plan, ...Plan[]] {
    const parts = SIDES.map((side) => {
      const rows = this.#waits(side) ? this.#told(side, of[side], others[other(side)]) : of[side];
      return this.#stores(side, rows, ROW);
    });
    return parts as [Plan, ...Plan[]];
  }

  /** Those earlier rows that find their first match in a batch: only what names them. */
  #found(side: Side, { plan, matched }: Rows, fresh: Rows): Plan {
    const waiting = this.#rows(filter(plan, equal(matched, UNMATCHED)));
    const told = this.#told(side, waiting, fresh);
    return this.#stores(side, this.#rows(filter(told.plan, equal(told.matched, MATCHED))), FOUND);
  }

  #stores(side: Side, rows: Rows, kind: Expr): Plan {
    const columns = SIDES.flatMap((from) =>
      outputOf(this.node[from]).map((a, i) => {
        const value = from === side && kind === ROW ? (rows.columns[i] as Attribute) : nullOf(a.type);
        return own(value, `${from[0]}${i}`);
      }),
    );
    const number = own(literal(int32Type, SIDES.indexOf(side)), 's');
    const names = [own(rows.batch, 'b'), own(rows.number, 'i'), own(kind, 'k')];
    return project(rows.plan, [number, ...columns, own(kind === ROW ? rows.matched : this.#batch, 'm'), ...names]);
  }

  #told(side: Side, rows: Rows, others: Rows): Rows {
    const terms = side === 'left' ? this.#condition(rows, others) : this.#condition(others, rows);
    const condition = joinAndOrNone([...terms, compare('lt', others.matched, HOPELESS)]);
    return this.#marked(rows, others, condition);
  }

  /** Rows with a match if they had none, and there is one among others. */
  #marked(rows: Rows, others: Rows, condition: Expr | undefined): Rows {
    const found = attribute('found', booleanType, false);
    const looked = Object.freeze({ ...join(rows.plan, others.plan, 'exists', condition), mark: found });
    const fared = ifElse(and(equal(rows.matched, UNMATCHED), found), MATCHED, rows.matched);
    const columns = [...rows.columns, own(fared, 'm'), rows.isNew, rows.batch, rows.number];
    return this.#rows(
      project(
        looked,
        columns.map((a) => (a.kind === 'alias' ? a : own(a, a.name))),
      ),
    );
  }

  /** The join's condition over other columns. */
  #condition(left: Rows, right: Rows): Expr[] {
    const columns = new Map<number, Attribute>();
    for (const [i, a] of outputOf(this.node.left).entries()) columns.set(a.id, left.columns[i] as Attribute);
    for (const [i, a] of outputOf(this.node.right).entries()) columns.set(a.id, right.columns[i] as Attribute);
    return this.#terms.map((term) =>
      replaceExpr(term, (e) => (e.kind === 'attribute' ? columns.get(e.id) : undefined)),
    );
  }

  /** Whether a condition is about one side only. */
  #isOf(expr: Expr, side: Side): boolean {
    const ids = new Set(outputOf(this.node[side]).map(({ id }) => id));
    const read = attributesIn(expr);
    return read.length > 0 && read.every(({ id }) => ids.has(id)) && isDeterministic(expr);
  }

  #after(time: Expr, at: bigint): Expr {
    const instant = instantOf(time, this.settings);
    return coalesce(buildCall('>', [instant, micros(at)], this.settings), trueLiteral);
  }

  /** When a side's row is over at a watermark: its time is a key of the join, or bound by the other side's time. */
  #over(side: Side, columns: readonly Attribute[], at: bigint): Expr | undefined {
    const output = outputOf(this.node[side]);
    const over = (time: Expr, by: bigint): Expr => {
      const here = replaceExpr(time, (e) =>
        e.kind === 'attribute' ? columns[output.findIndex(({ id }) => id === e.id)] : undefined,
      );
      return buildCall('<=', [instantOf(here, this.settings), micros(by)], this.settings);
    };
    for (const term of this.#terms) {
      if (term.kind !== 'call' || !/^eq/.test(term.fn)) continue;
      const key = term.args.find((arg) => this.#isOf(arg, side));
      const match = term.args.find((arg) => this.#isOf(arg, other(side)));
      if (key === undefined || match === undefined) continue;
      if (this.#times[side].isTime(key) || this.#times[other(side)].isTime(match)) return over(key, at);
    }
    const [time, theirs] = [side, other(side)].map((of) => outputOf(this.node[of]).find(this.#times[of].isTime));
    if (time === undefined || theirs === undefined) return undefined;
    const bounds = this.#terms.flatMap((term) => lowerBound(term, time, theirs) ?? []);
    return bounds.length === 0 ? undefined : over(time, at + bounds.reduce((a, b) => (a < b ? a : b)));
  }
}

/** The microseconds that a condition `a > b + …` puts between two times, so that all up to it and a `b` can have no match. */
function lowerBound(term: Expr, a: Attribute, b: Attribute): bigint | undefined {
  if (term.kind !== 'call' || !/^[lg][te]$/.test(term.fn)) return undefined;
  const [first, second] = term.args.map(sumOf);
  if (first === undefined || second === undefined) return undefined;
  const [less, more] = term.fn.startsWith('l') ? [first, second] : [second, first];
  const counts = new Map(more.of);
  for (const [id, count] of less.of) counts.set(id, (counts.get(id) ?? 0) - count);
  const others = [...counts].filter(([id, count]) => count !== 0 && id !== a.id && id !== b.id);
  if (others.length > 0 || counts.get(a.id) !== 1 || counts.get(b.id) !== -1) return undefined;
  return less.micros - more.micros - (term.fn.endsWith('e') ? MILLISECOND : 0n);
}

interface Sum {
  /** How often each column is added. */
  readonly of: ReadonlyMap<number, number>;
  readonly micros: bigint;
}

/** Times and intervals that are added. */
function sumOf(expr: Expr): Sum | undefined {
  if (expr.kind === 'attribute') return { of: new Map([[expr.id, 1]]), micros: 0n };
  if (expr.kind === 'literal' && expr.type.kind === 'interval_dt')
    return { of: new Map(), micros: expr.value as bigint };
  if (expr.kind === 'cast') return exprType(expr.input).kind.startsWith('timestamp') ? sumOf(expr.input) : undefined;
  if (expr.kind !== 'call' || (expr.fn !== 'add' && expr.fn !== 'sub')) return undefined;
  const [first, second] = expr.args.map(sumOf);
  if (first === undefined || second === undefined) return undefined;
  const sign = expr.fn === 'add' ? 1 : -1;
  const of = new Map(first.of);
  for (const [id, count] of second.of) of.set(id, (of.get(id) ?? 0) + sign * count);
  return { of, micros: first.micros + BigInt(sign) * second.micros };
}

function attributesIn(expr: Expr): Attribute[] {
  const found: Attribute[] = [];
  visitExpr(expr, (e) => void (e.kind === 'attribute' && found.push(e)));
  return found;
}

const byName = (plan: Plan, name: string): Attribute => outputOf(plan).find((a) => a.name === name) as Attribute;

const unsupported = (what: string, hint: string): SparrowError =>
  new SparrowError('STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION', what, { hint });
