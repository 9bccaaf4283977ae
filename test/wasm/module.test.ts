import { describe, expect, test } from 'vitest';
import { instantiate, WasmModule } from '../../src/wasm/index.js';

function parityModule(): WasmModule {
  const m = new WasmModule({ memory: false });
  const odd = m.declare('odd', ['i32'], ['i32']);
  const even = m.function('even', ['i32'], ['i32'], (code, n) => {
    code.get(n).op('i32.eqz');
    code.if(
      () => code.i32(1),
      () => code.get(n).i32(1).op('i32.sub').call(odd),
      ['i32'],
    );
  });
  m.define(odd, (code, n) => {
    code.get(n).op('i32.eqz');
    code.if(
      () => code.i32(0),
      () => code.get(n).i32(1).op('i32.sub').call(even),
      ['i32'],
    );
  });
  return m;
}

test('functions call each other through declarations', () => {
  const { even, odd } = instantiate<Record<'even' | 'odd', (n: number) => number>>(
    new WebAssembly.Module(parityModule().bytes()),
  ).exports;
  expect([even(10), even(7), odd(7), odd(0)]).toEqual([1, 0, 1, 0]);
});

test('the same calls give the same bytes, as often as one asks', () => {
  const m = parityModule();
  expect(m.bytes()).toEqual(m.bytes());
  expect(parityModule().bytes()).toEqual(m.bytes());
});

test('an empty module is valid, with and without memory', () => {
  expect(WebAssembly.validate(new WasmModule().bytes())).toBe(true);
  expect(new WasmModule({ memory: false }).bytes()).toHaveLength(8);
});

test('the memory is imported shared, with the limits asked for', () => {
  const module = new WebAssembly.Module(new WasmModule({ memory: { initial: 3, maximum: 5 } }).bytes());
  expect(WebAssembly.Module.imports(module)).toEqual([{ module: 'env', name: 'memory', kind: 'memory' }]);
  const link = (initial: number, maximum: number, shared: boolean) => () =>
    instantiate(module, new WebAssembly.Memory({ initial, maximum, shared }));
  expect(link(3, 5, true)).not.toThrow();
  expect(link(2, 5, true)).toThrow(WebAssembly.LinkError);
  expect(link(3, 6, true)).toThrow(WebAssembly.LinkError);
  expect(link(3, 5, false)).toThrow(WebAssembly.LinkError);
});

test('a function stays inside where it is told so', () => {
  const m = new WasmModule({ memory: false });
  const one = m.function('one', [], ['i32'], (code) => void code.i32(1), { export: false });
  m.function('two', [], ['i32'], (code) => void code.call(one).call(one).op('i32.add'));
  const module = new WebAssembly.Module(m.bytes());
  expect(WebAssembly.Module.exports(module)).toEqual([{ name: 'two', kind: 'function' }]);
  expect(instantiate<{ two(): number }>(module).exports.two()).toBe(2);
});

test('a function may give several results', () => {
  const m = new WasmModule({ memory: false });
  m.function('swap', ['i32', 'f64'], ['f64', 'i32'], (code, a, b) => void code.get(b).get(a));
  const { exports } = instantiate<{ swap(a: number, b: number): number[] }>(new WebAssembly.Module(m.bytes()));
  expect(exports.swap(1, 2.5)).toEqual([2.5, 1]);
});

describe('mistakes throw where they are made', () => {
  const none = (): void => {};

  test('imports', () => {
    const m = new WasmModule();
    const f = m.import('f', ['i32'], []);
    expect(m.import('f', ['i32'], [])).toBe(f);
    expect(() => m.import('f', [], [])).toThrow("import 'f' has two signatures");
    expect(() => m.define(f, none)).toThrow("'f' is imported");
    m.declare('g', [], []);
    expect(() => m.import('h', [], [])).toThrow("import 'h' after 'g' was declared");
    expect(m.import('f', ['i32'], [])).toBe(f);
  });

  test('definitions', () => {
    const m = new WasmModule();
    const f = m.declare('f', [], []);
    expect(() => m.bytes()).toThrow("'f' is declared but not defined");
    m.define(f, none);
    expect(() => m.define(f, none)).toThrow("'f' is defined twice");
    expect(() => m.declare('f', [], [])).toThrow("two exported functions 'f'");
    expect(() => m.declare('f', [], [], { export: false })).not.toThrow();
    expect(() => new WasmModule().define(f, none)).toThrow("'f' is not a function of this module");
  });
});
