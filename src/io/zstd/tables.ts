import type { SharedHeap } from '../../base/index.js';
import { STATE } from './space.js';

/** The bytes are no frame of Zstandard. */
export class ZstdError extends Error {}

export const damaged = (what: string): ZstdError => new ZstdError(what);

/** How often each symbol comes, of 2^log; -1 is less than once. */
export interface Counts {
  readonly counts: readonly number[];
  readonly log: number;
}

/** Bits from the low end of bytes on; behind the last byte are zeros, which the caller notices by where it ends. */
const bitsAt = (bytes: Uint8Array, bit: number): number => {
  const at = bit >>> 3;
  return ((bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16)) >>> (bit & 7);
};

/** A description of counts (RFC 8878, 4.1.1) and how many bytes it takes. */
export function readCounts(bytes: Uint8Array, mostLog: number, mostSymbol: number): Counts & { readonly size: number } {
  const log = 5 + ((bytes[0] ?? 0) & 15);
  if (log > mostLog) throw damaged(`a table of 2^${log} states`);
  const counts: number[] = [];
  let bit = 4;
  let rest = (1 << log) + 1;
  let threshold = 1 << log;
  let width = log + 1;
  while (rest > 1) {
    if (counts.length > mostSymbol) throw damaged('more symbols than there can be');
    const few = 2 * threshold - 1 - rest;
    const value = bitsAt(bytes, bit);
    let count = value & (threshold - 1);
    if (count < few) bit += width - 1;
    else {
      count = value & (2 * threshold - 1);
      if (count >= threshold) count -= few;
      bit += width;
    }
    count--;
    rest -= Math.abs(count);
    counts.push(count);
    if (count === 0) {
      for (let more = 3; more === 3; ) {
        more = bitsAt(bytes, bit) & 3;
        bit += 2;
        for (let i = 0; i < more; i++) counts.push(0);
        if (counts.length > mostSymbol + 1) throw damaged('more symbols than there can be');
      }
    }
    while (rest < threshold && rest > 1) {
      width--;
      threshold >>= 1;
    }
  }
  const size = (bit + 7) >>> 3;
  if (rest !== 1 || size > bytes.length) throw damaged('counts of symbols that do not add up');
  return { counts, log, size };
}

/** What each state means: its symbol, the bits of the next state and what is added to them. Held until the next call. */
export interface States {
  readonly symbols: Uint8Array;
  readonly bits: Uint8Array;
  readonly bases: Uint16Array;
}

const MOST_STATES = 512;
const shared: States = {
  symbols: new Uint8Array(MOST_STATES),
  bits: new Uint8Array(MOST_STATES),
  bases: new Uint16Array(MOST_STATES),
};

/** The states of counts (RFC 8878, 4.1.1). */
export function statesOf({ counts, log }: Counts): States {
  const size = 1 << log;
  const { symbols, bits, bases } = shared;
  const seen = new Uint16Array(counts.length);
  let high = size - 1;
  for (let symbol = 0; symbol < counts.length; symbol++) {
    const count = counts[symbol] as number;
    seen[symbol] = count === -1 ? 1 : count;
    if (count === -1) symbols[high--] = symbol;
  }
  const step = (size >> 1) + (size >> 3) + 3;
  let at = 0;
  for (let symbol = 0; symbol < counts.length; symbol++) {
    for (let i = counts[symbol] as number; i > 0; i--) {
      symbols[at] = symbol;
      do at = (at + step) & (size - 1);
      while (at > high);
    }
  }
  for (let state = 0; state < size; state++) {
    const symbol = symbols[state] as number;
    const n = seen[symbol] as number;
    seen[symbol] = n + 1;
    const more = log - 31 + Math.clz32(n);
    bits[state] = more;
    bases[state] = (n << more) - size;
  }
  return shared;
}

/** What the symbols of a kind of table stand for: a number, and how many bits are added to it. */
interface Values {
  readonly base: Uint32Array;
  readonly bits: Uint8Array;
  readonly mostLog: number;
  readonly usual: Counts;
}

function values(first: number, bits: readonly number[], mostLog: number, log: number, usual: string): Values {
  let next = first;
  const base = bits.map((more) => {
    const value = next;
    next += 2 ** more;
    return value;
  });
  return {
    base: Uint32Array.from(base),
    bits: Uint8Array.from(bits),
    mostLog,
    usual: { log, counts: usual.split(' ').map(Number) },
  };
}

const upTo = (n: number, bit = 0): number[] => new Array<number>(n).fill(bit);
const times = (n: number, count: number): string => new Array<number>(n).fill(count).join(' ');
/** Bits that codes of long lengths add. */
const LONG_BITS = [7, 8, 9, 10, 11, 12, 13, 14, 15, 16];

/** Literal lengths, offset codes, match lengths: RFC 8878, 3.1.1.3.2.1 and 3.1.1.3.2.2. */
export const KINDS: readonly Values[] = [
  values(
    0,
    [...upTo(16), 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, ...LONG_BITS],
    9,
    6,
    `4 3 ${times(11, 2)} 1 1 1 ${times(9, 2)} 3 2 ${times(5, 1)} ${times(4, -1)}`,
  ),
  values(
    1,
    Array.from({ length: 32 }, (_, i) => i),
    8,
    5,
    `${times(6, 1)} 2 2 2 ${times(15, 1)} ${times(5, -1)}`,
  ),
  values(
    3,
    [...upTo(32), 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, ...LONG_BITS],
    9,
    6,
    `1 4 3 2 2 2 2 2 2 ${times(37, 1)} ${times(7, -1)}`,
  ),
];

/** Writes a table of states at `address`. */
export function writeStates(heap: SharedHeap, address: number, counts: Counts, kind: Values): void {
  const { symbols, bits, bases } = statesOf(counts);
  const size = 1 << counts.log;
  const { u32 } = heap;
  const { base, bits: more } = kind;
  for (let state = 0, at = address >>> 2; state < size; state++, at += STATE.BYTES / 4) {
    const symbol = symbols[state] as number;
    const steps = bits[state] as number;
    const added = more[symbol] as number;
    u32[at] = base[symbol] as number;
    u32[at + 1] = 2 ** added - 1;
    u32[at + 2] = address + (bases[state] as number) * STATE.BYTES;
    u32[at + 3] = (((1 << steps) - 1) * STATE.BYTES) | (steps << 16) | (added << 24);
  }
}

/** A table of one state, which stays. */
export function writeOneState({ u32 }: SharedHeap, address: number, symbol: number, kind: Values): void {
  if (symbol >= kind.base.length) throw damaged(`symbol ${symbol} in a table of one`);
  const added = kind.bits[symbol] as number;
  u32.set([kind.base[symbol] as number, 2 ** added - 1, address, added << 24], address >>> 2);
}
