import type { Store } from './emit-field.js';

/** Integers of so many bytes. */
export function integerStore(bytes: number): Store {
  return {
    bytes,
    zero(code, target) {
      code.get(target);
      if (bytes === 8) code.i64(0).op('i64.store', 0, 0);
      else if (bytes === 4) code.i32(0).op('i32.store', 0, 0);
      else if (bytes === 2) code.i32(0).op('i32.store16', 0, 0);
      else code.i32(0).op('i32.store8');
    },
  };
}

export const floatStore = (type: 'f32' | 'f64'): Store => integerStore(type === 'f32' ? 4 : 8);

/** Decimals of 128 bits. */
export const wideStore: Store = {
  bytes: 16,
  zero: (code, target) => code.get(target).i64(0).op('i64.store', 0, 0).get(target).i64(0).op('i64.store', 8, 0),
};
