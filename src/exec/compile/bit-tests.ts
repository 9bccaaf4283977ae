import { callOf } from '../../functions/call.js';
import { isDeterministic } from '../../functions/deterministic.js';
import type { EvalSettings, PhysicalExpr } from '../../functions/expression.js';
import { scalarFunction } from '../../functions/registry.js';
import type { Code, Local } from '../../wasm/index.js';
import type { ProbeStep, StepSpec } from '../task/spec.js';
import type { ColumnForm } from './load.js';
import { COLUMN, COLUMN_BYTES, POSITION_BYTES, POSITION_SHIFT, TABLE, TABLE_BYTES } from './state-layout.js';

type Integers = 'i8' | 'i16' | 'i32' | 'i64';

/** A column of the source looked up in the bits of a join table's keys. */
export interface BitTest {
  readonly column: number;
  readonly storage: Integers;
  readonly nullable: boolean;
  /** The table, by its slot in the task. */
  readonly table: number;
  /** Every value is known to lie where bits are. */
  readonly inside: boolean;
  /** There are bytes for the bits. */
  readonly flags: boolean;
  readonly share: number;
  /** The step that has nothing left to decide for rows that pass. */
  readonly decides?: number;
}

const LOADS = { i8: 'i32.load8_s', i16: 'i32.load16_s', i32: 'i32.load', i64: 'i64.load' } as const;
const SHIFT: Readonly<Record<Integers, number>> = { i8: 0, i16: 1, i32: 2, i64: 3 };
const BYTES: Readonly<Record<Integers, number>> = { i8: 1, i16: 2, i32: 4, i64: 8 };
/** Rows looked up in one turn of the loop. */
const AT_ONCE = 4;

/** Pushes a key, which is so many bytes wide where it is stored. */
type Load = (op: 'i32.load8_s' | 'i32.load16_s' | 'i32.load' | 'i64.load', bytes: number) => void;

/** What of the lookups of a pipeline can be decided from source columns before anything else, the most selective first. */
export function planBitTests(
  steps: readonly StepSpec[],
  forms: readonly ColumnForm[],
  settings: EvalSettings,
): BitTest[] {
  const tests: BitTest[] = [];
  // For each column the source column it is, if it is one.
  let origin: (number | undefined)[] = forms.map((_, i) => i);
  const runsOnAll = (expr: PhysicalExpr): boolean => canFail(expr, settings) || !isDeterministic(expr);
  for (const [k, step] of steps.entries()) {
    if (step.kind === 'filter') {
      if (runsOnAll(step.condition)) break;
    } else if (step.kind === 'project') {
      if (step.exprs.some(runsOnAll)) break;
      origin = step.exprs.map((expr) => (expr.kind === 'column' ? origin[expr.index] : undefined));
    } else if (step.kind === 'probe') {
      const test = bitTest(step, k, origin, forms);
      if (test !== undefined) tests.push(test);
      // Which build rows are matched depends on every row that gets here.
      if (step.marks || step.how === 'mark' || (step.residual !== undefined && runsOnAll(step.residual))) break;
      origin = columnsAfter(step, origin);
    } else break;
  }
  return tests.sort((a, b) => a.share - b.share);
}

/** The same for the columns behind a lookup. */
export function columnsAfter(step: ProbeStep, origin: readonly (number | undefined)[]): (number | undefined)[] {
  if (step.how === 'semi' || step.how === 'anti') return [...origin];
  const added: undefined[] = step.how === 'exists' ? [undefined] : step.payload.map(() => undefined);
  return step.buildFirst && step.how !== 'exists' ? [...added, ...origin] : [...origin, ...added];
}

function bitTest(
  step: ProbeStep,
  k: number,
  origin: readonly (number | undefined)[],
  forms: readonly ColumnForm[],
): BitTest | undefined {
  const [key] = step.keys;
  const column = key?.kind === 'column' ? origin[key.index] : undefined;
  const form = column === undefined ? undefined : forms[column];
  if (step.bits === undefined || column === undefined || form === undefined) return undefined;
  const { storage } = form;
  if (form.dictionary || !(storage in LOADS)) return undefined;
  const decides = step.how === 'semi' && step.keys.length === 1 && step.residual === undefined;
  return {
    column,
    storage: storage as Integers,
    nullable: form.nullable,
    table: step.table,
    // What lies where a row is null is no key.
    inside: step.bits.inside && !form.nullable,
    flags: step.bits.flags,
    share: step.bits.share,
    ...(decides ? { decides: k } : {}),
  };
}

/** Whether an expression can raise an error: then it has to see every row that comes to it. */
function canFail(expr: PhysicalExpr, settings: EvalSettings): boolean {
  if (expr.kind !== 'call') return false;
  const { fails } = scalarFunction(expr.fn);
  const itself =
    typeof fails === 'function'
      ? fails(
          callOf(expr, settings),
          expr.args.map(() => undefined),
        )
      : fails === true;
  return itself || expr.lambdas !== undefined || expr.args.some((arg) => canFail(arg, settings));
}

/** Emits lookups that leave those positions of rows whose key is in a table. */
export class BitTestCode {
  readonly #data: Local;
  readonly #validity: Local | undefined;
  /** Bits, or the bytes for them. */
  readonly #set: Local;
  readonly #base: Local;
  readonly #size: Local;
  readonly #key: Local;

  constructor(
    private readonly code: Code,
    private readonly test: BitTest,
    words: { readonly state: Local; readonly columns: number; readonly tables: number },
  ) {
    const word = (at: number): Local => {
      const local = code.local('i32');
      code.get(words.state).op('i32.load', at).set(local);
      return local;
    };
    const column = words.columns + test.column * COLUMN_BYTES;
    const table = words.tables + test.table * TABLE_BYTES;
    const [bits, origin] = test.flags ? [TABLE.FLAGS, TABLE.FLAGS_ORIGIN] : [TABLE.BITS, TABLE.BITS_ORIGIN];
    this.#data = word(column + COLUMN.DATA);
    this.#validity = test.nullable ? word(column + COLUMN.VALIDITY) : undefined;
    this.#set = word(table + (test.inside ? origin : bits));
    this.#base = word(table + TABLE.BITS_BASE);
    this.#size = word(table + TABLE.BITS_SIZE);
    this.#key = code.local('i32');
  }

  /** Writes down the positions of rows from…to that pass, from `next` on, which is then behind the last. */
  amongRows(from: Local, to: Local, next: Local): void {
    const { code } = this;
    const [row, one, at] = [code.local('i32'), code.local('i32'), code.local('i32')];
    const isLeft = (): Code => code.get(row).i32(AT_ONCE).op('i32.add').get(to).op('i32.le_u');
    code.get(from).set(row);
    isLeft().if(() => {
      this.#pushAddress(row);
      code.set(at);
      code.loop((again) => {
        for (let k = 0; k < AT_ONCE; k++) {
          code.get(row).i32(k).op('i32.add').set(one);
          this.#keep(one, next, (op, bytes) => code.get(at).op(op, k * bytes, 0));
        }
        code
          .get(at)
          .i32(AT_ONCE * BYTES[this.test.storage])
          .op('i32.add')
          .set(at);
        code.get(row).i32(AT_ONCE).op('i32.add').set(row);
        isLeft().brIf(again);
      });
    });
    code.forRange(
      row,
      () => code.get(row),
      to,
      () => this.#keep(row, next),
    );
  }

  /** Leaves of the positions from `positions` to `end` those of rows that pass; `end` is then behind the last. */
  amongPositions(positions: Local, end: Local): void {
    const { code } = this;
    const [at, next, row] = [code.local('i32'), code.local('i32'), code.local('i32')];
    code.get(positions).tee(next).tee(at).get(end).op('i32.lt_u');
    code.if(() => {
      code.loop((again) => {
        code.get(at).op('i32.load', 0).set(row);
        this.#keep(row, next);
        code.get(at).i32(POSITION_BYTES).op('i32.add').tee(at).get(end).op('i32.lt_u').brIf(again);
      });
      code.get(next).set(end);
    });
  }

  /** Without a branch: the position is written in any case, and stays if the key is in the table. */
  #keep(row: Local, next: Local, load: Load = this.#loadOf(row)): void {
    const { code } = this;
    code.get(next).get(row).op('i32.store', 0);
    code.get(next);
    if (this.test.flags) this.#pushFlag(load);
    else this.#pushBit(load);
    if (this.#validity !== undefined) this.#onlyValid(row);
    code.op('i32.add').set(next);
  }

  /** Pushes the byte for the key, which is how far `next` goes. */
  #pushFlag(load: Load): void {
    const { code } = this;
    code.get(this.#set);
    this.#pushPlace(load);
    code.op('i32.add').op('i32.load8_u', 0, 0);
  }

  /** The same from bits. */
  #pushBit(load: Load): void {
    const { code } = this;
    const key = this.#key;
    this.#pushPlace(load);
    code.set(key);
    code.get(this.#set).get(key).i32(5);
    // From the origin, where the bit of key 0 would be, negative keys lie before.
    code
      .op(this.test.inside ? 'i32.shr_s' : 'i32.shr_u')
      .i32(2)
      .op('i32.shl')
      .op('i32.add')
      .op('i32.load', 0);
    code.get(key).op('i32.shr_u').i32(1).op('i32.and').i32(POSITION_SHIFT).op('i32.shl');
  }

  /** Leaves 0 of what is pushed where the row is null. */
  #onlyValid(row: Local): void {
    const { code } = this;
    code
      .i32(0)
      .get(this.#validity as Local)
      .get(row)
      .i32(3)
      .op('i32.shr_u')
      .op('i32.add')
      .op('i32.load8_u', 0);
    code.get(row).i32(7).op('i32.and').op('i32.shr_u').i32(1).op('i32.and').op('i32.sub').op('i32.and');
  }

  #pushAddress(row: Local): void {
    const { code, test } = this;
    code.get(this.#data).get(row);
    if (SHIFT[test.storage] > 0) code.i32(SHIFT[test.storage]).op('i32.shl');
    code.op('i32.add');
  }

  /** The key of a row. */
  #loadOf(row: Local): Load {
    return (op) => {
      this.#pushAddress(row);
      this.code.op(op, 0, 0);
    };
  }

  /** The key itself, as bits begin at a multiple of 32; or its distance from the first, the number of bits beyond them. */
  #pushPlace(load: Load): void {
    const { code, test } = this;
    const { storage } = test;
    if (test.inside) {
      // The low half of a number that fits into it.
      load(storage === 'i64' ? 'i32.load' : LOADS[storage], BYTES[storage]);
      return;
    }
    if (storage === 'i64') {
      const wide = code.local('i64');
      load('i64.load', BYTES.i64);
      code.get(this.#base).op('i64.extend_i32_s').op('i64.sub').tee(wide).op('i32.wrap_i64').get(this.#size);
      code.get(wide).get(this.#size).op('i64.extend_i32_u').op('i64.lt_u').select();
      return;
    }
    load(LOADS[storage], BYTES[storage]);
    code.get(this.#base).op('i32.sub').tee(this.#key).get(this.#size);
    code.get(this.#key).get(this.#size).op('i32.lt_u').select();
  }
}
