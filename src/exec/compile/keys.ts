import { type Carrier, engineBug } from '../../base/index.js';
import { pushHash, pushMixed } from '../../functions/helpers-hash.js';
import type { Emitter, Value } from '../../functions/value.js';
import type { Code, Local } from '../../wasm/index.js';
import { newParts } from './load.js';
import type { Pipe } from './pipe.js';

const NULL_WORD = 0x7fb5d329728ea185n;
/** Where rows go on disk, and the order of many groups, must not depend on a process's seed. */
const PUBLIC_SEED = 0x9e3779b97f4a7c15n;

/** Floats that compare equal get equal bits: -0.0 becomes 0.0 and every NaN the canonical one. */
export function canonicalFloat(code: Code, value: Value): Value {
  const [part] = value.parts;
  if (part === undefined || (value.carrier !== 'f64' && value.carrier !== 'f32')) return value;
  const out = code.local(value.carrier);
  if (value.carrier === 'f64') {
    code.get(part).f64(0).op('f64.add').set(out);
    code.get(out).f64(Number.NaN).get(out).get(out).op('f64.eq').select().set(out);
  } else {
    code.get(part).f32(0).op('f32.add').set(out);
    code.get(out).f32(Number.NaN).get(out).get(out).op('f32.eq').select().set(out);
  }
  return { ...value, parts: [out] };
}

/**
 * A 32-bit hash of key values, equal for values that compare equal whatever carrier holds them (an integer hashes
 * alike as i32, i64 or i128), so both sides of a join and narrowed partial groups agree. Each word is mixed with what is
 * secret in both of its halves (NH, Black et al. 1999): who does not know the seed cannot make keys that collide.
 */
export function hashKeys(pipe: Pipe, keys: readonly Value[]): Local {
  return hashFrom(pipe.emitter, keys, pipe.settings.hashSeed ?? PUBLIC_SEED);
}

/** The same for any seed: it says where rows go, never which of them are looked at. */
export function placeOf(pipe: Pipe, keys: readonly Value[]): Local {
  return hashFrom(pipe.emitter, keys, PUBLIC_SEED);
}

function hashFrom(e: Emitter, keys: readonly Value[], seed: bigint): Local {
  const { code } = e;
  const acc = code.local('i64');
  code.i64(seed).set(acc);
  for (const key of keys) {
    if (key.isNull === undefined) mixValue(e, acc, key);
    else {
      code.get(key.isNull).if(
        () => mixWord(code, acc, () => code.i64(NULL_WORD)),
        () => mixValue(e, acc, key),
      );
    }
  }
  const hash = code.local('i32');
  code.get(acc);
  pushHash(code, acc);
  code.set(hash);
  return hash;
}

function mixWord(code: Code, acc: Local, word: () => void): void {
  code.get(acc);
  word();
  pushMixed(code, acc);
  code.set(acc);
}

function mixValue(e: Emitter, acc: Local, key: Value): void {
  const { code } = e;
  const [first, second] = key.parts;
  switch (key.carrier) {
    case 'i32':
      return mixWord(code, acc, () => code.get(first as Local).op('i64.extend_i32_s'));
    case 'i64':
      return mixWord(code, acc, () => code.get(first as Local));
    case 'i128': {
      mixWord(code, acc, () => code.get(first as Local));
      // Zero when the value fits 64 bits, and then without effect.
      const rest = code.local('i64');
      code
        .get(second as Local)
        .get(first as Local)
        .i64(63)
        .op('i64.shr_s')
        .op('i64.xor')
        .tee(rest)
        .i64(0)
        .op('i64.ne')
        .if(() => mixWord(code, acc, () => code.get(rest)));
      return;
    }
    case 'f32':
      return mixWord(code, acc, () =>
        code
          .get(first as Local)
          .op('i32.reinterpret_f32')
          .op('i64.extend_i32_u'),
      );
    case 'f64':
      return mixWord(code, acc, () => code.get(first as Local).op('i64.reinterpret_f64'));
    case 'bytes':
      code
        .get(first as Local)
        .get(second as Local)
        .get(acc)
        .call(e.helper('mix_bytes'))
        .set(acc);
      return;
    case 'none':
      return;
  }
}

/** Pushes 1 when two values (nulls aside) are equal. Floats must be canonical. */
export function pushEqual(e: Emitter, a: Value, b: Value): void {
  const { code } = e;
  if (a.carrier !== b.carrier) return pushEqualIntegers(code, a, b);
  const [a1, a2] = a.parts;
  const [b1, b2] = b.parts;
  switch (a.carrier) {
    case 'i32':
      code
        .get(a1 as Local)
        .get(b1 as Local)
        .op('i32.eq');
      return;
    case 'i64':
      code
        .get(a1 as Local)
        .get(b1 as Local)
        .op('i64.eq');
      return;
    case 'i128':
      code
        .get(a1 as Local)
        .get(b1 as Local)
        .op('i64.eq')
        .get(a2 as Local)
        .get(b2 as Local)
        .op('i64.eq')
        .op('i32.and');
      return;
    case 'f32':
      code
        .get(a1 as Local)
        .op('i32.reinterpret_f32')
        .get(b1 as Local)
        .op('i32.reinterpret_f32')
        .op('i32.eq');
      return;
    case 'f64':
      code
        .get(a1 as Local)
        .op('i64.reinterpret_f64')
        .get(b1 as Local)
        .op('i64.reinterpret_f64')
        .op('i64.eq');
      return;
    case 'bytes':
      code
        .get(a1 as Local)
        .get(a2 as Local)
        .get(b1 as Local)
        .get(b2 as Local)
        .call(e.helper('bytes_equal'));
      return;
    case 'none':
      code.i32(1);
      return;
  }
}

function pushEqualIntegers(code: Code, a: Value, b: Value): void {
  const wide: Carrier = a.carrier === 'i128' || b.carrier === 'i128' ? 'i128' : 'i64';
  const [a1, a2] = extend(code, a, wide);
  const [b1, b2] = extend(code, b, wide);
  code
    .get(a1 as Local)
    .get(b1 as Local)
    .op('i64.eq');
  if (wide === 'i128')
    code
      .get(a2 as Local)
      .get(b2 as Local)
      .op('i64.eq')
      .op('i32.and');
}

/** An integer value in the carrier `to` (at least as wide). */
export function extend(code: Code, value: Value, to: Carrier): readonly Local[] {
  if (value.carrier === to) return value.parts;
  const [first] = value.parts;
  const parts = newParts(code, to);
  const [low, high] = parts;
  if (first === undefined || low === undefined) return parts;
  code.get(first);
  if (value.carrier === 'i32' && (to === 'i64' || to === 'i128')) code.op('i64.extend_i32_s');
  else if (value.carrier === 'i64' && to === 'i32') code.op('i32.wrap_i64');
  // A 128-bit value goes into 64 bits only where its range is known to fit: its low word is all of it.
  else if (!(value.carrier === 'i64' && to === 'i128') && !(value.carrier === 'i128' && to === 'i64')) {
    throw engineBug(`${value.carrier} cannot be extended to ${to}`);
  }
  code.set(low);
  if (high !== undefined) code.get(low).i64(63).op('i64.shr_s').set(high);
  return parts;
}

/** Pushes 1 when key `a` of the current row equals the stored `b`; null equals null (grouping, null-safe joins). */
export function pushSameKey(e: Emitter, a: Value, b: Value): void {
  const { code } = e;
  if (a.isNull === undefined && b.isNull === undefined) return pushEqual(e, a, b);
  const nulls = (v: Value): Code => (v.isNull === undefined ? code.i32(0) : code.get(v.isNull));
  nulls(a);
  nulls(b);
  code.op('i32.or').if(
    () => {
      nulls(a);
      nulls(b);
      code.op('i32.and');
    },
    () => pushEqual(e, a, b),
    ['i32'],
  );
}
