import {
  type Batch,
  type Column,
  type DataType,
  type FileWriter,
  readColumn,
  type SharedHeap,
  SparrowError,
  simpleString,
  type TaskContext,
} from '../../base/index.js';
import { TextFile } from '../text-file.js';
import { writeOptions } from './options.js';

/** Writes the one string column of a frame as lines; nulls are empty lines, as in Spark. */
export function createTextWriter(
  path: string,
  columns: readonly { readonly name: string; readonly type: DataType }[],
  options: Readonly<Record<string, string>>,
  context: TaskContext,
): FileWriter {
  const [only, ...others] = columns;
  if (only === undefined || only.type.kind !== 'string' || others.length > 0) {
    const found = columns.map(({ name, type }) => `${name} ${simpleString(type)}`).join(', ');
    throw new SparrowError(
      'UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE',
      `text is written from one string column, not ${found}`,
      {
        hint: 'select one column, or put several together with concat_ws',
      },
    );
  }
  const { lineSep, compression } = writeOptions(options);
  return new TextWriter(new TextFile(path, compression, context), lineSep, context.heap);
}

class TextWriter implements FileWriter {
  #rows = 0;

  constructor(
    private readonly file: TextFile,
    private readonly lineSep: string,
    private readonly heap: SharedHeap,
  ) {}

  write(batch: Batch): void {
    const { out } = this.file;
    for (const value of readColumn(this.heap, batch.columns[0] as Column)) {
      if (value !== null) out.text(value as string);
      out.text(this.lineSep);
      this.file.pause();
    }
    this.#rows += batch.rows;
  }

  finish(): { rows: number; bytes: number } {
    return { rows: this.#rows, bytes: this.file.finish() };
  }

  abort(): void {
    this.file.abort();
  }
}
