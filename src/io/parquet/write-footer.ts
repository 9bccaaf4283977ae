import { crc32 } from 'node:zlib';
import type { MinMax } from './encode-bounds.js';
import { type FileSpan, PHYSICAL } from './metadata.js';
import { type WriteLeaf, type WriteSchema, writeSchemaElement } from './write-schema.js';
import { ThriftWriter } from './write-thrift.js';

const DATA_PAGE = 0;
const DICTIONARY_PAGE = 2;
const PLAIN = 0;
const RLE = 3;
/** Readers that know only the first version of the format take these files too. */
const FORMAT_VERSION = 1;

/** What every page's header begins with, the checksum of its bytes last. */
function pageFields(out: ThriftWriter, type: number, uncompressed: number, compressed: Uint8Array): void {
  out.i32(1, type);
  out.i32(2, uncompressed);
  out.i32(3, compressed.length);
  out.i32(4, crc32(compressed) | 0);
}

export function dataPageHeader(
  uncompressed: number,
  compressed: Uint8Array,
  values: number,
  encoding: number,
): Uint8Array {
  const out = new ThriftWriter();
  out.struct(() => {
    pageFields(out, DATA_PAGE, uncompressed, compressed);
    out.structField(5, () => {
      out.i32(1, values);
      out.i32(2, encoding);
      out.i32(3, RLE);
      out.i32(4, RLE);
    });
  });
  return out.bytes();
}

export function dictionaryPageHeader(uncompressed: number, compressed: Uint8Array, values: number): Uint8Array {
  const out = new ThriftWriter();
  out.struct(() => {
    pageFields(out, DICTIONARY_PAGE, uncompressed, compressed);
    out.structField(7, () => {
      out.i32(1, values);
      out.i32(2, PLAIN);
    });
  });
  return out.bytes();
}

/** A data page, as the page index tells of it. */
export interface EncodedPage extends MinMax {
  /** From the beginning of the chunk. */
  readonly offset: number;
  /** With its header. */
  readonly bytes: number;
  readonly firstRow: number;
  readonly nulls: number;
  /** It has nothing but nulls. */
  readonly isNull: boolean;
}

/** A column chunk that is in the file. */
export interface WrittenChunk {
  readonly leaf: WriteLeaf;
  readonly offset: number;
  readonly dictionaryBytes: number;
  readonly bytes: number;
  readonly uncompressedBytes: number;
  readonly values: number;
  readonly nulls: number;
  readonly encodings: readonly number[];
  readonly min?: Uint8Array;
  readonly max?: Uint8Array;
  readonly columnIndex?: FileSpan;
  readonly offsetIndex?: FileSpan;
  readonly bloomFilter?: FileSpan;
}

export interface WrittenGroup {
  readonly rows: number;
  readonly chunks: readonly WrittenChunk[];
}

export interface FooterContents {
  readonly schema: WriteSchema;
  readonly rows: number;
  readonly groups: readonly WrittenGroup[];
  readonly codec: number;
  readonly keyValues: readonly (readonly [key: string, value: string])[];
  readonly createdBy: string;
}

/** What stands at the end of a file, without its length and magic. */
export function footerBytes(contents: FooterContents): Uint8Array {
  const out = new ThriftWriter();
  out.struct(() => {
    out.i32(1, FORMAT_VERSION);
    out.structList(2, contents.schema.elements, (element) => writeSchemaElement(out, element));
    out.i64(3, contents.rows);
    out.structList(4, contents.groups, (group) => rowGroup(out, group, contents.codec));
    out.structList(5, contents.keyValues, ([key, value]) => {
      out.text(1, key);
      out.text(2, value);
    });
    out.text(6, contents.createdBy);
    // Bounds are in the order of the type, for every column.
    out.structList(7, contents.schema.leaves, () => out.structField(1, () => undefined));
  });
  return out.bytes();
}

function rowGroup(out: ThriftWriter, group: WrittenGroup, codec: number): void {
  const sum = (of: (chunk: WrittenChunk) => number): number =>
    group.chunks.reduce((total, chunk) => total + of(chunk), 0);
  out.structList(1, group.chunks, (chunk) => {
    out.i64(2, chunk.offset);
    out.structField(3, () => columnMetadata(out, chunk, codec));
    for (const [id, span] of [
      [4, chunk.offsetIndex],
      [6, chunk.columnIndex],
    ] as const) {
      if (span === undefined) continue;
      out.i64(id, span.offset);
      out.i32(id + 1, span.bytes);
    }
  });
  out.i64(
    2,
    sum((chunk) => chunk.uncompressedBytes),
  );
  out.i64(3, group.rows);
  if (group.chunks[0] !== undefined) out.i64(5, group.chunks[0].offset);
  out.i64(
    6,
    sum((chunk) => chunk.bytes),
  );
}

function columnMetadata(out: ThriftWriter, chunk: WrittenChunk, codec: number): void {
  out.i32(1, PHYSICAL.indexOf(chunk.leaf.physical));
  out.i32List(2, chunk.encodings);
  out.textList(3, chunk.leaf.path);
  out.i32(4, codec);
  out.i64(5, chunk.values);
  out.i64(6, chunk.uncompressedBytes);
  out.i64(7, chunk.bytes);
  out.i64(9, chunk.offset + chunk.dictionaryBytes);
  if (chunk.dictionaryBytes > 0) out.i64(11, chunk.offset);
  out.structField(12, () => statistics(out, chunk));
  if (chunk.bloomFilter !== undefined) {
    out.i64(14, chunk.bloomFilter.offset);
    out.i32(15, chunk.bloomFilter.bytes);
  }
}

const UNORDERED = 0;

/** The ColumnIndex of pages; undefined where one with values has no bounds. */
export function columnIndexBytes(pages: readonly EncodedPage[]): Uint8Array | undefined {
  const none = new Uint8Array();
  if (pages.some(({ isNull, min, max }) => !isNull && (min === undefined || max === undefined))) return undefined;
  const out = new ThriftWriter();
  out.struct(() => {
    out.boolList(
      1,
      pages.map(({ isNull }) => isNull),
    );
    out.binaryList(
      2,
      pages.map(({ min }) => min ?? none),
    );
    out.binaryList(
      3,
      pages.map(({ max }) => max ?? none),
    );
    out.i32(4, UNORDERED);
    out.i64List(
      5,
      pages.map(({ nulls }) => nulls),
    );
  });
  return out.bytes();
}

/** The OffsetIndex of the pages of a chunk that begins at `start`. */
export function offsetIndexBytes(pages: readonly EncodedPage[], start: number): Uint8Array {
  const out = new ThriftWriter();
  out.struct(() =>
    out.structList(1, pages, ({ offset, bytes, firstRow }) => {
      out.i64(1, start + offset);
      out.i32(2, bytes);
      out.i64(3, firstRow);
    }),
  );
  return out.bytes();
}

function statistics(out: ThriftWriter, { leaf, min, max, nulls }: WrittenChunk): void {
  // The older pair is in signed order, which is right for numbers only.
  const isNumber = leaf.physical !== 'byte_array' && leaf.physical !== 'fixed';
  if (isNumber && max !== undefined) out.binary(1, max);
  if (isNumber && min !== undefined) out.binary(2, min);
  out.i64(3, nulls);
  if (max !== undefined) out.binary(5, max);
  if (min !== undefined) out.binary(6, min);
}
