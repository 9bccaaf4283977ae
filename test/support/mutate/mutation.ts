/** Numbers below n, the same for the same seed (a 32-bit xorshift). */
export function numbers(seed: number): (n: number) => number {
  let state = (seed ^ 0x9e3779b9) >>> 0 || 1;
  return (n) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state % Math.max(1, n);
  };
}

/** Numbers that lengths and counts are made of are the most likely to hurt. */
const EDGES = [0, 1, 0x7f, 0x80, 0xff, 0x7fffffff, 0x80000000, 0xffffffff];

/** A copy of the bytes with a few of them changed, left out, repeated or put in. */
export function mutated(bytes: Uint8Array, seed: number): Uint8Array {
  const next = numbers(seed);
  let made = Uint8Array.from(bytes);
  for (let change = 0, changes = 1 + next(4); change < changes && made.length > 0; change++) {
    const at = next(made.length);
    // The end of a file often tells how the rest is to be read.
    const place = next(3) === 0 ? Math.max(0, made.length - 1 - next(512)) : at;
    switch (next(7)) {
      case 0:
      case 1:
        made[place] = (made[place] as number) ^ (1 << next(8));
        break;
      case 2:
        made[place] = next(256);
        break;
      case 3: {
        const edge = EDGES[next(EDGES.length)] as number;
        for (let i = 0; i < 4 && place + i < made.length; i++) made[place + i] = (edge >>> (8 * i)) & 255;
        break;
      }
      case 4:
        made = made.slice(0, place);
        break;
      case 5: {
        const length = next(Math.min(64, made.length));
        made = Uint8Array.from([...made.subarray(0, at), ...made.subarray(Math.min(made.length, at + length))]);
        break;
      }
      default: {
        const piece = made.subarray(at, at + next(32));
        made = Uint8Array.from([...made.subarray(0, place), ...piece, ...made.subarray(place)]);
      }
    }
  }
  return made;
}
