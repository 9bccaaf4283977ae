import {
  type Arena,
  BATCH_ROWS,
  type Column,
  carrierOf,
  type DataType,
  int32Type,
  nestedWidth,
  type SharedHeap,
  type Storage,
} from '../../base/index.js';

/** What one column of arrays comes to: the row each element was in, and the elements. */
export interface Exploded {
  readonly sources: Int32Array;
  readonly columns: readonly Column[];
}

export interface ExplodeOptions {
  /** Rows without elements stay, with a null. */
  readonly outer: boolean;
  /** The position of each element comes before it. */
  readonly positions: boolean;
}

/** How elements of a type lie in a column, when they are copied from the encoding as they are. */
function elementStorage(type: DataType): Storage | undefined {
  switch (type.kind) {
    case 'boolean':
      return 'u8';
    case 'int8':
      return 'i8';
    case 'int16':
      return 'i16';
    default: {
      const carrier = carrierOf(type);
      return carrier === 'bytes' || carrier === 'none' ? undefined : carrier;
    }
  }
}

/** Whether the elements of a column can be copied without making values of them. */
export const canExplode = (column: Column): boolean =>
  column.type.kind === 'array' &&
  (column.storage === 'utf8' || column.storage === 'view') &&
  column.dictionary === undefined &&
  elementStorage(column.type.element) !== undefined;

/** Elements from row `from` on, in batches, straight from the encoding of the arrays (base/nested.ts). */
export function* explodeArrays(
  heap: SharedHeap,
  arena: Arena,
  column: Column,
  from: number,
  options: ExplodeOptions,
): Generator<Exploded> {
  const element = column.type.kind === 'array' ? column.type.element : int32Type;
  let out = new Elements(heap, arena, element, options);
  const bytes = new DataView(heap.u8.buffer, heap.u8.byteOffset, heap.u8.byteLength);
  for (let row = from; row < column.length; row++) {
    const at = isNull(heap, column, row) ? -1 : addressOf(heap, column, row);
    const count = at < 0 ? 0 : bytes.getUint32(at, true);
    if (count === 0) {
      if (!options.outer) continue;
      if (out.full) {
        yield out.finish();
        out = new Elements(heap, arena, element, options);
      }
      out.addNull(row);
      continue;
    }
    for (let i = 0; i < count; ) {
      if (out.full) {
        yield out.finish();
        out = new Elements(heap, arena, element, options);
      }
      i += out.add(row, at, count, i);
    }
  }
  if (!out.empty) yield out.finish();
}

/** Where the value of a row begins. */
const addressOf = ({ u32 }: SharedHeap, { storage, data, offsets }: Column, row: number): number =>
  storage === 'view' ? (u32[(data >>> 2) + 2 * row] as number) : data + (u32[(offsets >>> 2) + row] as number);

function isNull(heap: SharedHeap, { validity }: Column, row: number): boolean {
  return validity !== 0 && (((heap.u8[validity + (row >>> 3)] as number) >>> (row & 7)) & 1) === 0;
}

/** One batch of elements that fills up. */
class Elements {
  readonly #sources = new Int32Array(BATCH_ROWS);
  readonly #width: number;
  readonly #data: number;
  readonly #validity: number;
  readonly #positions: number;
  #rows = 0;
  #nulls = 0;
  #positionNulls = 0;

  constructor(
    readonly heap: SharedHeap,
    readonly arena: Arena,
    readonly element: DataType,
    readonly options: ExplodeOptions,
  ) {
    this.#width = nestedWidth(element) ?? 0;
    this.#data = arena.alloc(BATCH_ROWS * this.#width);
    this.#validity = arena.allocZeroed(BATCH_ROWS >>> 3);
    this.#positions = options.positions ? arena.allocZeroed(BATCH_ROWS * 4) : 0;
  }

  get full(): boolean {
    return this.#rows === BATCH_ROWS;
  }

  get empty(): boolean {
    return this.#rows === 0;
  }

  addNull(row: number): void {
    const { heap } = this;
    const n = this.#rows++;
    heap.u8.fill(0, this.#data + n * this.#width, this.#data + (n + 1) * this.#width);
    this.#sources[n] = row;
    this.#nulls++;
    this.#positionNulls++;
    if (this.options.positions) heap.i32[(this.#positions >>> 2) + n] = -1;
  }

  /** Adds elements of the array encoded at `at` from the `first` on, as many as there is room for; says how many. */
  add(row: number, at: number, count: number, first: number): number {
    const { u8, i32 } = this.heap;
    const width = this.#width;
    const bits = at + 4;
    const slots = bits + ((count + 7) >>> 3);
    const room = Math.min(count - first, BATCH_ROWS - this.#rows);
    // Null elements are zeros in the encoding.
    u8.copyWithin(this.#data + this.#rows * width, slots + first * width, slots + (first + room) * width);
    for (let k = 0; k < room; k++) {
      const i = first + k;
      const n = this.#rows + k;
      this.#sources[n] = row;
      if (((u8[bits + (i >>> 3)] as number) >>> (i & 7)) & 1) {
        const to = this.#validity + (n >>> 3);
        u8[to] = (u8[to] as number) | (1 << (n & 7));
      } else this.#nulls++;
      if (this.options.positions) i32[(this.#positions >>> 2) + n] = i;
    }
    this.#rows += room;
    return room;
  }

  finish(): Exploded {
    const rows = this.#rows;
    const values: Column = {
      type: this.element,
      storage: elementStorage(this.element) as Storage,
      length: rows,
      nullCount: this.#nulls,
      validity: this.#nulls === 0 ? 0 : this.#validity,
      data: this.#data,
      offsets: 0,
    };
    const columns = this.options.positions ? [this.#positionColumn(rows), values] : [values];
    return { sources: this.#sources.subarray(0, rows), columns };
  }

  #positionColumn(rows: number): Column {
    return {
      type: int32Type,
      storage: 'i32',
      length: rows,
      nullCount: this.#positionNulls,
      validity: this.#positionNulls === 0 ? 0 : this.#positionValidity(rows),
      data: this.#positions,
      offsets: 0,
    };
  }

  /** A position is null only where there was no element. */
  #positionValidity(rows: number): number {
    const { u8, i32 } = this.heap;
    const validity = this.arena.allocZeroed((rows + 7) >>> 3);
    for (let n = 0; n < rows; n++) {
      if ((i32[(this.#positions >>> 2) + n] as number) >= 0) {
        u8[validity + (n >>> 3)] = (u8[validity + (n >>> 3)] as number) | (1 << (n & 7));
      }
    }
    return validity;
  }
}
