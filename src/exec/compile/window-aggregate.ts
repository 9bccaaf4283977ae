import { carrierOf } from '../../base/index.js';
import type { EvalSettings } from '../../functions/expression.js';
import { findEntry } from '../../functions/registry.js';
import type { StateAccess, Value } from '../../functions/value.js';
import type { Local } from '../../wasm/index.js';
import type { PhysicalFrame, WindowSpecCall } from '../physical.js';
import { fieldAt, type RowLayout } from '../row-layout.js';
import {
  emitOf,
  fullCarriers,
  groupLayout,
  type PreparedAggregate,
  prepareAggregate,
  stateAccess,
} from './aggregates.js';
import { extend } from './keys.js';
import { loadField, newParts } from './load.js';
import { BEGINS, eachPartition, nextMark, type WindowEmission } from './window-emission.js';

/** The frame a call has when it names none. */
const DEFAULT_FRAME: PhysicalFrame = { unit: 'range', end: 0 };

/** Frames by rows, and by range those that end at partitions and peers; others need the values of the order. */
export function isCompiledAggregate(call: WindowSpecCall): boolean {
  const entry = findEntry(call.fn);
  if (entry?.kind !== 'aggregate' || entry.emit === undefined) return false;
  const { unit, start, end } = call.frame ?? DEFAULT_FRAME;
  if (unit === 'range') return (start === undefined || start === 0) && (end === undefined || end === 0);
  const near = (offset: number | undefined): boolean =>
    offset === undefined || (Number.isInteger(offset) && Math.abs(offset) < 2 ** 30);
  return unit === 'rows' && near(start) && near(end);
}

/** The one row that holds the state of a call's frame. */
export function windowState(call: WindowSpecCall, settings: EvalSettings): { a: PreparedAggregate; layout: RowLayout } {
  const a = prepareAggregate({ fn: call.fn, args: call.args, type: call.type, nullable: call.nullable }, settings);
  return { a, layout: groupLayout([], fullCarriers([a])) };
}

/**
 * A frame that only grows is aggregated as it grows; one that leaves rows behind is aggregated anew from its first
 * row, so that floating sums and overflow are what adding up the frame in order gives.
 */
export function emitAggregateCall(e: WindowEmission, group: Local, filter: number | undefined): void {
  new AggregateLoop(e, group, filter).emit();
}

class AggregateLoop {
  readonly #a: PreparedAggregate;
  readonly #layout: RowLayout;
  readonly #state: StateAccess;
  readonly #at: Local;
  /** The frame of the row at hand. */
  readonly #from: Local;
  readonly #to: Local;
  /** What the state holds: rows first…next. */
  readonly #first: Local;
  readonly #next: Local;
  readonly #peers: Local;
  readonly #peersEnd: Local;
  /** Whether the result is that of the state. */
  readonly #known: Local;
  readonly #result: Value;

  constructor(
    private readonly e: WindowEmission,
    private readonly group: Local,
    private readonly filter: number | undefined,
  ) {
    const { pipe, call } = e;
    const { a, layout } = windowState(call, pipe.settings);
    this.#a = a;
    this.#layout = layout;
    this.#state = stateAccess(pipe, layout, group, 0, a.state);
    const local = (): Local => pipe.code.local('i32');
    this.#at = local();
    this.#from = local();
    this.#to = local();
    this.#first = local();
    this.#next = local();
    this.#peers = local();
    this.#peersEnd = local();
    this.#known = local();
    const carrier = carrierOf(call.type);
    const isNull = call.nullable ? local() : undefined;
    this.#result = { type: call.type, carrier, parts: newParts(pipe.code, carrier), isNull };
  }

  emit(): void {
    const { e } = this;
    const { code } = e.pipe;
    eachPartition(e, (start, end) => {
      code.get(start).tee(this.#peersEnd).set(this.#from);
      this.#begin();
      code.forRange(
        this.#at,
        () => code.get(start),
        end,
        () => {
          this.#findFrame(start, end);
          code.get(this.#from).get(this.#first).op('i32.ne').get(this.#to).get(this.#next).op('i32.lt_u').op('i32.or');
          code.if(() => this.#begin());
          this.#addRows();
          code
            .get(this.#known)
            .op('i32.eqz')
            .if(() => this.#finish());
          e.store(this.#at, this.#result);
        },
      );
    });
  }

  #begin(): void {
    const { pipe } = this.e;
    emitOf(this.#a).init(pipe.emitter, this.#state, this.#a.call);
    pipe.code.get(this.#from).tee(this.#first).set(this.#next).i32(0).set(this.#known);
  }

  #findFrame(start: Local, end: Local): void {
    const { code } = this.e.pipe;
    const { unit, start: lower, end: upper } = this.e.call.frame ?? DEFAULT_FRAME;
    if (unit === 'range') {
      code
        .get(this.#at)
        .get(this.#peersEnd)
        .op('i32.eq')
        .if(() => {
          code.get(this.#at).set(this.#peers);
          nextMark(this.e, this.#at, end, BEGINS.PEERS, this.#peersEnd);
        });
      code.get(lower === undefined ? start : this.#peers).set(this.#from);
      code.get(upper === undefined ? end : this.#peersEnd).set(this.#to);
      return;
    }
    const clamped = (offset: number, into: Local): void => {
      code.get(this.#at).i32(offset).op('i32.add').set(into);
      code.get(start).get(into).get(into).get(start).op('i32.lt_s').select().set(into);
      code.get(end).get(into).get(into).get(end).op('i32.gt_s').select().set(into);
    };
    if (lower === undefined) code.get(start).set(this.#from);
    else clamped(lower, this.#from);
    if (upper === undefined) code.get(end).set(this.#to);
    else clamped(upper + 1, this.#to);
    const [from, to] = [this.#from, this.#to];
    code.get(from).get(to).get(from).get(to).op('i32.gt_s').select().set(to);
  }

  #addRows(): void {
    const { code } = this.e.pipe;
    code.block((done) => {
      code.loop((again) => {
        code.get(this.#next).get(this.#to).op('i32.ge_u').brIf(done);
        this.#addRow();
        code.get(this.#next).i32(1).op('i32.add').set(this.#next).i32(0).set(this.#known);
        code.br(again);
      });
    });
  }

  #addRow(): void {
    const { e, filter } = this;
    const { code } = e.pipe;
    const row = e.rowAt(this.#next);
    const add = (): void => {
      const args = e.call.args.map((_, i) => e.arg(i, row));
      emitOf(this.#a).update(e.pipe.emitter, this.#state, args, this.#a.call);
    };
    if (filter === undefined) return add();
    const passes = loadField(code, row, fieldAt(e.layout, filter), { kind: 'boolean' });
    code.get(passes.parts[0] as Local);
    if (passes.isNull !== undefined) code.get(passes.isNull).op('i32.eqz').op('i32.and');
    code.if(add);
  }

  #finish(): void {
    const { pipe } = this.e;
    const { code } = pipe;
    const states = this.#a.state.map((type, i) => loadField(code, this.group, fieldAt(this.#layout, i), type));
    const value = emitOf(this.#a).finish(pipe.emitter, states, this.#a.call);
    const { carrier, parts, isNull } = this.#result;
    extend(code, value, carrier).forEach((part, i) => {
      code.get(part).set(parts[i] as Local);
    });
    if (isNull !== undefined) {
      if (value.isNull === undefined) code.i32(0);
      else code.get(value.isNull);
      code.set(isNull);
    }
    code.i32(1).set(this.#known);
  }
}
