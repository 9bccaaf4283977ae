import type { ValType } from './opcode-row.js';

// Nothing is known of what code that is never reached finds on its stack.
type Operand = ValType | 'unknown';

/** A function body, block, loop or arm of an if that is being emitted. */
export interface Frame {
  readonly construct: 'function' | 'block' | 'loop' | 'if';
  readonly depth: number;
  /** The height of the stack at its start. */
  readonly base: number;
  readonly results: readonly ValType[];
  /** What a branch to it carries. */
  readonly carried: readonly ValType[];
  reachable: boolean;
  open: boolean;
}

const nothing: readonly ValType[] = [];

/** The types on the operand stack at the point of emission, by the validation algorithm of the specification. */
export class OperandStack {
  private readonly types: Operand[] = [];
  private readonly frames: Frame[] = [];
  private frame: Frame | undefined;

  constructor(private readonly functionName: string) {}

  /** Pops what `what` takes, or throws. */
  pop(what: string, takes: readonly ValType[]): void {
    const frame = this.frame ?? this.fail(`${what} after the end of the body`);
    const types = this.types;
    const bottom = types.length - takes.length;
    for (let i = takes.length - 1; i >= 0; i--) {
      const at = bottom + i;
      if (at < frame.base) {
        if (frame.reachable) this.mismatch(what, takes);
        types.length = frame.base;
        return;
      }
      const found = types[at];
      if (found !== takes[i] && found !== 'unknown') this.mismatch(what, takes);
    }
    types.length = bottom;
  }

  push(type: Operand): void {
    this.types.push(type);
  }

  pushAll(gives: readonly ValType[]): void {
    for (let i = 0; i < gives.length; i++) this.types.push(gives[i] as ValType);
  }

  /** Throws once the body has ended. */
  checkOpen(what: string): void {
    if (this.frame === undefined) this.fail(`${what} after the end of the body`);
  }

  /** Pops one operand of any type; `unknown` where the code is never reached. */
  popAny(what: string): Operand {
    const frame = this.frame ?? this.fail(`${what} after the end of the body`);
    if (this.types.length > frame.base) return this.types.pop() as Operand;
    if (frame.reachable) this.fail(`${what} expects a value on the stack, found nothing`);
    return 'unknown';
  }

  /** Code up to the end of the block is never reached. */
  endReach(): void {
    const frame = this.frame as Frame;
    frame.reachable = false;
    this.types.length = frame.base;
  }

  enter(construct: Frame['construct'], results: readonly ValType[]): Frame {
    const carried = construct === 'loop' ? nothing : results;
    const depth = this.frames.length;
    const frame = { construct, depth, base: this.types.length, results, carried, reachable: true, open: true };
    this.frames.push(frame);
    this.frame = frame;
    return frame;
  }

  /** Ends the first arm of an if and starts the second. */
  otherwise(frame: Frame): void {
    this.close(frame, 'end of the first arm of if');
    frame.reachable = true;
  }

  leave(frame: Frame): void {
    this.close(frame, `end of ${frame.construct}`);
    this.frames.pop();
    this.frame = this.frames[this.frames.length - 1];
    frame.open = false;
    this.pushAll(frame.results);
  }

  /** How many blocks a branch to this frame leaves. */
  distance(what: string, frame: Frame): number {
    // The identity test also refuses labels of other functions.
    if (!frame.open || this.frames[frame.depth] !== frame) {
      this.fail(`${what} to a label of a ${frame.construct} that is not open here`);
    }
    return this.frames.length - 1 - frame.depth;
  }

  fail(message: string): never {
    throw new Error(`engine bug: wasm function '${this.functionName}': ${message}`);
  }

  private close(frame: Frame, what: string): void {
    if (frame !== this.frame) this.fail(`${what} while another block is open`);
    const extra = this.types.length - frame.base - frame.results.length;
    if (extra > 0) this.mismatch(what, frame.results, this.types.length - frame.base);
    this.pop(what, frame.results);
  }

  private mismatch(what: string, takes: readonly ValType[], shown = takes.length): never {
    const base = this.frame?.base ?? 0;
    const found = this.types.slice(Math.max(base, this.types.length - shown));
    this.fail(`${what} expects [${takes.join(' ')}] on the stack, found [${found.join(' ')}]`);
  }
}
