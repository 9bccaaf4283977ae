/** Repeated values are worth a run of their own from this many on. */
const RUN_FROM = 8;

/** Bits that hold every value up to `most`. */
export const bitWidth = (most: number): number => 32 - Math.clz32(most);

/** Most bytes that so many values take: `width` for eight of them, and a header that is paid for by the run it opens. */
export const hybridBound = (count: number, width: number): number => (Math.ceil(count / 8) + 1) * (width + 6) + 16;

/** The same value so many times. */
export function encodeRun(value: number, count: number, width: number): Uint8Array {
  const out = new HybridWriter(8, width);
  out.run(value, count);
  return out.bytes();
}

/** Values of `width` bits as Parquet's mix of runs and bit-packed groups of eight. */
export function encodeHybrid(values: ArrayLike<number>, count: number, width: number): Uint8Array {
  const out = new HybridWriter(count, width);
  let pending = 0;
  let at = 0;
  while (at < count) {
    const value = values[at] as number;
    let end = at + 1;
    while (end < count && values[end] === value) end++;
    // A packed group is complete or the last one of all, so a run gives it what it lacks.
    const fill = (8 - ((at - pending) & 7)) & 7;
    if (end - at - fill >= RUN_FROM) {
      if (at > pending) out.packed(values, pending, at + fill);
      out.run(value, end - at - fill);
      pending = end;
    }
    at = end;
  }
  if (pending < count) out.packed(values, pending, count);
  return out.bytes();
}

class HybridWriter {
  readonly #out: Uint8Array;
  #at = 0;

  constructor(
    count: number,
    private readonly width: number,
  ) {
    this.#out = new Uint8Array(hybridBound(count, width));
  }

  bytes(): Uint8Array {
    return this.#out.subarray(0, this.#at);
  }

  run(value: number, count: number): void {
    this.#varint(count * 2);
    for (let shift = 0; shift < this.width; shift += 8) this.#out[this.#at++] = (value >>> shift) & 255;
  }

  /** Eight at a time; what the last group lacks is zero. */
  packed(values: ArrayLike<number>, from: number, to: number): void {
    const groups = Math.ceil((to - from) / 8);
    this.#varint(groups * 2 + 1);
    const { width } = this;
    const out = this.#out;
    let bits = 0;
    let held = 0;
    let at = this.#at;
    for (let i = from; i < to; i++) {
      const value = values[i] as number;
      bits |= value << held;
      held += width;
      if (held < 32) continue;
      out[at] = bits;
      out[at + 1] = bits >>> 8;
      out[at + 2] = bits >>> 16;
      out[at + 3] = bits >>> 24;
      at += 4;
      held -= 32;
      bits = held === 0 ? 0 : value >>> (width - held);
    }
    const end = this.#at + groups * width;
    for (; at < end; bits >>>= 8) out[at++] = bits;
    this.#at = end;
  }

  #varint(value: number): void {
    let rest = value;
    while (rest > 127) {
      this.#out[this.#at++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    this.#out[this.#at++] = rest;
  }
}

/** Zeros and ones, eight to a byte. */
export function packedBits(bits: Uint8Array): Uint8Array {
  const packed = new Uint8Array(Math.ceil(bits.length / 8));
  for (let i = 0; i < bits.length; i++) packed[i >> 3] = (packed[i >> 3] as number) | ((bits[i] as number) << (i & 7));
  return packed;
}
