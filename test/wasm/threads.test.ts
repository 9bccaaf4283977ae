import { Worker } from 'node:worker_threads';
import { afterEach, expect, test } from 'vitest';
import { instantiate, WasmModule } from '../../src/wasm/index.js';

const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
const workers: Worker[] = [];

afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.terminate()));
});

function start(module: WebAssembly.Module, name: string): Promise<number> {
  const source = `const { workerData: { module, memory, name }, parentPort } = require('node:worker_threads');
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    parentPort.postMessage(exports[name]());`;
  const worker = new Worker(source, { eval: true, workerData: { module, memory, name } });
  workers.push(worker);
  return new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
}

test('notify wakes a thread that waits, over one module and one memory', async () => {
  const m = new WasmModule();
  m.function('wait', [], ['i32'], (code) => {
    code.i32(128).i32(0).i64(-1).op('memory.atomic.wait32');
  });
  m.function('wake', [], ['i32'], (code) => {
    code.i32(128).i32(1).op('memory.atomic.notify');
  });
  const module = new WebAssembly.Module(m.bytes());
  const woken = start(module, 'wait');
  const { wake } = instantiate<{ wake(): number }>(module, memory).exports;
  while (wake() === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  expect(await woken).toBe(0);
});

test('additions of two threads are all there', async () => {
  const m = new WasmModule();
  m.function('add', [], ['i32'], (code) => {
    const i = code.local('i32');
    const n = code.local('i32');
    code.i32(100_000).set(n);
    code.forRange(
      i,
      () => code.i32(0),
      n,
      () => code.i32(256).i64(3).op('i64.atomic.rmw.add').drop(),
    );
    code.i32(0);
  });
  const module = new WebAssembly.Module(m.bytes());
  await Promise.all([start(module, 'add'), start(module, 'add')]);
  expect(new BigInt64Array(memory.buffer)[32]).toBe(600_000n);
});
