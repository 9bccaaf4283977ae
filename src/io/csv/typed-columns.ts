import {
  ALL_VALID_ADDRESS,
  type Arena,
  type Column,
  type ColumnStats,
  type DataType,
  findTimeZone,
  localToInstant,
  type Scalar,
  type Storage,
  storageBytes,
  type TimeZone,
} from '../../base/index.js';
import { COUNTERS } from './emit-field.js';

const SLOW_ROWS_BYTES = 65536 * 4;
const NO_MIN = 2n ** 63n - 1n;
const NO_MAX = -(2n ** 63n);

/** What a column is read as. */
export interface TypedCell {
  readonly type: DataType;
  readonly storage: Storage;
  /** The kernel reads clocks, which are to become instants. */
  readonly local: boolean;
}

/** Makes columns with typed kernels; the values that these leave are asked for one by one. */
export class TypedColumns {
  #slowRows = 0;
  /** A bitmap that is not in use. */
  #spareBitmap: { address: number; rows: number; turns: number } | undefined;

  /** `counters`: where kernels leave what they count; `batchArena`: for what is part of a batch. */
  constructor(
    private readonly arena: Arena,
    private readonly batchArena: Arena,
    private readonly counters: number,
    private readonly timeZone: string,
  ) {}

  /** Room for a bit of each row, which kernels write if they have to. */
  bitmap(rows: number): number {
    const spare = this.#spareBitmap;
    this.#spareBitmap = undefined;
    const fits = spare !== undefined && spare.rows >= rows && spare.turns === this.batchArena.turns;
    return fits ? spare.address : this.batchArena.alloc((rows + 7) >>> 3);
  }

  /** Without nulls a bitmap is kept for the next column. */
  validity(address: number, rows: number, nulls: number): { nullCount: number; validity: number } {
    if (nulls > 0) return { nullCount: nulls, validity: address };
    this.#spareBitmap = { address, rows, turns: this.batchArena.turns };
    return { nullCount: 0, validity: 0 };
  }

  /** `run` calls the kernel; `slow` gives the value of a row that it left, undefined for null. */
  read(
    cell: TypedCell,
    rows: number,
    run: (data: number, bitmap: number, slowRows: number) => void,
    slow: (row: number) => Scalar | undefined,
  ): Column {
    const { arena, batchArena, counters } = this;
    const { heap } = arena;
    if (this.#slowRows === 0) this.#slowRows = arena.alloc(SLOW_ROWS_BYTES);
    const data = batchArena.alloc(rows * (storageBytes(cell.storage) as number));
    const bitmap = this.bitmap(rows);
    heap.i64[(counters + COUNTERS.min) / 8] = NO_MIN;
    heap.i64[(counters + COUNTERS.max) / 8] = NO_MAX;
    run(data, bitmap, this.#slowRows);
    let nulls = heap.u32[(counters + COUNTERS.nulls) >>> 2] as number;
    const left = heap.u32[(counters + COUNTERS.slow) >>> 2] as number;
    if (cell.local) toInstants(arena, data, nulls + left > 0 ? bitmap : ALL_VALID_ADDRESS, rows, this.timeZone);
    const bounds = new Bounds(
      heap.i64[(counters + COUNTERS.min) / 8] as bigint,
      heap.i64[(counters + COUNTERS.max) / 8] as bigint,
    );
    for (let i = 0; i < left; i++) {
      const row = heap.u32[(this.#slowRows >>> 2) + i] as number;
      const value = slow(row);
      if (value === undefined) {
        nulls++;
        continue;
      }
      store(arena, cell.storage, data, row, value);
      bounds.add(value);
      const at = bitmap + (row >>> 3);
      heap.u8[at] = (heap.u8[at] as number) | (1 << (row & 7));
    }
    const stats = cell.local ? undefined : bounds.stats(cell.type);
    const validity = this.validity(bitmap, rows, nulls);
    const read: Column = { type: cell.type, storage: cell.storage, length: rows, ...validity, data, offsets: 0 };
    return stats === undefined ? read : { ...read, stats };
  }
}

/** The least and greatest value of a column whose values are integers. */
class Bounds {
  constructor(
    private min: bigint,
    private max: bigint,
  ) {}

  add(value: Scalar): void {
    if (typeof value === 'number' && !Number.isInteger(value)) return;
    if (typeof value !== 'bigint' && typeof value !== 'number') return;
    const integer = BigInt(value);
    if (integer < this.min) this.min = integer;
    if (integer > this.max) this.max = integer;
  }

  stats(type: DataType): ColumnStats | undefined {
    if (this.min > this.max) return undefined;
    switch (type.kind) {
      case 'int8':
      case 'int16':
      case 'int32':
      case 'date':
        return { min: Number(this.min), max: Number(this.max) };
      case 'int64':
      case 'decimal':
        return { min: this.min, max: this.max };
      default:
        return undefined;
    }
  }
}

/** Clock readings of the rows that are there become instants. */
function toInstants(arena: Arena, data: number, bitmap: number, rows: number, zoneId: string): void {
  const zone = findTimeZone(zoneId) as TimeZone;
  const { i64, u8 } = arena.heap;
  for (let row = 0; row < rows; row++) {
    if ((((u8[bitmap + (row >>> 3)] as number) >>> (row & 7)) & 1) === 0) continue;
    i64[data / 8 + row] = localToInstant(zone, i64[data / 8 + row] as bigint);
  }
}

function store({ heap }: Arena, storage: Storage, data: number, row: number, value: Scalar): void {
  switch (storage) {
    case 'u8':
      heap.u8[data + row] = value === true ? 1 : 0;
      break;
    case 'i8':
      heap.i8[data + row] = value as number;
      break;
    case 'i16':
      heap.i16[data / 2 + row] = value as number;
      break;
    case 'i32':
      heap.i32[data / 4 + row] = value as number;
      break;
    case 'f32':
      heap.f32[data / 4 + row] = value as number;
      break;
    case 'f64':
      heap.f64[data / 8 + row] = value as number;
      break;
    case 'i64':
      heap.i64[data / 8 + row] = value as bigint;
      break;
    default:
      heap.i64[data / 8 + 2 * row] = value as bigint;
      heap.i64[data / 8 + 2 * row + 1] = (value as bigint) >> 64n;
  }
}
