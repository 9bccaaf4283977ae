import { beforeEach, describe, expect, test } from 'vitest';
import type { OpName } from '../../src/wasm/index.js';
import { type Bits, widths } from './support/bits.js';
import { laneEdges, vectors } from './support/edges.js';
import { machine, memory, names, pageBytes, read, row } from './support/machine.js';
import { type LoadModel, loadModel, type StoreModel, special, storeModel } from './support/memory-models.js';
import { pureModel } from './support/pure-models.js';

const loads = names.filter((name) => loadModel(name) !== undefined);
const stores = names.filter((name) => storeModel(name) !== undefined);
const bytes = new Uint8Array(memory.buffer);
const vector = 0x0f1e2d3c4b5a69788796a5b4c3d2e1f0n;

beforeEach(() => {
  for (let i = 0; i < 256; i++) bytes[i] = (i * 89 + 0x83) & 0xff;
});

test('every row of the table has exactly one model', () => {
  for (const name of names) {
    const models = [pureModel(name), loadModel(name), storeModel(name), special.find((known) => known === name)];
    expect(
      models.filter((model) => model !== undefined),
      name,
    ).toHaveLength(1);
  }
  expect(names).toHaveLength(399);
});

describe('loads read what the model says', () => {
  test.each(loads)('%s', (name) => {
    const model = loadModel(name) as LoadModel;
    for (const { imm, offset, lane } of immediates(name)) {
      const run = machine(name, imm);
      for (const address of addresses) {
        const found = read(address + offset, model.bits);
        expect(run([BigInt(address), vector]), `${name} ${imm} at ${address}`).toBe(model.run(found, vector, lane));
      }
    }
  });
});

describe('stores leave what the model says, and nothing beside it', () => {
  test.each(stores)('%s', (name) => {
    const model = storeModel(name) as StoreModel;
    for (const { imm, offset, lane } of immediates(name)) {
      const run = machine(name, imm);
      for (const address of addresses) {
        const at = address + offset;
        for (const values of valuesFor(name)) {
          const found = read(at, model.bits);
          const want = bytes.slice(0, 256);
          const stored = model.stored(found, values, lane);
          for (let i = 0; i < model.bits / 8; i++) want[at + i] = Number((stored >> BigInt(8 * i)) & 0xffn);
          const got = run([BigInt(address), ...values]);
          expect(got, `${name} ${imm} at ${address} of ${values}`).toBe(0n);
          expect(Buffer.compare(bytes.slice(0, 256), want), `${name} ${imm} at ${address} of ${values}`).toBe(0);
        }
      }
    }
  });
});

describe('the last address is the end of memory', () => {
  test.each([...loads, ...stores])('%s', (name) => {
    const { bits } = (loadModel(name) ?? storeModel(name)) as LoadModel;
    const end = pageBytes - bits / 8;
    const values = row(name)
      .takes.slice(1)
      .map(() => 0n);
    const run = machine(name, laneAfter(name, 0));
    expect(run([BigInt(end), ...values])).not.toBe('trap');
    expect(run([BigInt(end + bits / 8), ...values])).toBe('trap');
    expect(run([0xffffffffn - BigInt(bits / 8) + 1n, ...values])).toBe('trap');
    // Addresses do not wrap around: address and offset are added without loss.
    expect(machine(name, laneAfter(name, 2 ** 32 - bits / 8))([BigInt(bits / 8), ...values])).toBe('trap');
  });
});

function laneAfter(name: OpName, offset: number): number[] {
  return row(name).imm === 'memarg_lane' ? [offset, 0] : [offset];
}

function immediates(name: OpName): { imm: number[]; offset: number; lane: number }[] {
  const { imm, align = 0 } = row(name);
  if (imm === 'memarg_lane') {
    return Array.from({ length: 16 >> align }, (_, lane) => ({ imm: [8, lane], offset: 8, lane }));
  }
  return [[], [8], [64, align], [1], [3, 0]].map((form) => ({ imm: form, offset: form[0] ?? 0, lane: 0 }));
}

const addresses = [0, 1, 7, 16, 31];

function valuesFor(name: OpName): Bits[][] {
  const [type] = row(name).takes.slice(1) as ('i32' | 'i64' | 'v128' | 'f32' | 'f64')[];
  if (type === undefined) return [[]];
  if (type === 'v128') return vectors(laneEdges({ kind: 'int', width: 8 }), 8).map((v) => [v]);
  return laneEdges({ kind: type.startsWith('f') ? 'float' : 'int', width: widths[type] }).map((x) => [x]);
}

describe('memory as a whole', () => {
  test('memory.size and memory.grow', () => {
    expect(machine('memory.size')([])).toBe(1n);
    expect(machine('memory.grow')([0n])).toBe(1n);
    // The memory of these tests is at its maximum.
    expect(machine('memory.grow')([1n])).toBe(0xffffffffn);
  });

  test('memory.fill', () => {
    const want = bytes.slice(0, 256).fill(0xab, 10, 17);
    expect(machine('memory.fill')([10n, 0x1abn, 7n])).toBe(0n);
    expect(bytes.slice(0, 256)).toEqual(want);
    expect(machine('memory.fill')([BigInt(pageBytes), 0n, 0n])).toBe(0n);
    expect(machine('memory.fill')([BigInt(pageBytes), 0n, 1n])).toBe('trap');
  });

  test.each([
    [100, 20, 33],
    [21, 20, 33],
    [19, 20, 33],
    [20, 20, 0],
  ])('memory.copy %i %i %i', (to, from, count) => {
    const want = bytes.slice(0, 256).copyWithin(to, from, from + count);
    expect(machine('memory.copy')([to, from, count].map(BigInt))).toBe(0n);
    expect(bytes.slice(0, 256)).toEqual(want);
    expect(machine('memory.copy')([0n, BigInt(pageBytes - 1), 2n])).toBe('trap');
  });
});
