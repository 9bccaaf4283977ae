import type { ValType } from '../../../src/wasm/index.js';
import { type Bits, floatBits, join, type Shape, unsigned, widths } from './bits.js';

const floats = [
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  0.9,
  -0.9,
  1.5,
  2.5,
  -2.5,
  3.3,
  8388609,
  16777217,
  2147483520,
  2147483647,
  2147483648,
  -2147483648,
  -2147483649,
  4294967040,
  4294967295,
  4294967296,
  2 ** 53 - 1,
  2 ** 62,
  2 ** 63,
  -(2 ** 63),
  2 ** 64,
  1e-45,
  5e-324,
  2 ** -126,
  3.4028234663852886e38,
  1.7976931348623157e308,
  -1.7976931348623157e308,
  Infinity,
  -Infinity,
];
const nans: Readonly<Record<number, readonly Bits[]>> = {
  32: [0x7fc00000n, 0xffc12345n, 0x7f800001n],
  64: [0x7ff8000000000000n, 0xfff8000012345678n, 0x7ff0000000000001n],
};

/** Values at which instructions on lanes of this kind go wrong, as bits. */
export function laneEdges(of: Pick<Shape, 'kind' | 'width'>): Bits[] {
  const { kind, width } = of;
  if (kind === 'float') {
    return [...new Set([...floats.map((x) => floatBits(x, width)), ...(nans[width] as Bits[])])];
  }
  const edges = new Set<Bits>();
  for (const power of [0, 1, 3, 5, 7, 8, 15, 16, 24, 31, 32, 53, 63, width - 1, width]) {
    if (power > width) continue;
    for (const near of [-1n, 0n, 1n]) edges.add(unsigned((1n << BigInt(power)) + near, width));
    if (power > 5) edges.add(unsigned(-(1n << BigInt(power)), width));
  }
  edges.add(unsigned(0x5555555555555555n, width));
  edges.add(unsigned(0xdeadbeefcafef00dn, width));
  return [...edges];
}

/** Vectors in which each edge stands once. */
export function vectors(edges: readonly Bits[], width: number, turn = 0): Bits[] {
  const count = 128 / width;
  return Array.from({ length: Math.ceil(edges.length / count) }, (_, v) =>
    join(
      Array.from({ length: count }, (_, i) => edges[(v * count + i + turn) % edges.length] as Bits),
      width,
    ),
  );
}

// One byte that differs from all others, at each place: what tells lanes of different widths apart.
const loneBytes: readonly Bits[] = Array.from({ length: 16 }, (_, i) => BigInt(i * 8)).flatMap((at) => [
  0x80n << at,
  0xffn << at,
  unsigned(~(0xffn << at), 128),
]);

function valuesOf(type: ValType, lanes: Shape): Bits[] {
  if (type === 'v128') {
    return [...vectors(laneEdges(vectorLanes(lanes)), vectorLanes(lanes).width), ...loneBytes];
  }
  return laneEdges({ kind: type.startsWith('f') ? 'float' : 'int', width: widths[type] });
}

const vectorLanes = (lanes: Shape): Shape => (lanes.width === 128 ? { ...lanes, width: 8 } : lanes);

/** Operands for an instruction: every pair of edges meets, lane by lane. */
export function* operands(takes: readonly ValType[], lanes: Shape): Generator<Bits[]> {
  const [first, second, third] = takes;
  if (first === undefined) yield [];
  else if (second === undefined) for (const a of valuesOf(first, lanes)) yield [a];
  else if (first === 'v128' && second === 'v128') yield* vectorPairs(lanes, third !== undefined);
  else for (const a of valuesOf(first, lanes)) for (const b of valuesOf(second, lanes)) yield [a, b];
}

function* vectorPairs(lanes: Shape, withThird: boolean): Generator<Bits[]> {
  const { width } = vectorLanes(lanes);
  const edges = laneEdges(vectorLanes(lanes));
  const left = vectors(edges, width);
  for (const lone of loneBytes) {
    for (const a of left) yield withThird ? [a, a ^ lone, lone] : [a, a ^ lone];
  }
  for (let turn = 0; turn < edges.length; turn++) {
    const right = vectors(edges, width, turn);
    for (const [i, a] of left.entries()) {
      yield withThird ? [a, right[i] as Bits, right[(i + 1) % right.length] as Bits] : [a, right[i] as Bits];
    }
  }
}
