import { type DataType, integerBounds, stringType } from '../base/index.js';
import type { Call, Range } from './define.js';
import { part, pushInt, take, value } from './emit.js';
import { orSlow, pushOutside } from './int-emit.js';
import type { Emitter, Value } from './value.js';

/** A sign and 19 digits. */
const LONGEST = 20;

/** An integer as text. */
export function emitIntegerToText(e: Emitter, v: Value): Value {
  const { code } = e;
  const [length, end] = [code.local('i32'), code.local('i32')];
  code.i32(LONGEST).set(length);
  code.get(e.allocBytes(length)).i32(LONGEST).op('i32.add').set(end);
  pushInt(e, v, 'i64');
  code.get(end).call(e.helper('i64_format'));
  const start = code.local('i32');
  code.set(start).get(end).get(start).op('i32.sub').set(length);
  return value(stringType, 'bytes', [start, length]);
}

/** Text as an integer: plain digits here, everything else (blanks, errors, the longest numbers) by JS. */
export function emitTextToInteger(e: Emitter, v: Value, to: DataType, call: Call): Value {
  const { code } = e;
  const isSlow = code.local('i32');
  code.get(part(v)).get(part(v, 1)).call(e.helper('i64_parse')).op('i32.eqz').set(isSlow);
  const number = take(e, to, 'i64');
  if (to.kind !== 'int64') {
    pushOutside(e, number, integerBounds(to) as Range);
    code.get(isSlow).op('i32.or').set(isSlow);
  }
  return orSlow(
    e,
    isSlow,
    to,
    () => number,
    () => e.js(call, [v]),
  );
}
