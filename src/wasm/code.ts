import { ByteWriter } from './byte-writer.js';
import { encodeImmediates } from './immediates.js';
import { type OpcodeRow, type OpName, opcodes, type ValType } from './opcodes.js';
import { type Frame, OperandStack } from './operand-stack.js';

/** A parameter or local variable of one function. */
export interface Local {
  readonly index: number;
  readonly type: ValType;
}

declare const labelBrand: unique symbol;

/** Where a branch can go: the end of a block or the start of a loop, while it is open. */
export interface Label {
  readonly [labelBrand]: true;
}

/** A function that can be called. */
export interface Func {
  readonly name: string;
  readonly index: number;
  readonly params: readonly ValType[];
  readonly results: readonly ValType[];
}

/** What a body needs to know of its module. */
export interface CodeContext {
  readonly hasMemory: boolean;
  owns(f: Func): boolean;
}

/** The byte that stands for a type in the binary format. */
export const typeCodes: Readonly<Record<ValType, number>> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b };

const rows: Readonly<Record<string, OpcodeRow>> = opcodes;
const none: readonly ValType[] = [];
const one: Readonly<Record<ValType, readonly [ValType]>> = {
  i32: ['i32'],
  i64: ['i64'],
  f32: ['f32'],
  f64: ['f64'],
  v128: ['v128'],
};

/**
 * A function body under construction.
 *
 * Each call appends one instruction and checks it against the operand stack, so a wrong operand throws at the call
 * that is wrong.
 */
export class Code {
  private readonly out = new ByteWriter();
  private readonly stack: OperandStack;
  private readonly locals: Local[] = [];
  private readonly paramCount: number;
  private readonly body: Frame;

  constructor(
    name: string,
    params: readonly ValType[],
    private readonly results: readonly ValType[],
    private readonly context: CodeContext,
  ) {
    this.stack = new OperandStack(name);
    this.paramCount = params.length;
    for (const type of params) this.local(type);
    this.body = this.stack.enter('function', results);
  }

  /** A new local variable, zero at the start of the function (not of a loop's turn). */
  local(type: ValType): Local {
    const local: Local = { index: this.locals.length, type };
    this.locals.push(local);
    return local;
  }

  /** The parameters, in order. */
  params(): Local[] {
    return this.locals.slice(0, this.paramCount);
  }

  get(l: Local): this {
    this.own('local.get', l);
    this.stack.checkOpen('local.get');
    this.stack.push(l.type);
    return this.indexed(0x20, l.index);
  }

  set(l: Local): this {
    this.own('local.set', l);
    this.stack.pop('local.set', one[l.type]);
    return this.indexed(0x21, l.index);
  }

  /** Sets and leaves the value on the stack. */
  tee(l: Local): this {
    this.own('local.tee', l);
    this.stack.pop('local.tee', one[l.type]);
    this.stack.push(l.type);
    return this.indexed(0x22, l.index);
  }

  /** A constant, given signed or unsigned. */
  i32(v: number): this {
    if (!Number.isInteger(v) || v < -0x80000000 || v > 0xffffffff) this.stack.fail(`i32.const of ${v}`);
    this.constant('i32', 0x41);
    this.out.s32(v | 0);
    return this;
  }

  /** A constant, given signed or unsigned; a number must be a safe integer. */
  i64(v: bigint | number): this {
    if (typeof v === 'number' && !Number.isSafeInteger(v)) this.stack.fail(`i64.const of ${v}`);
    if (v < -0x8000000000000000n || v > 0xffffffffffffffffn) this.stack.fail(`i64.const of ${v}`);
    this.constant('i64', 0x42);
    if (v >= -0x80000000 && v <= 0x7fffffff) this.out.s32(Number(v));
    else this.out.s64(BigInt.asIntN(64, BigInt(v)));
    return this;
  }

  /** A constant, rounded to single precision; every NaN becomes the canonical one. */
  f32(v: number): this {
    this.constant('f32', 0x43);
    this.out.f32(v);
    return this;
  }

  /** A constant; every NaN becomes the canonical one. */
  f64(v: number): this {
    this.constant('f64', 0x44);
    this.out.f64(v);
    return this;
  }

  /** A constant of 16 bytes. */
  v128(bytes: ArrayLike<number>): this {
    return this.op('v128.const', ...Array.from(bytes));
  }

  /**
   * Any instruction of the table.
   *
   * Immediates: memory (offset = 0, alignLog2 = natural), lane (lane), shuffle (16 lanes), memory by lane (offset,
   * lane).
   */
  op(name: OpName, ...imm: number[]): this {
    const row = rows[name] ?? this.stack.fail(`unknown instruction ${name}`);
    this.stack.pop(name, row.takes);
    // No instruction of the table gives more than one value.
    if (row.gives[0] !== undefined) this.stack.push(row.gives[0]);
    const code = row.code;
    this.out.byte(code[0]);
    if (code.length === 2) this.out.u32(code[1]);
    if (row.imm !== undefined || imm.length > 0) {
      const wrong = encodeImmediates(this.out, row, imm, this.context.hasMemory);
      if (wrong !== undefined) this.stack.fail(`${name} ${wrong}`);
    }
    return this;
  }

  /** A block; branching to its label goes past its end. */
  block(build: (exit: Label) => void, results: readonly ValType[] = none): this {
    const frame = this.enter('block', 0x02, results);
    build(asLabel(frame));
    return this.leave(frame);
  }

  /** A block; branching to its label starts it again. Without a branch it ends. */
  loop(build: (again: Label) => void, results: readonly ValType[] = none): this {
    const frame = this.enter('loop', 0x03, results);
    build(asLabel(frame));
    return this.leave(frame);
  }

  /** Takes an i32 and emits what `build`s the arm for not zero, and the one for zero. */
  if(then: () => void, otherwise?: () => void, results: readonly ValType[] = none): this {
    if (otherwise === undefined && results.length > 0) this.stack.fail('if with results needs a second arm');
    this.stack.pop('if', one.i32);
    const frame = this.enter('if', 0x04, results);
    then();
    if (otherwise !== undefined) {
      this.stack.otherwise(frame);
      this.out.byte(0x05);
      otherwise();
    }
    return this.leave(frame);
  }

  br(l: Label): this {
    const frame = asFrame(l);
    const distance = this.stack.distance('br', frame);
    this.stack.pop('br', frame.carried);
    this.stack.endReach();
    return this.indexed(0x0c, distance);
  }

  brIf(l: Label): this {
    const frame = asFrame(l);
    const distance = this.stack.distance('br_if', frame);
    this.stack.pop('br_if', frame.carried.length === 0 ? one.i32 : [...frame.carried, 'i32']);
    this.stack.pushAll(frame.carried);
    return this.indexed(0x0d, distance);
  }

  /** Takes an i32 and branches to the label of that number, or to the fallback beyond the last. */
  brTable(labels: readonly Label[], fallback: Label): this {
    const carried = asFrame(fallback).carried;
    this.stack.pop('br_table', one.i32);
    this.out.byte(0x0e);
    this.out.u32(labels.length);
    for (const label of [...labels, fallback]) {
      const frame = asFrame(label);
      this.out.u32(this.stack.distance('br_table', frame));
      if (frame.carried.join() !== carried.join()) {
        this.stack.fail(`br_table to labels that carry [${frame.carried.join(' ')}] and [${carried.join(' ')}]`);
      }
    }
    this.stack.pop('br_table', carried);
    this.stack.endReach();
    return this;
  }

  return(): this {
    this.stack.pop('return', this.results);
    this.stack.endReach();
    this.out.byte(0x0f);
    return this;
  }

  unreachable(): this {
    this.stack.checkOpen('unreachable');
    this.stack.endReach();
    this.out.byte(0x00);
    return this;
  }

  drop(): this {
    this.stack.popAny('drop');
    this.out.byte(0x1a);
    return this;
  }

  /** Takes two values of one type and an i32; gives the first where the i32 is not zero. */
  select(): this {
    this.stack.pop('select', one.i32);
    const second = this.stack.popAny('select');
    const first = this.stack.popAny('select');
    if (first !== second && first !== 'unknown' && second !== 'unknown') {
      this.stack.fail(`select expects two values of one type on the stack, found [${first} ${second}]`);
    }
    this.stack.push(first === 'unknown' ? second : first);
    this.out.byte(0x1b);
    return this;
  }

  call(f: Func): this {
    if (!this.context.owns(f)) this.stack.fail(`call of '${f.name}', which is not a function of this module`);
    this.stack.pop(`call ${f.name}`, f.params);
    this.stack.pushAll(f.results);
    return this.indexed(0x10, f.index);
  }

  /** `for (i = from; i < to; i++) body`, unsigned; `from` emits an i32. */
  forRange(i: Local, from: () => void, to: Local, body: () => void): this {
    from();
    // The test stands at the end of the loop, where V8 wants it, and once before.
    this.tee(i).get(to).op('i32.lt_u');
    return this.if(() => {
      this.loop((again) => {
        body();
        this.get(i).i32(1).op('i32.add').tee(i).get(to).op('i32.lt_u').brIf(again);
      });
    });
  }

  /** Ends the body and gives its bytes, with the declarations of its locals before them. */
  finish(): Uint8Array<ArrayBuffer> {
    this.stack.leave(this.body);
    this.out.byte(0x0b);
    const whole = new ByteWriter(this.out.length + 16);
    const runs = this.localRuns();
    whole.u32(runs.length);
    for (const [count, type] of runs) {
      whole.u32(count);
      whole.byte(typeCodes[type]);
    }
    whole.bytes(this.out.view());
    return whole.view();
  }

  private localRuns(): [count: number, type: ValType][] {
    const runs: [number, ValType][] = [];
    for (let i = this.paramCount; i < this.locals.length; i++) {
      const { type } = this.locals[i] as Local;
      const last = runs[runs.length - 1];
      if (last?.[1] === type) last[0]++;
      else runs.push([1, type]);
    }
    return runs;
  }

  private enter(construct: 'block' | 'loop' | 'if', code: number, results: readonly ValType[]): Frame {
    if (results.length > 1) this.stack.fail(`${construct} with more than one result`);
    this.stack.checkOpen(construct);
    this.out.byte(code);
    this.out.byte(results[0] === undefined ? 0x40 : typeCodes[results[0]]);
    return this.stack.enter(construct, results);
  }

  private leave(frame: Frame): this {
    this.stack.leave(frame);
    this.out.byte(0x0b);
    return this;
  }

  private constant(type: ValType, code: number): void {
    this.stack.checkOpen('const');
    this.stack.push(type);
    this.out.byte(code);
  }

  private indexed(code: number, index: number): this {
    this.out.byte(code);
    this.out.u32(index);
    return this;
  }

  private own(what: string, l: Local): void {
    if (this.locals[l.index] !== l) this.stack.fail(`${what} of a local of another function`);
  }
}

// A label is its frame; users of Code must not see inside.
function asLabel(frame: Frame): Label {
  return frame as unknown as Label;
}

function asFrame(label: Label): Frame {
  return label as unknown as Frame;
}
