import { engineBug } from '../../base/index.js';
import type { Value } from '../../functions/value.js';
import type { Local } from '../../wasm/index.js';
import type { PlacedGroups } from '../task/placed-groups.js';
import type { AggregateSink } from './aggregate-sink.js';
import { LaneEmitter } from './lane-emit.js';
import type { TextEmission } from './lane-text.js';
import type { ColumnForm } from './load.js';
import type { Columns, Pipe } from './pipe.js';
import { DENSE, DENSE_BYTES, PIPE } from './state-layout.js';
import {
  type Cell,
  foldPair,
  type Pair,
  pairsOf,
  recordBytes,
  TotalsTables,
  totalsOf,
  VECTOR,
} from './totals-tables.js';
import type { Total, VectorPlan } from './vector-types.js';

/** Rows of a step. */
const STEP = 4;
/** Bytes of two vectors that make one of their first (second) halves. */
const FIRST_HALVES = [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23];
const SECOND_HALVES = [8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31];

/** What each key's value is multiplied with, and what is added, to give the offset of a group's record. */
interface Digits {
  readonly strides: readonly Local[];
  readonly shift: Local;
}

/** Emits what is computed once for every entry of a dictionary. */
export type Numbers = TextEmission['entries'];

/** What groups are kept from a batch: where a row of each is, and its totals. */
type Flush = (row: Local, totals: (aggregate: number) => readonly Value[]) => void;

/**
 * Sums by group with vectors. Each slot of the dense index has a record of counts and sums; the rows of a step add to
 * the records of their slots, those that do not pass the filters to record 0, which is that of null keys, and here no
 * key is null. At the end of the batch the records are added to the groups' own states.
 */
export class VectorAggregate {
  readonly #lanes: LaneEmitter;

  constructor(
    private readonly pipe: Pipe,
    private readonly plan: VectorPlan,
    private readonly forms: readonly ColumnForm[],
    private readonly numbers: Numbers,
    /** Whose groups get the totals of each batch, and which keys are codes. */
    private readonly into?: { readonly sink: AggregateSink; readonly byCode: readonly boolean[] },
  ) {
    this.#lanes = this.#newLanes();
  }

  get #sink(): AggregateSink {
    if (this.into === undefined) throw engineBug('totals without groups');
    return this.into.sink;
  }

  #prepare(from: Local, to: Local): void {
    const { masks, keys, totals } = this.plan;
    const { code, state, emitter } = this.pipe;
    this.#lanes.texts = { code, state, from, to, helper: (name) => emitter.helper(name), entries: this.numbers };
    for (const mask of masks) this.#lanes.prepareMask(mask);
    for (const expr of [...keys, ...totals.map(({ of }) => of)]) this.#lanes.prepare(expr);
  }

  #newLanes(): LaneEmitter {
    return new LaneEmitter(this.pipe.code, this.pipe.state, this.pipe.layout.columns, this.forms);
  }

  emit(from: Local, to: Local, bind: (row: Local) => Columns): void {
    const { plan } = this;
    const sink = this.#sink;
    this.#prepare(from, to);
    const flush: Flush = (row, totals) => sink.addTotals(bind(row), totals);
    if (plan.keys.length === 0) this.#single(from, to, flush);
    else this.#dense(from, to, flush);
  }

  /** Adds the rows to the stage's own table of records, whose places are settled: see `PlacedGroups`. */
  emitPlaced(from: Local, to: Local, placed: PlacedGroups): void {
    const { pipe, plan } = this;
    const { code } = pipe;
    this.#prepare(from, to);
    const table = code.local('i32');
    pipe.loadWord(PIPE.TOTALS, table);
    const splat = (n: bigint): Local => {
      const lanes = code.local('v128');
      code
        .i32(Number(BigInt.asIntN(32, n)))
        .op('i32x4.splat')
        .set(lanes);
      return lanes;
    };
    const bytes = BigInt(recordBytes(plan));
    let stride = bytes;
    let shift = 0n;
    const strides = placed.keys.map(({ base, size }) => {
      const lanes = splat(stride);
      shift += (1n - base) * stride;
      stride *= BigInt(size);
      return lanes;
    });
    const digits: Digits = { strides, shift: splat(shift) };
    const one = code.local('v128');
    code.i64(1).op('i64x2.splat').set(one);
    const records = code.local('v128');
    const pairs = pairsOf(plan);
    this.#steps(from, to, (row, passing) => {
      this.#pushRecords(this.#lanes, digits, row);
      code.get(passing).op('v128.and').set(records);
      this.#addRows({ pairs, tables: [table], records, one, row });
    });
  }

  /** Runs `body` for every step with the lanes of rows that exist and pass. */
  #steps(from: Local, to: Local, body: (row: Local, passing: Local) => void): void {
    const { code } = this.pipe;
    const row = code.local('i32');
    const rows = code.local('v128');
    const end = code.local('v128');
    const passing = code.local('v128');
    code
      .get(from)
      .op('i32x4.splat')
      .v128(bytesOf([0, 1, 2, 3]))
      .op('i32x4.add')
      .set(rows);
    code.get(to).op('i32x4.splat').set(end);
    code.get(from).set(row);
    code.block((done) => {
      code.loop((again) => {
        code.get(row).get(to).op('i32.ge_u').brIf(done);
        code.get(rows).get(end).op('i32x4.lt_u');
        for (const mask of this.plan.masks) {
          this.#lanes.pushMask(mask, row);
          code.op('v128.and');
        }
        code.set(passing);
        body(row, passing);
        code
          .get(rows)
          .v128(bytesOf([STEP, STEP, STEP, STEP]))
          .op('i32x4.add')
          .set(rows);
        code.get(row).i32(STEP).op('i32.add').set(row);
        code.br(again);
      });
    });
  }

  #single(from: Local, to: Local, flush: Flush): void {
    const { pipe, plan } = this;
    const { code } = pipe;
    const zero = (): Local => code.local('v128');
    const count = zero();
    const sums = plan.totals.map(zero);
    this.#steps(from, to, (row, passing) => {
      code.get(count).get(passing).op('i32x4.sub').set(count);
      plan.totals.forEach((total, i) => {
        this.#foldMasked(total, sums[i] as Local, row, passing);
      });
    });
    const rows = code.local('i64');
    const halves = this.#lanes.widen(count);
    code
      .get(halves[0] as Local)
      .get(halves[1] as Local)
      .op('i64x2.add')
      .set(count);
    this.#pushHalves(count);
    code.set(rows);
    code.get(rows).op('i64.eqz').op('i32.eqz');
    code.if(() => {
      const totals = sums.map((sum, i) => this.#whole(plan.totals[i] as Total, sum));
      flush(from, (a) => totalsOf(pipe, plan, a, this.#sink.functionOf(a), rows, totals));
    });
  }

  /** Folds the rows of a step that pass into lanes of its own for each total. */
  #foldMasked({ fold, of }: Total, into: Local, row: Local, passing: Local): void {
    const { code } = this.pipe;
    const lanes = this.#lanes.emit(of, row);
    if (lanes.kind === 'i32') {
      const masked = code.local('v128');
      code
        .get(lanes.parts[0] as Local)
        .get(passing)
        .op('v128.and')
        .set(masked);
      if (fold !== 'sum') code.get(into).get(masked).op('i32x4.max_s').set(into);
      else for (const half of this.#lanes.widen(masked)) code.get(into).get(half).op('i64x2.add').set(into);
      return;
    }
    const wide = this.#lanes.widen(passing);
    lanes.parts.forEach((part, p) => {
      code.get(into).get(part);
      code
        .get(wide[p] as Local)
        .op('v128.and')
        .op('i64x2.add')
        .set(into);
    });
  }

  /** What the lanes of a total come to. */
  #whole({ fold }: Total, lanes: Local): Local {
    const { code } = this.pipe;
    if (fold === 'sum') {
      const sum = code.local('i64');
      this.#pushHalves(lanes);
      code.set(sum);
      return sum;
    }
    const greatest = code.local('i32');
    const other = code.local('i32');
    for (let lane = 0; lane < STEP; lane++) {
      code.get(lanes).op('i32x4.extract_lane', lane).tee(other).get(greatest);
      code.get(other).get(greatest).op('i32.gt_s').select().set(greatest);
    }
    return greatest;
  }

  #pushHalves(vector: Local): void {
    this.pipe.code.get(vector).op('i64x2.extract_lane', 0).get(vector).op('i64x2.extract_lane', 1).op('i64.add');
  }

  #dense(from: Local, to: Local, flush: Flush): void {
    const { pipe, plan } = this;
    const { code } = pipe;
    const totals = new TotalsTables(pipe, plan);
    const { tables, pairs } = totals;
    const digits = this.#digits(totals.bytes);
    const one = code.local('v128');
    code.i64(1).op('i64x2.splat').set(one);
    const records = code.local('v128');
    this.#steps(from, to, (row, passing) => {
      this.#pushRecords(this.#lanes, digits, row);
      code.get(passing).op('v128.and').set(records);
      this.#addRows({ pairs, tables, records, one, row });
    });
    this.#flushRecords({ from, to, totals, digits }, flush);
  }

  /** Adds the four rows at `row` to their records. */
  #addRows(step: {
    readonly pairs: readonly Pair[];
    readonly tables: readonly Local[];
    readonly records: Local;
    readonly one: Local;
    readonly row: Local;
  }): void {
    const { code } = this.pipe;
    const cells = step.pairs.map((pair) => pair.cells.map((cell) => this.#cell(cell, step.one, step.row)));
    for (let r = 0; r < STEP; r++) {
      const address = code.local('i32');
      code
        .get(step.tables[r % step.tables.length] as Local)
        .get(step.records)
        .op('i32x4.extract_lane', r)
        .op('i32.add')
        .set(address);
      step.pairs.forEach(({ kind }, p) => {
        const [a, b] = cells[p] as readonly (readonly Local[] | undefined)[];
        const part = kind === 'i32x4' ? 0 : r >> 1;
        const first = a?.[part] as Local;
        code
          .get(address)
          .get(address)
          .op('v128.load', p * VECTOR);
        code.get(first).get(b?.[part] ?? first);
        code.op('i8x16.shuffle', ...(kind === 'i32x4' ? wordsOf(r) : r % 2 === 0 ? FIRST_HALVES : SECOND_HALVES));
        foldPair(code, kind);
        code.op('v128.store', p * VECTOR);
      });
    }
  }

  #cell(cell: Cell | undefined, one: Local, row: Local): readonly Local[] | undefined {
    if (cell === undefined) return undefined;
    if (cell === 'count') return [one, one];
    if (cell.fold !== 'sum') return this.#lanes.emit(cell.of, row).parts;
    return this.#lanes.as(cell.of, cell.of.kind === 'f64' ? 'f64' : 'i64', row);
  }

  #digits(bytes: number): Digits {
    const { pipe } = this;
    const { code } = pipe;
    const shift = code.local('i32');
    const strides = this.plan.keys.map((_, k) => {
      const at = pipe.layout.dense + k * DENSE_BYTES;
      const stride = code.local('i32');
      const lanes = code.local('v128');
      // Strides are those of an index of 4 bytes a slot.
      code
        .get(pipe.state)
        .op('i32.load', at + DENSE.STRIDE)
        .i32(bytes / 4)
        .op('i32.mul')
        .set(stride);
      code.get(stride).op('i32x4.splat').set(lanes);
      code.get(shift).i32(1);
      if (!this.into?.byCode[k])
        code
          .get(pipe.state)
          .op('i64.load', at + DENSE.BASE)
          .op('i32.wrap_i64')
          .op('i32.sub');
      code.get(stride).op('i32.mul').op('i32.add').set(shift);
      return lanes;
    });
    const lanes = code.local('v128');
    code.get(shift).op('i32x4.splat').set(lanes);
    return { strides, shift: lanes };
  }

  /** Pushes the offsets of the records of four rows. */
  #pushRecords(lanes: LaneEmitter, digits: Digits, row: Local): void {
    const { code } = this.pipe;
    code.get(digits.shift);
    this.plan.keys.forEach((key, k) => {
      code.get(lanes.emit(key, row).parts[0] as Local).get(digits.strides[k] as Local);
      code.op('i32x4.mul').op('i32x4.add');
    });
  }

  /** Looks for the first row of every group that was met, and adds the group's record to its state there. */
  #flushRecords(
    run: { readonly from: Local; readonly to: Local; readonly totals: TotalsTables; readonly digits: Digits },
    flush: Flush,
  ): void {
    const { code } = this.pipe;
    const { totals } = run;
    const [table] = totals.tables as [Local];
    const left = code.local('i32');
    const record = code.local('i32');
    const row = code.local('i32');
    totals.countMet(record, left);
    const lanes = this.#newLanes();
    for (const key of this.plan.keys) lanes.prepare(key);
    code.get(run.from).set(row);
    code.block((done) => {
      code.loop((again) => {
        code.get(left).op('i32.eqz').brIf(done);
        code.get(row).get(run.to).op('i32.ge_u').brIf(done);
        // Record 0 is nobody's: room for the offsets of this step.
        code.get(table);
        this.#pushRecords(lanes, run.digits, row);
        code.op('v128.store', 0);
        this.#eachRowOf(row, run.to, (at, slot) => {
          code.get(table).get(slot).op('i32.add').op('i32.load').set(record);
          totals.pushCount(record);
          code.op('i64.eqz').op('i32.eqz');
          code.if(() => {
            const { rows, totals: sums } = totals.load(record);
            flush(at, (a) => totalsOf(this.pipe, this.plan, a, this.#sink.functionOf(a), rows, sums));
            totals.clear(record);
            code.get(left).i32(1).op('i32.sub').set(left);
          });
        });
        code.get(row).i32(STEP).op('i32.add').set(row);
        code.br(again);
      });
    });
  }

  /** `body` for each row of the step at `row`, with the place of its offset. */
  #eachRowOf(row: Local, to: Local, body: (at: Local, slot: Local) => void): void {
    const { code } = this.pipe;
    const at = code.local('i32');
    const slot = code.local('i32');
    code.i32(0).set(slot);
    code.loop((again) => {
      code.get(row).get(slot).i32(2).op('i32.shr_u').op('i32.add').set(at);
      code
        .get(at)
        .get(to)
        .op('i32.lt_u')
        .if(() => body(at, slot));
      code.get(slot).i32(4).op('i32.add').tee(slot).i32(VECTOR).op('i32.lt_u').brIf(again);
    });
  }
}

/** Bytes that put word `r` of two vectors side by side. */
const wordsOf = (r: number): number[] =>
  [0, 16, 0, 16].flatMap((vector) => [0, 1, 2, 3].map((byte) => vector + r * 4 + byte));

/** The bytes of a vector of four small numbers. */
const bytesOf = (lanes: readonly number[]): number[] => lanes.flatMap((lane) => [lane, 0, 0, 0]);
