import { booleanType, engineBug, int32Type, type Scalar } from '../base/index.js';
import type { Local } from '../wasm/index.js';
import type { Range } from './define.js';
import { value as newValue, part as partOf, widen } from './emit.js';
import type { Emitter, Value } from './value.js';

/** Small words that the emissions of the function families share: locals in, locals out. */

export function argument(args: readonly Value[], i: number): Value {
  const found = args[i];
  if (found === undefined) throw engineBug(`argument ${i} is missing`);
  return found;
}

/** Part `i` of an argument that must be there. */
export function part(value: Value | undefined, i = 0): Local {
  if (value === undefined) throw engineBug('an argument is missing');
  return partOf(value, i);
}

export const booleanOf = (flag: Local): Value => newValue(booleanType, 'i32', [flag]);
export const intOf = (local: Local, range?: Range): Value => newValue(int32Type, 'i32', [local], undefined, range);

/** The one local of a value in the carrier of its type. */
export const wide = (e: Emitter, value: Value | undefined): Local => {
  if (value === undefined) throw engineBug('an argument is missing');
  return partOf(widen(e, value));
};

/** Pops an i32 into a fresh local. */
export function keepI32(e: Emitter): Local {
  const local = e.code.local('i32');
  e.code.set(local);
  return local;
}

/** Pops an i64 into a fresh local. */
export function keepI64(e: Emitter): Local {
  const local = e.code.local('i64');
  e.code.set(local);
  return local;
}

export const numberLiteral = (value: Scalar | undefined): number | undefined =>
  typeof value === 'number' ? value : undefined;
export const textLiteral = (value: Scalar | undefined): string | undefined =>
  typeof value === 'string' ? value : undefined;

const utf8 = new TextEncoder();
export const utf8Bytes = (text: string): Uint8Array => utf8.encode(text);
