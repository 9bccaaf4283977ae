import type { Code, Local, ValType, WasmModule } from '../../../wasm/index.js';

/** `i32.add` of a local and a constant, kept in the local. */
export function bump(code: Code, local: Local, by: number): void {
  code.get(local).i32(by).op('i32.add').set(local);
}

/** `while (source emitted condition) body`, the condition tested first. */
export function whileLoop(code: Code, condition: () => void, body: () => void): void {
  code.block((done) => {
    code.loop((again) => {
      condition();
      code.op('i32.eqz').brIf(done);
      body();
      code.br(again);
    });
  });
}

/** Returns a constant from the function when the i32 on the stack is not zero. */
export function returnIf(code: Code, value: number): void {
  code.if(() => code.i32(value).return());
}

/** Copies `length` bytes sixteen at a time, up to 15 too many; both pointers end behind the last chunk. */
export function copyChunks(code: Code, source: Local, target: Local, last: Local): void {
  code.loop((again) => {
    code.get(target).get(source).op('v128.load', 0, 0).op('v128.store', 0, 0);
    bump(code, source, 16);
    bump(code, target, 16);
    code.get(target).get(last).op('i32.lt_u').brIf(again);
  });
}

/**
 * A kernel `(source, count, target)` over elements: `one` gets addresses in `source` and `target` and a byte offset
 * pair for the element, and emits the whole store.
 */
export function elementwise(
  module: WasmModule,
  name: string,
  strides: { readonly source: number; readonly target: number },
  one: (code: Code, source: Local, target: Local) => void,
  extra: readonly ValType[] = [],
  more?: (params: readonly Local[]) => void,
): void {
  module.function(name, ['i32', 'i32', 'i32', ...extra], [], (code, ...params) => {
    const [source, count, target] = params;
    more?.(params);
    whileLoop(
      code,
      () => code.get(count),
      () => {
        one(code, source, target);
        bump(code, source, strides.source);
        bump(code, target, strides.target);
        bump(code, count, -1);
      },
    );
  });
}

/** The bit at `index` of a bitmap, as i32 0 or 1 on the stack. */
export function bitAt(code: Code, bitmap: Local, index: Local): void {
  code.get(bitmap).get(index).i32(3).op('i32.shr_u').op('i32.add').op('i32.load8_u');
  code.get(index).i32(7).op('i32.and').op('i32.shr_u').i32(1).op('i32.and');
}
