import { type Carrier, engineBug } from '../base/index.js';

/** One value of a row: where it lies and where its null byte lies (0 = value, 1 = null), if it can be null. */
export interface RowField {
  readonly carrier: Carrier;
  readonly offset: number;
  readonly nullOffset: number | undefined;
  /** It lies among the bits of the word at `offset`. */
  readonly packed?: PackedBits;
}

/** A number among the bits of a word, as its distance from a bound. */
export interface PackedBits {
  /** Where the word lies in a sort entry: its prefix, or what stands in for the row's address. */
  readonly offset: 0 | 8;
  /** Bits of 64 above it, with the bit that tells nulls. */
  readonly above: number;
  readonly bits: number;
  /** What it is counted from: upwards, or downwards. */
  readonly base: bigint;
  readonly isDown: boolean;
  /** What the bit above it is for null; undefined where there is none. */
  readonly nullBit: 0 | 1 | undefined;
}

/** Rows of fixed width: what hash tables, join builds and sorts keep. Bytes are an address and a length. */
export interface RowLayout {
  readonly header: number;
  readonly fields: readonly RowField[];
  readonly stride: number;
}

/** Bits of a word below those that say in which partition a row is … */
export const PARTITION_SHIFT = 26;
/** … and below those of a group's place: very many groups are merged in smaller parts of a partition. */
export const PLACE_SHIFT = 22;

/** Headers: what comes before the fields. */
export const GROUP_HEADER = {
  /** The keys' place, in its top bits, and below it so much of their hash. */
  HASH: 0,
  /** Of rows that were on disk: their number in the order of their task. */
  NUMBER: 4,
  bytes: 8,
} as const;
export const JOIN_HEADER = {
  NEXT: 0,
  HASH: 4,
  /** The keys' place but for its lowest byte, which says that the row was matched. */
  PLACE: 8,
  MARK: 8,
  /** Of rows that were on disk: their number in the order of their side. */
  NUMBER: 12,
  bytes: 16,
} as const;

const WIDTH: Readonly<Record<Carrier, number>> = { i32: 4, f32: 4, i64: 8, f64: 8, i128: 16, bytes: 8, none: 0 };

/** Wide fields first, then narrow ones, then a null byte for each nullable field. */
export function rowLayout(header: number, fields: readonly { carrier: Carrier; nullable: boolean }[]): RowLayout {
  const offsets = new Array<number>(fields.length).fill(0);
  let at = header;
  for (const wide of [true, false]) {
    fields.forEach((field, i) => {
      if (WIDTH[field.carrier] >= 8 !== wide) return;
      offsets[i] = at;
      at += WIDTH[field.carrier];
    });
  }
  const placed = fields.map((field, i): RowField => {
    const nullable = field.nullable || field.carrier === 'none';
    return { carrier: field.carrier, offset: offsets[i] as number, nullOffset: nullable ? at++ : undefined };
  });
  return { header, fields: placed, stride: (at + 7) & ~7 };
}

export function fieldAt(layout: RowLayout, index: number): RowField {
  const found = layout.fields[index];
  if (found === undefined) throw engineBug(`row field ${index} of ${layout.fields.length}`);
  return found;
}
