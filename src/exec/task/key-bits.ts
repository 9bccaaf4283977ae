/**
 * Which values the first key of a join table has, an integer: bit `key - base` of `size`, both multiples of 32. One more
 * word without a bit stands behind them, for keys beyond.
 */
export interface KeyBits {
  readonly address: number;
  readonly base: number;
  readonly size: number;
  /** ranked: address of u32s, how many bits are set before each 64 of them. */
  readonly ranks?: number;
  /** The same again as bytes, which take less work to look up: `POSITION_BYTES` where the bit is set, and 0. */
  readonly flags?: number;
}

/** What a lookup knows of the bits it asks. */
export interface ProbeBits {
  /** Every key asked for is known to lie where bits are. */
  readonly inside: boolean;
  /** There are bytes for the bits. */
  readonly flags: boolean;
  /** The share of bits that are set, as a power of two. */
  readonly share: number;
}
