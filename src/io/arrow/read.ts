import {
  BATCH_ROWS,
  type Batch,
  type Column,
  type ReadableFile,
  type Scalar,
  type ScanRequest,
  type SplitReader,
  type TaskContext,
} from '../../base/index.js';
import { constantColumn } from '../constant-column.js';
import { openUnchanged } from '../unchanged-file.js';
import { Body } from './body.js';
import { BatchDecoder } from './decode.js';
import { damaged } from './flatbuffer.js';
import {
  type ArrowField,
  type ArrowSchema,
  type BatchMetadata,
  type Block,
  blockMessage,
  hasFooter,
  type Message,
  readFooter,
  streamMessages,
  streamSchema,
} from './metadata.js';
import type { ArrowSplit } from './open.js';
import type { ColumnPieces } from './pieces.js';

/** Reads record batches, only the buffers of the columns wanted. */
export const arrowReader: SplitReader = {
  read: (split, request, context) => readSplit(split.payload as ArrowSplit, request, context),
};

async function* readSplit(payload: ArrowSplit, request: ScanRequest, context: TaskContext): AsyncGenerator<Batch> {
  const file = openUnchanged(payload, context);
  try {
    const isFile = hasFooter(file);
    const footer = isFile ? readFooter(file) : undefined;
    const schema = footer?.schema ?? streamSchema(file);
    const batches = new BatchReader(file, schema, payload, context);
    let left =
      request.limit === undefined || request.predicate !== undefined ? Number.POSITIVE_INFINITY : request.limit;
    const [from, to] = payload.batches ?? [0, 0];
    const messages =
      footer === undefined
        ? streamMessages(file, 0)
        : blockMessages(file, [...footer.dictionaries, ...footer.batches.slice(from, to)]);
    for (const { message, block } of messages) {
      if (message.kind !== 'batch' && message.kind !== 'dictionary') continue;
      if (message.kind === 'dictionary') batches.dictionary(message, block);
      else {
        for (const batch of batches.batch(message.batch, block)) {
          context.checkCancelled();
          context.metrics.rowsRead += batch.rows;
          yield batch;
          left -= batch.rows;
          if (left <= 0) return;
        }
      }
    }
  } finally {
    file.close();
  }
}

function* blockMessages(
  file: ReadableFile,
  blocks: readonly Block[],
): Generator<{ readonly message: Message; readonly block: Block }> {
  for (const block of blocks) yield { message: blockMessage(file, block), block };
}

/** Every field with a dictionary, by its number. */
function dictionaryFields(
  fields: readonly ArrowField[],
  found = new Map<string, ArrowField>(),
): Map<string, ArrowField> {
  for (const f of fields) {
    if (f.dictionary !== undefined) found.set(f.dictionary.id, f);
    dictionaryFields(f.children, found);
  }
  return found;
}

class BatchReader {
  readonly #dictionaries = new Map<string, Scalar[]>();
  readonly #dictionaryFields: ReadonlyMap<string, ArrowField>;

  constructor(
    private readonly file: ReadableFile,
    private readonly schema: ArrowSchema,
    private readonly payload: ArrowSplit,
    private readonly context: TaskContext,
  ) {
    this.#dictionaryFields = dictionaryFields(schema.fields);
  }

  #decoder(batch: BatchMetadata, block: Block): BatchDecoder {
    const body = new Body(this.file, block, batch, (bytes) => {
      this.context.metrics.bytesRead += bytes;
    });
    return new BatchDecoder(body, batch, this.#dictionaries, this.schema.bigEndian);
  }

  /** Values of a dictionary; deltas come behind those that are there. */
  dictionary({ id, isDelta, batch }: Message & { kind: 'dictionary' }, block: Block): void {
    const found = this.#dictionaryFields.get(id);
    if (found === undefined)
      throw damaged(`there is no column with the dictionary ${id}`, this.file.path, block.offset);
    const { dictionary: _, ...field } = found;
    const values = this.#decoder(batch, block).values(field);
    const known = this.#dictionaries.get(id);
    this.#dictionaries.set(id, isDelta && known !== undefined ? [...known, ...values] : values);
  }

  *batch(batch: BatchMetadata, block: Block): Generator<Batch> {
    const { columns: wanted } = this.payload;
    const { batchArena: arena } = this.context;
    const names = new Map(wanted.map((column) => [column.name, column]));
    const decoder = this.#decoder(batch, block);
    const read = new Map<string, ColumnPieces>();
    let last = this.schema.fields.length;
    while (last > 0 && !names.has(this.schema.fields[last - 1]?.name ?? '')) last--;
    for (const f of this.schema.fields.slice(0, last)) {
      const column = names.get(f.name);
      if (column === undefined || column.constant !== undefined) decoder.skip(f);
      else read.set(f.name, decoder.pieces(f, column.type));
    }
    for (let from = 0; from < batch.rows; ) {
      let rows = Math.min(BATCH_ROWS, batch.rows - from);
      for (const pieces of read.values()) rows = pieces.fitting(from, rows);
      const columns = wanted.map(({ name, type, constant }): Column => {
        const pieces = read.get(name);
        if (pieces !== undefined) return pieces.read(arena, from, rows);
        return constantColumn(arena, type, rows, constant ?? null);
      });
      yield { rows, columns };
      from += rows;
    }
  }
}
