import { createHash } from 'node:crypto';
import type { Kind } from './kinds.js';

/**
 * Rows as canonical JSON: an array of the values in the order of the columns; decimals and 64-bit integers as strings,
 * floats in the shortest form that reads back (NaN and infinities as strings), dates and timestamps as ISO texts with
 * microseconds, binary as hex, maps as pairs sorted by their texts, structs as objects. Sorted, one a line.
 */
export class RowHash {
  readonly #lines: string[] = [];

  add(values: readonly string[]): void {
    this.#lines.push(`[${values.join(',')}]`);
  }

  get rows(): number {
    return this.#lines.length;
  }

  digest(): string {
    return digestOf(this.#lines);
  }

  /**
   * Of the texts of the values, whatever their types: formats without types leave those to each reader. Of CSV with one
   * column, records of nothing are left out: a blank line is a null to some, and no record to others.
   */
  looseDigest(kind: Kind): string {
    const loosened = (line: string): string =>
      line
        .replace(TEXTS, looseText)
        .replace(/T00:00:00\.000000"/g, '"')
        .replaceAll('"', '')
        .replace(/(\d)\.0(?=[,\]}])/g, '$1');
    const told = kind === 'csv' ? this.#lines.filter((line) => line !== '[null]') : this.#lines;
    return digestOf(told.map(loosened));
  }

  /** The first few lines, as they are hashed. */
  sample(count: number): string[] {
    this.#lines.sort();
    return this.#lines.slice(0, count).map((line) => line.slice(0, 300));
  }
}

const TEXTS = /"(?:[^"\\]|\\.)*"/g;
const TIME = /^"(\d\d:\d\d)"$/;
const CLOCK = /^"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(?:Z|\+00:?00)?"$/;

/** Clocks as `microsText` writes them, and JSON within a text without the blanks that mean nothing there (RFC 8259, 2). */
function looseText(literal: string): string {
  const clock = CLOCK.exec(literal);
  if (clock !== null) return `"${clock[1]}T${clock[2]}.${(clock[3] ?? '').padEnd(6, '0')}"`;
  if (TIME.test(literal)) return literal.replace(TIME, '"$1:00"');
  if (!/^"\s*[[{]/.test(literal)) return literal;
  const text = JSON.parse(literal) as string;
  try {
    JSON.parse(text);
  } catch {
    return literal;
  }
  // Not what was parsed: its numbers may have more digits than JavaScript's.
  return JSON.stringify(text.replace(/("(?:[^"\\]|\\.)*")|\s+/g, '$1'));
}

export function floatText(value: number, single: boolean): string {
  if (!Number.isFinite(value)) return JSON.stringify(String(value));
  if (Object.is(value, -0)) return '-0.0';
  if (!single) return JSON.stringify(value);
  for (let digits = 1; digits < 9; digits++) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === value) return JSON.stringify(Number(text));
  }
  return JSON.stringify(Number(value.toPrecision(9)));
}

/** Microseconds since the epoch as ISO 8601, always with six digits after the second, instants and wall clocks alike. */
export function microsText(micros: bigint): string {
  let seconds = micros / 1_000_000n;
  if (micros < 0n && seconds * 1_000_000n !== micros) seconds -= 1n;
  const fraction = (micros - seconds * 1_000_000n).toString().padStart(6, '0');
  const millis = Number(seconds) * 1000;
  if (Math.abs(millis) > 8.64e15) return JSON.stringify(`${micros}us`);
  const text = new Date(millis).toISOString().replace(/\.000Z$/, '');
  return JSON.stringify(`${text}.${fraction}`);
}

export function daysText(days: number): string {
  if (Math.abs(days) > 1e8) return JSON.stringify(`${days}d`);
  return JSON.stringify(new Date(days * 86_400_000).toISOString().replace(/T.*$/, ''));
}

export const hexText = (bytes: Uint8Array): string => JSON.stringify(Buffer.from(bytes).toString('hex'));

export const pairsText = (pairs: readonly (readonly [string, string])[]): string =>
  `[${pairs
    .map(([key, value]) => `[${key},${value}]`)
    .sort()
    .join(',')}]`;

const TIMESTAMP = /^(\d{4,}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(\.\d{1,6})?\d*(?:Z|\+00(?::?00)?)?$/;

const BYTES = /^(?:\\x[0-9A-F]{2})+$/;

/** A variant's JSON with its fields sorted, and instants as clocks of UTC with what fraction they have to the microsecond. */
export function jsonText(json: string | null): string {
  const sorted = (value: unknown): unknown => {
    // Engines write single floats with the digits of double ones, and bytes in hex.
    if (typeof value === 'number') return Math.fround(value) === value ? Number(floatText(value, true)) : value;
    if (typeof value === 'string' && BYTES.test(value)) {
      return Buffer.from(value.replaceAll('\\x', ''), 'hex').toString('base64');
    }
    if (typeof value === 'string')
      return value.replace(TIMESTAMP, (_, day, clock, f = '') => `${day} ${clock}${f.replace(/\.?0*$/, '')}`);
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map(sorted);
    return Object.fromEntries(
      Object.entries(value)
        .sort()
        .map(([name, item]) => [name, sorted(item)]),
    );
  };
  return json === null ? 'null' : JSON.stringify(sorted(JSON.parse(json)));
}

function digestOf(lines: string[]): string {
  lines.sort();
  const hash = createHash('sha256');
  for (const line of lines) hash.update(line).update('\n');
  return hash.digest('hex');
}
