import { SparrowError } from '../base/index.js';

/** Text by code points, as Spark counts it. JS strings count UTF-16 units, which differ only beyond U+FFFF. */

const SURROGATE = /[\ud800-\udfff]/;
export const INT_MAX = 2 ** 31 - 1;

/** Whether units and code points are the same thing in it. */
export const isPlain = (text: string): boolean => !SURROGATE.test(text);

/** JavaScript's longest text. */
const MOST_UNITS = 2 ** 29 - 24;

/** What would be longer than any text can be is refused. */
export function checkLength(units: number): void {
  if (units <= MOST_UNITS) return;
  throw new SparrowError('INVALID_PARAMETER_VALUE.LENGTH', `a text of ${units} characters is longer than any can be`, {
    sqlState: '22023',
  });
}

/** The text so many times over; none for numbers that are not positive. */
export function repeated(text: string, count: number): string {
  checkLength(text.length * count);
  return text.repeat(Math.max(0, count));
}

export function codePointLength(text: string): number {
  if (isPlain(text)) return text.length;
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    if ((text.codePointAt(i) as number) > 0xffff) i++;
    count++;
  }
  return count;
}

/** Code points `from` up to `until` (both may lie outside). */
export function slicePoints(text: string, from: number, until: number): string {
  const start = Math.max(0, from);
  if (until <= start) return '';
  if (isPlain(text)) return text.slice(start, until);
  return [...text].slice(start, until).join('');
}

/** SQL's substring: 1-based, negative positions count from the end, 0 is 1; what lies before the start is cut off. */
export function substringOf(text: string, position: number, length: number): string {
  const from = position > 0 ? position - 1 : position < 0 ? codePointLength(text) + position : 0;
  return slicePoints(text, from, Math.min(INT_MAX, from + length));
}

export function substringOfBytes(bytes: Uint8Array, position: number, length: number): Uint8Array {
  const from = position > 0 ? position - 1 : position < 0 ? bytes.length + position : 0;
  return bytes.slice(Math.max(0, from), Math.max(0, Math.min(bytes.length, from + length)));
}

/** How many bytes the text takes in UTF-8. */
export const utf8Length = (text: string): number => Buffer.byteLength(text, 'utf8');

/** Without characters of `set` at the chosen ends. */
export function trimSet(text: string, set: string, left: boolean, right: boolean): string {
  if (isPlain(text) && isPlain(set)) {
    let start = 0;
    let end = text.length;
    while (left && start < end && set.includes(text[start] as string)) start++;
    while (right && end > start && set.includes(text[end - 1] as string)) end--;
    return text.slice(start, end);
  }
  const members = new Set(set);
  const points = [...text];
  let start = 0;
  let end = points.length;
  while (left && start < end && members.has(points[start] as string)) start++;
  while (right && end > start && members.has(points[end - 1] as string)) end--;
  return points.slice(start, end).join('');
}
