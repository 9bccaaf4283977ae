import type { ReadableFile, ScanSplit } from '../../base/index.js';
import { pageSizes } from './page-sizes.js';
import type { ParquetSplit, SplitChunk, SplitColumn } from './split.js';

/** Parts of a row group take about so many bytes, … */
const PART_BYTES = 1 << 26;
/** … a quarter of it where the rows themselves are large, which are copied as they go. */
const LARGE_ROWS_BYTES = 1 << 24;
const LARGE_ROW = 1 << 10;
/** Of lists a part has so many times as much. */
const LIST_PARTS = 4;

type Known = NonNullable<ScanSplit['stats']>[string];

/**
 * The split of a row group, or one for each part of its rows, where these are large: documents, images, long lists. Parts
 * begin where pages of the columns that take most begin, since a page is decompressed whole. `open` is for a look at these.
 */
export function inParts(split: ScanSplit, open: () => ReadableFile | undefined): ScanSplit[] {
  const payload = split.payload as ParquetSplit;
  const { rows } = payload;
  const bytes = payload.columns.reduce((sum, column) => sum + bytesOf(column), 0);
  const most = bytes / rows > LARGE_ROW ? LARGE_ROWS_BYTES : PART_BYTES;
  if (bytes <= 2 * most || rows < 2) return [split];
  const starts = [...partStarts(payload, most / bytes, open), rows];
  if (starts.length < 3) return [split];
  const { piece: _, stats = {}, ...same } = split;
  return starts.slice(1).map((to, part): ScanSplit => {
    const from = starts[part] as number;
    const share = (to - from) / rows;
    return {
      ...same,
      label: `${split.label} rows ${from} to ${to}`,
      rows: to - from,
      bytes: Math.ceil((split.bytes ?? 0) * share),
      isLarge: true,
      stats: Object.fromEntries(Object.entries(stats).map(([name, known]) => [name, ofSome(known, rows, to - from)])),
      payload: { ...payload, window: [from, to] },
    };
  });
}

const bytesOf = ({ chunks }: SplitColumn): number => chunks.reduce((sum, chunk) => sum + chunk.uncompressedBytes, 0);

/** The first row of each part, which takes such a share of the row group. */
function partStarts({ rows, columns }: ParquetSplit, share: number, open: () => ReadableFile | undefined): number[] {
  const large = columns.filter((column) => bytesOf(column) > LARGE_ROWS_BYTES);
  const flat = large.filter(({ node }) => node?.kind === 'leaf' && node.maxRepetition === 0);
  const file = flat.length === 0 ? undefined : open();
  try {
    const found = file === undefined ? [] : flat.map(({ chunks }) => pageStarts(file, chunks[0] as SplitChunk, share));
    const [first, ...others] = found.every((starts) => starts !== undefined) ? found : [];
    const coarsest = others.reduce((a, b) => (a && b && a.length > b.length ? b : a), first);
    if (coarsest !== undefined) return coarsest;
  } finally {
    file?.close();
  }
  // To find rows of lists all pages before them are decompressed: in few parts, not as often.
  const parts = Math.min(rows, Math.ceil(1 / share / LIST_PARTS));
  return Array.from({ length: parts }, (_, part) => Math.floor((rows * part) / parts));
}

function pageStarts(file: ReadableFile, chunk: SplitChunk, share: number): number[] | undefined {
  const pages = pageSizes(file, chunk);
  if (pages === undefined) return undefined;
  const most = chunk.uncompressedBytes * share;
  const starts = [0];
  let row = 0;
  let held = 0;
  for (const page of pages) {
    if (held > 0 && held + page.bytes > most) {
      starts.push(row);
      held = 0;
    }
    held += page.bytes;
    row += page.values;
  }
  return starts;
}

/** What is known of some of the rows: of nulls only whether none is, or all are. */
function ofSome({ nullCount, ...bounds }: Known, rows: number, some: number): Known {
  if (nullCount === 0) return { ...bounds, nullCount };
  return nullCount === rows ? { ...bounds, nullCount: some } : bounds;
}
