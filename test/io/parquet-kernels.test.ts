import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SharedHeap } from '../../src/base/index.js';
import { codedKernels, MAX_CODED_BITS } from '../../src/io/parquet/kernels/coded.js';
import { kernelsFor, PATTERN_BYTES, patternBytes } from '../../src/io/parquet/kernels/index.js';

const heap = SharedHeap.create(64 * 2 ** 20);
const kernels = kernelsFor(heap);
const arena = heap.newArena('kernels');
const [source, target, other, third] = [1 << 20, 1 << 20, 1 << 20, 1 << 20].map((bytes) => arena.alloc(bytes)) as [
  number,
  number,
  number,
  number,
];
const patterns = arena.alloc(PATTERN_BYTES);
heap.u8.set(patternBytes(), patterns);

/** Puts bytes at `source`, with junk behind them, and returns where they end. */
function put(bytes: ArrayLike<number>): number {
  heap.u8.fill(0xa5, source, source + bytes.length + 256);
  heap.u8.set(bytes, source);
  return source + bytes.length;
}

const u32 = (address: number, count: number) => [...heap.u32.slice(address >>> 2, (address >>> 2) + count)];

function varint(value: number | bigint): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  do {
    bytes.push(Number(rest & 127n) | (rest > 127n ? 128 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return bytes;
}

/** Values packed least significant bit first. */
function pack(values: readonly bigint[], width: number): number[] {
  const bytes = new Array<number>(Math.ceil((values.length * width) / 8)).fill(0);
  values.forEach((value, i) => {
    for (let b = 0; b < width; b++) {
      const bit = i * width + b;
      if ((value >> BigInt(b)) & 1n) bytes[bit >> 3] = (bytes[bit >> 3] as number) | (1 << (bit & 7));
    }
  });
  return bytes;
}

interface Run {
  readonly packed: boolean;
  readonly values: readonly number[];
}

const runsOf = (width: number): fc.Arbitrary<Run[]> => {
  const value = fc.integer({ min: 0, max: 2 ** width - 1 });
  const packed = fc.array(value, { minLength: 1, maxLength: 9 }).chain((values) =>
    fc.constant({
      packed: true,
      values: Array.from({ length: values.length * 8 }, (_, i) => values[i % values.length] as number),
    }),
  );
  const repeated = fc.record({ value, count: fc.integer({ min: 1, max: 300 }) });
  return fc.array(
    fc.oneof(
      packed,
      repeated.map((r): Run => ({ packed: false, values: new Array<number>(r.count).fill(r.value) })),
    ),
    { maxLength: 12 },
  );
};

function encodeHybrid(runs: readonly Run[], width: number): number[] {
  return runs.flatMap(({ packed, values }) => {
    if (packed) return [...varint((values.length / 8) * 2 + 1), ...pack(values.map(BigInt), width)];
    const value = values[0] as number;
    const bytes = Array.from({ length: Math.ceil(width / 8) }, (_, i) =>
      Number((BigInt(value) >> BigInt(8 * i)) & 255n),
    );
    return [...varint(values.length * 2), ...bytes];
  });
}

describe('dictionary pages with few entries', () => {
  const bytesAndRuns = fc
    .tuple(fc.integer({ min: 1, max: MAX_CODED_BITS }), fc.constantFrom(1, 2, 4, 8))
    .chain(([bits, bytes]) => fc.tuple(fc.constant(bits), fc.constant(bytes), runsOf(bits), fc.nat({ max: 7 })));

  it('look every index up in the table, in values of any width', () => {
    fc.assert(
      fc.property(bytesAndRuns, ([bits, bytes, runs, fewer]) => {
        const values = runs.flatMap((run) => run.values);
        const count = Math.max(0, values.length - fewer);
        const end = put(encodeHybrid(runs, bits));
        const table = Uint8Array.from({ length: 2 ** bits * bytes }, (_, i) => (i * 7 + (i >> 3)) & 255);
        heap.u8.set(table, other);
        const coded = codedKernels(heap, bits);
        expect(coded[`decode${bytes}`]?.(source, end, target, count, other)).not.toBe(0);
        const wanted = values.slice(0, count).flatMap((v) => [...table.subarray(v * bytes, (v + 1) * bytes)]);
        expect([...heap.u8.slice(target, target + count * bytes)]).toEqual(wanted);
        expect(coded[`decode${bytes}`]?.(source, end, target, values.length + 1, other)).toBe(0);
      }),
      { numRuns: 400 },
    );
  });

  it('tell whether a value is among them', () => {
    for (const bytes of [1, 2, 4, 8]) {
      for (const place of [-1, 0, 5, 40]) {
        heap.u8.fill(3, target, target + 48 * bytes);
        if (place >= 0) heap.u8.fill(9, target + place * bytes, target + (place + 1) * bytes);
        heap.u8.fill(9, third, third + 16);
        expect(codedKernels(heap, 3)[`holds${bytes}`]?.(target, 48, third)).toBe(place < 0 ? 0 : 1);
      }
    }
  });
});

describe('the RLE / bit-packing hybrid', () => {
  const widthAndRuns = fc.integer({ min: 0, max: 32 }).chain((width) => fc.tuple(fc.constant(width), runsOf(width)));

  it('gives back any runs of any width, also when fewer values are wanted than the last run holds', () => {
    fc.assert(
      fc.property(widthAndRuns, fc.nat({ max: 7 }), ([width, runs], fewer) => {
        const values = runs.flatMap((run) => run.values);
        const count = Math.max(0, values.length - fewer);
        const end = put(encodeHybrid(runs, width));
        expect(kernels[`hybrid_${width}`]?.(source, end, target, count)).not.toBe(0);
        expect(u32(target, count)).toEqual(values.slice(0, count));
      }),
      { numRuns: 400 },
    );
  });

  it('notices when the bytes end early, and never reads on', () => {
    fc.assert(
      fc.property(widthAndRuns, ([width, runs]) => {
        const values = runs.flatMap((run) => run.values);
        const end = put(encodeHybrid(runs, width));
        expect(kernels[`hybrid_${width}`]?.(source, end, target, values.length + 1)).toBe(0);
      }),
    );
  });

  it('survives any bytes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 32 }), fc.uint8Array({ maxLength: 40 }), (width, bytes) => {
        const end = put(bytes);
        kernels[`hybrid_${width}`]?.(source, end, target, 1000);
        kernels.levelBits(source, end, target, 3, 1000);
      }),
    );
  });
});

describe('validity', () => {
  it('appends levels of one bit as bits and counts them', () => {
    fc.assert(
      fc.property(fc.array(runsOf(1), { minLength: 1, maxLength: 5 }), fc.nat({ max: 7 }), (pages, fewer) => {
        heap.u8.fill(0x5a, target, target + 4096);
        const expected: number[] = [];
        for (const runs of pages) {
          const values = runs.flatMap((run) => run.values);
          const count = Math.max(0, values.length - fewer);
          const end = put(encodeHybrid(runs, 1));
          expect(kernels.levelBits(source, end, target, expected.length, count)).toBe(1);
          const ones = values.slice(0, count).filter((v) => v === 1).length;
          expect(kernels.countBits(target, expected.length, count)).toBe(ones);
          expected.push(...values.slice(0, count));
        }
        const bits = expected.map((_, i) => ((heap.u8[target + (i >> 3)] as number) >> (i & 7)) & 1);
        expect(bits).toEqual(expected);
      }),
    );
  });

  it.each([1, 2, 4, 8, 16] as const)('spreads values of %i bytes over the rows that are not null', (width) => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 200 }), fc.nat({ max: 20 }), (valid, from) => {
        for (const [i, set] of valid.entries()) kernels.fillBits(other, from + i, 1, set ? -1 : 0);
        const dense = valid.filter(Boolean).length;
        for (let i = 0; i < dense * width; i++) heap.u8[target + i] = (i % 250) + 1;
        kernels[`spread${width}`](target, other, from, valid.length, dense);
        let next = 0;
        valid.forEach((set, row) => {
          for (let b = 0; b < width; b++) {
            expect(heap.u8[target + row * width + b]).toBe(set ? ((next * width + b) % 250) + 1 : 0);
          }
          if (set) next++;
        });
      }),
    );
  });
});

type Op = { readonly literal: readonly number[] } | { readonly distance: number; readonly length: number };

const script: fc.Arbitrary<Op[]> = fc.array(
  fc.oneof(
    fc.record({ literal: fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 1, maxLength: 300 }) }),
    fc.record({ distance: fc.integer({ min: 1, max: 70 }), length: fc.integer({ min: 4, max: 64 }) }),
    fc.record({ distance: fc.integer({ min: 1, max: 3000 }), length: fc.integer({ min: 4, max: 11 }) }),
  ),
  { maxLength: 40 },
);

/** What the operations make, and those of them that can be done. */
function play(ops: readonly Op[]): { ops: Op[]; out: number[] } {
  const out: number[] = [];
  const done = ops.filter((op) => {
    if ('literal' in op) out.push(...op.literal);
    else if (op.distance > out.length) return false;
    else for (let i = 0; i < op.length; i++) out.push(out[out.length - op.distance] as number);
    return true;
  });
  return { ops: done, out };
}

function encodeSnappy(ops: readonly Op[], size: number): number[] {
  return [
    ...varint(size),
    ...ops.flatMap((op, i) => {
      if ('literal' in op) {
        const length = op.literal.length - 1;
        if (length < 60) return [length << 2, ...op.literal];
        return length < 256 ? [60 << 2, length, ...op.literal] : [61 << 2, length & 255, length >> 8, ...op.literal];
      }
      const { distance, length } = op;
      if (length <= 11 && distance < 2048 && i % 2 === 0) {
        return [1 | ((length - 4) << 2) | ((distance >> 8) << 5), distance & 255];
      }
      if (i % 3 === 0) return [3 | ((length - 1) << 2), distance & 255, distance >> 8, 0, 0];
      return [2 | ((length - 1) << 2), distance & 255, distance >> 8];
    }),
  ];
}

function encodeLz4(ops: readonly Op[]): number[] {
  const bytes: number[] = [];
  const more = (length: number): number[] => {
    if (length < 15) return [];
    const rest = length - 15;
    return [...new Array<number>(Math.floor(rest / 255)).fill(255), rest % 255];
  };
  let literal: number[] = [];
  const token = (match: number): void => {
    bytes.push((Math.min(15, literal.length) << 4) | Math.min(15, match), ...more(literal.length), ...literal);
    literal = [];
  };
  for (const op of ops) {
    if ('literal' in op) literal.push(...op.literal);
    else {
      token(op.length - 4);
      bytes.push(op.distance & 255, op.distance >> 8, ...more(op.length - 4));
    }
  }
  token(0);
  return bytes;
}

describe.each([
  ['snappy', (ops: readonly Op[], size: number) => encodeSnappy(ops, size)],
  ['lz4', (ops: readonly Op[]) => encodeLz4(ops)],
] as const)('%s', (name, encode) => {
  it('does what literals and copies say', () => {
    fc.assert(
      fc.property(script, (wanted) => {
        const { ops, out } = play(wanted);
        const end = put(encode(ops, out.length));
        expect(kernels[name](source, end, target, target + out.length, patterns)).toBe(1);
        expect([...heap.u8.slice(target, target + out.length)]).toEqual(out);
      }),
      { numRuns: 300 },
    );
  });

  it('refuses what is cut off or too long, and survives any change of bytes', () => {
    fc.assert(
      fc.property(script, fc.nat(), fc.nat({ max: 255 }), (wanted, at, value) => {
        // The last literal is what a cut takes away; an empty one would not be missed.
        const { ops, out } = play([...wanted, { literal: [1, 2, 3, 4, 5, 6, 7, 8] }]);
        const bytes = encode(ops, out.length);
        const end = put(bytes);
        expect(kernels[name](source, end, target, target + out.length - 1, patterns)).toBe(0);
        expect(kernels[name](source, end - 1, target, target + out.length, patterns)).toBe(0);
        heap.u8[source + (at % bytes.length)] = value;
        heap.u8.fill(7, target + out.length + 64, target + out.length + 128);
        kernels[name](source, end, target, target + out.length, patterns);
        // Nothing is written beyond the slack behind the target.
        expect(heap.u8.subarray(target + out.length + 64, target + out.length + 128).every((b) => b === 7)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

function encodeDelta(values: readonly bigint[], bits: 32 | 64, block = 128, minis = 4): number[] {
  const zigzag = (v: bigint) => varint(BigInt.asUintN(64, (v << 1n) ^ (v >> 63n)));
  const wrap = (v: bigint) => BigInt.asIntN(bits, v);
  const bytes = [...varint(block), ...varint(minis), ...varint(values.length), ...zigzag(values[0] ?? 0n)];
  const deltas = values.slice(1).map((v, i) => wrap(v - (values[i] as bigint)));
  for (let from = 0; from < deltas.length; from += block) {
    const part = deltas.slice(from, from + block);
    const least = part.toSorted((a, b) => (a < b ? -1 : 1))[0] as bigint;
    bytes.push(...zigzag(least));
    const size = block / minis;
    const groups = Array.from({ length: minis }, (_, m) =>
      part.slice(m * size, (m + 1) * size).map((d) => BigInt.asUintN(bits, d - least)),
    );
    const widths = groups.map((g) => Math.max(0, ...g.map((d) => d.toString(2).length * (d === 0n ? 0 : 1))));
    bytes.push(...widths);
    groups.forEach((g, m) => {
      if (g.length > 0)
        bytes.push(...pack([...g, ...new Array<bigint>(size - g.length).fill(0n)], widths[m] as number));
    });
  }
  return bytes;
}

describe.each([32, 64] as const)('DELTA_BINARY_PACKED of %i bits', (bits) => {
  const most = 2n ** BigInt(bits - 1) - 1n;
  const small = fc.bigInt({ min: -40n, max: 40n });
  const values = fc.array(fc.oneof(small, fc.bigInt({ min: -most - 1n, max: most })), { maxLength: 400 });
  const kernel = bits === 32 ? kernels.delta32 : kernels.delta64;

  it('gives back any values', () => {
    fc.assert(
      fc.property(values, fc.constantFrom([128, 4], [256, 8], [128, 1]), (wanted, [block, minis]) => {
        const end = put(encodeDelta(wanted, bits, block, minis));
        expect(kernel(source, end, wanted.length, target) >>> 0).toBe(end);
        const got = wanted.map((_, i) =>
          bits === 32 ? BigInt(heap.i32[(target >>> 2) + i] as number) : heap.i64[(target >>> 3) + i],
        );
        expect(got).toEqual(wanted);
      }),
      { numRuns: 200 },
    );
  });

  it('survives any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        kernel(source, put([...varint(128), ...varint(4), ...varint(200), ...bytes]), 200, target);
        kernel(source, put(bytes), 200, target);
      }),
    );
  });
});

describe('values', () => {
  it('unpacks bits to bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 100 }), (bits) => {
        put(
          pack(
            bits.map((b) => (b ? 1n : 0n)),
            1,
          ),
        );
        kernels.unpackBits(source, bits.length, target);
        expect([...heap.u8.slice(target, target + bits.length)]).toEqual(bits.map(Number));
      }),
    );
  });

  it('joins split streams', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 16 }), fc.integer({ min: 0, max: 50 }), (width, count) => {
        put(Array.from({ length: width * count }, (_, i) => i & 255));
        kernels.unsplit(source, count, target, width);
        for (let i = 0; i < count; i++) {
          for (let b = 0; b < width; b++) expect(heap.u8[target + i * width + b]).toBe((b * count + i) & 255);
        }
      }),
    );
  });

  it('reads big-endian decimals of every width', () => {
    const sized = fc.integer({ min: 1, max: 16 }).chain((width) =>
      fc.tuple(
        fc.constant(width),
        fc.array(fc.bigInt({ min: -(2n ** BigInt(8 * width - 1)), max: 2n ** BigInt(8 * width - 1) - 1n }), {
          maxLength: 20,
        }),
      ),
    );
    fc.assert(
      fc.property(sized, ([width, values]) => {
        const bytes = values.flatMap((v) =>
          Array.from({ length: width }, (_, i) => Number((v >> BigInt(8 * (width - 1 - i))) & 255n)),
        );
        put(bytes);
        kernels.fixedDecimal128(source, values.length, target, width);
        const at = target >>> 3;
        expect(
          values.map((_, i) => ((heap.i64[at + 2 * i + 1] as bigint) << 64n) | (heap.u64[at + 2 * i] as bigint)),
        ).toEqual(values);
        if (width > 8) return;
        kernels.fixedDecimal64(source, values.length, target, width);
        expect(values.map((_, i) => heap.i64[at + i])).toEqual(values);
      }),
    );
  });

  it('rounds nanoseconds down and refuses milliseconds that do not fit', () => {
    const at = source >>> 3;
    heap.i64.set([-1n, -1000n, 999n, 1000n, -(2n ** 63n)], at);
    kernels.nanos(source, 5, target);
    expect([...heap.i64.slice(target >>> 3, (target >>> 3) + 5)]).toEqual([-1n, -1n, 0n, 1n, -9223372036854776n]);
    heap.i64.set([9223372036854775n, -9223372036854775n], at);
    expect(kernels.millis(source, 2, target)).toBe(1);
    heap.i64.set([9223372036854776n], at);
    expect(kernels.millis(source, 1, target)).toBe(0);
    heap.i64.set([-9223372036854776n], at);
    expect(kernels.millis(source, 1, target)).toBe(0);
  });

  it('gathers by index and finds the largest', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 100 }), (indices) => {
        heap.u32.set(indices, source >>> 2);
        for (let i = 0; i < 256; i++) heap.f64[(third >>> 3) + i] = i * 1.5;
        kernels.gather8(source, indices.length, target, third);
        expect([...heap.f64.slice(target >>> 3, (target >>> 3) + indices.length)]).toEqual(indices.map((i) => i * 1.5));
        expect(kernels.maxIndex(source, indices.length)).toBe(Math.max(0, ...indices));
        kernels.packCodes8(source, indices.length, target);
        expect([...heap.u8.slice(target, target + indices.length)]).toEqual(indices);
        kernels.packCodes16(source, indices.length, target);
        expect([...heap.u16.slice(target >>> 1, (target >>> 1) + indices.length)]).toEqual(indices);
      }),
    );
  });

  it('reads lengths and bytes of strings, and refuses what goes past the end', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 40 }), (strings) => {
        const bytes = strings.flatMap((s) => [s.length, 0, 0, 0, ...s]);
        const end = put(bytes);
        heap.i32[other >>> 2] = 0;
        const total = strings.reduce((sum, s) => sum + s.length, 0);
        expect(kernels.plainStrings(source, end, strings.length, other, target, 0)).toBe(total);
        const at = other >>> 2;
        const got = strings.map((_, i) =>
          heap.u8.slice(target + (heap.i32[at + i] as number), target + (heap.i32[at + i + 1] as number)),
        );
        expect(got).toEqual(strings);
        if (bytes.length > 0) expect(kernels.plainStrings(source, end - 1, strings.length, other, target, 0)).toBe(-1);
        expect(kernels.plainStrings(source, end, strings.length + 1, other, target, 0)).toBe(-1);
      }),
    );
  });
});
