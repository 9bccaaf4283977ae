import type { Carrier, DataType } from '../base/index.js';
import type { Code, Func, Local } from '../wasm/index.js';
import type { Call, Range } from './resolved-call.js';

/**
 * A value in compiled code: the locals that hold it and the local that tells whether it is null.
 * `carrier` may be narrower than the type's own (an i128 decimal proven to fit is carried as i64).
 * parts: i32, i64, f32, f64 → one local; i128 → [low i64, high i64]; bytes → [address i32, length i32]; none → [].
 * When `isNull` holds 1 the parts hold any valid value (bytes: a readable range).
 */
export interface Value {
  readonly type: DataType;
  readonly carrier: Carrier;
  readonly parts: readonly Local[];
  /** i32 local, 0 or 1; undefined when the value is never null. */
  readonly isNull: Local | undefined;
  readonly range?: Range;
  /**
   * Bytes of a batch's column: those of its rows lie in their order, up to this address, and stay as they are while the
   * code runs.
   */
  readonly bytesEnd?: Local;
}

/** Emits an argument where it is called, and only there. */
export interface Thunk {
  (): Value;
  readonly type: DataType;
  readonly nullable: boolean;
  /** Bounds of the value, as far as they follow from the columns'. */
  readonly range: Range | undefined;
  readonly isNullLiteral: boolean;
  /** Evaluating it can neither fail nor cost much, so it may be evaluated early. */
  readonly cheap: boolean;
}

/** What an entry's `emit` may use. */
export interface Emitter {
  readonly code: Code;
  /** Address of the state block (see runtime.ts). */
  readonly state: Local;
  /** Pops an i32: when it is not 0, the morsel is marked as failed and will be replayed by the interpreter, which raises the precise error. */
  failIf(): void;
  /** Marks the morsel as failed, unconditionally at this point. */
  fail(): void;
  /** `length` (i32) fresh bytes of task memory that live until the end of the morsel. Returns the address. */
  allocBytes(length: Local): Local;
  /** Address of constant bytes placed in the module's literal pool. */
  constantBytes(bytes: Uint8Array): Local;
  /** A shared helper function of the module, emitted on first use (see helpers.ts). */
  helper(name: string): Func;
  /** Fresh locals for a carrier. */
  newParts(carrier: Carrier): Local[];
  /** The same call evaluated by JS, for the rare values an `emit` leaves out. Works at any point of the code. */
  js(call: Call, args: readonly Value[]): Value;
  /** Runs `build` for code that is executed conditionally (an `if` arm): what it computes is not reused after it. */
  scoped<T>(build: () => T): T;
}

/** The state fields of one aggregate in one group's row. */
export interface StateAccess {
  /** The carrier field `i` is stored in. */
  carrier(i: number): Carrier;
  load(i: number): Value;
  /** Stores parts in the field's carrier; bytes are copied into the table's own memory. */
  store(i: number, parts: readonly Local[]): void;
  /** Copies bytes into memory that lives as long as the groups; the address of the copy. */
  keep(address: Local, length: Local): Local;
}
