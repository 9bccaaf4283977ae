import type { OpName } from '../../../src/wasm/index.js';
import { type Bits, join, signed, split, widths } from './bits.js';

type Scalar = 'i32' | 'i64';

/** What an instruction reads at an address, as a function of the bytes there (and of its vector operand, by lane). */
export interface LoadModel {
  readonly bits: number;
  readonly run: (found: Bits, vector: Bits, lane: number) => Bits;
}

/** What an instruction leaves at an address. */
export interface StoreModel {
  readonly bits: number;
  readonly stored: (found: Bits, operands: readonly Bits[], lane: number) => Bits;
}

const wrap = (x: bigint, width: number): Bits => BigInt.asUintN(width, x);

/** The model of a load by its name. */
export function loadModel(name: OpName): LoadModel | undefined {
  const whole = /^(i32|i64|f32|f64|v128)\.load$/.exec(name);
  if (whole) return { bits: widths[whole[1] as Scalar], run: (found) => found };
  const part = /^(i32|i64)\.load(\d+)_([su])$/.exec(name);
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

/** The model of a store, by its name. */
export function storeModel(name: OpName): StoreModel | undefined {
  const byLane = /^v128\.store(\d+)_lane$/.exec(name);
  if (byLane) {
    const bits = Number(byLane[1]);
    return { bits, stored: (_, [vector = 0n], lane) => split(vector, bits)[lane] as Bits };
  }
  const store = /^(i32|i64|f32|f64|v128)\.store(\d*)$/.exec(name);
  if (!store) return undefined;
  const bits = Number(store[2] || widths[store[1] as Scalar]);
  return { bits, stored: (_, [value = 0n]) => wrap(value, bits) };
}

/** Rows that are neither pure nor a load or a store: each has a test of its own. */
export const special = [
  'memory.size',
  'memory.grow',
  'memory.copy',
  'memory.fill',
] as const satisfies readonly OpName[];
