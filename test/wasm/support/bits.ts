import type { OpName, ValType } from '../../../src/wasm/index.js';

/** Values in the models are their bits as an unsigned bigint; lane 0 is lowest. */
export type Bits = bigint;

const view = new DataView(new ArrayBuffer(8));

export const widths: Readonly<Record<ValType, number>> = { i32: 32, i64: 64, f32: 32, f64: 64, v128: 128 };

export const signed = (x: Bits, width: number): bigint => BigInt.asIntN(width, x);

export const unsigned = (x: bigint, width: number): Bits => BigInt.asUintN(width, x);

export const ones = (width: number): Bits => (1n << BigInt(width)) - 1n;

/** The number these bits are as a float. */
export function float(x: Bits, width: number): number {
  if (width === 32) view.setUint32(0, Number(x));
  else view.setBigUint64(0, x);
  return width === 32 ? view.getFloat32(0) : view.getFloat64(0);
}

/** The bits of a number rounded to a float. */
export function floatBits(x: number, width: number): Bits {
  if (width === 32) view.setFloat32(0, x);
  else view.setFloat64(0, x);
  return width === 32 ? BigInt(view.getUint32(0)) : view.getBigUint64(0);
}

export function split(x: Bits, width: number): Bits[] {
  return Array.from({ length: 128 / width }, (_, i) => unsigned(x >> BigInt(i * width), width));
}

export function join(lanes: readonly bigint[], width: number): Bits {
  return lanes.reduce((all, lane, i) => all | (unsigned(lane, width) << BigInt(i * width)), 0n);
}

/** Equal bits, or NaN in both where the specification leaves the bits of a NaN open. */
export function same(got: Bits, want: Bits, nan: number | undefined): boolean {
  if (got === want || nan === undefined) return got === want;
  return split(got, nan).every((lane, i) => {
    const wanted = split(want, nan)[i] as bigint;
    return lane === wanted || (Number.isNaN(float(lane, nan)) && Number.isNaN(float(wanted, nan)));
  });
}

export interface Shape {
  readonly kind: 'int' | 'float';
  readonly width: number;
  readonly vector: boolean;
}

/** `i8x16`, `f64`, …; `v128` is one lane of 128 bits. */
export function shape(name: string): Shape {
  const [, letter, width] = /^([ifv])(\d+)/.exec(name) as unknown as [string, string, string];
  return { kind: letter === 'f' ? 'float' : 'int', width: Number(width), vector: /x|v/.test(name) };
}

/** The lanes of what an instruction takes: the last shape named in it. */
export function inputShape(name: OpName | string): Shape {
  const named = name.match(/[if]\d+x\d+|v128|[if](?:32|64)/g) as string[];
  return shape(named.at(-1) as string);
}
