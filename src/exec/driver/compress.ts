import {
  type Arena,
  type Batch,
  type Column,
  type ColumnStats,
  carrierOf,
  type Dictionary,
  type SharedHeap,
  type Storage,
  storageBytes,
} from '../../base/index.js';
import { type Interned, internStrings } from './intern-strings.js';
import { ranksOf, sortedTexts } from './sorted-dictionary.js';

type IntStorage = 'i8' | 'i16' | 'i32' | 'i64' | 'i128';
const DICTIONARY_LIMIT = 65_536;
/** Entries of dictionaries between two pauses of the event loop. */
const ENTRIES_PER_PAUSE = 8192;

/**
 * Batches rewritten for a cache: integers, dates and decimals as narrow as all their values allow (with exact
 * bounds), dictionaries of all batches made one, everything copied into the cache's own memory.
 */
export async function compressBatches(batches: readonly Batch[], arena: Arena, check: () => void): Promise<Batch[]> {
  const width = batches[0]?.columns.length ?? 0;
  const columns: Column[][] = [];
  for (let i = 0; i < width; i++) {
    const all = batches.map((batch) => batch.columns[i] as Column);
    columns.push(
      await compressColumn(all, arena, async () => {
        check();
        await new Promise(setImmediate);
      }),
    );
  }
  return batches.map((batch, b) => ({ rows: batch.rows, columns: columns.map((column) => column[b] as Column) }));
}

async function compressColumn(all: readonly Column[], arena: Arena, breathe: () => Promise<void>): Promise<Column[]> {
  const [first] = all;
  if (first === undefined) return [];
  const carrier = carrierOf(first.type);
  const out: Column[] = [];
  if (carrier === 'bytes') return compressBytes(all, arena, breathe);
  const bounded = carrier === 'i32' || carrier === 'i64' || carrier === 'i128';
  let stats: ColumnStats[] | undefined;
  for (const column of bounded ? all : []) {
    stats ??= [];
    stats.push(integerStats(arena.heap, column));
    await breathe();
  }
  const narrow = stats === undefined || first.type.kind === 'boolean' ? undefined : narrowest(stats);
  for (const [i, column] of all.entries()) {
    out.push(
      narrow === undefined ? copyFixed(column, arena, stats?.[i]) : copyNarrow(column, narrow, arena, stats?.[i]),
    );
    await breathe();
  }
  return out;
}

async function compressBytes(all: readonly Column[], arena: Arena, breathe: () => Promise<void>): Promise<Column[]> {
  const out: Column[] = [];
  const merged = all.every((c) => c.dictionary !== undefined || c.storage === 'none')
    ? await mergeDictionaries(all, arena, breathe)
    : undefined;
  const interned = merged === undefined && canIntern(all) ? await internStrings(all, arena, breathe) : undefined;
  try {
    for (const [i, column] of all.entries()) {
      if (interned !== undefined) out.push(fromCodes(column, interned, i, arena));
      else out.push(merged === undefined ? copyBytes(column, arena) : recode(column, merged, arena));
      await breathe();
    }
    return out;
  } finally {
    interned?.release();
  }
}

function copyValidity(column: Column, arena: Arena): number {
  if (column.validity === 0) return 0;
  const bytes = (column.length + 7) >>> 3;
  const to = arena.alloc(bytes);
  arena.heap.copy(to, column.validity, bytes);
  return to;
}

function nullCount(column: Column, heap: SharedHeap): number {
  if (column.nullCount >= 0) return column.nullCount;
  let nulls = 0;
  for (let i = 0; i < column.length; i++)
    if ((((heap.u8[column.validity + (i >>> 3)] as number) >>> (i & 7)) & 1) === 0) nulls++;
  return nulls;
}

function copyFixed(column: Column, arena: Arena, stats: ColumnStats | undefined): Column {
  const bytes = column.length * (storageBytes(column.storage) ?? 0);
  const data = arena.alloc(bytes);
  arena.heap.copy(data, column.data, bytes);
  return {
    ...column,
    validity: copyValidity(column, arena),
    nullCount: nullCount(column, arena.heap),
    data,
    ...(stats === undefined ? {} : { stats }),
  };
}

function copyBytes(column: Column, arena: Arena): Column {
  const { heap } = arena;
  const offsets = arena.alloc((column.length + 1) * 4);
  if (column.storage !== 'utf8' || column.dictionary !== undefined) return expandBytes(column, offsets, arena);
  const from = column.offsets >>> 2;
  const start = heap.u32[from] as number;
  const bytes = (heap.u32[from + column.length] as number) - start;
  const data = arena.alloc(bytes);
  heap.copy(data, column.data + start, bytes);
  for (let i = 0; i <= column.length; i++) heap.u32[(offsets >>> 2) + i] = (heap.u32[from + i] as number) - start;
  return { ...column, validity: copyValidity(column, arena), nullCount: nullCount(column, heap), data, offsets };
}

/** A dictionary or view column as plain bytes. */
function expandBytes(column: Column, offsets: number, arena: Arena): Column {
  const { heap } = arena;
  const spans: [number, number][] = [];
  let total = 0;
  for (let i = 0; i < column.length; i++) {
    const span = spanAt(heap, column, i);
    spans.push(span);
    total += span[1];
  }
  const data = arena.alloc(total);
  let at = 0;
  heap.u32[offsets >>> 2] = 0;
  spans.forEach(([address, length], i) => {
    heap.copy(data + at, address, length);
    at += length;
    heap.u32[(offsets >>> 2) + i + 1] = at;
  });
  const { dictionary: _, ...rest } = column;
  return {
    ...rest,
    storage: 'utf8',
    validity: copyValidity(column, arena),
    nullCount: nullCount(column, heap),
    data,
    offsets,
  };
}

function spanAt(heap: SharedHeap, column: Column, row: number): [number, number] {
  if (
    column.storage === 'none' ||
    (column.validity !== 0 && (((heap.u8[column.validity + (row >>> 3)] as number) >>> (row & 7)) & 1) === 0)
  )
    return [0, 0];
  const { dictionary } = column;
  if (dictionary === undefined)
    return [heap.u32[(column.data >>> 2) + row * 2] as number, heap.u32[(column.data >>> 2) + row * 2 + 1] as number];
  const code = readInt(heap, column.storage, column.data, row);
  const at = (dictionary.offsets >>> 2) + code;
  const start = heap.u32[at] as number;
  return [dictionary.data + start, (heap.u32[at + 1] as number) - start];
}

/** One dictionary for all batches, and what each old code becomes; undefined when it would be too large. */
async function mergeDictionaries(
  all: readonly Column[],
  arena: Arena,
  breathe: () => Promise<void>,
): Promise<{ dictionary: Dictionary; codes: Map<number, Int32Array> } | undefined> {
  const { heap } = arena;
  const entries = new Map<string, number>();
  const spans: [number, number][] = [];
  const codes = new Map<number, Int32Array>();
  for (const { dictionary } of all) {
    if (dictionary === undefined || codes.has(dictionary.id)) continue;
    const map = new Int32Array(dictionary.count);
    for (let code = 0; code < dictionary.count; code++) {
      const at = (dictionary.offsets >>> 2) + code;
      const start = dictionary.data + (heap.u32[at] as number);
      const end = dictionary.data + (heap.u32[at + 1] as number);
      const key = heap.buffer.toString('latin1', start, end);
      let merged = entries.get(key);
      if (merged === undefined) {
        merged = entries.size;
        if (merged === DICTIONARY_LIMIT) return undefined;
        entries.set(key, merged);
        spans.push([start, end]);
      }
      map[code] = merged;
      if (code % ENTRIES_PER_PAUSE === ENTRIES_PER_PAUSE - 1) await breathe();
    }
    codes.set(dictionary.id, map);
    await breathe();
  }
  const order = sortedTexts(heap, spans.length, (text) => spans[text] as [number, number]);
  if (order !== undefined) {
    const ranks = ranksOf(order);
    for (const map of codes.values()) for (let i = 0; i < map.length; i++) map[i] = ranks[map[i] as number] as number;
  }
  const total = spans.reduce((n, [start, end]) => n + end - start, 0);
  const data = arena.alloc(total);
  const offsets = arena.alloc((spans.length + 2) * 4);
  let at = 0;
  for (let i = 0; i < spans.length; i++) {
    const [start, end] = spans[order?.[i] ?? i] as [number, number];
    heap.u32[(offsets >>> 2) + i] = at;
    heap.u8.copyWithin(data + at, start, end);
    at += end - start;
  }
  heap.u32[(offsets >>> 2) + spans.length] = at;
  heap.u32[(offsets >>> 2) + spans.length + 1] = at;
  const id = arena.heap.newDictionaryId();
  return { dictionary: { id, count: spans.length, offsets, data, sorted: order !== undefined }, codes };
}

function recode(
  column: Column,
  merged: { dictionary: Dictionary; codes: Map<number, Int32Array> },
  arena: Arena,
): Column {
  const { heap } = arena;
  const { dictionary } = merged;
  const storage: Storage = codeStorage(dictionary.count);
  const data = arena.alloc(column.length * (storageBytes(storage) as number));
  const map = column.dictionary === undefined ? undefined : merged.codes.get(column.dictionary.id);
  const to = storage === 'u8' ? heap.u8 : storage === 'u16' ? heap.u16 : heap.i32;
  const base = data / to.BYTES_PER_ELEMENT;
  for (let i = 0; i < column.length; i++) {
    const code = map === undefined ? 0 : readInt(heap, column.storage, column.data, i);
    // The code of a null row is arbitrary.
    to[base + i] = map?.[code] ?? 0;
  }
  return {
    ...column,
    storage,
    validity: copyValidity(column, arena),
    nullCount: nullCount(column, heap),
    data,
    offsets: 0,
    dictionary,
  };
}

/** Texts that lie as bytes and offsets, or in dictionaries. */
const canIntern = (all: readonly Column[]): boolean =>
  all.every(
    ({ type, storage, dictionary }) =>
      (type.kind === 'string' || type.kind === 'binary') &&
      (dictionary !== undefined || storage === 'utf8' || storage === 'none'),
  );

const codeStorage = (count: number): 'u8' | 'u16' | 'i32' => (count <= 256 ? 'u8' : count <= 65_536 ? 'u16' : 'i32');

/** A column by the codes its texts were given. */
function fromCodes(column: Column, { dictionary, codes, ranks }: Interned, index: number, arena: Arena): Column {
  const { heap } = arena;
  const storage = codeStorage(dictionary.count);
  const width = storageBytes(storage) as number;
  const data = arena.alloc(column.length * width);
  const to = storage === 'u8' ? heap.u8 : storage === 'u16' ? heap.u16 : heap.u32;
  const from = (codes[index] as number) >>> 2;
  const given = heap.u32.subarray(from, from + column.length);
  if (ranks === undefined) to.set(given, data / width);
  else for (let i = 0; i < given.length; i++) to[data / width + i] = ranks[given[i] as number] as number;
  const validity = copyValidity(column, arena);
  return { ...column, storage, validity, nullCount: nullCount(column, heap), data, offsets: 0, dictionary };
}

function readInt(heap: SharedHeap, storage: Storage, data: number, row: number): number {
  switch (storage) {
    case 'i8':
      return heap.i8[data + row] as number;
    case 'u8':
      return heap.u8[data + row] as number;
    case 'i16':
      return heap.i16[(data >>> 1) + row] as number;
    case 'u16':
      return heap.u16[(data >>> 1) + row] as number;
    default:
      return heap.i32[(data >>> 2) + row] as number;
  }
}

/** Bounds of the values of an integer-like column, ignoring nulls. */
function integerStats(heap: SharedHeap, column: Column): ColumnStats {
  const valid =
    column.validity === 0
      ? undefined
      : (i: number): boolean => (((heap.u8[column.validity + (i >>> 3)] as number) >>> (i & 7)) & 1) === 1;
  if (column.storage === 'i64' || column.storage === 'i128') return wideStats(heap, column, valid);
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < column.length; i++) {
    if (valid !== undefined && !valid(i)) continue;
    const value = readInt(heap, column.storage, column.data, i);
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return min > max ? { min: 0, max: 0 } : { min, max };
}

/** 64- and 128-bit values by their halves: bigint arithmetic per value would take seconds. */
function wideStats(heap: SharedHeap, column: Column, valid: ((i: number) => boolean) | undefined): ColumnStats {
  const step = column.storage === 'i128' ? 4 : 2;
  const base = column.data >>> 2;
  let narrow = true;
  let minHigh = 0;
  let minLow = 0;
  let maxHigh = 0;
  let maxLow = 0;
  let some = false;
  for (let i = 0; i < column.length; i++) {
    if (valid !== undefined && !valid(i)) continue;
    const low = heap.u32[base + i * step] as number;
    const high = heap.i32[base + i * step + 1] as number;
    if (
      step === 4 &&
      ((heap.i32[base + i * 4 + 2] as number) !== high >> 31 || (heap.i32[base + i * 4 + 3] as number) !== high >> 31)
    )
      narrow = false;
    if (!some || high < minHigh || (high === minHigh && low < minLow)) {
      minHigh = high;
      minLow = low;
    }
    if (!some || high > maxHigh || (high === maxHigh && low > maxLow)) {
      maxHigh = high;
      maxLow = low;
    }
    some = true;
  }
  if (!narrow) return {};
  const join = (high: number, low: number): bigint => (BigInt(high) << 32n) | BigInt(low);
  return some ? { min: join(minHigh, minLow), max: join(maxHigh, maxLow) } : { min: 0n, max: 0n };
}

function narrowest(stats: readonly ColumnStats[]): IntStorage | undefined {
  let min = 0n;
  let max = 0n;
  for (const s of stats) {
    if (s.min === undefined || s.max === undefined) return undefined;
    if (BigInt(s.min) < min) min = BigInt(s.min);
    if (BigInt(s.max) > max) max = BigInt(s.max);
  }
  for (const [storage, bits] of [
    ['i8', 7n],
    ['i16', 15n],
    ['i32', 31n],
    ['i64', 63n],
  ] as const) {
    if (min >= -(1n << bits) && max < 1n << bits) return storage;
  }
  return undefined;
}

function copyNarrow(column: Column, storage: IntStorage, arena: Arena, stats: ColumnStats | undefined): Column {
  if (column.storage === storage) return copyFixed(column, arena, stats);
  const { heap } = arena;
  const bytes = storageBytes(storage) as number;
  const data = arena.alloc(column.length * bytes);
  const source = storageBytes(column.storage) as number;
  if (bytes >= source) widenInto(heap, column, data, bytes);
  else {
    // Little endian: the low bytes of a value that fits are the value.
    const to = bytes === 1 ? heap.i8 : bytes === 2 ? heap.i16 : heap.i32;
    const base = data / bytes;
    const words = bytes === 8;
    for (let i = 0; i < column.length; i++) {
      const at = column.data + i * source;
      if (words) {
        heap.i32[(data >>> 2) + i * 2] = heap.i32[at >>> 2] as number;
        heap.i32[(data >>> 2) + i * 2 + 1] = heap.i32[(at >>> 2) + 1] as number;
      } else to[base + i] = source === 2 ? (heap.i16[at >>> 1] as number) : (heap.i32[at >>> 2] as number);
    }
  }
  const { stats: _, ...rest } = column;
  return {
    ...rest,
    storage,
    validity: copyValidity(column, arena),
    nullCount: nullCount(column, heap),
    data,
    ...(stats === undefined ? {} : { stats }),
  };
}

/** Batches that were narrower than the rest are widened to match. */
function widenInto(heap: SharedHeap, column: Column, data: number, bytes: number): void {
  for (let i = 0; i < column.length; i++) {
    const value = readInt(heap, column.storage, column.data, i);
    if (bytes === 2) heap.i16[(data >>> 1) + i] = value;
    else if (bytes === 4) heap.i32[(data >>> 2) + i] = value;
    else {
      heap.i32[(data >>> 2) + i * 2] = value;
      heap.i32[(data >>> 2) + i * 2 + 1] = value >> 31;
    }
  }
}
