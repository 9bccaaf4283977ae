import { type OpName, opcodes } from '../../../src/wasm/index.js';
import { type Bits, float, floatBits, inputShape, join, ones, type Shape, shape, signed, split } from './bits.js';
import * as lane from './numeric-models.js';

/** What an instruction that touches no memory computes; throws `Trap` where it traps. */
export interface PureModel {
  readonly run: (args: readonly Bits[], imm: readonly number[]) => Bits;
  /** Lanes of this width may hold any NaN where the model has one. */
  readonly nan?: number;
}

type Args = readonly Bits[];

/** The model of an instruction by its name, or undefined if it touches memory. */
export function pureModel(name: OpName): PureModel | undefined {
  const row = opcodes[name];
  if ('imm' in row && !['lane', 'lanes16', 'bytes16'].includes(row.imm)) return undefined;
  const [prefix, suffix] = name.split('.') as [string, string];
  const of = shape(prefix);
  return lanewise(suffix, of) ?? conversion(name, suffix, of) ?? vectorOnly(suffix, of) ?? across(suffix, of);
}

/** The same on each lane, or on the one scalar. */
function lanewise(suffix: string, of: Shape): PureModel | undefined {
  const w = of.width;
  const each = (f: (x: Bits, y: Bits) => Bits, nan?: number): PureModel => ({
    run: ([a = 0n, b = 0n]) => {
      if (!of.vector) return f(a, b);
      const right = suffix.startsWith('sh') ? split(b, w).fill(b) : split(b, w);
      return join(
        split(a, w).map((x, i) => f(x, right[i] as Bits)),
        w,
      );
    },
    ...(nan === undefined ? {} : { nan }),
  });
  const truth = (yes: boolean): Bits => (of.vector ? (yes ? ones(w) : 0n) : yes ? 1n : 0n);
  if (of.kind === 'int') {
    const { [suffix]: unary } = lane.intUnary;
    const { [suffix]: binary } = lane.intBinary;
    const { [suffix]: compare } = lane.intCompare;
    if (suffix === 'eqz') return each((x) => truth(x === 0n));
    if (unary) return each((x) => BigInt.asUintN(w, unary(x, w)));
    if (binary) return each((x, y) => BigInt.asUintN(w, binary(x, y, w)));
    return compare && each((x, y) => truth(compare(x, y, w)));
  }
  const { [suffix]: unary } = lane.floatUnary;
  const { [suffix]: binary } = lane.floatBinary;
  const { [suffix]: bitwise } = lane.floatBitwise;
  const { [suffix]: compare } = lane.floatCompare;
  if (bitwise) return each((x, y) => bitwise(x, y, w));
  if (unary) return each((x) => floatBits(unary(float(x, w)), w), w);
  if (binary) return each((x, y) => floatBits(binary(float(x, w), float(y, w)), w), w);
  return compare && each((x, y) => truth(compare(float(x, w), float(y, w))));
}

/** From lanes of one shape to lanes of another. */
function conversion(name: OpName, suffix: string, to: Shape): PureModel | undefined {
  const from = inputShape(name);
  const isSigned = /_s(_zero)?$/.test(suffix);
  const each = (f: (x: Bits) => bigint, nan?: number): PureModel => ({
    run: ([a = 0n]) => {
      if (!to.vector) return BigInt.asUintN(to.width, f(a));
      // Lanes beyond the narrower side are left out, or zero.
      const count = 128 / Math.max(from.width, to.width);
      return join(split(a, from.width).slice(0, count).map(f), to.width);
    },
    ...(nan === undefined ? {} : { nan }),
  });
  if (suffix.startsWith('trunc_')) {
    return each((x) => lane.truncate(float(x, from.width), to.width, isSigned, suffix.includes('sat')));
  }
  if (suffix.startsWith('convert_')) {
    return each((x) => lane.convert(isSigned ? signed(x, from.width) : x, to.width));
  }
  if (/^(demote|promote)_/.test(suffix)) return each((x) => floatBits(float(x, from.width), to.width), to.width);
  if (suffix.startsWith('reinterpret_')) return each((x) => x);
  if (suffix === 'wrap_i64') return each(lane.wrap);
  return /^extend_i32_/.test(suffix) ? each((x) => (isSigned ? signed(x, 32) : x)) : undefined;
}

/** Between lanes of half and of full width; `w` is the width of the result. */
function vectorOnly(suffix: string, { width: w }: Shape): PureModel | undefined {
  const half = w / 2;
  const isSigned = suffix.endsWith('_s');
  const wide = (x: Bits): bigint => (isSigned ? signed(x, half) : x);
  const halves = (x: Bits | undefined): bigint[] => split(x ?? 0n, half).map(wide);
  const chosen = (x: Bits | undefined): bigint[] => {
    const lanes = halves(x);
    return suffix.includes('_high_') ? lanes.slice(lanes.length / 2) : lanes.slice(0, lanes.length / 2);
  };
  const pairs = (lanes: readonly bigint[]): bigint[] =>
    lanes.filter((_, i) => i % 2 === 0).map((x, i) => x + (lanes[2 * i + 1] as bigint));
  const times = (a: readonly bigint[], b: readonly bigint[]): bigint[] => a.map((x, i) => x * (b[i] as bigint));
  if (/^extend_(low|high)/.test(suffix)) return { run: ([a]) => join(chosen(a), w) };
  if (suffix.startsWith('extmul_')) return { run: ([a, b]) => join(times(chosen(a), chosen(b)), w) };
  if (suffix.startsWith('extadd_')) return { run: ([a]) => join(pairs(halves(a)), w) };
  if (suffix.startsWith('dot_')) return { run: ([a, b]) => join(pairs(times(halves(a), halves(b))), w) };
  if (!suffix.startsWith('narrow_')) return undefined;
  const narrow = isSigned ? lane.clampSigned : lane.clampUnsigned;
  return {
    run: (args) =>
      join(
        args.flatMap((a) => split(a, w * 2).map((x) => narrow(signed(x, w * 2), w))),
        w,
      ),
  };
}

/** Across lanes, or by lane number. */
function across(suffix: string, { width: w, vector }: Shape): PureModel | undefined {
  if (!vector) return undefined;
  const bit = (yes: boolean): Bits => (yes ? 1n : 0n);
  const bytes = ([a = 0n, b = 0n]: Args): Bits[] => [...split(a, 8), ...split(b, 8)];
  const runs: Readonly<Record<string, PureModel['run']>> = {
    const: (_, imm) => join(imm.map(BigInt), 8),
    bitselect: ([a = 0n, b = 0n, mask = 0n]) => (a & mask) | (b & ~mask & ones(128)),
    any_true: ([a]) => bit(a !== 0n),
    all_true: ([a = 0n]) => bit(split(a, w).every((x) => x !== 0n)),
    bitmask: ([a = 0n]) =>
      join(
        split(a, w).map((x) => x >> BigInt(w - 1)),
        1,
      ),
    splat: ([a = 0n]) => join(new Array<Bits>(128 / w).fill(a), w),
    extract_lane: ([a = 0n], [at = 0]) => split(a, w)[at] as Bits,
    extract_lane_u: ([a = 0n], [at = 0]) => split(a, w)[at] as Bits,
    extract_lane_s: ([a = 0n], [at = 0]) => BigInt.asUintN(32, signed(split(a, w)[at] as Bits, w)),
    replace_lane: ([a = 0n, x = 0n], [at = 0]) => join(split(a, w).with(at, x), w),
    shuffle: (args, imm) =>
      join(
        imm.map((at) => bytes(args)[at] as Bits),
        8,
      ),
    swizzle: (args) =>
      join(
        bytes(args)
          .slice(16)
          .map((at) => (at < 16n ? (bytes(args)[Number(at)] as Bits) : 0n)),
        8,
      ),
  };
  const run = runs[suffix];
  return run && { run };
}
