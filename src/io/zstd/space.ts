/** Memory that decoding a frame needs besides source and target, by the offsets of its parts. */
export const SPACE = {
  /** The last three offsets. */
  OFFSETS: 0,
  /** How many bits the first states have: literal lengths, offset codes, match lengths. */
  LOGS: 16,
  /** Tables of states: see STATE. */
  LITERAL_LENGTHS: 64,
  OFFSET_CODES: 64 + 512 * 16,
  MATCH_LENGTHS: 64 + 768 * 16,
  /** Two bytes for each 11 bits: a symbol and the length of its code. */
  HUFFMAN: 64 + 1280 * 16,
  LITERALS: 64 + 1280 * 16 + 4096,
  BYTES: 64 + 1280 * 16 + 4096 + (1 << 17) + 64,
} as const;

/**
 * A state's entry: its value, and a mask of the bits that are added to it; the address of the first next state, and a
 * mask of the bits that lead from there to the next one, each being 16 bytes.
 */
export const STATE = {
  VALUE: 0,
  VALUE_MASK: 4,
  NEXT: 8,
  NEXT_MASK: 12,
  /** How many bits either mask has, a byte each. */
  NEXT_BITS: 14,
  VALUE_BITS: 15,
  BYTES: 16,
} as const;

/** Most bytes of a block, and of the literals in it. */
export const MAX_BLOCK_BYTES = 1 << 17;
