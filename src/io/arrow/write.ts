import * as arrow from 'apache-arrow';
import { toArrowTable } from '../../base/arrow.js';
import {
  type Batch,
  buildColumn,
  type Column,
  type DataType,
  type FileWriter,
  field,
  readColumn,
  type Schema,
  SparrowError,
  structType,
  type TaskContext,
  type WritableFile,
} from '../../base/index.js';
import { GivenOptions } from '../given-options.js';

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

/** What apache-arrow's writers make goes to the file at once, so that only one batch is in memory. */
const writesTo = (out: (bytes: Uint8Array) => void) => ({
  file: new (class extends arrow.RecordBatchFileWriter {
    protected override _write(chunk: unknown): this {
      return pass(this, chunk, out);
    }
  })(),
  stream: new (class extends arrow.RecordBatchStreamWriter {
    protected override _write(chunk: unknown): this {
      return pass(this, chunk, out);
    }
  })(),
});

/** Their own method, but for the place the bytes go to. */
function pass<W>(writer: W, chunk: unknown, out: (bytes: Uint8Array) => void): W {
  const state = writer as unknown as { _started: boolean; _position: number };
  const bytes = chunk as ArrayBufferView | undefined;
  if (!state._started || bytes === undefined || bytes.byteLength === 0) return writer;
  out(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength).slice());
  state._position += bytes.byteLength;
  return writer;
}

class ArrowWriter implements FileWriter {
  readonly #file: WritableFile;
  readonly #writer: arrow.RecordBatchWriter;
  #rows = 0;
  #bytes = 0;
  #closed = false;

  constructor(
    private readonly path: string,
    private readonly schema: Schema,
    asFile: boolean,
    private readonly context: TaskContext,
  ) {
    this.#file = context.platform.files.create(path);
    const writers = writesTo((bytes) => {
      this.#file.write(bytes);
      this.#bytes += bytes.length;
    });
    this.#writer = asFile ? writers.file : writers.stream;
    // A file without rows has a schema as well.
    this.#writer.reset(undefined, toArrowTable(context.heap, schema, []).schema);
  }

  write(batch: Batch): void {
    const { heap } = this.context;
    const scratch = heap.newArena('Arrow file');
    try {
      // All batches of a file have one schema: dictionaries of their own would make different ones.
      const columns = batch.columns.map(
        (column): Column =>
          column.dictionary === undefined ? column : buildColumn(scratch, column.type, readColumn(heap, column)),
      );
      const table = toArrowTable(heap, this.schema, [{ rows: batch.rows, columns }]);
      for (const recordBatch of table.batches) this.#writer.write(recordBatch);
    } finally {
      scratch.release();
    }
    this.#rows += batch.rows;
  }

  finish(): { rows: number; bytes: number } {
    this.#writer.finish();
    if (this.#bytes === 0) throw new SparrowError('INTERNAL_ERROR', 'engine bug: an Arrow file without a schema');
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
