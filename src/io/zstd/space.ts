import { VALUE_WORDS } from './tables.js';

/** So many sequences are listed at a time, and one more at the end of a block. */
export const MOST_LISTED = 511;

/** What is listed of a sequence: how many literals, how long the match is, and the number that stands for its offset. */
export const SEQUENCE = { LITERALS: 0, MATCH: 4, OFFSET: 8, BYTES: 16, LOG: 4 } as const;

/** Codes of literals have at most so many bits, and tables an entry for as many. */
export const CODE_BITS = 11;

const LITERALS = 64 + 1280 * 16 + 4096;
const LIST = LITERALS + (1 << 17) + 64;
const OFFSETS = LIST + (MOST_LISTED + 1) * SEQUENCE.BYTES;
const VALUES = OFFSETS + (MOST_LISTED + 5) * 4;
const COUNTS = VALUES + VALUE_WORDS.length * 4;

/** Memory that decoding a frame needs besides source and target, by the offsets of its parts. */
export const SPACE = {
  /** How many bits the first states have: literal lengths, offset codes, match lengths. */
  LOGS: 0,
  /** The entries of the current states. */
  STATES: 16,
  /** Tables of states: see STATE. */
  LITERAL_LENGTHS: 64,
  OFFSET_CODES: 64 + 512 * 16,
  MATCH_LENGTHS: 64 + 768 * 16,
  /** Two bytes for each 11 bits: a symbol and the length of its code. */
  HUFFMAN: 64 + 1280 * 16,
  LITERALS,
  LIST,
  /** The last three offsets, the latest last; new ones come behind them while sequences are carried out. */
  OFFSETS,
  /** What each symbol stands for: a number, and how many bits are added to it. */
  VALUES: VALUES,
  /** How often each symbol comes, in 16 bits. */
  COUNTS,
  /** The weights of a Huffman code, what is known of each weight, and the states that the weights are coded by. */
  WEIGHTS: COUNTS + 128,
  WEIGHT_STATES: COUNTS + 128 + 512,
  BYTES: COUNTS + 128 + 512 + 64 * 16,
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
  LOG: 4,
} as const;

/** Most bytes of a block, and of the literals in it. */
export const MAX_BLOCK_BYTES = 1 << 17;
