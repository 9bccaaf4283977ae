import { engineBug } from '../../base/index.js';
import type { Code, Local } from '../../wasm/index.js';
import type { LaneExpr } from './lane-plan.js';
import type { Pipe } from './pipe.js';
import { PIPE } from './state-layout.js';
import type { VectorPlan } from './vector-plan.js';

const WORD = 8;
export const VECTOR = 16;

/** One 64-bit word of a group's record: how many rows it has, or one of its sums. */
export type Cell = 'count' | LaneExpr;

/** The words of a record in pairs that one vector instruction adds to. */
function pairsOf(plan: VectorPlan): (readonly [Cell, Cell | undefined])[] {
  const whole: Cell[] = ['count', ...plan.sums.filter(({ kind }) => kind !== 'f64')];
  const double: Cell[] = plan.sums.filter(({ kind }) => kind === 'f64');
  return [whole, double].flatMap((cells) =>
    Array.from({ length: Math.ceil(cells.length / 2) }, (_, i) => [cells[i * 2] as Cell, cells[i * 2 + 1]] as const),
  );
}

/** Bytes of all tables for each slot of the dense index. */
export const recordBytes = (plan: VectorPlan): number => pairsOf(plan).length * VECTOR;

/** The records of a pipeline's groups, in one table or in several that rows take in turns. */
export class TotalsTables {
  readonly pairs: readonly (readonly [Cell, Cell | undefined])[];
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

  isDouble(pair: number): boolean {
    const [cell] = this.pairs[pair] as readonly [Cell, Cell | undefined];
    return cell !== 'count' && cell.kind === 'f64';
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
    const totals = this.plan.sums.map((sum) => {
      const type = sum.kind === 'f64' ? 'f64' : 'i64';
      const total = code.local(type);
      const offset = this.#offsetOf(sum);
      this.tables.forEach((table, i) => {
        code.get(table).get(record).op('i32.add').op(`${type}.load`, offset);
        if (i > 0) code.op(`${type}.add`);
      });
      code.set(total);
      return total;
    });
    return { rows, totals };
  }

  #offsetOf(cell: Cell): number {
    const pair = this.pairs.findIndex((cells) => cells.includes(cell));
    if (pair < 0) throw engineBug('a sum without a place');
    return pair * VECTOR + ((this.pairs[pair] as readonly unknown[])[0] === cell ? 0 : WORD);
  }
}
