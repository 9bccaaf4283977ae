/* The numbers of a source map. */

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** The first number of a segment, and how many digits it has: base 64, five bits each, the least first, then the sign. */
export function firstNumber(segment) {
  let [value, shift] = [0, 0];
  for (let at = 0; ; at++, shift += 5) {
    const digit = DIGITS.indexOf(segment[at]);
    value |= (digit & 31) << shift;
    if (digit < 32) return [value & 1 ? -(value >> 1) : value >> 1, at + 1];
  }
}

export function encoded(number) {
  let rest = number < 0 ? (-number << 1) | 1 : number << 1;
  let text = '';
  do {
    text += DIGITS[(rest & 31) | (rest > 31 ? 32 : 0)];
    rest >>>= 5;
  } while (rest > 0);
  return text;
}
