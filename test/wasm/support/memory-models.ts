import type { OpName } from '../../../src/wasm/index.js';
import { type Bits, join, signed, split, widths } from './bits.js';
import { intBinary } from './numeric-models.js';

type Scalar = 'i32' | 'i64';

/** What an instruction reads at an address, as a function of the bytes there (and of its vector operand, by lane). */
export interface LoadModel {
  readonly bits: number;
  readonly run: (found: Bits, vector: Bits, lane: number) => Bits;
}

/** What an instruction leaves at an address, and what it gives. */
export interface StoreModel {
  readonly bits: number;
  readonly stored: (found: Bits, operands: readonly Bits[], lane: number) => Bits;
  readonly gives?: (found: Bits) => Bits;
}

const wrap = (x: bigint, width: number): Bits => BigInt.asUintN(width, x);

/** The model of a load, atomic or not, by its name. */
export function loadModel(name: OpName): LoadModel | undefined {
  const whole = /^(i32|i64|f32|f64|v128)\.(?:atomic\.)?load$/.exec(name);
  if (whole) return { bits: widths[whole[1] as Scalar], run: (found) => found };
  const part = /^(i32|i64)\.(?:atomic\.)?load(\d+)_([su])$/.exec(name);
  if (part) {
    const bits = Number(part[2]);
    const width = widths[part[1] as Scalar];
    return { bits, run: (found) => (part[3] === 's' ? wrap(signed(found, bits), width) : found) };
  }
  const vector = /^v128\.load(\d+)(?:x(\d)_([su])|_(splat|zero|lane))$/.exec(name);
  if (!vector) return undefined;
  const width = Number(vector[1]);
  if (vector[4] === 'splat') return { bits: width, run: (found) => join(new Array(128 / width).fill(found), width) };
  if (vector[4] === 'zero') return { bits: width, run: (found) => found };
  if (vector[4] === 'lane') {
    return { bits: width, run: (found, into, lane) => join(split(into, width).with(lane, found), width) };
  }
  const lanes = (found: Bits): Bits[] => split(found, width).slice(0, 64 / width);
  const widen = (x: Bits): bigint => (vector[3] === 's' ? signed(x, width) : x);
  return { bits: 64, run: (found) => join(lanes(found).map(widen), width * 2) };
}

/** The model of a store or an atomic read-modify-write, by its name. */
export function storeModel(name: OpName): StoreModel | undefined {
  const byLane = /^v128\.store(\d+)_lane$/.exec(name);
  if (byLane) {
    const bits = Number(byLane[1]);
    return { bits, stored: (_, [vector = 0n], lane) => split(vector, bits)[lane] as Bits };
  }
  const store = /^(i32|i64|f32|f64|v128)\.(?:atomic\.)?store(\d*)$/.exec(name);
  if (store) {
    const bits = Number(store[2] || widths[store[1] as Scalar]);
    return { bits, stored: (_, [value = 0n]) => wrap(value, bits) };
  }
  const update = /^(i32|i64)\.atomic\.rmw(\d*)\.([a-z]+)(?:_u)?$/.exec(name);
  if (!update) return undefined;
  const bits = Number(update[2] || widths[update[1] as Scalar]);
  const gives = (found: Bits): Bits => found;
  const how = update[3] as string;
  // The expected value is wrapped before it is compared (WebAssembly/threads issue 195 settled this).
  if (how === 'cmpxchg') {
    const swap = (found: Bits, want: Bits, value: Bits): Bits =>
      found === wrap(want, bits) ? wrap(value, bits) : found;
    return { bits, gives, stored: (found, [want = 0n, value = 0n]) => swap(found, want, value) };
  }
  const compute = intBinary[how] as (x: Bits, y: Bits, w: number) => bigint;
  return { bits, gives, stored: (found, [value = 0n]) => wrap(compute(found, value, bits), bits) };
}

/** Rows that are neither pure nor a load, a store or an update: each has a test of its own. */
export const special = [
  'memory.size',
  'memory.grow',
  'memory.copy',
  'memory.fill',
  'memory.atomic.notify',
  'memory.atomic.wait32',
  'memory.atomic.wait64',
  'atomic.fence',
] as const satisfies readonly OpName[];
