import type { FileBlock } from '../../io/block-file.js';

/** Rows on disk that are read at one go: of a sorted run with the key prefix of each, then their strings. */
export interface SpillSegment {
  readonly rows: number;
  /** Rows hold positions among the strings. */
  readonly block: FileBlock;
}

/** Rows that a task put on disk, in order. */
export interface SpilledRows {
  readonly path: string;
  readonly rows: number;
  readonly stride: number;
  /**
   * As numbers, since threads tell each other of many thousands: see `segmentsOf`. Most arrays are short, and a typed array
   * takes some hundred bytes besides.
   */
  readonly segments: readonly number[];
  /** Of a sorted run: the key prefix of the first row of each segment. */
  readonly firsts?: BigUint64Array;
  /** Of a sorted run: the first row of each segment, without texts that it is not sorted by. */
  readonly heads?: SpilledRows;
}

/** Of a segment. */
const NUMBERS = 5;
const BYTES_AT = 3;

export const inNumbers = (segments: readonly SpillSegment[]): number[] =>
  segments.flatMap(({ rows, block: { offset, storedBytes, bytes, checksum } }) => [
    rows,
    offset,
    storedBytes,
    bytes,
    checksum,
  ]);

export const segmentCount = ({ segments }: SpilledRows): number => segments.length / NUMBERS;

export const segmentsOf = (spilled: SpilledRows): SpillSegment[] =>
  Array.from({ length: segmentCount(spilled) }, (_, i) => {
    const at = i * NUMBERS;
    const [rows, offset, storedBytes, bytes, checksum] = spilled.segments.slice(at, at + NUMBERS);
    return { rows, block: { offset, storedBytes, bytes, checksum } } as SpillSegment;
  });

/** What rows take where they are read. */
export const bytesOf = (spilled: readonly SpilledRows[]): number =>
  spilled.reduce(
    (sum, { segments }) => segments.reduce((n, number, i) => (i % NUMBERS === BYTES_AT ? n + number : n), sum),
    0,
  );

const NO_FIRSTS = new BigUint64Array(0);

/** The rows of some of the segments: to be read, without the prefixes of their first rows. */
export function segmentsBetween(
  { path, stride, segments, firsts }: SpilledRows,
  from: number,
  to: number,
): SpilledRows {
  const some = segments.slice(from * NUMBERS, to * NUMBERS);
  const rows = some.reduce((n, number, i) => (i % NUMBERS === 0 ? n + number : n), 0);
  return { path, rows, stride, segments: some, ...(firsts === undefined ? {} : { firsts: NO_FIRSTS }) };
}

/** Each segment by itself. */
export function* eachSegment(rows: SpilledRows): Generator<SpilledRows> {
  for (let i = 0; i < segmentCount(rows); i++) yield segmentsBetween(rows, i, i + 1);
}

/** What one task wrote at several times, as if at once: that is less to tell. */
export function together(written: readonly SpilledRows[]): readonly SpilledRows[] {
  const [first] = written;
  if (first === undefined || written.length === 1) return written;
  const rows = written.reduce((n, some) => n + some.rows, 0);
  const firsts = written.flatMap((some) => [...(some.firsts ?? [])]);
  const [heads] = together(written.flatMap((some) => some.heads ?? []));
  return [
    {
      ...first,
      rows,
      segments: written.flatMap((some) => some.segments),
      ...(first.firsts === undefined ? {} : { firsts: BigUint64Array.from(firsts) }),
      ...(heads === undefined ? {} : { heads }),
    },
  ];
}

/** Rows that come out of a partition of a join at one go. */
export const JOINED_ROWS = 8192;
