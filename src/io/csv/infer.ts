import {
  type Arena,
  type DataType,
  type Platform,
  type ReadableFile,
  SharedHeap,
  SparrowError,
  stringType,
} from '../../base/index.js';
import { decodedChunks, isPlain } from '../byte-stream.js';
import type { DataFile } from '../paths.js';
import { recordStartNear } from './boundaries.js';
import { addBytes, fillFrom } from './byte-source.js';
import { type Cell, cellOf } from './cells.js';
import { COUNTERS } from './emit-field.js';
import { TypeInference, unknownType } from './infer-type.js';
import type { CsvReadOptions } from './options.js';
import { skipMark } from './read.js';
import { TextIndex } from './text-index.js';

/** Files are looked at in full up to this many bytes together, beyond it in pieces of all parts. */
const FULL_BYTES = 64 << 20;
const PIECE_BYTES = 4 << 20;
/** The caller's thread gives way to other work after so long. */
const SLICE_MS = 20;
const PRIVATE_HEAP_BYTES = 64 << 20;
const MAX_ROWS = 65536;

/** Inference runs where there is no task and no heap of a session yet. */
let privateHeap: SharedHeap | undefined;

async function withArena<T>(action: (arena: Arena) => Promise<T>): Promise<T> {
  privateHeap ??= SharedHeap.create(PRIVATE_HEAP_BYTES);
  const arena = privateHeap.newArena('CSV schema inference');
  try {
    return await action(arena);
  } finally {
    arena.release();
  }
}

/** The fields of the first record of a file; undefined when it has none. */
export async function firstRecord(
  file: DataFile,
  options: CsvReadOptions,
  platform: Platform,
): Promise<(string | null)[] | undefined> {
  const readable = platform.files.open(file.path);
  try {
    return await withArena(async (arena) => {
      const shape = { width: options.maxColumns, fields: options.maxColumns };
      const index = new TextIndex(arena, options.dialect, shape, Math.min(readable.size, 1 << 16));
      let left = options.skipRows;
      for await (const _ of pieces(readable, index, options, 0, readable.size)) {
        while (index.next(1)) if (left-- === 0) return fieldsOf(index, options, file.path);
      }
      return undefined;
    });
  } finally {
    readable.close();
  }
}

function fieldsOf(index: TextIndex, options: CsvReadOptions, path: string): (string | null)[] {
  const count = index.fieldCount(0);
  if (count === options.maxColumns && index.isRagged(0)) {
    throw new SparrowError(
      'MALFORMED_RECORD_IN_PARSING',
      `the first record has more than ${options.maxColumns} fields`,
      {
        where: `file ${path}`,
        hint: 'check the options sep and lineSep, or raise maxColumns',
      },
    );
  }
  return Array.from({ length: count }, (_, i) => index.fieldText(0, i));
}

/** Adds a range of a file to an index, piece by piece; each time round, the caller takes the records there are. */
async function* pieces(
  file: ReadableFile,
  index: TextIndex,
  options: CsvReadOptions,
  start: number,
  end: number,
): AsyncGenerator<void> {
  if (isPlain(file.path, options.encoding)) {
    for (let at = start; at < end; ) {
      const first = at === 0;
      at = fillFrom(file, index, at, end);
      if (first) skipMark(index);
      yield;
    }
    return;
  }
  let first = true;
  for await (const chunk of decodedChunks(file, options.encoding)) {
    for (let done = 0; done < chunk.length; ) {
      done += addBytes(index, chunk.subarray(done));
      if (first && index.pending < 3) continue;
      if (first) skipMark(index);
      first = false;
      yield;
    }
  }
  index.added(0, true);
  yield;
}

export interface Inferred {
  readonly types: readonly DataType[];
  /** Not all records were looked at, though the user did not ask for a sample. */
  readonly sampled: boolean;
}

/** The types of the columns of files, as Spark infers them. */
export async function inferTypes(
  files: readonly DataFile[],
  fields: number,
  options: CsvReadOptions,
  platform: Platform,
): Promise<Inferred> {
  const total = files.reduce((bytes, file) => bytes + file.size, 0);
  const asked = options.samplingRatioGiven;
  const ratio = asked ? options.samplingRatio : Math.min(1, FULL_BYTES / Math.max(1, total));
  return withArena(async (arena) => {
    const columns = new ColumnTypes(arena, fields, options);
    const index = new TextIndex(arena, options.dialect, { width: fields, fields }, Math.min(total, PIECE_BYTES));
    let sliceStart = platform.clock.monotonic();
    for (const file of files) {
      const readable = platform.files.open(file.path);
      try {
        for (const [start, end] of ranges(readable, options, ratio)) {
          index.restart();
          let left = start === 0 ? options.skipRows + (options.header ? 1 : 0) : 0;
          for await (const _ of pieces(readable, index, options, start, end)) {
            while (index.next(left > 0 ? 1 : MAX_ROWS)) {
              if (left === 0) columns.add(index);
              else left--;
              if (platform.clock.monotonic() - sliceStart < SLICE_MS) continue;
              await new Promise<void>((resume) => setImmediate(resume));
              sliceStart = platform.clock.monotonic();
            }
          }
        }
      } finally {
        readable.close();
      }
    }
    return {
      types: columns.types.map((type) => (type.kind === 'null' ? stringType : type)),
      sampled: ratio < 1 && !asked,
    };
  });
}

/** The parts of a file that are looked at: all of it, or pieces spread over it evenly. */
function ranges(file: ReadableFile, options: CsvReadOptions, ratio: number): [start: number, end: number][] {
  const pieceCount = Math.ceil((file.size * ratio) / PIECE_BYTES);
  const distance = file.size / Math.max(1, pieceCount);
  if (ratio === 1 || distance <= PIECE_BYTES || !isPlain(file.path, options.encoding)) return [[0, file.size]];
  const out: [number, number][] = [];
  for (let i = 0; i < pieceCount; i++) {
    const from = Math.floor(i * distance);
    const start = i === 0 ? 0 : recordStartNear(file, from, options.dialect);
    const end = recordStartNear(file, from + PIECE_BYTES, options.dialect);
    if (start !== undefined && end !== undefined && end > start) out.push([start, end]);
  }
  return out.length === 0 ? [[0, file.size]] : out;
}

/** The types of columns so far; a column's kernel says which values do not fit, and those widen it. */
class ColumnTypes {
  readonly types: DataType[];
  readonly #inference: TypeInference;
  readonly #data: number;
  readonly #bitmap: number;
  readonly #slowRows: number;

  constructor(
    private readonly arena: Arena,
    fields: number,
    private readonly options: CsvReadOptions,
  ) {
    this.types = new Array<DataType>(fields).fill(unknownType);
    this.#inference = new TypeInference(options);
    this.#data = arena.alloc(MAX_ROWS * 8);
    this.#bitmap = arena.alloc(MAX_ROWS / 8);
    this.#slowRows = arena.alloc(MAX_ROWS * 4);
  }

  add(index: TextIndex): void {
    for (let column = 0; column < this.types.length; column++) {
      // Each round widens the type, which has only few steps to a string.
      while (this.types[column]?.kind !== 'string' && this.#widen(index, column));
    }
  }

  #widen(index: TextIndex, column: number): boolean {
    const { heap } = this.arena;
    const type = this.types[column] as DataType;
    const cell = type.kind === 'null' ? undefined : cellOf(type, this.options, 'schema inference');
    const kernel = index.kernels[kernelOf(cell, this.options.keepLeadingZeros)];
    const { text, stride, rows, counters } = index;
    kernel(text, index.index, stride, column, rows, this.#data, this.#bitmap, this.#slowRows, counters);
    const slow = heap.u32[(counters + COUNTERS.slow) >>> 2] as number;
    for (let i = 0; i < slow; i++) {
      const field = index.fieldText(heap.u32[(this.#slowRows >>> 2) + i] as number, column);
      if (field === null || field === '') continue;
      const wider = this.#inference.widen(type, field);
      if (wider === type || (wider.kind === type.kind && wider.kind !== 'decimal')) continue;
      this.types[column] = wider;
      if (wider.kind !== 'decimal' || type.kind !== 'decimal') return true;
      if (wider.precision !== type.precision || wider.scale !== type.scale) return true;
    }
    return false;
  }
}

/** Of values that a kernel reads nothing is known but that they are of the type so far. */
function kernelOf(cell: Cell | undefined, looksAtAll: boolean): 'slow8' | Exclude<Cell['kernel'], 'decimal' | 'text'> {
  return cell === undefined || cell.kernel === 'decimal' || cell.kernel === 'text' || looksAtAll
    ? 'slow8'
    : cell.kernel;
}
