import {
  type Batch,
  type Column,
  type Field,
  type FileWriter,
  nearestNames,
  readColumn,
  SparrowError,
  type TaskContext,
  type WritableFile,
} from '../../base/index.js';
import { addFlat } from './encode-flat.js';
import { LeafWriter } from './encode-leaf.js';
import { Shredder } from './encode-nested.js';
import { type Compressor, compressorNamed } from './write-codecs.js';
import { footerBytes, type WrittenChunk, type WrittenGroup } from './write-footer.js';
import { sparkSchemaJson, type WriteNode, type WriteSchema, writeSchema } from './write-schema.js';

const MAGIC = Buffer.from('PAR1');
const CREATED_BY = 'sparrow-df version 0.1.0';
const SPARK_ROW_METADATA = 'org.apache.spark.sql.parquet.row.metadata';
/** Rows are taken in pieces of this many, so that pages and row groups end where they should. */
const PIECE_ROWS = 8192;

interface WriteSettings {
  readonly compression: string;
  readonly dictionary: boolean;
  readonly groupRows: number;
  readonly groupBytes: number;
  readonly pageBytes: number;
  readonly pageRows: number;
}

/** Every option, in lower case. */
const OPTIONS = [
  'compression',
  'parquet.compression',
  'parquet.enable.dictionary',
  'parquet.block.size',
  'parquet.page.size',
  'parquet.page.row.count.limit',
  'rowgrouprows',
];

function settingsOf(options: Readonly<Record<string, string>>): WriteSettings {
  const given = new Map(Object.entries(options).map(([key, value]) => [key.toLowerCase(), value]));
  for (const key of given.keys()) {
    if (OPTIONS.includes(key)) continue;
    throw new SparrowError('UNKNOWN_OPTION', `Parquet has no option ${JSON.stringify(key)} for writing`, {
      where: 'parquet options',
      candidates: nearestNames(key, OPTIONS, 3),
    });
  }
  const number = (name: string, fallback: number): number => {
    const value = Number(given.get(name) ?? fallback);
    if (Number.isSafeInteger(value) && value > 0) return value;
    throw new SparrowError('INVALID_OPTION', `the Parquet option ${name} is ${JSON.stringify(given.get(name))}`, {
      where: 'parquet options',
      hint: 'it must be a positive whole number',
    });
  };
  return {
    compression: given.get('compression') ?? given.get('parquet.compression') ?? 'snappy',
    dictionary: (given.get('parquet.enable.dictionary') ?? 'true').toLowerCase() === 'true',
    groupRows: number('rowgrouprows', 1 << 20),
    groupBytes: number('parquet.block.size', 128 << 20),
    pageBytes: number('parquet.page.size', 1 << 20),
    pageRows: number('parquet.page.row.count.limit', 20_000),
  };
}

/** Writes one Parquet file. What is held is at most a row group, compressed. */
export function createParquetWriter(
  path: string,
  columns: readonly Field[],
  options: Readonly<Record<string, string>>,
  context: TaskContext,
): FileWriter {
  const settings = settingsOf(options);
  const compressor = compressorNamed(settings.compression, context.arena);
  if (columns.length === 0) {
    throw new SparrowError('EMPTY_SCHEMA_NOT_SUPPORTED_FOR_DATASOURCE', 'a Parquet file must have a column', {
      where: `file ${path}`,
      hint: 'select at least one column',
    });
  }
  return new ParquetWriter(path, columns, writeSchema(columns), settings, compressor, context);
}

class ParquetWriter implements FileWriter {
  readonly #file: WritableFile;
  readonly #leaves: readonly LeafWriter[];
  readonly #shredder: Shredder;
  readonly #groups: WrittenGroup[] = [];
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
    const { dictionary, pageBytes, pageRows } = settings;
    this.#leaves = schema.leaves.map((leaf) => new LeafWriter(leaf, { dictionary, pageBytes, pageRows, compressor }));
    this.#shredder = new Shredder(this.#leaves);
    this.#file = context.platform.files.create(path);
    this.#file.write(MAGIC);
  }

  write(batch: Batch): void {
    const { groupRows, groupBytes, pageRows } = this.settings;
    const pieceRows = Math.min(PIECE_ROWS, pageRows);
    // Nested columns are decoded once a batch.
    const decoded = this.schema.columns.map((node, i) =>
      node.kind === 'leaf' ? undefined : readColumn(this.context.heap, batch.columns[i] as Column),
    );
    for (let from = 0; from < batch.rows; ) {
      const to = Math.min(batch.rows, from + pieceRows, from + groupRows - this.#groupRows);
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
    const isLong = (column.storage === 'utf8' || column.storage === 'view') && column.dictionary === undefined;
    if (!isLong) {
      addFlat(this.context.heap, leaf, column, from, to);
      return;
    }
    // Long strings would make a page of thousands of rows too large.
    const step = 512;
    for (let row = from; row < to; row += step) {
      addFlat(this.context.heap, leaf, column, row, Math.min(to, row + step));
      leaf.endRow();
    }
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
      const { pieces, ...chunk } = leaf.finishChunk();
      chunks.push({ leaf: leaf.leaf, offset: this.#position, ...chunk });
      for (const piece of pieces) this.#file.write(piece);
      this.#position += chunk.bytes;
    }
    this.#groups.push({ rows: this.#groupRows, chunks });
    this.#groupRows = 0;
  }

  finish(): { rows: number; bytes: number } {
    this.#endGroup();
    const footer = footerBytes({
      schema: this.schema,
      rows: this.#rows,
      groups: this.#groups,
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
    this.#file.close();
  }
}
