import type { SharedHeap } from '../../base/index.js';

/** More texts stay in the order they came: sorting them would hold the event loop. */
const MOST_SORTED = 16_384;

/** Numbers of texts (addresses of their first bytes, and of what follows their last) in the order of their bytes. */
export function sortedTexts(
  { u8 }: SharedHeap,
  count: number,
  span: (text: number) => readonly [start: number, end: number],
): Uint32Array | undefined {
  if (count > MOST_SORTED) return undefined;
  const spans = Array.from({ length: count }, (_, i) => span(i));
  // The first six bytes as one number settle most comparisons.
  const heads = spans.map(([start, end]) => {
    let head = 0;
    for (let i = 0; i < 6; i++) head = head * 256 + (start + i < end ? (u8[start + i] as number) : 0);
    return head;
  });
  return Uint32Array.from(heads.keys()).sort((a, b) => {
    const [x, y] = [heads[a] as number, heads[b] as number];
    if (x !== y) return x - y;
    const [[from, end], [other, otherEnd]] = [spans[a], spans[b]] as [[number, number], [number, number]];
    const most = Math.min(end - from, otherEnd - other);
    for (let i = 0; i < most; i++) {
      const [p, q] = [u8[from + i] as number, u8[other + i] as number];
      if (p !== q) return p - q;
    }
    return end - from - (otherEnd - other);
  });
}

/** Where each text came to stand. */
export function ranksOf(order: Uint32Array): Uint32Array {
  const ranks = new Uint32Array(order.length);
  for (let at = 0; at < order.length; at++) ranks[order[at] as number] = at;
  return ranks;
}
