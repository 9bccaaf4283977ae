import {
  type Column,
  type DataType,
  DEFAULT_VALUE_OPTIONS,
  type Dictionary,
  isNullAt,
  numberStorage,
  readDictionaryValues,
  type SharedHeap,
  userColumnReader,
} from '../../base/index.js';
import type { Mask, Values } from './row-loop.js';

/** Reads the columns of one argument as what the function gets: numbers straight from their buffers. */
export type ArgumentReader = (column: Column) => Values;

export function argumentReader(heap: SharedHeap, name: string, type: DataType, nulls: 'skip' | 'pass'): ArgumentReader {
  const read = userColumnReader(heap, { name, type, nullable: true }, DEFAULT_VALUE_OPTIONS);
  return (column) => (isPlainNumbers(column, nulls) ? numbersOf(heap, column) : read(column));
}

/** Whether what lies in the buffer is what the function gets, at every row it is called for. */
export function isPlainNumbers(column: Column, nulls: 'skip' | 'pass'): boolean {
  const { type, storage } = column;
  if (column.dictionary !== undefined || (nulls === 'pass' && column.nullCount !== 0)) return false;
  switch (type.kind) {
    case 'int8':
    case 'int16':
    case 'int32':
    case 'float32':
    case 'float64':
      return storage !== 'i64';
    case 'int64':
      return storage !== 'i64' && storage !== 'i128';
    default:
      return false;
  }
}

/** Numbers as they lie. */
export type Codes = ReturnType<typeof numbersOf>;

function numbersOf(heap: SharedHeap, column: Column) {
  const { array, base } = numberStorage(heap, column);
  return array.subarray(base, base + column.length);
}

/** Codes of a dictionary column and the values they mean; undefined where decoding the dictionary does not pay. */
export function codesOf(
  heap: SharedHeap,
  column: Column,
): { readonly codes: Codes; readonly dictionary: Dictionary; readonly values: () => Values } | undefined {
  const { dictionary, type } = column;
  if (dictionary === undefined || type.kind !== 'string' || dictionary.count > column.length) return undefined;
  return { codes: numbersOf(heap, column), dictionary, values: () => readDictionaryValues(heap, type, dictionary) };
}

/** The rows a function is not called for: those before `from`, outside its branch, or with a null it does not take. */
export function maskOf(
  heap: SharedHeap,
  rows: number,
  from: number,
  guard: Column | undefined,
  skipNullsOf: readonly Column[],
): Mask {
  const nullable = skipNullsOf.filter((column) => column.storage === 'none' || column.validity !== 0);
  if (from === 0 && guard === undefined && nullable.length === 0) return undefined;
  const mask = new Uint8Array(rows).fill(1, 0, from);
  for (const column of nullable) for (let i = 0; i < rows; i++) if (isNullAt(heap, column, i)) mask[i] = 1;
  if (guard !== undefined) {
    const { array, base } = numberStorage(heap, guard);
    for (let i = 0; i < rows; i++) if (array[base + i] === 0 || isNullAt(heap, guard, i)) mask[i] = 1;
  }
  return mask;
}
