import { booleanType, int32Type, SparrowError } from '../base/index.js';
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
const MILLISECOND = 1000n;

/** Rows of one side: the columns of the join's input, how they fared, and whether they are new. */
interface Rows {
  readonly plan: Plan;
  readonly columns: readonly Attribute[];
  readonly matched: Attribute;
  readonly isNew: Attribute;
}

/**
 * The state of a join of two streams: the rows of both that may still find a match, as rows of one table. `s` is the side,
 * `l…` and `r…` are columns, `m` and `n` say how a row fared and whether it is new. Rows go when the watermark says that no
 * row of the other side can match any more; those of a side that an outer join keeps come out then, if nothing matched.
 */
export class JoinState {
  readonly isTimed = true;
  readonly #terms: readonly Expr[];
  readonly #times: Readonly<Record<Side, StreamTimes>>;
  readonly #kept: readonly Side[];

  constructor(
    private readonly node: JoinPlan,
    private readonly watermark: bigint | undefined,
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

  /** The rows of the state after a batch: those before that are not over, and the batch's own. */
  merged(before: ScanPlan | undefined, late: bigint | undefined): Plan {
    const [left, right] = SIDES.map((side) => this.#fresh(side, late)) as [Rows, Rows];
    const batch = this.#stored(left, right);
    if (before === undefined) return batch;
    checkState(before, outputOf(batch));
    const all = (side: Side, fresh: Rows): Rows => this.#rows(unionOf([this.#earlier(side, before, late), fresh.plan]));
    return this.#stored(all('left', left), all('right', right));
  }

  /** What the join gives for a batch, of the state after it. */
  result(state: ScanPlan): Plan {
    const output = outputOf(this.node);
    const rows = (side: Side): Rows => this.#rows(this.#part(side, state, trueLiteral));
    const [left, right] = [rows('left'), rows('right')];
    if (this.node.how === 'semi') {
      return project(
        filter(left.plan, equal(left.matched, MATCHED)),
        output.map((a, i) => named(left.columns[i] as Attribute, a)),
      );
    }
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
    const at = this.watermark;
    const over = at === undefined ? falseLiteral : coalesce(this.#over(side, columns, at) as Expr, falseLiteral);
    const ends = or(and(equal(matched, UNMATCHED), over), and(equal(matched, HOPELESS), equal(isNew, NEW)));
    const nothing = outputOf(this.node[other(side)]).map((a, i) => own(nullOf(a.type), `${other(side)[0]}${i}`));
    const ours = columns.map((a) => own(a, a.name));
    return project(filter(plan, ends), side === 'left' ? [...ours, ...nothing] : [...nothing, ...ours]);
  }

  /** The batch's own rows that are in time. */
  #fresh(side: Side, late: bigint | undefined): Rows {
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
    return this.#rows(project(rows, [...exprs, own(fared, 'm'), own(NEW, 'n')]));
  }

  /** Rows of the state before that are still of use. */
  #earlier(side: Side, before: ScanPlan, late: bigint | undefined): Plan {
    const fared = byName(before, 'm');
    const open = this.node.how === 'semi' ? equal(fared, UNMATCHED) : compare('lt', fared, HOPELESS);
    const columns = outputOf(this.node[side]).map((_, i) => byName(before, `${side[0]}${i}`));
    const over = late === undefined ? undefined : this.#over(side, columns, late);
    const stays = over === undefined ? trueLiteral : coalesce(buildCall('not', [over], this.settings), trueLiteral);
    return this.#part(side, before, and(open, stays), OLD);
  }

  /** A side's rows of a state, under new ids. */
  #part(side: Side, state: ScanPlan, condition: Expr, isNew: Expr = byName(state, 'n')): Plan {
    const columns = outputOf(this.node[side]).map((_, i) => `${side[0]}${i}`);
    const rows = filter(state, and(equal(byName(state, 's'), literal(int32Type, SIDES.indexOf(side))), condition));
    return project(rows, [...[...columns, 'm'].map((name) => own(byName(state, name), name)), own(isNew, 'n')]);
  }

  #rows(plan: Plan): Rows {
    const output = outputOf(plan);
    return { plan, columns: output.slice(0, -2), matched: byName(plan, 'm'), isNew: byName(plan, 'n') };
  }

  /** Both sides as rows of one table; those that wait for a match are told of it. */
  #stored(left: Rows, right: Rows): Plan {
    const of = { left, right };
    const parts = SIDES.map((side) => {
      let rows = of[side];
      if (this.#kept.includes(side) || (side === 'left' && this.node.how === 'semi'))
        rows = this.#told(side, rows, of[other(side)]);
      const nothing = (from: Side): Expr[] =>
        outputOf(this.node[from]).map((a, i) => own(nullOf(a.type), `${from[0]}${i}`));
      const columns = SIDES.flatMap((from) =>
        from === side ? rows.columns.map((a) => own(a, a.name)) : nothing(from),
      );
      const number = own(literal(int32Type, SIDES.indexOf(side)), 's');
      return project(rows.plan, [number, ...columns, own(rows.matched, 'm'), own(rows.isNew, 'n')]);
    });
    return unionOf(parts as [Plan, Plan]);
  }

  #told(side: Side, rows: Rows, others: Rows): Rows {
    const found = attribute('found', booleanType, false);
    const terms = side === 'left' ? this.#condition(rows, others) : this.#condition(others, rows);
    const condition = joinAndOrNone([...terms, compare('lt', others.matched, HOPELESS)]);
    const looked = Object.freeze({ ...join(rows.plan, others.plan, 'exists', condition), mark: found });
    const fared = ifElse(and(equal(rows.matched, UNMATCHED), found), MATCHED, rows.matched);
    const columns = rows.columns.map((a) => own(a, a.name));
    return this.#rows(project(looked, [...columns, own(fared, 'm'), own(rows.isNew, 'n')]));
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
