/**
 * The contract between compiled code and the thread that runs it. Every compiled function takes the address of a
 * state block; the words below are at fixed offsets in it, everything from STATE_FREE on belongs to the pipeline.
 *
 * Imports of every module that needs them (module "env"):
 * - `more_heap(state, bytes)`: makes at least `bytes` available between HEAP_NEXT and HEAP_END.
 * - `call_js(state, site)`: evaluates the module's call site number `site` in JS. Arguments that are constants are
 *   known to the site and not passed; the k-th of the others lies in slot k at `state + SLOTS + k * SLOT_BYTES` (with
 *   more than MAX_SLOTS of them, slot 0's value is the address of as many slots elsewhere): its null flag (i32) at +0, its value at +8 (i32/f32 4 bytes, i64/f64 8 bytes,
 *   i128 low then high, bytes: address at +8 and length at +12). The result is written to slot 0 in the same form.
 */
export const STATE = {
  /** i32: not 0 when the morsel failed and must be replayed by the interpreter. */
  ERROR: 0,
  /** i32: next free byte of the expression heap. */
  HEAP_NEXT: 4,
  /** i32: end of the expression heap. */
  HEAP_END: 8,
  /** i32: address of the module's literal pool. */
  LITERALS: 12,
  /** Argument and result slots of `call_js`. */
  SLOTS: 64,
} as const;

export const SLOT_BYTES = 32;
export const MAX_SLOTS = 30;
/** First byte of the state block that a pipeline may use for itself. */
export const STATE_FREE = STATE.SLOTS + SLOT_BYTES * MAX_SLOTS;
