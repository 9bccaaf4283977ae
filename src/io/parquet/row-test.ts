import type { Column, Predicate, Scalar, SharedHeap } from '../../base/index.js';

/** Clears the mask's entries of those rows from…to of which a predicate is certainly not true. */
export type RowTest = (from: number, to: number, mask: Uint8Array) => void;

type Columns = (name: string) => Column | undefined;
/** A value of a row as a double: of 64-bit integers the nearest one, which keeps their order. */
type NumberAt = (row: number) => number;

/** A test over columns that have been decoded; undefined where nothing can be told. */
export function rowTest(predicate: Predicate, columns: Columns, heap: SharedHeap): RowTest | undefined {
  switch (predicate.kind) {
    case 'and':
      return allOf(predicate.inputs.map((input) => rowTest(input, columns, heap)));
    case 'or':
      return anyOf(predicate.inputs.map((input) => rowTest(input, columns, heap)));
    case 'not':
      return undefined;
    case 'is_null':
    case 'is_not_null':
      return nullTest(columns(predicate.column), heap, predicate.kind === 'is_null');
    case 'in':
      return valueTest(columns(predicate.column), heap, 'eq', predicate.values);
    case 'compare':
      return predicate.op === 'ne'
        ? undefined
        : valueTest(columns(predicate.column), heap, predicate.op, [predicate.value]);
  }
}

function allOf(tests: readonly (RowTest | undefined)[]): RowTest | undefined {
  const known = tests.filter((test) => test !== undefined);
  if (known.length < 2) return known[0];
  return (from, to, mask) => {
    for (const test of known) test(from, to, mask);
  };
}

function anyOf(tests: readonly (RowTest | undefined)[]): RowTest | undefined {
  const known = tests.filter((test) => test !== undefined);
  if (known.length < tests.length) return undefined;
  return (from, to, mask) => {
    const any = new Uint8Array(mask.length);
    const one = new Uint8Array(mask.length);
    for (const test of known) {
      test(from, to, one.fill(1));
      for (let i = 0; i < any.length; i++) any[i] = (any[i] as number) | (one[i] as number);
    }
    for (let i = 0; i < any.length; i++) mask[i] = (mask[i] as number) & (any[i] as number);
  };
}

function nullTest(column: Column | undefined, heap: SharedHeap, wanted: boolean): RowTest | undefined {
  if (column === undefined || column.storage === 'none') return undefined;
  const { validity } = column;
  return (from, to, mask) => {
    for (let row = from; row < to; row++) {
      const isNull = validity !== 0 && (((heap.u8[validity + (row >>> 3)] as number) >>> (row & 7)) & 1) === 0;
      if (isNull !== wanted) mask[row - from] = 0;
    }
  };
}

type Op = 'eq' | 'lt' | 'le' | 'gt' | 'ge';

/** Whether a value stands in relation to any of the given ones. */
function valueTest(
  column: Column | undefined,
  heap: SharedHeap,
  op: Op,
  values: readonly Scalar[],
): RowTest | undefined {
  if (column === undefined) return undefined;
  const test =
    column.dictionary !== undefined || column.storage === 'utf8'
      ? textTest(column, heap, op, values)
      : numberTest(column, heap, op, values);
  if (test === undefined || column.validity === 0) return test;
  // What compares with null is not true.
  return allOf([test, nullTest(column, heap, false)]);
}

function numberTest(column: Column, heap: SharedHeap, op: Op, values: readonly Scalar[]): RowTest | undefined {
  const at = numbersOf(column, heap);
  const wanted = values.map((v) => (typeof v === 'string' || typeof v === 'object' ? Number.NaN : Number(v)));
  if (at === undefined || wanted.some(Number.isNaN)) return undefined;
  const low = op === 'lt' || op === 'le' ? Number.NEGATIVE_INFINITY : Math.min(...wanted);
  const high = op === 'gt' || op === 'ge' ? Number.POSITIVE_INFINITY : Math.max(...wanted);
  const among = wanted.length > 1 ? new Set(wanted) : undefined;
  return (from, to, mask) => {
    for (let row = from; row < to; row++) {
      const value = at(row);
      // NaN is above all numbers, so it must not fall away here. Bounds are taken as if they belonged to the range.
      if (value < low || value > high || among?.has(value) === false) mask[row - from] = 0;
    }
  };
}

/** Keeps rows whose value has its bit set: bit `value - base` of `size`. */
export function bitTest(
  column: Column | undefined,
  heap: SharedHeap,
  { address, base, size }: { readonly address: number; readonly base: number; readonly size: number },
): RowTest | undefined {
  const at = column === undefined || column.dictionary !== undefined ? undefined : numbersOf(column, heap);
  if (column === undefined || at === undefined || column.storage === 'f32' || column.storage === 'f64')
    return undefined;
  const test: RowTest = (from, to, mask) => {
    for (let row = from; row < to; row++) {
      const bit = at(row) - base;
      const isSet = bit >= 0 && bit < size && (((heap.u8[address + (bit >>> 3)] as number) >>> (bit & 7)) & 1) === 1;
      if (!isSet) mask[row - from] = 0;
    }
  };
  return column.validity === 0 ? test : allOf([test, nullTest(column, heap, false)]);
}

function numbersOf({ storage, data }: Column, heap: SharedHeap): NumberAt | undefined {
  if (storage === 'i128' || storage === 'utf8' || storage === 'view' || storage === 'none') return undefined;
  if (storage === 'i64') {
    const { u32, i32 } = heap;
    const first = data >>> 2;
    return (row) => (i32[first + 2 * row + 1] as number) * 2 ** 32 + (u32[first + 2 * row] as number);
  }
  const values = heap[storage];
  const first = data / values.BYTES_PER_ELEMENT;
  return (row) => values[first + row] as number;
}

function textTest(column: Column, heap: SharedHeap, op: Op, values: readonly Scalar[]): RowTest | undefined {
  const wanted = values.map((v) => (typeof v === 'string' ? Buffer.from(v, 'utf8') : v));
  if (!wanted.every((v) => v instanceof Uint8Array)) return undefined;
  const { dictionary } = column;
  const matches = ({ offsets, data }: { offsets: number; data: number }, i: number): boolean => {
    const [from, to] = [heap.u32[(offsets >>> 2) + i] as number, heap.u32[(offsets >>> 2) + i + 1] as number];
    return wanted.some((value) => holds(op, compareBytes(heap.u8, data + from, data + to, value)));
  };
  if (dictionary === undefined) {
    return (from, to, mask) => {
      for (let row = from; row < to; row++) if (!matches(column, row)) mask[row - from] = 0;
    };
  }
  const code = numbersOf(column, heap) as NumberAt;
  let kept: Uint8Array | undefined;
  return (from, to, mask) => {
    kept ??= Uint8Array.from({ length: dictionary.count }, (_, i) => (matches(dictionary, i) ? 1 : 0));
    for (let row = from; row < to; row++) if (kept[code(row)] === 0) mask[row - from] = 0;
  };
}

function holds(op: Op, order: number): boolean {
  if (op === 'eq') return order === 0;
  if (op === 'lt' || op === 'le') return order <= 0;
  return order >= 0;
}

/** Order of UTF-8 bytes start…end and a value. */
function compareBytes(u8: Uint8Array, start: number, end: number, value: Uint8Array): number {
  const length = Math.min(end - start, value.length);
  for (let i = 0; i < length; i++) {
    const difference = (u8[start + i] as number) - (value[i] as number);
    if (difference !== 0) return difference;
  }
  return end - start - value.length;
}
