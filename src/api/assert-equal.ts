import { SparrowError, simpleString } from '../base/index.js';
import { FrameBase } from './frame-base.js';
import type { Anything } from './row-types.js';

/** How exactly frames are compared. */
export interface EqualOptions {
  /** Whether rows must come in the same order. */
  readonly checkRowOrder?: boolean;
  /** The difference that floating-point numbers may have, relative to the expected one. */
  readonly rtol?: number;
  /** The difference they may have whatever their size. */
  readonly atol?: number;
}

/** Rows shown in a message. */
const SHOWN = 10;

type Rows = readonly Readonly<Record<string, unknown>>[];

/**
 * Throws unless both have the same columns and rows: `DIFFERENT_SCHEMA`, `DIFFERENT_ROWS`. `expected` is a frame or
 * its rows. Numbers may differ a little (1e-5 of the expected value, 1e-8 in any case); order counts only when asked.
 */
export async function assertDataFrameEqual(
  actual: FrameBase<Anything, Anything>,
  expected: FrameBase<Anything, Anything> | Rows,
  options: EqualOptions = {},
): Promise<void> {
  const close = closeness(options);
  if (expected instanceof FrameBase) {
    const [has, wanted] = await Promise.all([schemaText(actual), schemaText(expected)]);
    if (has !== wanted) {
      throw new SparrowError('DIFFERENT_SCHEMA', `the columns are ${has}, expected were ${wanted}`);
    }
  }
  const rows = (await actual.collect()) as unknown as Rows;
  const wanted = expected instanceof FrameBase ? ((await expected.collect()) as unknown as Rows) : expected;
  const [left, right] = options.checkRowOrder === true ? [rows, wanted] : [ordered(rows), ordered(wanted)];
  const differences: string[] = [];
  let count = 0;
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    if (left[i] !== undefined && right[i] !== undefined && close(left[i], right[i])) continue;
    count++;
    if (count <= SHOWN) differences.push(`actual   ${text(left[i])}\nexpected ${text(right[i])}`);
  }
  if (count === 0) return;
  throw new SparrowError(
    'DIFFERENT_ROWS',
    `${count} of ${Math.max(left.length, right.length)} rows differ:\n${differences.join('\n')}`,
  );
}

const schemaText = async (frame: FrameBase<Anything, Anything>): Promise<string> =>
  (await frame.schema()).fields.map((f) => `${f.name} ${simpleString(f.type)}`).join(', ');

/** Values as text: for messages, and to bring rows into one order. Floats keep few digits, as they may differ a little. */
function text(value: unknown): string {
  if (typeof value === 'number') return Number.isInteger(value) ? `${value}` : value.toPrecision(5);
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Map) return `{${[...value].map(([k, v]) => `${text(k)}: ${text(v)}`).join(', ')}}`;
  if (Array.isArray(value)) return `[${value.map(text).join(', ')}]`;
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return String(value);
  const own = Object.entries(value);
  return own.length === 0 ? String(value) : `{${own.map(([k, v]) => `${k}: ${text(v)}`).join(', ')}}`;
}

function ordered(rows: Rows): Rows {
  const keyed = rows.map((row) => ({ row, key: text(row) }));
  return keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)).map(({ row }) => row);
}

function closeness({ rtol = 1e-5, atol = 1e-8 }: EqualOptions): (a: unknown, b: unknown) => boolean {
  const close = (a: unknown, b: unknown): boolean => {
    if (Object.is(a, b) || a === b) return true;
    if (typeof a === 'number' && typeof b === 'number') return Math.abs(a - b) <= atol + rtol * Math.abs(b);
    if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
    if (a instanceof Date || b instanceof Date) return a instanceof Date && b instanceof Date && +a === +b;
    if (a instanceof Map && b instanceof Map) return close([...a], [...b]);
    const [left, right] = [Object.entries(a), Object.entries(b)];
    if (left.length === 0 && right.length === 0) return String(a) === String(b);
    return left.length === right.length && left.every(([k, v], i) => right[i]?.[0] === k && close(v, right[i]?.[1]));
  };
  return close;
}
