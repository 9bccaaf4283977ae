import { createHash } from 'node:crypto';

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

  /** Of the texts of the values, whatever their types: formats without types leave those to each reader. */
  looseDigest(): string {
    return digestOf(this.#lines.map((line) => line.replaceAll('"', '').replace(/(\d)\.0(?=[,\]}])/g, '$1')));
  }

  /** The first few lines, as they are hashed. */
  sample(count: number): string[] {
    this.#lines.sort();
    return this.#lines.slice(0, count).map((line) => line.slice(0, 300));
  }
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

function digestOf(lines: string[]): string {
  lines.sort();
  const hash = createHash('sha256');
  for (const line of lines) hash.update(line).update('\n');
  return hash.digest('hex');
}
