import { LayoutWriter } from '../../base/arrow-layout.js';
import {
  type Batch,
  type DataType,
  type FileWriter,
  field,
  type Schema,
  structType,
  type TaskContext,
  type WritableFile,
} from '../../base/index.js';
import { GivenOptions } from '../given-options.js';
import { type BatchPlace, batchMessage, END_OF_STREAM, FILE_HEAD, fileEnd, padded, schemaMessage } from './encode.js';

const PADDING = new Uint8Array(8);

/** Writes one Arrow IPC file (or, with the option `format`, a stream), a record batch for each batch. */
export function createArrowWriter(
  path: string,
  columns: readonly { readonly name: string; readonly type: DataType; readonly nullable: boolean }[],
  options: Readonly<Record<string, string>>,
  context: TaskContext,
): FileWriter {
  const given = new GivenOptions('Arrow', ['format', 'compression'] as const, options);
  given.only('compression', ['none', 'uncompressed']);
  const schema = structType(columns.map(({ name, type, nullable }) => field(name, type, nullable)));
  return new ArrowWriter(path, schema, given.choice('format', ['file', 'stream'], 'file') === 'file', context);
}

class ArrowWriter implements FileWriter {
  readonly #file: WritableFile;
  readonly #places: BatchPlace[] = [];
  #rows = 0;
  #bytes = 0;
  #closed = false;

  constructor(
    private readonly path: string,
    private readonly schema: Schema,
    private readonly asFile: boolean,
    private readonly context: TaskContext,
  ) {
    this.#file = context.platform.files.create(path);
    if (asFile) this.#put(FILE_HEAD);
    // A file without rows has a schema as well.
    this.#put(schemaMessage(schema));
  }

  write({ rows, columns }: Batch): void {
    const scratch = this.context.heap.newArena('Arrow file');
    try {
      const layouts = columns.map((column) => new LayoutWriter(scratch, true).column(column));
      const { head, buffers, bodyBytes } = batchMessage(rows, layouts);
      this.#places.push([this.#bytes, head.length, bodyBytes]);
      this.#put(head);
      for (const buffer of buffers) {
        this.#put(buffer);
        this.#put(PADDING.subarray(0, padded(buffer.length) - buffer.length));
      }
    } finally {
      scratch.release();
    }
    this.#rows += rows;
  }

  #put(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#file.write(bytes);
    this.#bytes += bytes.length;
  }

  finish(): { rows: number; bytes: number } {
    this.#put(END_OF_STREAM);
    if (this.asFile) this.#put(fileEnd(this.schema, this.#places));
    this.#file.sync();
    this.#close();
    return { rows: this.#rows, bytes: this.#bytes };
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
