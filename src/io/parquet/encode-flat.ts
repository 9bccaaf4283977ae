import { type Column, type Dictionary, engineBug, numberStorage, readWide, type SharedHeap } from '../../base/index.js';
import { encodeKernels } from './encode-kernels.js';
import type { LeafWriter } from './encode-leaf.js';
import { PIECE_ROWS } from './encode-scratch.js';
import { NARROW } from './encode-words.js';

/** Areas that every column uses in turn. */
const validity = new Uint8Array(PIECE_ROWS);
const booleans = new Uint8Array(PIECE_ROWS);

/** Rows `from`…`to` of a column that is one leaf; `words` is room for them. */
export function addFlat(
  heap: SharedHeap,
  writer: LeafWriter,
  column: Column,
  from: number,
  to: number,
  words: Int32Array,
): void {
  const count = to - from;
  if (column.storage === 'none') {
    validity.fill(0, 0, count);
    writer.addValidity(validity, count, count);
    return;
  }
  const nulls = readValidity(heap, column, from, to);
  if (nulls > 0 && writer.leaf.maxDefinition === 0) {
    throw engineBug(`the column ${writer.leaf.path.join('.')} was said to have no nulls`);
  }
  if (nulls === 0) writer.addPresent(count);
  else writer.addValidity(validity, count, nulls);
  switch (writer.leaf.physical) {
    case 'int32':
    case 'float':
      writer.addWords(words, narrowWords(heap, column, from, to, nulls, words));
      break;
    case 'int64':
    case 'double':
      writer.addWords(words, wideWords(heap, column, from, to, nulls, words));
      break;
    case 'boolean':
      addBooleans(heap, writer, column, from, to, nulls);
      break;
    case 'fixed':
      addDecimals(heap, writer, column, from, to, nulls);
      break;
    default:
      addStrings(heap, writer, column, { from, to, nulls }, words);
  }
}

/** Fills `validity` with 1 where a value is there; returns how many are not. */
function readValidity(heap: SharedHeap, column: Column, from: number, to: number): number {
  if (column.validity === 0) return 0;
  const { u8 } = heap;
  let present = 0;
  for (let row = from; row < to; row++) {
    const bit = ((u8[column.validity + (row >>> 3)] as number) >>> (row & 7)) & 1;
    validity[row - from] = bit;
    present += bit;
  }
  return to - from - present;
}

type Narrow = (typeof NARROW)[number];
const isNarrow = (storage: string): storage is Narrow => (NARROW as readonly string[]).includes(storage);

/** Integers as they are stored to `words`, in 4 or 8 bytes each. */
function extend(
  heap: SharedHeap,
  { data }: Column,
  storage: Narrow,
  to: { readonly from: number; readonly to: number; readonly words: Int32Array; readonly bytes: 4 | 8 },
): void {
  const width = storage === 'i32' ? 4 : storage === 'i16' || storage === 'u16' ? 2 : 1;
  const kernel = encodeKernels(heap)[`extend_${storage}_${to.bytes}`];
  kernel(data + to.from * width, to.to - to.from, to.words.byteOffset);
}

/** The values that are there as 32-bit words; returns how many. */
function narrowWords(
  heap: SharedHeap,
  column: Column,
  from: number,
  to: number,
  nulls: number,
  words: Int32Array,
): number {
  const { storage, data } = column;
  // Floats as their bits; the low half of what is stored wider than it needs to be.
  const step = storage === 'i64' ? 2 : storage === 'i128' ? 4 : 1;
  const raw = storage === 'f32' || step > 1;
  const { array, base } = raw ? { array: heap.i32, base: Math.floor(data / 4) } : numberStorage(heap, column);
  let count = 0;
  if (nulls === 0) {
    if (array === heap.i32 && step === 1) words.set(heap.i32.subarray(base + from, base + to));
    else if (isNarrow(storage)) extend(heap, column, storage, { from, to, words, bytes: 4 });
    else for (let row = from; row < to; row++) words[row - from] = array[base + row * step] as number;
    return to - from;
  }
  for (let row = from; row < to; row++) {
    if (validity[row - from] === 1) words[count++] = array[base + row * step] as number;
  }
  return count;
}

/** The values that are there as pairs of words, low half first. */
function wideWords(
  heap: SharedHeap,
  column: Column,
  from: number,
  to: number,
  nulls: number,
  words: Int32Array,
): number {
  const { storage, data } = column;
  let count = 0;
  if (storage === 'i64' || storage === 'f64' || storage === 'i128') {
    const { i32 } = heap;
    const base = Math.floor(data / 4);
    const step = storage === 'i128' ? 4 : 2;
    if (nulls === 0 && step === 2) {
      words.set(i32.subarray(base + 2 * from, base + 2 * to));
      return to - from;
    }
    for (let row = from; row < to; row++) {
      if (nulls > 0 && validity[row - from] === 0) continue;
      words[2 * count] = i32[base + row * step] as number;
      words[2 * count++ + 1] = i32[base + row * step + 1] as number;
    }
    return count;
  }
  if (nulls === 0 && isNarrow(storage)) {
    extend(heap, column, storage, { from, to, words, bytes: 8 });
    return to - from;
  }
  const { array, base } = numberStorage(heap, column);
  for (let row = from; row < to; row++) {
    if (nulls > 0 && validity[row - from] === 0) continue;
    const value = array[base + row] as number;
    words[2 * count] = value;
    words[2 * count++ + 1] = value >> 31;
  }
  return count;
}

function addBooleans(
  heap: SharedHeap,
  writer: LeafWriter,
  column: Column,
  from: number,
  to: number,
  nulls: number,
): void {
  const { array, base } = numberStorage(heap, column);
  let count = 0;
  for (let row = from; row < to; row++) {
    if (nulls === 0 || validity[row - from] === 1) booleans[count++] = array[base + row] === 0 ? 0 : 1;
  }
  writer.addBooleans(booleans.subarray(0, count));
}

function addDecimals(
  heap: SharedHeap,
  writer: LeafWriter,
  column: Column,
  from: number,
  to: number,
  nulls: number,
): void {
  const bytes = new Uint8Array(writer.leaf.typeLength);
  const { storage, data } = column;
  const small = storage === 'i64' || storage === 'i128' ? undefined : numberStorage(heap, column);
  const word = Math.floor(data / 8);
  for (let row = from; row < to; row++) {
    if (nulls > 0 && validity[row - from] === 0) continue;
    if (small !== undefined) bigEndian(BigInt(small.array[small.base + row] as number), bytes);
    else bigEndian(storage === 'i64' ? (heap.i64[word + row] as bigint) : readWide(heap, word + 2 * row), bytes);
    writer.addFixedValue(bytes);
  }
}

/** Two's complement, the most significant byte first. */
export function bigEndian(value: bigint, bytes: Uint8Array): void {
  let low = BigInt.asIntN(64, value);
  let high = value >> 64n;
  for (let at = bytes.length; at > 0; ) {
    const chunk = Number(low & 0xffffffffn);
    for (let shift = 0; shift < 32 && at > 0; shift += 8) bytes[--at] = (chunk >>> shift) & 255;
    low = (BigInt.asUintN(64, low) >> 32n) | (BigInt.asUintN(32, high) << 32n);
    high >>= 32n;
  }
}

function addStrings(heap: SharedHeap, writer: LeafWriter, column: Column, rows: Rows, words: Int32Array): void {
  const { from, to, nulls } = rows;
  if (column.dictionary !== undefined) {
    addDictionaryStrings(heap, writer, column, column.dictionary, rows);
    return;
  }
  if (column.storage === 'utf8') {
    const first = column.offsets + from * 4;
    const offsets = nulls === 0 ? first : presentOffsets(heap, first, to - from, words);
    if (offsets !== undefined && writer.addStrings(offsets, column.data, to - from - nulls)) return;
  }
  const { u8, i32, u32 } = heap;
  const slot = (column.storage === 'view' ? column.data : column.offsets) >>> 2;
  for (let row = from; row < to; row++) {
    if (nulls > 0 && validity[row - from] === 0) continue;
    if (column.storage === 'view') {
      const start = u32[slot + 2 * row] as number;
      writer.addBytes(u8, start, start + (u32[slot + 2 * row + 1] as number));
    } else
      writer.addBytes(u8, column.data + (i32[slot + row] as number), column.data + (i32[slot + row + 1] as number));
  }
}

/** The address of the offsets without those of nulls, `words` their room; undefined where a null has bytes. */
function presentOffsets(heap: SharedHeap, first: number, rows: number, words: Int32Array): number | undefined {
  const { i32 } = heap;
  const from = first >>> 2;
  let count = 0;
  for (let row = 0; row < rows; row++) {
    const offset = i32[from + row] as number;
    words[count] = offset;
    if (validity[row] === 1) count++;
    else if (i32[from + row + 1] !== offset) return undefined;
  }
  words[count] = i32[from + rows] as number;
  return words.byteOffset;
}

interface Rows {
  readonly from: number;
  readonly to: number;
  readonly nulls: number;
}

/** Each entry of the column's dictionary is looked up once; rows are then only numbers. */
function addDictionaryStrings(
  heap: SharedHeap,
  writer: LeafWriter,
  column: Column,
  dictionary: Dictionary,
  rows: Rows,
): void {
  const { u8, i32 } = heap;
  const { array, base } = numberStorage(heap, column);
  const slot = dictionary.offsets >>> 2;
  const room = writer.addCodes(rows.to - rows.from - rows.nulls, dictionary);
  if (room !== undefined) {
    const { codes, known } = room;
    for (let row = rows.from, i = 0; row < rows.to; row++) {
      if (rows.nulls > 0 && validity[row - rows.from] === 0) continue;
      const entry = array[base + row] as number;
      let code = known[entry] as number;
      if (code === -1) {
        const start = dictionary.data + (i32[slot + entry] as number);
        code = writer.codeOf(u8, start, dictionary.data + (i32[slot + entry + 1] as number));
        known[entry] = code;
      }
      codes[i++] = code;
    }
    writer.limitDictionary();
    return;
  }
  const known = new Int32Array(dictionary.count).fill(-1);
  for (let row = rows.from; row < rows.to; row++) {
    if (rows.nulls > 0 && validity[row - rows.from] === 0) continue;
    const entry = array[base + row] as number;
    const start = dictionary.data + (i32[slot + entry] as number);
    const end = dictionary.data + (i32[slot + entry + 1] as number);
    if (known[entry] === -1) known[entry] = writer.codeOf(u8, start, end);
    // Without a dictionary of its own the writer gets the bytes.
    if (known[entry] === -1) writer.addBytes(u8, start, end);
    else writer.addCode(known[entry] as number);
  }
  writer.limitDictionary();
}
