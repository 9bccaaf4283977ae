import { engineBug } from '../../base/index.js';
import type { Code, Local } from '../../wasm/index.js';
import { pushBound } from './best-rows.js';
import { BitTestCode } from './bit-tests.js';
import type { ColumnForm } from './load.js';
import {
  HALVES,
  isLeaf,
  type MaskEntries,
  type MaskLanes,
  type MaskNode,
  type MaskTest,
  pushCompare,
  pushConstant,
  SHAPE,
  SHIFT,
} from './mask-node.js';
import { type FilledMemo, TRUE } from './memo.js';
import type { Prefilter } from './prefilter-plan.js';
import { COLUMN, COLUMN_BYTES, POSITION_BYTES, POSITIONS, type StateLayout } from './state-layout.js';

/** Rows of a word of the mask, and of a vector of bytes. */
const WORD = 64;
const QUARTER = 16;
/** Positions written at once, however many rows of a word pass. */
const AT_ONCE = 4;
/** Below this share of rows expected to pass, most words have none, and looking for that comes first. */
const SPARSE = 1 / 256;

/**
 * Runs a body for the rows that pass. A block of rows is decided at once, 64 to a word of bits; the positions of those
 * that pass are written down almost without branches that depend on the data, as G. Langdale and D. Lemire do
 * ("Parsing gigabytes of JSON per second", 2019); then the body runs for each.
 */
export class PrefilterLoop {
  readonly #data = new Map<number, Local>();
  readonly #validity = new Map<number, Local>();
  readonly #constants = new Map<MaskTest, Local>();
  readonly #memos = new Map<MaskEntries, FilledMemo>();
  /** Where the columns of the word begin. */
  readonly #at = new Map<number, Local>();
  /** Vectors of the quarter that are loaded already. */
  readonly #loaded = new Map<string, Local>();
  #lookups: readonly BitTestCode[] = [];

  constructor(
    private readonly code: Code,
    private readonly state: Local,
    private readonly layout: Pick<StateLayout, 'columns' | 'tables' | 'positions'>,
    private readonly plan: Prefilter,
    private readonly forms: readonly ColumnForm[],
    /** Decides a condition for all entries of a dictionary. */
    private readonly fill: (node: MaskEntries) => FilledMemo,
  ) {}

  /** At the start of the function. */
  prologue(): void {
    for (const node of this.plan.tests) this.#prepare(node);
    this.#lookups = this.plan.bits.map(
      (bits) => new BitTestCode(this.code, bits, { ...this.layout, state: this.state }),
    );
  }

  #prepare(node: MaskNode): void {
    const { code } = this;
    switch (node.op) {
      case 'and':
      case 'or':
        for (const one of node.of) this.#prepare(one);
        return;
      case 'null':
      case 'valid':
        return this.#prepareColumn(node.column);
      case 'test': {
        this.#prepareColumn(node.column);
        if ('column' in node.other) return this.#prepareColumn(node.other.column);
        const constant = code.local('v128');
        this.#constants.set(node, constant);
        if ('bound' in node.other) return;
        pushConstant(code, node.lanes, node.other.constant);
        code.set(constant);
        return;
      }
      case 'entries':
        this.#prepareColumn(node.column);
        this.#memos.set(node, this.fill(node));
        return;
      case 'never':
        return;
    }
  }

  #prepareColumn(column: number): void {
    if (this.#data.has(column)) return;
    const word = (at: number): Local => {
      const local = this.code.local('i32');
      this.code
        .get(this.state)
        .op('i32.load', this.layout.columns + column * COLUMN_BYTES + at)
        .set(local);
      return local;
    };
    this.#data.set(column, word(COLUMN.DATA));
    if (this.#isNullable(column)) this.#validity.set(column, word(COLUMN.VALIDITY));
  }

  #isNullable(column: number): boolean {
    return this.forms[column]?.nullable === true;
  }

  /** `body` once, for `row` in from…to that pass every test, in order. */
  loop(row: Local, from: Local, to: Local, body: () => void): void {
    const { code } = this;
    const [block, end, next, positions] = [code.local('i32'), code.local('i32'), code.local('i32'), code.local('i32')];
    code.get(this.state).i32(this.layout.positions).op('i32.add').set(positions);
    code.get(from).i32(-WORD).op('i32.and').set(block);
    code.block((done) => {
      code.loop((nextBlock) => {
        code.get(block).get(to).op('i32.ge_u').brIf(done);
        code.get(block).i32(POSITIONS).op('i32.add').tee(end).get(to).get(end).get(to).op('i32.lt_u').select().set(end);
        code.get(positions).set(next);
        this.#setBounds();
        this.#findRows({ from, block, end, next });
        for (const lookup of this.plan.tests.length === 0 ? this.#lookups.slice(1) : this.#lookups)
          lookup.amongPositions(positions, next);
        this.#eachPosition(row, positions, next, body);
        code.get(end).set(block);
        code.br(nextBlock);
      });
    });
  }

  /** What is best so far is known better with each block. */
  #setBounds(): void {
    for (const [{ lanes, other }, constant] of this.#constants) {
      if (!('bound' in other)) continue;
      pushBound(this.code, this.state, lanes, other.bound);
      this.code.op(`${SHAPE[lanes]}.splat`).set(constant);
    }
  }

  /** Writes down which rows of block…end pass, from `next` on. */
  #findRows({ from, block, end, next }: Readonly<Record<'from' | 'block' | 'end' | 'next', Local>>): void {
    const { code } = this;
    const base = code.local('i32');
    const mask = code.local('i64');
    if (this.plan.tests.length === 0) {
      code.get(block).get(from).get(block).get(from).op('i32.gt_u').select().set(base);
      return this.#lookups[0]?.amongRows(base, end, next);
    }
    code.get(block).set(base);
    code.loop((again) => {
      this.#at.clear();
      this.#pushWord({ op: 'and', of: this.plan.tests }, base);
      code.set(mask);
      this.#cut(mask, base, from, end);
      const flatten = (): void => this.#flatten(mask, base, next);
      if (this.plan.share < SPARSE) code.get(mask).op('i64.eqz').op('i32.eqz').if(flatten);
      else flatten();
      code.get(base).i32(WORD).op('i32.add').tee(base).get(end).op('i32.lt_u').brIf(again);
    });
  }

  /** Rows before `from` and from `end` on are not asked for: their bits are whatever lies there. */
  #cut(mask: Local, base: Local, from: Local, end: Local): void {
    const { code } = this;
    const pushOnesFrom = (row: Local): void => {
      code.i64(-1).get(row).get(base).op('i32.sub').op('i64.extend_i32_u').op('i64.shl');
    };
    code.get(base).get(from).op('i32.lt_u');
    code.if(() => {
      pushOnesFrom(from);
      code.get(mask).op('i64.and').set(mask);
    });
    code.get(end).get(base).op('i32.sub').i32(WORD).op('i32.lt_u');
    code.if(() => {
      pushOnesFrom(end);
      code.i64(-1).op('i64.xor').get(mask).op('i64.and').set(mask);
    });
  }

  #flatten(mask: Local, base: Local, next: Local): void {
    const { code } = this;
    const [at, end] = [code.local('i32'), code.local('i32')];
    code.get(next).tee(at).get(mask).op('i64.popcnt').op('i32.wrap_i64').i32(2).op('i32.shl').op('i32.add').set(end);
    code.loop((again) => {
      for (let i = 0; i < AT_ONCE; i++) {
        code.get(at).get(base).get(mask).op('i64.ctz').op('i32.wrap_i64').op('i32.add');
        code.op('i32.store', i * POSITION_BYTES);
        code.get(mask).get(mask).i64(1).op('i64.sub').op('i64.and').set(mask);
      }
      code
        .get(at)
        .i32(AT_ONCE * POSITION_BYTES)
        .op('i32.add')
        .tee(at)
        .get(end)
        .op('i32.lt_u')
        .brIf(again);
    });
    code.get(end).set(next);
  }

  #eachPosition(row: Local, positions: Local, end: Local, body: () => void): void {
    const { code } = this;
    const at = code.local('i32');
    code.get(positions).tee(at).get(end).op('i32.lt_u');
    code.if(() => {
      code.loop((again) => {
        code.get(at).op('i32.load', 0).set(row);
        body();
        code.get(at).i32(POSITION_BYTES).op('i32.add').tee(at).get(end).op('i32.lt_u').brIf(again);
      });
    });
  }

  /** Pushes 64 bits, one a row from `base` on: whether the condition is true. */
  #pushWord(node: MaskNode, base: Local): void {
    const { code } = this;
    switch (node.op) {
      case 'never':
        return void code.i64(0);
      case 'null':
      case 'valid':
        this.#pushValidity(node.column, base);
        if (node.op === 'null') code.i64(-1).op('i64.xor');
        return;
      case 'test':
      case 'entries':
        return this.#pushJoined('and', [node], base);
      default:
        return this.#pushJoined(node.op, node.of, base);
    }
  }

  #pushValidity(column: number, base: Local): void {
    const { code } = this;
    const validity = this.#validity.get(column);
    if (validity === undefined) return void code.i64(-1);
    code.get(validity).get(base).i32(3).op('i32.shr_u').op('i32.add').op('i64.load', 0, 0);
  }

  /** What needs no validity is joined in vectors, the rest by bits. */
  #pushJoined(op: 'and' | 'or', of: readonly MaskNode[], base: Local): void {
    const { code } = this;
    // Of an `and` nothing is true where one of its columns is null, so their validity may come last.
    const isInVectors = (node: MaskNode): boolean => (op === 'and' && isLeaf(node)) || this.#isPlain(node);
    const plain = of.filter(isInVectors);
    let pushed = 0;
    const join = (): void => void (pushed++ > 0 && code.op(`i64.${op}`));
    if (plain.length > 0) {
      this.#pushQuarters(op, plain, base);
      join();
    }
    const nullable = new Set(plain.flatMap((node) => (isLeaf(node) ? this.#nullablesOf(node) : [])));
    for (const column of nullable) {
      this.#pushValidity(column, base);
      join();
    }
    for (const node of of) {
      if (isInVectors(node)) continue;
      this.#pushWord(node, base);
      join();
    }
  }

  #nullablesOf(node: MaskTest | MaskEntries): number[] {
    const others = node.op === 'test' && 'column' in node.other ? [node.other.column] : [];
    return [node.column, ...others].filter((column) => this.#isNullable(column));
  }

  /** Whether the condition needs no validity. */
  #isPlain(node: MaskNode): boolean {
    if (node.op === 'and' || node.op === 'or') return node.of.every((one) => this.#isPlain(one));
    return isLeaf(node) && this.#nullablesOf(node).length === 0;
  }

  #pushQuarters(op: 'and' | 'or', of: readonly MaskNode[], base: Local): void {
    const { code } = this;
    const pushQuarter = (quarter: number): void => {
      this.#loaded.clear();
      this.#pushBytes(op, of, base, quarter);
      code.op('i8x16.bitmask');
    };
    const pushHalf = (half: number): void => {
      pushQuarter(half * 2);
      pushQuarter(half * 2 + 1);
      code.i32(QUARTER).op('i32.shl').op('i32.or').op('i64.extend_i32_u');
    };
    pushHalf(0);
    pushHalf(1);
    code
      .i64(WORD / 2)
      .op('i64.shl')
      .op('i64.or');
  }

  /** Pushes sixteen byte lanes, all ones where the conditions joined hold. */
  #pushBytes(op: 'and' | 'or', of: readonly MaskNode[], base: Local, quarter: number): void {
    let pushed = 0;
    const join = (): void => void (pushed++ > 0 && this.code.op(`v128.${op}`));
    for (const lanes of Object.keys(SHAPE) as MaskLanes[]) {
      const tests = of.filter((node): node is MaskTest => node.op === 'test' && node.lanes === lanes);
      if (tests.length === 0) continue;
      this.#pushTests(op, tests, lanes, base, quarter);
      join();
    }
    for (const node of of) {
      if (node.op === 'test') continue;
      if (node.op === 'entries') this.#pushEntries(node, base, quarter);
      else if (node.op === 'and' || node.op === 'or') this.#pushBytes(node.op, node.of, base, quarter);
      else throw engineBug(`a condition ${node.op} in vectors`);
      join();
    }
  }

  /** What the memo says of sixteen codes, sixteen entries at a time: lanes that are no number of an entry there give 0. */
  #pushEntries(node: MaskEntries, base: Local, quarter: number): void {
    const { code } = this;
    const { address, entries } = this.#memos.get(node) as FilledMemo;
    const [codes, found, from] = [code.local('v128'), code.local('v128'), code.local('i32')];
    this.#pushVector(node.column, 'i8', base, quarter);
    code.set(codes).i32(0).op('i8x16.splat').set(found).i32(0).set(from);
    code.loop((again) => {
      code.get(found).get(address).get(from).op('i32.add').op('v128.load', 0, 0);
      code.get(codes).op('i8x16.swizzle').op('v128.or').set(found);
      code.get(codes).i32(QUARTER).op('i8x16.splat').op('i8x16.sub').set(codes);
      code.get(from).i32(QUARTER).op('i32.add').tee(from).get(entries).op('i32.lt_u').brIf(again);
    });
    code.get(found).i32(TRUE).op('i8x16.splat').op('i8x16.eq');
  }

  /** Tests of equal lanes are joined before their lanes become bytes. */
  #pushTests(op: 'and' | 'or', tests: readonly MaskTest[], lanes: MaskLanes, base: Local, quarter: number): void {
    const { code } = this;
    const part = (p: number): void => {
      tests.forEach((test, i) => {
        this.#pushTest(test, base, (quarter << SHIFT[lanes]) + p);
        if (i > 0) code.op(`v128.${op}`);
      });
    };
    const words = (p: number): void => {
      if (SHIFT[lanes] === 2) return part(p);
      part(p * 2);
      part(p * 2 + 1);
      code.op('i8x16.shuffle', ...HALVES);
    };
    if (SHIFT[lanes] === 0) return part(0);
    if (SHIFT[lanes] === 1) {
      part(0);
      part(1);
    } else {
      words(0);
      words(1);
      code.op('i16x8.narrow_i32x4_s');
      words(2);
      words(3);
      code.op('i16x8.narrow_i32x4_s');
    }
    code.op('i8x16.narrow_i16x8_s');
  }

  /** Pushes the lanes of one vector of the column, the `part`th of the word. */
  #pushTest(test: MaskTest, base: Local, part: number): void {
    const { code } = this;
    const { lanes, other } = test;
    this.#pushVector(test.column, lanes, base, part);
    if ('column' in other) this.#pushVector(other.column, lanes, base, part);
    else code.get(this.#constants.get(test) as Local);
    pushCompare(code, test);
  }

  #pushVector(column: number, lanes: MaskLanes, base: Local, part: number): void {
    const { code } = this;
    const key = `${column} ${part}`;
    const known = this.#loaded.get(key);
    if (known !== undefined) return void code.get(known);
    const vector = code.local('v128');
    code
      .get(this.#address(column, lanes, base))
      .op('v128.load', part * 16, 0)
      .tee(vector);
    this.#loaded.set(key, vector);
  }

  /** Where the column's values of the word begin. */
  #address(column: number, lanes: MaskLanes, base: Local): Local {
    const { code } = this;
    let at = this.#at.get(column);
    if (at === undefined) {
      at = code.local('i32');
      code.get(this.#data.get(column) as Local).get(base);
      if (SHIFT[lanes] > 0) code.i32(SHIFT[lanes]).op('i32.shl');
      code.op('i32.add').set(at);
      this.#at.set(column, at);
    }
    return at;
  }
}
