import { isList, type Type } from './values.js';

/** A value in the form that both engines' answers are brought to. */
export type Plain = string | number | boolean | null | readonly Plain[];
export type Rows = readonly (readonly Plain[])[];

/** What an engine says to a query. */
export type Answer =
  | { readonly kind: 'rows'; readonly rows: Rows; readonly types?: readonly string[] }
  | { readonly kind: 'error'; readonly code: string; readonly message: string };

/** A number of the answer; -0 is 0 (rule 15). */
export const plainNumber = (x: number): number => (x === 0 ? 0 : x);

const RELATIVE = 1e-9;

const close = (a: number, b: number): boolean =>
  Object.is(a, b) || Math.abs(a - b) <= RELATIVE * Math.max(Math.abs(a), Math.abs(b), 1e-3);

export function same(a: Plain, b: Plain, inexact: boolean): boolean {
  if (inexact && typeof a === 'number' && typeof b === 'number') return close(a, b);
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, i) => same(item as Plain, b[i] as Plain, inexact));
  }
  return Object.is(a, b);
}

export const textOf = (row: readonly Plain[]): string =>
  row.map((value) => (typeof value === 'number' ? String(value) : JSON.stringify(value))).join(' | ');

const byNumbers = (a: readonly Plain[], b: readonly Plain[]): number => {
  const at = a.findIndex((value, i) => typeof value === 'number' && value !== b[i]);
  return at < 0 ? 0 : Number(a[at]) - Number(b[at]);
};

/** The order of rows that a comparison as bags needs: numbers right to some digits only decide last. */
function ordered(rows: Rows, inexact: readonly boolean[]): Rows {
  const key = (row: readonly Plain[]): string => {
    const exact = row.filter((_, i) => !inexact[i]);
    const rest = row.map((v, i) => (inexact[i] ? (typeof v === 'number' ? v.toPrecision(6) : v) : ''));
    return `${textOf(exact)} ${textOf(rest as Plain[])}`;
  };
  return rows
    .map((row) => ({ row, at: key(row) }))
    .sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : byNumbers(a.row, b.row)))
    .map(({ row }) => row);
}

/** The first row that differs, in words; undefined when the rows are the same. */
export function rowDifference(
  ours: Rows,
  theirs: Rows,
  inexact: readonly boolean[],
  inOrder = false,
): string | undefined {
  if (ours.length !== theirs.length) return `${ours.length} rows, not ${theirs.length}`;
  const [a, b] = inOrder ? [ours, theirs] : [ordered(ours, inexact), ordered(theirs, inexact)];
  for (const [r, row] of a.entries()) {
    const other = b[r] as readonly Plain[];
    if (!row.every((value, c) => same(value, other[c] as Plain, inexact[c] === true)))
      return `row ${r}: ours ${textOf(row)}, theirs ${textOf(other)}`;
  }
  return undefined;
}

/** Our row values, collected with 64-bit integers and decimals as strings and timestamps as micros. */
export function plainOf(type: Type, value: unknown): Plain {
  if (value === null || value === undefined) return null;
  if (isList(type)) return (value as readonly unknown[]).map((item) => plainOf('string', item));
  if (typeof value === 'number') return plainNumber(value);
  if (typeof value === 'bigint') return String(value);
  if (value instanceof Date) return String(Math.round(value.getTime() / 86_400_000));
  return value as string | boolean;
}
