import { type DataType, float64Type, int32Type, type Scalar, SparrowError } from '../base/index.js';
import { windowFunction } from './define.js';
import { anyBoolean, anyInt, anyType, constant, takes } from './implicit.js';
import { commonType, isMismatch, noCommonType } from './signature.js';

/** Row positions and their neighbours, over the ordered rows of one partition. */

/** A number for each row by its position and its first peer's. */
const numbering = (
  name: string,
  sql: string,
  returns: DataType,
  summary: string,
  of: (row: number, peers: Int32Array, rows: number) => number,
) =>
  windowFunction({
    name,
    sql: [sql],
    summary,
    examples: [],
    resolve: (args, settings) => {
      const result = takes([], returns)(args, settings);
      return isMismatch(result) ? result : { ...result, nullable: false };
    },
    eval: (_, peers, rows) => Array.from({ length: rows }, (_row, row) => of(row, peers, rows)),
  });

const firstPeer = (row: number, peers: Int32Array): number => peers[row] ?? row;

/** For each row how many rows lie before it or are its peers. */
function endOfPeers(peers: Int32Array, rows: number): number[] {
  const ends: number[] = new Array(rows);
  let end = rows;
  for (let row = rows - 1; row >= 0; row--) {
    ends[row] = end;
    if (firstPeer(row, peers) === row) end = row;
  }
  return ends;
}

function denseRanks(peers: Int32Array, rows: number): number[] {
  let rank = 0;
  return Array.from({ length: rows }, (_, row) => (firstPeer(row, peers) === row ? ++rank : rank));
}

/** The first rows % buckets buckets have one row more. */
function bucketOf(row: number, rows: number, buckets: number): number {
  const size = Math.floor(rows / buckets);
  const larger = rows % buckets;
  const inLarger = larger * (size + 1);
  return row < inLarger ? Math.floor(row / (size + 1)) + 1 : larger + Math.floor((row - inLarger) / size) + 1;
}

const ranks = {
  rowNumber: numbering(
    'rowNumber',
    'row_number',
    int32Type,
    'The position of the row in its partition, from 1.',
    (row) => row + 1,
  ),
  rank: numbering(
    'rank',
    'rank',
    int32Type,
    'One more than the number of rows before the row and its peers.',
    (row, peers) => firstPeer(row, peers) + 1,
  ),
  denseRank: windowFunction({
    name: 'denseRank',
    sql: ['dense_rank'],
    summary: 'The number of different ordering keys up to the row.',
    examples: [],
    resolve: takes([], int32Type),
    eval: (_, peers, rows) => denseRanks(peers, rows),
  }),
  percentRank: numbering(
    'percentRank',
    'percent_rank',
    float64Type,
    'rank - 1 as a share of the rows but one; 0 for a single row.',
    (row, peers, rows) => (rows <= 1 ? 0 : firstPeer(row, peers) / (rows - 1)),
  ),
  cumeDist: windowFunction({
    name: 'cumeDist',
    sql: ['cume_dist'],
    summary: 'The share of rows that lie before the row or are its peers.',
    examples: [],
    resolve: takes([], float64Type),
    eval: (_, peers, rows) => endOfPeers(peers, rows).map((end) => end / rows),
  }),
  ntile: windowFunction({
    name: 'ntile',
    sql: ['ntile'],
    summary: 'The bucket (from 1) of the row when the partition is cut into as many equal buckets as it can be.',
    examples: [],
    resolve: (args, settings) => {
      const literal = args[0]?.literal;
      if (literal !== undefined && Number(literal) <= 0) {
        return { mismatch: 'the number of buckets must be positive', code: 'DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE' };
      }
      return takes([constant(anyInt)], int32Type, { optional: 1 })(args, settings);
    },
    eval: (args, _peers, rows) => {
      const buckets = Number(args[0]?.[0] ?? 1);
      return Array.from({ length: rows }, (_, row) => bucketOf(row, rows, buckets));
    },
  }),
};

/** The value some rows away, or the default (null unless given) beyond the partition. */
const neighbour = (name: 'lag' | 'lead', where: string) =>
  windowFunction({
    name,
    sql: [name],
    summary: `The value \`offset\` rows (1 unless given) ${where}, of those with a value if nulls are ignored; the default, or null, where there is none.`,
    examples: [],
    resolve: (args, settings) => {
      const result = takes([anyType, constant(anyInt), anyType, constant(anyBoolean)], ([type]) => type ?? int32Type, {
        optional: 3,
        nullable: true,
      })(args, settings);
      const [value, , fallback] = args;
      if (isMismatch(result) || value === undefined || fallback === undefined) return result;
      if (commonType(value.type, fallback.type) === undefined) return noCommonType([value, fallback]);
      const { type } = value.type.kind === 'null' ? fallback : value;
      return { args: [type, int32Type, type, ...result.args.slice(3)], returns: type, nullable: true };
    },
    eval: ([values = [], offsets, fallbacks, ignore], _peers, rows) => {
      const offset = Number(offsets?.[0] ?? 1) * (name === 'lag' ? -1 : 1);
      if (ignore?.[0] === true) return presentNeighbours(values, offset, fallbacks, rows);
      return Array.from({ length: rows }, (_, row): Scalar => {
        const at = row + offset;
        return at >= 0 && at < rows ? (values[at] ?? null) : (fallbacks?.[row] ?? null);
      });
    },
  });

/** The value that many rows with a value away, for each row. */
function presentNeighbours(
  values: readonly Scalar[],
  offset: number,
  fallbacks: readonly Scalar[] | undefined,
  rows: number,
): Scalar[] {
  const present: number[] = [];
  for (let row = 0; row < rows; row++) if (values[row] !== null) present.push(row);
  // Of the rows with a value how many lie before the row.
  let before = 0;
  return Array.from({ length: rows }, (_, row): Scalar => {
    while (before < present.length && (present[before] as number) < row) before++;
    if (offset === 0) return values[row] ?? null;
    const isPresent = present[before] === row;
    const at = offset < 0 ? before + offset : before + offset - (isPresent ? 0 : 1);
    const found = present[at];
    return found === undefined ? (fallbacks?.[row] ?? null) : (values[found] ?? null);
  });
}

type FrameOf = (row: number) => readonly [from: number, to: number];

function nthValue(
  values: readonly Scalar[],
  n: Scalar | undefined,
  rows: number,
  ignoresNulls: boolean,
  frameOf: FrameOf,
): Scalar[] {
  const position = Number(n);
  if (!(position > 0))
    throw new SparrowError('DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE', 'the offset of nth_value must be positive');
  // With nulls left out: how many values lie before each row, and where the k-th one is.
  const places: number[] = [];
  const before = new Int32Array(rows + 1);
  for (let row = 0; row < rows; row++) {
    before[row] = places.length;
    if (!ignoresNulls || values[row] !== null) places.push(row);
  }
  before[rows] = places.length;
  return Array.from({ length: rows }, (_, row): Scalar => {
    const [from, to] = frameOf(row);
    const place = places[(before[from] as number) + position - 1];
    return from < to && place !== undefined && place < to ? (values[place] ?? null) : null;
  });
}

/** Functions of a window's ordered rows. */
export const windowFunctions = {
  ...ranks,
  lag: neighbour('lag', 'before'),
  lead: neighbour('lead', 'after'),
  nthValue: windowFunction({
    name: 'nthValue',
    sql: ['nth_value'],
    summary:
      'The value of the n-th row of the frame, of those with a value if nulls are ignored; null where there is none.',
    examples: [],
    resolve: takes([anyType, constant(anyInt), constant(anyBoolean)], ([type]) => type ?? int32Type, {
      optional: 1,
      nullable: true,
    }),
    eval: ([values = [], n, ignore], _peers, rows, _call, frameOf) =>
      nthValue(values, n?.[0], rows, ignore?.[0] === true, frameOf),
  }),
};
