import { type Column, sliceColumn, type TaskContext } from '../../base/index.js';
import { ChunkPages, type GroupContext, type Page } from './chunk-pages.js';
import { corrupt, type Place } from './error.js';
import { decodeLevels, findLevels } from './levels.js';
import { KERNEL_SLACK } from './scratch.js';
import type { Leaf } from './sink.js';
import type { ParquetSplit, SplitChunk } from './split.js';

/** Rows from…to of a row group. */
export type RowWindow = readonly [from: number, to: number];

/** The rows of a split: of its row group all, or those of its window. */
export const windowRows = ({ rows, window }: ParquetSplit): number =>
  window === undefined ? rows : window[1] - window[0];

/** The pages of a column chunk that have something of a window's rows, as if there were no others. */
export interface ChunkPart {
  readonly chunk: SplitChunk;
  /** The row of the row group in which the first page begins, or which it goes on with. */
  readonly first: number;
}

/** Counts pages; gives true when there is nothing more to see. */
type Counting = (page: Page, at: number) => boolean;

/** The pages of a leaf without lists around it, found by their headers. */
export function flatPart(group: GroupContext, chunk: SplitChunk, window: RowWindow, place: Place): ChunkPart {
  const part = new PartOfChunk(group, chunk, place);
  let row = 0;
  part.look(false, (page, at) => {
    const { values } = page.header;
    if (row + values > window[0]) part.take(page, at, row);
    row += values;
    return row >= window[1];
  });
  if (row < window[1]) throw corrupt(place, `its pages have ${row} of the ${group.split.rows} rows of the row group`);
  return part.found();
}

/** The pages of a leaf of lists, found by their repetition levels: a row may go on in the next page. */
export function nestedPart(
  group: GroupContext,
  leaf: Leaf,
  chunk: SplitChunk,
  window: RowWindow,
  place: Place,
): ChunkPart {
  const part = new PartOfChunk(group, chunk, place);
  let begun = 0;
  part.look(true, (page, at) => {
    const levels = repetitionLevels(group, leaf, page, place);
    const { u32 } = group.task.heap;
    if (begun >= window[1] && u32[levels >>> 2] === 0) return true;
    const before = begun;
    for (let i = 0; i < page.header.values; i++) if (u32[(levels >>> 2) + i] === 0) begun++;
    if (begun > window[0]) part.take(page, at, before);
    return begun > window[1];
  });
  if (begun < window[1]) throw corrupt(place, 'its repetition levels make fewer rows than the row group has');
  return part.found();
}

function repetitionLevels(group: GroupContext, leaf: Leaf, page: Page, place: Place): number {
  const { values: count } = page.header;
  const levels = group.scratch.get('levels', count * 4 + 128);
  const max = { repetition: leaf.maxRepetition, definition: leaf.maxDefinition };
  const { repetition } = findLevels(group, page, max, place);
  decodeLevels(group, page, repetition, leaf.maxRepetition, levels, 'repetition', place);
  return levels;
}

class PartOfChunk {
  #start = 0;
  #first = 0;
  #values = 0;
  #bytes = 0;
  #hasDictionary = false;

  constructor(
    private readonly group: GroupContext,
    private readonly chunk: SplitChunk,
    private readonly place: Place,
  ) {}

  look(opens: boolean, count: Counting): void {
    const pages = new ChunkPages(this.group, this.chunk, this.place);
    const isWanted = (header: Page['header']): boolean => opens && header.type !== 'dictionary';
    for (let page = pages.next(isWanted); page !== undefined; page = pages.next(isWanted)) {
      if (page.header.type === 'dictionary') this.#hasDictionary = true;
      else if (count(page, pages.pageStart)) return;
    }
  }

  take({ header }: Page, at: number, first: number): void {
    if (this.#values === 0) [this.#start, this.#first] = [at, first];
    this.#values += header.values;
    this.#bytes += header.uncompressedBytes;
  }

  found(): ChunkPart {
    const { chunk } = this;
    const pages = { start: this.#start, hasDictionary: this.#hasDictionary };
    return { chunk: { ...chunk, values: this.#values, uncompressedBytes: this.#bytes, pages }, first: this.#first };
  }
}

/** Rows of a column from any row on: a bitmap has to begin at a whole byte. */
export function partOfColumn(column: Column, from: number, rows: number, { heap, arena }: TaskContext): Column {
  const start = from & ~7;
  const shift = from & 7;
  const { validity: bitmap, ...part } = sliceColumn({ ...column, validity: 0 }, from, rows);
  if (column.validity === 0) return { ...part, validity: bitmap };
  const source = column.validity + (start >>> 3);
  if (shift === 0) return { ...part, validity: source };
  const bytes = (rows + 7) >>> 3;
  const validity = arena.alloc(bytes + KERNEL_SLACK);
  const { u8 } = heap;
  for (let i = 0; i < bytes; i++)
    u8[validity + i] = ((u8[source + i] as number) >>> shift) | ((u8[source + i + 1] as number) << (8 - shift));
  return { ...part, validity };
}
