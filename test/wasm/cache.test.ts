import { expect, test } from 'vitest';
import { instantiate, ModuleCache, WasmModule } from '../../src/wasm/index.js';

function constant(value: number): Uint8Array {
  const m = new WasmModule({ memory: false });
  m.function('get', [], ['i32'], (code) => {
    code.i32(value);
  });
  return m.bytes();
}

const value = (module: WebAssembly.Module): number => instantiate<{ get(): number }>(module).exports.get();

test('a module is built once', () => {
  const cache = new ModuleCache();
  let built = 0;
  const build = (): Uint8Array => constant(++built);
  const first = cache.get('a', build);
  expect(cache.get('a', build)).toBe(first);
  expect(value(cache.get('b', build))).toBe(2);
  expect(built).toBe(2);
});

test('the one not used for longest is forgotten', () => {
  const cache = new ModuleCache(2);
  const built: string[] = [];
  const get = (key: string): WebAssembly.Module =>
    cache.get(key, () => {
      built.push(key);
      return constant(0);
    });
  for (const key of ['a', 'b', 'a', 'c', 'a', 'b']) get(key);
  expect(built).toEqual(['a', 'b', 'c', 'b']);
  expect(cache.size).toBe(2);
});

test('a failed build is not kept', () => {
  const cache = new ModuleCache();
  const build = (): never => {
    throw new Error('no');
  };
  expect(() => cache.get('a', build)).toThrow('no');
  expect(() => cache.get('b', () => new Uint8Array(8))).toThrow(WebAssembly.CompileError);
  expect(cache.size).toBe(0);
  expect(() => new ModuleCache(0)).toThrow('limit 0');
});

test('instantiate passes host functions beside the memory', () => {
  const m = new WasmModule();
  const twice = m.import('twice', ['i32'], ['i32']);
  m.function('run', ['i32'], ['i32'], (code, at) => {
    code.get(at).op('i32.load').call(twice);
  });
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true });
  new Int32Array(memory.buffer)[4] = 21;
  const instance = instantiate<{ run(at: number): number }>(new WebAssembly.Module(m.bytes()), memory, {
    twice: (x: number) => x * 2,
  });
  expect(instance.exports.run(16)).toBe(42);
});
