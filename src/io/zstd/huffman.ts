import type { SharedHeap } from '../../base/index.js';
import { damaged, readCounts, statesOf } from './tables.js';

/** Literals have codes of at most so many bits. */
const CODE_BITS = 11;
const WEIGHT_LOG = 6;
const MOST_SYMBOL = 255;

/** Reads the description of a Huffman code (RFC 8878, 4.2.1) into a table at `address`; gives the bytes it takes. */
export function readHuffman(heap: SharedHeap, bytes: Uint8Array, address: number): number {
  const head = bytes[0] ?? 0;
  const count = head - 127;
  const size = 1 + (count > 0 ? (count + 1) >> 1 : head);
  if (head === 0 || size > bytes.length) throw damaged('a Huffman code that goes past its block');
  const body = bytes.subarray(1, size);
  const weights =
    count > 0
      ? Array.from({ length: count }, (_, i) => ((body[i >> 1] as number) >> (i & 1 ? 0 : 4)) & 15)
      : packedWeights(body);
  writeCodes(heap, weights, address);
  return size;
}

/** Weights coded by two states in turn, read from the end of the bytes. */
function packedWeights(bytes: Uint8Array): number[] {
  const counts = readCounts(bytes, WEIGHT_LOG, MOST_SYMBOL);
  const { symbols, bits, bases } = statesOf(counts);
  const last = bytes.at(-1) as number;
  let position = (bytes.length - 1 - counts.size) * 8 + 31 - Math.clz32(last);
  if (last === 0 || position < 2 * counts.log) throw damaged('weights of a Huffman code that end early');
  const read = (n: number): number => {
    position -= n;
    let value = 0;
    for (let i = n - 1; i >= 0; i--) {
      const bit = counts.size * 8 + position + i;
      value = value * 2 + (((bytes[bit >> 3] as number) >> (bit & 7)) & 1);
    }
    return value;
  };
  const weights: number[] = [];
  let one = read(counts.log);
  let other = read(counts.log);
  while (weights.length <= MOST_SYMBOL) {
    weights.push(symbols[one] as number);
    const more = bits[one] as number;
    if (position < more) {
      weights.push(symbols[other] as number);
      return weights;
    }
    const next = (bases[one] as number) + read(more);
    one = other;
    other = next;
  }
  throw damaged('more weights than there are bytes');
}

/** The last symbol's weight is what makes the whole a power of two. */
function writeCodes(heap: SharedHeap, weights: number[], address: number): void {
  let total = 0;
  for (const weight of weights) total += (1 << weight) >> 1;
  const most = 32 - Math.clz32(total);
  const rest = 2 ** most - total;
  if (total === 0 || most > CODE_BITS || weights.length > MOST_SYMBOL || (rest & (rest - 1)) !== 0)
    throw damaged('weights of a Huffman code that do not add up');
  weights.push(32 - Math.clz32(rest));
  const { u16 } = heap;
  let at = address >>> 1;
  for (let weight = 1; weight <= most; weight++) {
    const size = 2 ** (weight - 1 + CODE_BITS - most);
    const length = (most + 1 - weight) << 8;
    for (let symbol = 0; symbol < weights.length; symbol++) {
      if (weights[symbol] !== weight) continue;
      for (const end = at + size; at < end; at++) u16[at] = symbol | length;
    }
  }
}
