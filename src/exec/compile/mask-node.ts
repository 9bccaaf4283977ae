import type { PhysicalExpr } from '../../functions/expression.js';
import type { Code, OpName } from '../../wasm/index.js';
import type { ColumnForm } from './load.js';

/** Comparisons that vectors make at once; with a constant of whole numbers the others are written with these. */
export type MaskCompare = 'eq' | 'ne' | 'lt' | 'gt' | 'le' | 'ge';
export type MaskLanes = 'i8' | 'i16' | 'i32' | 'i64' | 'f32' | 'f64';

/** A condition decided for many rows at a time, true or not: where SQL says null, it is not. */
export type MaskNode =
  | { readonly op: 'and' | 'or'; readonly of: readonly MaskNode[] }
  | MaskTest
  | MaskEntries
  /** Whether a column is null, or not. */
  | { readonly op: 'null' | 'valid'; readonly column: number }
  /** No row. */
  | { readonly op: 'never' };

/** A comparison of a column with a constant, with a column stored alike, or with what is best so far. */
export interface MaskTest {
  readonly op: 'test';
  readonly column: number;
  readonly lanes: MaskLanes;
  readonly compare: MaskCompare;
  readonly other: { readonly constant: bigint | number } | { readonly column: number } | { readonly bound: KeyBound };
}

/** A condition on a column of one-byte dictionary codes, decided for each entry before. */
export interface MaskEntries {
  readonly op: 'entries';
  readonly column: number;
  readonly condition: PhysicalExpr;
}

/** How the threshold of a top-k becomes a bound of its first key. */
export interface KeyBound {
  /** Bits of the prefix, with that for null. */
  readonly bits: number;
  /** What the bits count from and to; absent where they are those of a float. */
  readonly range?: readonly [bigint, bigint];
  readonly descending: boolean;
  /** Values have the leading bit set: nulls come before them. */
  readonly flagged: boolean;
}

export const SHAPE = { i8: 'i8x16', i16: 'i16x8', i32: 'i32x4', i64: 'i64x2', f32: 'f32x4', f64: 'f64x2' } as const;
export const SHIFT: Readonly<Record<MaskLanes, number>> = { i8: 0, i16: 1, i32: 2, i64: 3, f32: 2, f64: 3 };
/** The low halves of the lanes of two vectors of 64-bit masks. */
export const HALVES = [0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27];

export function lanesOf(form: ColumnForm | undefined): MaskLanes | undefined {
  if (form === undefined || form.dictionary) return undefined;
  switch (form.storage) {
    case 'i8':
    case 'i16':
    case 'i32':
    case 'i64':
    case 'f32':
    case 'f64':
      return form.storage;
    default:
      return undefined;
  }
}

export function pushConstant(code: Code, lanes: MaskLanes, value: bigint | number): void {
  if (lanes === 'f32') code.f32(Number(value));
  else if (lanes === 'f64') code.f64(Number(value));
  else if (lanes === 'i64') code.i64(BigInt(value));
  else code.i32(Number(value));
  code.op(`${SHAPE[lanes]}.splat`);
}

/** Compares the lanes of two vectors. */
export function pushCompare(code: Code, { lanes, compare, other }: MaskTest): void {
  if (lanes !== 'f32' && lanes !== 'f64') {
    const op = compare === 'eq' || compare === 'ne' ? compare : `${compare}_s`;
    code.op(`${SHAPE[lanes]}.${op}` as OpName);
    return;
  }
  // NaN is greater than every constant: what is not less or equal is greater. Nothing is beyond a bound that is NaN.
  const isBound = 'bound' in other && compare === 'le';
  const opposite = compare === 'gt' ? 'le' : compare === 'ge' ? 'lt' : isBound ? 'gt' : undefined;
  code.op(`${SHAPE[lanes]}.${opposite ?? compare}`);
  if (opposite !== undefined) code.op('v128.not');
}

export const isLeaf = (node: MaskNode): node is MaskTest | MaskEntries => node.op === 'test' || node.op === 'entries';
