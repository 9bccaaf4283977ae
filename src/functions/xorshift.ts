/** MurmurHash3's seed for arrays in Scala's library. */
const ARRAY_SEED = 0x3c074a61;

const rotate = (x: number, by: number): number => (x << by) | (x >>> (32 - by));
const swapped = (x: number): number =>
  ((x & 0xff) << 24) | ((x & 0xff00) << 8) | ((x >>> 8) & 0xff00) | ((x >>> 24) & 0xff);

/** MurmurHash3 of the eight bytes of a long, the highest first. */
function hashOfLong(high: number, low: number, seed: number): number {
  let hash = seed;
  for (const word of [swapped(high), swapped(low)]) {
    hash = rotate(hash ^ Math.imul(rotate(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593), 13);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  hash ^= 8;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/** Spark's generator of random numbers: Marsaglia's xorshift of 64 bits, its seed hashed by MurmurHash3. */
export class XorShift {
  #high: number;
  #low: number;
  #spare: number | undefined;

  constructor(seed: bigint) {
    const [high, low] = [Number(BigInt.asIntN(32, seed >> 32n)), Number(BigInt.asIntN(32, seed))];
    this.#low = hashOfLong(high, low, ARRAY_SEED);
    this.#high = hashOfLong(high, low, this.#low);
  }

  /** The next 32 bits, as a signed number. */
  int(): number {
    let [high, low] = [this.#high, this.#low];
    high ^= (high << 21) | (low >>> 11);
    low ^= low << 21;
    low ^= high >>> 3;
    high ^= (high << 4) | (low >>> 28);
    low ^= low << 4;
    this.#high = high;
    this.#low = low;
    return low;
  }

  /** From 0 to below 1, as Java makes it of 26 and 27 bits. */
  double(): number {
    const first = this.int() & ((1 << 26) - 1);
    return (first * 2 ** 27 + (this.int() & ((1 << 27) - 1))) * 2 ** -53;
  }

  /** A number of the standard normal distribution: Marsaglia's polar method, which makes two at a time. */
  gaussian(): number {
    if (this.#spare !== undefined) {
      const spare = this.#spare;
      this.#spare = undefined;
      return spare;
    }
    for (;;) {
      const [x, y] = [2 * this.double() - 1, 2 * this.double() - 1];
      const square = x * x + y * y;
      if (square >= 1 || square === 0) continue;
      const factor = Math.sqrt((-2 * Math.log(square)) / square);
      this.#spare = y * factor;
      return x * factor;
    }
  }
}
