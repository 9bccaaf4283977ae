import type { Column, ColumnStats } from '../../base/index.js';
import { ChunkPages, type GroupContext, type Page } from './chunk-pages.js';
import { corrupt, type Place } from './error.js';
import { FixedSink, TooWide } from './fixed-sink.js';
import { decodeLevels, findLevels } from './levels.js';
import type { PageHeader } from './metadata.js';
import { type ChunkPart, flatPart, partOfColumn, windowRows } from './row-window.js';
import type { Leaf, Sink } from './sink.js';
import type { NarrowStorage, SplitChunk, SplitColumn } from './split.js';
import { StringSink } from './string-sink.js';

/** Decodes a column without nesting: one leaf, one row per level. */
export function readFlat(group: GroupContext, column: SplitColumn, leaf: Leaf, stats?: ColumnStats): Column {
  const { rows, window } = group.split;
  const place = group.place(leaf.path);
  const whole = column.chunks[0] as SplitChunk;
  if (whole.values !== rows) throw corrupt(place, `${whole.values} values in a row group of ${rows} rows`);
  if (window === undefined) return readPart(group, column, leaf, stats, { chunk: whole, first: 0 });
  const part = flatPart(group, whole, window, place);
  const read = readPart(group, column, leaf, stats, part);
  return partOfColumn(read, window[0] - part.first, windowRows(group.split), group.task);
}

function readPart(
  group: GroupContext,
  column: SplitColumn,
  leaf: Leaf,
  stats: ColumnStats | undefined,
  part: ChunkPart,
): Column {
  const { chunk } = part;
  const { values: rows } = chunk;
  const place = group.place(leaf.path);
  const base = { type: column.type, length: rows, ...(stats === undefined ? {} : { stats }) };
  const decode = (narrow?: NarrowStorage): Omit<Column, 'type' | 'length'> => {
    const { storage } = leaf.decode;
    if (storage === 'none') return { storage, nullCount: rows, validity: 0, data: 0, offsets: 0 };
    const sink =
      storage === 'utf8'
        ? new StringSink(group, leaf, place, chunk)
        : new FixedSink(group, leaf, place, chunk, narrow, stats);
    return readPages(group, leaf, part, sink, place);
  };
  try {
    return { ...base, ...decode(column.narrow) };
  } catch (error) {
    if (!(error instanceof TooWide)) throw error;
    // A dictionary may have entries that no row has, beyond the statistics: take every value as it is.
    return { ...base, ...decode() };
  }
}

function readPages(
  group: GroupContext,
  leaf: Leaf,
  { chunk, first }: ChunkPart,
  sink: Sink,
  place: Place,
): Omit<Column, 'type' | 'length'> {
  const { values: rows } = chunk;
  const validity = leaf.maxDefinition > 0 ? group.alloc((rows >> 3) + 16) : 0;
  const pages = new ChunkPages(group, chunk, place);
  let row = 0;
  let nulls = 0;
  const { selection, split } = group;
  // Rows that a selection knows are counted from where the window begins.
  const ahead = first - (split.window?.[0] ?? 0);
  const isWanted = (header: PageHeader): boolean =>
    selection === undefined ||
    header.type === 'dictionary' ||
    selection.keeps(row + ahead, row + ahead + header.values);
  for (let page = pages.next(isWanted); page !== undefined && row <= rows; page = pages.next(isWanted)) {
    if (page.header.type === 'dictionary') {
      sink.dictionary(page);
      continue;
    }
    const { values: count } = page.header;
    if (count > rows - row) throw corrupt(place, `its pages have more than the ${rows} rows of the row group`);
    if (page.isSkipped) {
      sink.skip(row, count);
      if (validity !== 0) group.kernels.fillBits(validity, row, count, -1);
      selection?.leaveOut(row + ahead, row + ahead + count);
      group.task.metrics.pagesSkipped++;
    } else nulls += readPage(group, leaf, page, sink, validity, row, place);
    row += count;
  }
  if (row !== rows) throw corrupt(place, `its pages have ${row} of the ${rows} rows of the row group`);
  return { ...sink.finish(), nullCount: nulls, validity: nulls === 0 ? 0 : validity };
}

/** Decodes one data page and returns its nulls. */
function readPage(
  group: GroupContext,
  leaf: Leaf,
  page: Page,
  sink: Sink,
  validity: number,
  row: number,
  place: Place,
): number {
  const count = page.header.values;
  const levels = findLevels(group, page, { repetition: 0, definition: leaf.maxDefinition }, place);
  let dense = count;
  if (leaf.maxDefinition > 0) {
    appendValidity(group, page, levels.definition, validity, row, place);
    dense = group.kernels.countBits(validity, row, count);
  }
  if (dense > 0) {
    sink.values({ encoding: page.header.encoding, start: levels.values, end: page.end, count: dense, row });
  }
  if (dense < count) sink.spread(validity, row, count, dense);
  return count - dense;
}

function appendValidity(
  group: GroupContext,
  page: Page,
  span: readonly [number, number],
  validity: number,
  row: number,
  place: Place,
): void {
  const { kernels } = group;
  const count = page.header.values;
  // A page of version 2 without nulls may leave its levels out.
  if (page.header.type === 'data_v2' && page.header.nulls === 0 && span[0] === span[1]) {
    kernels.fillBits(validity, row, count, -1);
  } else if (page.header.type === 'data' && page.header.definitionEncoding === 'bit_packed') {
    oldValidity(group, page, span, validity, row, place);
  } else if (kernels.levelBits(span[0], span[1], validity, row, count) === 0) {
    throw corrupt(place, 'the definition levels of a page end too early');
  }
}

function oldValidity(
  group: GroupContext,
  page: Page,
  span: readonly [number, number],
  validity: number,
  row: number,
  place: Place,
): void {
  const { scratch, kernels, task } = group;
  const count = page.header.values;
  const levels = scratch.get('levels', count * 4);
  decodeLevels(group, page, span, 1, levels, 'definition', place);
  for (let i = 0; i < count; i++) {
    kernels.fillBits(validity, row + i, 1, task.heap.u32[(levels >>> 2) + i] === 1 ? -1 : 0);
  }
}
