/** The bytes are no frame of Zstandard. */
export class ZstdError extends Error {}

/** What of a frame's bytes is said when there is no room for them. */
export const TOO_MANY_BYTES = 'more bytes than were announced';

export const damaged = (what: string): ZstdError => new ZstdError(what);

/** One of the three kinds of numbers that a sequence has. */
interface Kind {
  /** Its tables have at most 2^mostLog states. */
  readonly mostLog: number;
  /** The table that needs no description: how often each symbol comes, -1 being less than once. */
  readonly usual: Int16Array;
  readonly usualLog: number;
  /** What each symbol stands for: a number, and how many bits are added to it. */
  readonly values: Uint32Array;
}

function kind(first: number, bits: readonly number[], mostLog: number, usualLog: number, usual: string): Kind {
  let next = first;
  const values = bits.flatMap((more) => {
    const value = next;
    next += 2 ** more;
    return [value, more];
  });
  const counts = Int16Array.from(usual.split(' ').map(Number));
  return { mostLog, usual: counts, usualLog, values: Uint32Array.from(values) };
}

const upTo = (n: number, bit = 0): number[] => new Array<number>(n).fill(bit);
const times = (n: number, count: number): string => new Array<number>(n).fill(count).join(' ');
/** Bits that codes of long lengths add. */
const LONG_BITS = [7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
/** One code more would be for offsets of 2 GiB, which no page has. */
const OFFSET_CODES = 31;

/** Literal lengths, offset codes, match lengths: RFC 8878, 3.1.1.3.2.1 and 3.1.1.3.2.2. */
export const KINDS: readonly Kind[] = [
  kind(
    0,
    [...upTo(16), 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, ...LONG_BITS],
    9,
    6,
    `4 3 ${times(11, 2)} 1 1 1 ${times(9, 2)} 3 2 ${times(5, 1)} ${times(4, -1)}`,
  ),
  kind(
    1,
    Array.from({ length: OFFSET_CODES }, (_, i) => i),
    8,
    5,
    `${times(6, 1)} 2 2 2 ${times(15, 1)} ${times(5, -1)}`,
  ),
  kind(
    3,
    [...upTo(32), 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, ...LONG_BITS],
    9,
    6,
    `1 4 3 2 2 2 2 2 2 ${times(37, 1)} ${times(7, -1)}`,
  ),
];

/** Values of all kinds, one after the other. */
export const VALUE_WORDS = Uint32Array.from(KINDS.flatMap(({ values }) => [...values]));
