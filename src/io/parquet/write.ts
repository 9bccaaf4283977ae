import {
  type Batch,
  type Column,
  type Dictionary,
  type Field,
  type FileWriter,
  readColumn,
  SparrowError,
  type TaskContext,
  type WritableFile,
} from '../../base/index.js';
import { giveBack } from './chunk-bytes.js';
import { BloomBuilder } from './encode-bloom.js';
import { addFlat } from './encode-flat.js';
import { LeafWriter } from './encode-leaf.js';
import { Shredder } from './encode-nested.js';
import { encodeScratch, PIECE_ROWS } from './encode-scratch.js';
import type { FileSpan } from './metadata.js';
import { type Compressor, compressorNamed } from './write-codecs.js';
import {
  columnIndexBytes,
  type EncodedPage,
  footerBytes,
  offsetIndexBytes,
  type WrittenChunk,
  type WrittenGroup,
} from './write-footer.js';
import { settingsOf, type WriteSettings } from './write-options.js';
import { sparkSchemaJson, type WriteNode, type WriteSchema, writeSchema } from './write-schema.js';

const MAGIC = Buffer.from('PAR1');
const CREATED_BY = 'sparrow-df version 0.1.0';
const SPARK_ROW_METADATA = 'org.apache.spark.sql.parquet.row.metadata';

/** Writes one Parquet file. What is held is at most a row group, compressed. */
export function createParquetWriter(
  path: string,
  columns: readonly Field[],
  options: Readonly<Record<string, string>>,
  context: TaskContext,
): FileWriter {
  const settings = settingsOf(options);
  const compressor = compressorNamed(settings.compression, context.arena, settings.level);
  if (columns.length === 0) {
    throw new SparrowError('EMPTY_SCHEMA_NOT_SUPPORTED_FOR_DATASOURCE', 'a Parquet file must have a column', {
      where: `file ${path}`,
      hint: 'select at least one column',
    });
  }
  return new ParquetWriter(path, columns, writeSchema(columns), settings, compressor, context);
}

/** Of strings that are not in a dictionary so many are added before a page may end. */
const LONG_ROWS = 512;

/** Entries of a dictionary that are longer than this are taken as if there were none. */
const LONG_BYTES = 1 << 12;

const isText = ({ storage }: Column): boolean => storage === 'utf8' || storage === 'view';

/** What of a chunk is told at the end of the file. */
interface ChunkDetails {
  readonly pages: readonly EncodedPage[];
  readonly bloom: Uint8Array | undefined;
}

class ParquetWriter implements FileWriter {
  readonly #file: WritableFile;
  readonly #leaves: readonly LeafWriter[];
  readonly #shredder: Shredder;
  readonly #words: Int32Array;
  readonly #groups: WrittenGroup[] = [];
  readonly #pages = new Map<WrittenChunk, ChunkDetails>();
  #position = MAGIC.length;
  #rows = 0;
  #groupRows = 0;
  #closed = false;

  constructor(
    private readonly path: string,
    private readonly columns: readonly Field[],
    private readonly schema: WriteSchema,
    private readonly settings: WriteSettings,
    private readonly compressor: Compressor,
    private readonly context: TaskContext,
  ) {
    const { dictionary, encodings, pageBytes, pageRows } = settings;
    const { arena } = context;
    this.#leaves = schema.leaves.map((leaf) => {
      const wanted = leaf.physical === 'boolean' ? undefined : settings.bloom(leaf.path.join('.'));
      const bloom = wanted === undefined ? {} : { bloom: new BloomBuilder(arena, wanted) };
      return new LeafWriter(leaf, { dictionary, encodings, pageBytes, pageRows, compressor, arena, ...bloom });
    });
    this.#words = encodeScratch(arena).words;
    this.#shredder = new Shredder(this.#leaves, arena);
    this.#file = context.platform.files.create(path);
    this.#file.write(MAGIC);
  }

  write(batch: Batch): void {
    const { groupRows, groupBytes, pageRows } = this.settings;
    // Rows are taken in pieces, so that pages and row groups end where they should.
    const pieceRows = Math.min(PIECE_ROWS, pageRows);
    // Nested columns are decoded once a batch.
    const decoded = this.schema.columns.map((node, i) =>
      node.kind === 'leaf' ? undefined : readColumn(this.context.heap, batch.columns[i] as Column),
    );
    for (let from = 0; from < batch.rows; ) {
      const most = Math.min(batch.rows, from + pieceRows, from + groupRows - this.#groupRows);
      const to = this.#endOf(batch, from, most);
      this.schema.columns.forEach((node, i) => {
        const values = decoded[i];
        if (node.kind === 'leaf') this.#addFlat(node, batch.columns[i] as Column, from, to);
        else for (let row = from; row < to; row++) this.#shredder.add(node, values?.[row] ?? null);
      });
      for (const leaf of this.#leaves) leaf.endRow();
      this.#groupRows += to - from;
      from = to;
      if (this.#groupRows >= groupRows || this.#heldBytes() >= groupBytes) this.#endGroup();
    }
    this.#rows += batch.rows;
  }

  #addFlat(node: WriteNode & { readonly kind: 'leaf' }, column: Column, from: number, to: number): void {
    const leaf = this.#leaves[node.leaf] as LeafWriter;
    const { dictionary } = column;
    const isLong = dictionary === undefined ? isText(column) : this.#meanBytes(dictionary) > LONG_BYTES;
    if (!isLong) {
      addFlat(this.context.heap, leaf, column, from, to, this.#words);
      return;
    }
    // Long strings would make a page of thousands of rows too large.
    for (let row = from; row < to; ) {
      const next = this.#rowsWithin(column, row, Math.min(to, row + LONG_ROWS), this.settings.pageBytes);
      addFlat(this.context.heap, leaf, column, row, next, this.#words);
      leaf.endRow();
      row = next;
    }
  }

  /** Where rows from `from` on that are taken at a time end, before `most`: of long strings a row group has few. */
  #endOf({ columns }: Batch, from: number, most: number): number {
    const { groupBytes } = this.settings;
    return columns.reduce((to, column) => this.#rowsWithin(column, from, to, groupBytes), most);
  }

  /** Where the rows of a column from `from` on, one at least, end whose strings take no more than so many bytes. */
  #rowsWithin(column: Column, from: number, most: number, bytes: number): number {
    const { dictionary } = column;
    if (dictionary !== undefined)
      return Math.min(most, from + Math.max(1, Math.floor(bytes / Math.max(1, this.#meanBytes(dictionary)))));
    if (column.storage !== 'utf8') return most;
    const { u32 } = this.context.heap;
    const first = column.offsets >>> 2;
    const end = (u32[first + from] as number) + bytes;
    let to = most;
    // Mostly all are within.
    while (to - from > 1 && (u32[first + to] as number) > end) to = from + ((to - from) >>> 1);
    return to;
  }

  #meanBytes({ offsets, count }: Dictionary): number {
    return (this.context.heap.u32[(offsets >>> 2) + count] as number) / count;
  }

  #heldBytes(): number {
    let bytes = 0;
    for (const leaf of this.#leaves) bytes += leaf.heldBytes;
    return bytes;
  }

  #endGroup(): void {
    if (this.#groupRows === 0) return;
    const chunks: WrittenChunk[] = [];
    for (const leaf of this.#leaves) {
      const { pieces, pages, bloom, ...chunk } = leaf.finishChunk();
      const written = { leaf: leaf.leaf, offset: this.#position, ...chunk };
      chunks.push(written);
      this.#pages.set(written, { pages, bloom });
      for (const piece of pieces) this.#file.write(piece);
      giveBack(pieces);
      this.#position += chunk.bytes;
    }
    this.#groups.push({ rows: this.#groupRows, chunks });
    this.#groupRows = 0;
  }

  /** Where a piece of the file begins that is written now. */
  #append(bytes: Uint8Array): FileSpan {
    const offset = this.#position;
    this.#file.write(bytes);
    this.#position += bytes.length;
    return { offset, bytes: bytes.length };
  }

  /** Puts bloom filters, then the bounds of all pages, then their places behind the row groups. */
  #addIndexes(): WrittenGroup[] {
    const each = (index: (chunk: WrittenChunk, more: ChunkDetails) => Partial<WrittenChunk>) => {
      return this.#groups.map(({ chunks }) => chunks.map((c) => index(c, this.#pages.get(c) as ChunkDetails)));
    };
    const filters = each((_, { bloom }) => (bloom === undefined ? {} : { bloomFilter: this.#append(bloom) }));
    const bounds = each((_, { pages }) => {
      const bytes = columnIndexBytes(pages);
      return bytes === undefined ? {} : { columnIndex: this.#append(bytes) };
    });
    const places = each(({ offset }, { pages }) => ({ offsetIndex: this.#append(offsetIndexBytes(pages, offset)) }));
    return this.#groups.map((group, g) => ({
      ...group,
      chunks: group.chunks.map((c, i) => ({ ...c, ...filters[g]?.[i], ...bounds[g]?.[i], ...places[g]?.[i] })),
    }));
  }

  finish(): { rows: number; bytes: number } {
    this.#endGroup();
    const footer = footerBytes({
      schema: this.schema,
      rows: this.#rows,
      groups: this.#addIndexes(),
      codec: this.compressor.code,
      keyValues: [[SPARK_ROW_METADATA, sparkSchemaJson(this.columns)]],
      createdBy: CREATED_BY,
    });
    const length = Buffer.alloc(4);
    length.writeUInt32LE(footer.length);
    this.#file.write(Buffer.concat([footer, length, MAGIC]));
    this.#file.sync();
    this.#close();
    return { rows: this.#rows, bytes: this.#position + footer.length + 8 };
  }

  abort(): void {
    this.#close();
    this.context.platform.files.remove(this.path);
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const leaf of this.#leaves) leaf.release();
    this.#file.close();
  }
}
