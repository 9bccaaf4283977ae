import type { ReadableFile } from '../../base/index.js';
import { parsePageHeader } from './page-header.js';
import type { SplitChunk } from './split.js';
import { ThriftError } from './thrift.js';

const HEADER_BYTES = 1 << 12;
/** Statistics in a header may be two whole values of a page. */
const MAX_HEADER_BYTES = 1 << 24;
/** A chunk of more pages is not looked through on the caller's thread. */
const MOST_PAGES = 4096;

/** A data page: so many values, which take so many bytes. */
export interface PageSize {
  readonly values: number;
  readonly bytes: number;
}

/** The data pages of a column chunk by their headers; undefined where these cannot be read, or are very many. */
export function pageSizes(file: ReadableFile, { offset, values, ...chunk }: SplitChunk): PageSize[] | undefined {
  const pages: PageSize[] = [];
  const end = Math.min(file.size, offset + chunk.bytes);
  let left = values;
  for (let at = offset; left > 0; ) {
    const found = headerAt(file, at, end);
    if (found === undefined || pages.length === MOST_PAGES) return undefined;
    const [header, bytes] = found;
    at += bytes + header.compressedBytes;
    if (header.type === 'index' || header.type === 'dictionary') continue;
    left -= header.values;
    pages.push({ values: header.values, bytes: header.uncompressedBytes });
  }
  return pages;
}

function headerAt(file: ReadableFile, at: number, end: number): ReturnType<typeof parsePageHeader> | undefined {
  for (let wanted = HEADER_BYTES; wanted <= MAX_HEADER_BYTES; wanted *= 16) {
    const length = Math.min(wanted, end - at);
    if (length <= 0) return undefined;
    const bytes = new Uint8Array(length);
    file.readInto(bytes, at, length);
    try {
      return parsePageHeader(bytes, 0, length);
    } catch (error) {
      if (!(error instanceof ThriftError)) throw error;
    }
  }
  return undefined;
}
