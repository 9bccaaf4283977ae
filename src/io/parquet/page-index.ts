import type { Predicate, ReadableFile, Scalar } from '../../base/index.js';
import type { Comparison } from '../map-predicate.js';
import { bloomMayHold } from './bloom-filter.js';
import type { ColumnOrder, FileSpan, Statistics } from './metadata.js';
import { mayMatch } from './prune.js';
import { intersect, type RowRanges, union } from './row-ranges.js';
import type { ParquetSplit, SplitChunk, SplitColumn } from './split.js';
import { type ChunkStats, chunkStats, type TypedLeaf } from './statistics.js';
import { ThriftError, ThriftReader, WIRE } from './thrift.js';

/** An index larger than this is not worth reading before its pages. */
const MAX_INDEX_BYTES = 1 << 24;

/** Rows of a row group that a predicate may be true for, as far as page index and bloom filters tell. */
export function indexedRows(predicate: Predicate, split: ParquetSplit, file: ReadableFile): RowRanges {
  const all: RowRanges = [[0, split.rows]];
  switch (predicate.kind) {
    case 'and':
      return predicate.inputs.reduce<RowRanges>((rows, input) => {
        return rows.length === 0 ? rows : intersect(rows, indexedRows(input, split, file));
      }, all);
    case 'or':
      return union(predicate.inputs.flatMap((input) => indexedRows(input, split, file)));
    case 'not':
      return all;
    default: {
      const column = split.columns.find(({ name }) => name === predicate.column);
      const chunk = column?.chunks[0];
      if (column === undefined || chunk?.index === undefined) return all;
      return excludedByFilter(predicate, column, chunk, file) ? [] : pagesOf(predicate, column, chunk, split, file);
    }
  }
}

function excludedByFilter(predicate: Comparison, column: SplitColumn, chunk: SplitChunk, file: ReadableFile): boolean {
  const { bloomFilter } = chunk.index ?? {};
  if (bloomFilter === undefined || column.node?.kind !== 'leaf') return false;
  const asked: readonly Scalar[] =
    predicate.kind === 'in'
      ? predicate.values
      : predicate.kind === 'compare' && predicate.op === 'eq'
        ? [predicate.value]
        : [];
  const { decode } = column.node;
  return asked.length > 0 && !asked.some((value) => bloomMayHold(file, bloomFilter, decode, value));
}

function pagesOf(
  predicate: Comparison,
  column: SplitColumn,
  chunk: SplitChunk,
  split: ParquetSplit,
  file: ReadableFile,
): RowRanges {
  const pages = pageStats(column, chunk, split, file);
  if (pages === undefined) return [[0, split.rows]];
  const kept: [number, number][] = [];
  for (const { from, stats } of pages) if (mayMatch(predicate, () => stats)) kept.push([from, from + stats.rows]);
  return union(kept);
}

/** What is known of each page; undefined where the index says nothing, or nothing that can be understood. */
function pageStats(
  { node, type }: SplitColumn,
  { index }: SplitChunk,
  { rows }: ParquetSplit,
  file: ReadableFile,
): PageStats {
  if (index?.columnIndex === undefined || index.offsetIndex === undefined || node?.kind !== 'leaf') return undefined;
  try {
    const { decode } = node;
    const chunk = indexOf(file, index.columnIndex, index.offsetIndex);
    const key = JSON.stringify([type, decode, index.order, rows]);
    if (!chunk.pages.has(key)) chunk.pages.set(key, pagesWith(chunk, index.order, { type, decode }, rows));
    return chunk.pages.get(key);
  } catch (error) {
    if (error instanceof ThriftError) return undefined;
    throw error;
  }
}

function pagesWith(
  { starts, bounds }: ChunkIndex,
  order: ColumnOrder | undefined,
  leaf: TypedLeaf,
  rows: number,
): PageStats {
  const isSound = bounds.length === starts.length && starts.every((at, i) => at < (starts[i + 1] ?? rows));
  if (!isSound || starts[0] !== 0) return undefined;
  return bounds.map((statistics, i) => {
    const from = starts[i] as number;
    const count = (starts[i + 1] ?? rows) - from;
    if (!statistics.isNull) return { from, stats: chunkStats(statistics, order, leaf, count) };
    // Some writers said so of pages without statistics: it counts where the number of nulls says the same.
    const nulls = statistics.nullCount === count ? { nullCount: count } : {};
    return { from, stats: { rows: count, mayHaveNaN: true, ...nulls } };
  });
}

type PageStats = readonly { readonly from: number; readonly stats: ChunkStats }[] | undefined;

interface ChunkIndex {
  /** The first row of each page. */
  readonly starts: readonly number[];
  readonly bounds: readonly (Statistics & { readonly isNull: boolean })[];
  /** What that is for a type, as a query reads the column. */
  readonly pages: Map<string, PageStats>;
}

/** Indexes that were read, the latest last: every query over a file asks for the same ones. */
const known = new Map<string, ChunkIndex>();
const MOST_KNOWN = 4096;
const MOST_KNOWN_BYTES = 1 << 14;

function indexOf(file: ReadableFile, columnIndex: FileSpan, offsetIndex: FileSpan): ChunkIndex {
  const key = `${columnIndex.offset} ${file.size} ${file.modifiedMs} ${file.path}`;
  let index = known.get(key);
  if (index !== undefined) return index;
  index = {
    starts: firstRows(bytesOf(file, offsetIndex)),
    bounds: pageBounds(bytesOf(file, columnIndex)),
    pages: new Map(),
  };
  if (columnIndex.bytes + offsetIndex.bytes > MOST_KNOWN_BYTES) return index;
  if (known.size >= MOST_KNOWN) known.delete(known.keys().next().value as string);
  known.set(key, index);
  return index;
}

function bytesOf(file: ReadableFile, { offset, bytes }: FileSpan): Uint8Array {
  if (bytes > MAX_INDEX_BYTES || offset + bytes > file.size) throw new ThriftError('an index beyond the file');
  const target = new Uint8Array(bytes);
  file.readInto(target, offset, bytes);
  return target;
}

/** The OffsetIndex: the first row of each page. */
function firstRows(bytes: Uint8Array): number[] {
  const r = new ThriftReader(bytes);
  let starts: number[] = [];
  r.struct((id) => {
    if (id !== 1) return false;
    starts = r.list(() => {
      let first = -1;
      r.struct((field) => {
        if (field !== 3) return false;
        first = r.int();
        return true;
      });
      return first;
    });
    return true;
  });
  return starts;
}

/** The ColumnIndex: statistics of each page, and whether it has nothing but nulls. */
function pageBounds(bytes: Uint8Array): (Statistics & { readonly isNull: boolean })[] {
  const r = new ThriftReader(bytes);
  let nullPages: boolean[] = [];
  let [lows, highs]: Uint8Array[][] = [[], []];
  let nullCounts: number[] | undefined;
  r.struct((id, wire) => {
    if (wire !== WIRE.list) return false;
    if (id === 1) nullPages = r.list(() => r.byte() === WIRE.true);
    else if (id === 2) lows = r.list(() => r.binary());
    else if (id === 3) highs = r.list(() => r.binary());
    else if (id === 5) nullCounts = r.list(() => r.int());
    else return false;
    return true;
  });
  if (lows?.length !== nullPages.length || highs?.length !== nullPages.length)
    throw new ThriftError('an index with too few bounds');
  return nullPages.map((isNull, i) => {
    const nullCount = nullCounts?.[i];
    const bounds = { minValue: lows?.[i] as Uint8Array, maxValue: highs?.[i] as Uint8Array };
    return { isNull, ...(isNull ? {} : bounds), ...(nullCount === undefined ? {} : { nullCount }) };
  });
}
