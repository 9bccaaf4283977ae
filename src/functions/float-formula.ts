import type { Local } from '../wasm/index.js';
import type { Emitter } from './value.js';

/**
 * Arithmetic over doubles, written once: numbers run it in JavaScript, locals emit it. `F` is a double, `B` a truth.
 */
export interface Formula<F, B> {
  constant(n: number): F;
  add(a: F, b: F): F;
  sub(a: F, b: F): F;
  mul(a: F, b: F): F;
  div(a: F, b: F): F;
  sqrt(a: F): F;
  equal(a: F, b: F): B;
  either(a: B, b: B): B;
  /** One of two values, both of which are computed. */
  choose(condition: B, yes: F, no: F): F;
}

export const inNumbers: Formula<number, boolean> = {
  constant: (n) => n,
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  sqrt: Math.sqrt,
  equal: (a, b) => a === b,
  either: (a, b) => a || b,
  choose: (condition, yes, no) => (condition ? yes : no),
};

export function inWasm(e: Emitter): Formula<Local, Local> {
  const { code } = e;
  const keep = (type: 'f64' | 'i32'): Local => {
    const local = code.local(type);
    code.set(local);
    return local;
  };
  const binary = (op: 'f64.add' | 'f64.sub' | 'f64.mul' | 'f64.div') => (a: Local, b: Local) => {
    code.get(a).get(b).op(op);
    return keep('f64');
  };
  return {
    constant: (n) => {
      code.f64(n);
      return keep('f64');
    },
    add: binary('f64.add'),
    sub: binary('f64.sub'),
    mul: binary('f64.mul'),
    div: binary('f64.div'),
    sqrt: (a) => {
      code.get(a).op('f64.sqrt');
      return keep('f64');
    },
    equal: (a, b) => {
      code.get(a).get(b).op('f64.eq');
      return keep('i32');
    },
    either: (a, b) => {
      code.get(a).get(b).op('i32.or');
      return keep('i32');
    },
    choose: (condition, yes, no) => {
      code.get(yes).get(no).get(condition).select();
      return keep('f64');
    },
  };
}
