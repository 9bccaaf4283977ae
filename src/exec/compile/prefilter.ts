import type { PhysicalExpr } from '../../functions/expression.js';
import type { Code, Local, OpName } from '../../wasm/index.js';
import type { StepSpec } from '../task/spec.js';
import { comparable } from './lane-plan.js';
import type { ColumnForm } from './load.js';
import { COLUMN, COLUMN_BYTES } from './state-layout.js';

type Comparison = 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge';
type Lanes = 'i8' | 'i16' | 'i32';

/** A comparison of a narrow column with a constant or with another column stored alike. */
interface Test {
  readonly column: number;
  readonly lanes: Lanes;
  readonly op: Comparison;
  readonly other: { readonly constant: number } | { readonly column: number };
}

/** Conditions decided for sixteen rows at a time, and the filter steps they stand for. */
export interface Prefilter {
  readonly tests: readonly Test[];
  readonly steps: ReadonlySet<number>;
}

/** Rows of a block: one bit each in a mask. */
const BLOCK = 16;
/** When more rows than this are expected to pass, deciding them one by one costs no more. */
const MOST_PASSING = 0.6;

const LANE_RANGE: Readonly<Record<Lanes, readonly [number, number]>> = {
  i8: [-128, 127],
  i16: [-32768, 32767],
  i32: [-0x80000000, 0x7fffffff],
};
const FLIPPED: Readonly<Record<Comparison, Comparison>> = {
  eq: 'eq',
  ne: 'ne',
  lt: 'gt',
  le: 'ge',
  gt: 'lt',
  ge: 'le',
};

/** What of the leading filters can be decided with vectors, if enough rows are expected to fall away. */
export function planPrefilter(steps: readonly StepSpec[], forms: readonly ColumnForm[]): Prefilter | undefined {
  const tests: Test[] = [];
  const taken = new Set<number>();
  let passing = 1;
  for (const [k, step] of steps.entries()) {
    if (step.kind !== 'filter') break;
    const found = testsOf(step.condition, forms);
    if (found === undefined) continue;
    taken.add(k);
    for (const test of found) {
      tests.push(test);
      passing *= share(test, forms);
    }
  }
  return tests.length === 0 || passing > MOST_PASSING ? undefined : { tests, steps: taken };
}

/** The share of rows expected to pass those leading filters that are simple comparisons. */
export function expectedShare(steps: readonly StepSpec[], forms: readonly ColumnForm[]): number {
  let passing = 1;
  for (const step of steps) {
    if (step.kind !== 'filter') break;
    for (const test of testsOf(step.condition, forms) ?? []) passing *= share(test, forms);
  }
  return passing;
}

function testsOf(condition: PhysicalExpr, forms: readonly ColumnForm[]): Test[] | undefined {
  if (condition.kind !== 'call') return undefined;
  const [a, b, c] = condition.args;
  if (condition.fn === 'between') {
    const low = a && b && testOf('ge', a, b, forms);
    const high = a && c && testOf('le', a, c, forms);
    return low === undefined || high === undefined ? undefined : [low, high];
  }
  if (!(condition.fn in FLIPPED) || a === undefined || b === undefined) return undefined;
  const op = condition.fn as Comparison;
  const test = testOf(op, a, b, forms) ?? testOf(FLIPPED[op], b, a, forms);
  return test === undefined ? undefined : [test];
}

function testOf(
  op: Comparison,
  left: PhysicalExpr,
  right: PhysicalExpr,
  forms: readonly ColumnForm[],
): Test | undefined {
  if (left.kind !== 'column' || !comparable(left.type, right.type)) return undefined;
  const form = forms[left.index];
  const lanes = form === undefined ? undefined : lanesOf(form);
  if (lanes === undefined) return undefined;
  if (right.kind === 'column') {
    const other = forms[right.index];
    if (other === undefined || lanesOf(other) !== lanes) return undefined;
    return { column: left.index, lanes, op, other: { column: right.index } };
  }
  if (right.kind !== 'literal' || (typeof right.value !== 'number' && typeof right.value !== 'bigint'))
    return undefined;
  const constant = Number(right.value);
  const [low, high] = LANE_RANGE[lanes];
  return constant >= low && constant <= high ? { column: left.index, lanes, op, other: { constant } } : undefined;
}

function lanesOf({ storage, dictionary }: ColumnForm): Lanes | undefined {
  return !dictionary && (storage === 'i8' || storage === 'i16' || storage === 'i32') ? storage : undefined;
}

/** The share of rows expected to pass, taking values for evenly spread between their bounds. */
function share(test: Test, forms: readonly ColumnForm[]): number {
  const range = forms[test.column]?.range;
  if (range === undefined || !('constant' in test.other)) return 1 / 3;
  const [min, max] = [Number(range[0]), Number(range[1])];
  const below = Math.min(1, Math.max(0, (test.other.constant - min) / Math.max(1, max - min)));
  if (test.op === 'eq') return 1 / Math.max(1, max - min + 1);
  if (test.op === 'ne') return 1;
  return test.op === 'lt' || test.op === 'le' ? below : 1 - below;
}

/** Emits the tests of a pipeline: sixteen rows to a mask, then the rows whose bit is set. */
export class PrefilterLoop {
  readonly #data = new Map<number, Local>();
  readonly #validity = new Map<number, Local>();
  readonly #constants: (Local | undefined)[] = [];

  constructor(
    private readonly code: Code,
    private readonly state: Local,
    private readonly columnsAt: number,
    private readonly plan: Prefilter,
    private readonly forms: readonly ColumnForm[],
  ) {}

  /** At the start of the function. */
  prologue(): void {
    const { code, plan } = this;
    const word = (index: number, at: number): Local => {
      const local = code.local('i32');
      code
        .get(this.state)
        .op('i32.load', this.columnsAt + index * COLUMN_BYTES + at)
        .set(local);
      return local;
    };
    const load = (index: number): void => {
      if (this.#data.has(index)) return;
      this.#data.set(index, word(index, COLUMN.DATA));
      if (this.forms[index]?.nullable === true) this.#validity.set(index, word(index, COLUMN.VALIDITY));
    };
    for (const { column, lanes, other } of plan.tests) {
      load(column);
      if ('column' in other) {
        load(other.column);
        this.#constants.push(undefined);
        continue;
      }
      const constant = code.local('v128');
      code.i32(other.constant).op(`${VECTOR[lanes]}.splat`).set(constant);
      this.#constants.push(constant);
    }
  }

  /** `body` once, for `row` in from…to that pass every test. */
  loop(row: Local, from: Local, to: Local, body: () => void): void {
    const { code } = this;
    const base = code.local('i32');
    const mask = code.local('i32');
    code.get(from).i32(-BLOCK).op('i32.and').set(base);
    code.block((end) => {
      code.loop((nextBlock) => {
        code.get(base).get(to).op('i32.ge_u').brIf(end);
        this.#pushMask(base);
        code.set(mask);
        this.#cutMask(base, mask, from, to);
        code.block((done) => {
          code.loop((nextRow) => {
            code.get(mask).op('i32.eqz').brIf(done);
            code.get(base).get(mask).op('i32.ctz').op('i32.add').set(row);
            code.get(mask).get(mask).i32(1).op('i32.sub').op('i32.and').set(mask);
            body();
            code.br(nextRow);
          });
        });
        code.get(base).i32(BLOCK).op('i32.add').set(base);
        code.br(nextBlock);
      });
    });
  }

  /** Pushes one bit a row of the block. Lanes past the end are whatever lies there: their bits are cut off. */
  #pushMask(base: Local): void {
    const { code, plan } = this;
    plan.tests.forEach((test, i) => {
      this.#pushTest(test, this.#constants[i], base);
      if (i > 0) code.op('v128.and');
    });
    code.op('i8x16.bitmask');
    for (const validity of this.#validity.values()) {
      code.get(validity).get(base).i32(3).op('i32.shr_u').op('i32.add').op('i32.load16_u', 0, 0).op('i32.and');
    }
  }

  /** Pushes sixteen byte lanes, all ones where the test holds. */
  #pushTest({ column, lanes, op, other }: Test, constant: Local | undefined, base: Local): void {
    const { code } = this;
    const bytes = LANE_BYTES[lanes];
    const load = (index: number, part: number): void => {
      code.get(this.#data.get(index) as Local).get(base);
      if (bytes > 1) code.i32(bytes === 2 ? 1 : 2).op('i32.shl');
      code.op('i32.add').op('v128.load', part * 16, 0);
    };
    const compare = `${VECTOR[lanes]}.${op === 'eq' || op === 'ne' ? op : `${op}_s`}` as OpName;
    const part = (p: number): void => {
      load(column, p);
      if ('column' in other) load(other.column, p);
      else code.get(constant as Local);
      code.op(compare);
    };
    if (lanes === 'i8') return part(0);
    if (lanes === 'i16') {
      part(0);
      part(1);
    } else {
      part(0);
      part(1);
      code.op('i16x8.narrow_i32x4_s');
      part(2);
      part(3);
      code.op('i16x8.narrow_i32x4_s');
    }
    code.op('i8x16.narrow_i16x8_s');
  }

  #cutMask(base: Local, mask: Local, from: Local, to: Local): void {
    const { code } = this;
    code
      .get(base)
      .get(from)
      .op('i32.lt_u')
      .if(() => {
        code.get(mask).i32(-1).get(from).get(base).op('i32.sub').op('i32.shl').op('i32.and').set(mask);
      });
    code
      .get(to)
      .get(base)
      .op('i32.sub')
      .i32(BLOCK)
      .op('i32.lt_u')
      .if(() => {
        code
          .get(mask)
          .i32(1)
          .get(to)
          .get(base)
          .op('i32.sub')
          .op('i32.shl')
          .i32(1)
          .op('i32.sub')
          .op('i32.and')
          .set(mask);
      });
  }
}

const VECTOR = { i8: 'i8x16', i16: 'i16x8', i32: 'i32x4' } as const;
const LANE_BYTES: Readonly<Record<Lanes, number>> = { i8: 1, i16: 2, i32: 4 };
