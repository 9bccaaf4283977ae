import { type DataType, engineBug } from '../../base/index.js';
import type { Value } from '../../functions/value.js';
import type { Code, Local } from '../../wasm/index.js';
import type { Pipe } from './pipe.js';
import { PIPE } from './state-layout.js';
import type { Total, VectorPlan } from './vector-types.js';

const WORD = 8;
export const VECTOR = 16;

/** One word of a group's record: how many rows it has, or one of its totals. */
export type Cell = 'count' | Total;

/** What instruction adds to the words of a pair: 64-bit sums, doubles, or the greater of 32-bit numbers. */
export type PairKind = 'i64x2' | 'f64x2' | 'i32x4';

export interface Pair {
  readonly kind: PairKind;
  readonly cells: readonly [Cell, Cell | undefined];
}

const kindOf = (cell: Cell): PairKind =>
  cell === 'count' ? 'i64x2' : cell.fold !== 'sum' ? 'i32x4' : cell.of.kind === 'f64' ? 'f64x2' : 'i64x2';

/** The words of a record in pairs that one vector instruction adds to. */
export function pairsOf(plan: VectorPlan): Pair[] {
  const all: Cell[] = ['count', ...plan.totals];
  return (['i64x2', 'f64x2', 'i32x4'] as const).flatMap((kind) => {
    const cells = all.filter((cell) => kindOf(cell) === kind);
    return Array.from({ length: Math.ceil(cells.length / 2) }, (_, i): Pair => {
      return { kind, cells: [cells[i * 2] as Cell, cells[i * 2 + 1]] };
    });
  });
}

/** Pops two vectors of a pair: the sums, or the greater. */
export function foldPair(code: Code, kind: PairKind): void {
  code.op(kind === 'i32x4' ? 'i32x4.max_s' : `${kind}.add`);
}

/** Bytes of all tables for each slot of the dense index. */
export const recordBytes = (plan: VectorPlan): number => pairsOf(plan).length * VECTOR;

/** The records of a pipeline's groups, in one table or in several that rows take in turns. */
export class TotalsTables {
  readonly pairs: readonly Pair[];
  /** Bytes of a record. */
  readonly bytes: number;
  readonly code: Code;
  /** Address of each table, and the bytes of one. */
  readonly tables: readonly Local[];
  readonly size: Local;

  /** Emits the beginning: empty tables. */
  constructor(
    pipe: Pipe,
    private readonly plan: VectorPlan,
  ) {
    this.pairs = pairsOf(plan);
    this.bytes = recordBytes(plan);
    this.code = pipe.code;
    const { code } = this;
    const first = code.local('i32');
    this.size = code.local('i32');
    pipe.loadWord(PIPE.TOTALS, first);
    pipe.loadWord(PIPE.TOTALS_BYTES, this.size);
    code.get(first).i32(0).get(this.size).i32(plan.copies).op('i32.mul').op('memory.fill');
    this.tables = Array.from({ length: plan.copies }, (_, c) => {
      const copy = code.local('i32');
      code.get(first).get(this.size).i32(c).op('i32.mul').op('i32.add').set(copy);
      return copy;
    });
  }

  /** Forgets the rows of a record, so that it is not met again. */
  clear(record: Local): void {
    const { code } = this;
    for (const table of this.tables) code.get(table).get(record).op('i32.add').i64(0).op('i64.store', 0);
  }

  /** left = how many records have rows, but for record 0. */
  countMet(record: Local, left: Local): void {
    const { code } = this;
    code.i32(0).set(left);
    code.i32(this.bytes).set(record);
    code.block((done) => {
      code.loop((again) => {
        code.get(record).get(this.size).op('i32.ge_u').brIf(done);
        code.get(left);
        this.pushCount(record);
        code.op('i64.eqz').op('i32.eqz').op('i32.add').set(left);
        code.get(record).i32(this.bytes).op('i32.add').set(record);
        code.br(again);
      });
    });
  }

  /** Pushes how many rows a record has, over all tables. */
  pushCount(record: Local): void {
    const { code } = this;
    this.tables.forEach((table, i) => {
      code.get(table).get(record).op('i32.add').op('i64.load', 0);
      if (i > 0) code.op('i64.add');
    });
  }

  load(record: Local): { rows: Local; totals: Local[] } {
    const { code } = this;
    const rows = code.local('i64');
    this.pushCount(record);
    code.set(rows);
    const totals = this.plan.totals.map((total) => {
      const { type, offset } = placeOf(this.pairs, total);
      const whole = code.local(type);
      this.tables.forEach((table, i) => {
        code.get(table).get(record).op('i32.add').op(`${type}.load`, offset);
        if (i > 0 && type !== 'i32') code.op(`${type}.add`);
        else if (i > 0) {
          const other = code.local('i32');
          code.tee(other).get(whole).get(other).get(whole).op('i32.gt_s').select();
        }
        if (type === 'i32') code.set(whole);
      });
      if (type !== 'i32') code.set(whole);
      return whole;
    });
    return { rows, totals };
  }
}

/** Where a total lies in a record, and as what. */
export function placeOf(pairs: readonly Pair[], total: Cell): { type: 'i32' | 'i64' | 'f64'; offset: number } {
  const at = pairs.findIndex(({ cells }) => cells.includes(total));
  const pair = pairs[at];
  if (pair === undefined) throw engineBug('a total without a place');
  const isSecond = pair.cells[0] !== total;
  if (pair.kind === 'i32x4') return { type: 'i32', offset: at * VECTOR + (isSecond ? 4 : 0) };
  return { type: pair.kind === 'f64x2' ? 'f64' : 'i64', offset: at * VECTOR + (isSecond ? WORD : 0) };
}

/** The totals of one aggregate in the form of its state: a count, a sum and a count, or a value and that there is one. */
export function totalsOf(
  { code }: Pipe,
  plan: VectorPlan,
  aggregate: number,
  fn: string | undefined,
  rows: Local,
  totals: readonly Local[],
): Value[] {
  const count: Value = { type: { kind: 'int64' }, carrier: 'i64', parts: [rows], isNull: undefined };
  const at = plan.totalOf[aggregate];
  if (at === undefined) return [count];
  const total = plan.totals[at] as Total;
  const found = totals[at] as Local;
  let value: Value;
  if (total.fold === 'sum') {
    const isDouble = found.type === 'f64';
    const type: DataType = { kind: isDouble ? 'float64' : 'int64' };
    value = { type, carrier: isDouble ? 'f64' : 'i64', parts: [found], isNull: undefined };
    if (fn === 'count') return [value];
    if (fn === 'avg') return [value, count];
  } else {
    const extreme = code.local('i32');
    // One past the bound may not fit; the value does, and sums of 32 bits wrap around.
    const origin = Number(BigInt.asIntN(32, total.origin));
    if (total.fold === 'greatest') code.get(found).i32(origin).op('i32.add');
    else code.i32(origin).get(found).op('i32.sub');
    code.set(extreme);
    value = { type: plan.types[aggregate] as DataType, carrier: 'i32', parts: [extreme], isNull: undefined };
  }
  const present = code.local('i32');
  code.i32(1).set(present);
  return [value, { type: { kind: 'int8' }, carrier: 'i32', parts: [present], isNull: undefined }];
}
