import {
  type ArrayType,
  arrayType,
  booleanType,
  type DataType,
  field,
  int32Type,
  int64Type,
  isInteger,
  type Scalar,
  SparrowError,
  structType,
} from '../base/index.js';
import { type ArgType, type Call, type Mismatch, type Resolution, scalar } from './define.js';
import { anyInt, takes } from './implicit.js';
import {
  anyArray,
  checkArrayLength,
  commonElement,
  elementOf,
  identityOf,
  isArray,
  items,
  mismatch,
} from './nested-values.js';
import { isOrderable, wrongCount, wrongType } from './signature.js';

type Resolved = Resolution | Mismatch;

// ---- arrays as sets ----

/** Two arrays of one element type. */
const resolveSets =
  (returns: (both: ArrayType, left: ArrayType, right: ArrayType) => DataType) =>
  (args: readonly ArgType[]): Resolved => {
    const [left, right] = args;
    if (left === undefined || right === undefined || args.length !== 2) return wrongCount(args.length, 2, 2);
    if (!isArray(left.type) || !isArray(right.type)) {
      return mismatch('both arguments must be arrays of one type', 'BINARY_ARRAY_DIFF_TYPES');
    }
    const element = commonElement(left.type.element, right.type.element);
    if (element === undefined) return mismatch('the arrays are of different types', 'BINARY_ARRAY_DIFF_TYPES');
    if (!isOrderable(element)) return mismatch('the elements cannot be compared', 'INVALID_ORDERING_TYPE');
    const both = arrayType(element, left.type.containsNull || right.type.containsNull);
    const types = [arrayType(element, left.type.containsNull), arrayType(element, right.type.containsNull)];
    return { args: types, returns: returns(both, left.type, right.type) };
  };

/** Keeps what is met first and passes the test. */
function chosen(
  lists: readonly (readonly Scalar[])[],
  type: DataType,
  test: (key: unknown) => boolean = () => true,
): Scalar[] {
  const identity = identityOf(type);
  const seen = new Set<unknown>();
  const kept: Scalar[] = [];
  for (const list of lists) {
    for (const item of list) {
      const key = identity(item);
      if (seen.has(key) || !test(key)) continue;
      seen.add(key);
      kept.push(item);
    }
  }
  return kept;
}

const keysOf = (list: readonly Scalar[], type: DataType): Set<unknown> => new Set(list.map(identityOf(type)));
const elementTypeOf = (call: Call): DataType => elementOf(call.argTypes[0]);

function overlap([left, right]: readonly Scalar[], call: Call): Scalar {
  const [a, b] = [items(left), items(right)];
  if (a.length === 0 || b.length === 0) return false;
  const identity = identityOf(elementTypeOf(call));
  const keys = new Set(b.filter((item) => item !== null).map(identity));
  if (a.some((item) => item !== null && keys.has(identity(item)))) return true;
  return a.includes(null) || b.includes(null) ? null : false;
}

// ---- arrays side by side, inside and in part ----

function resolveZip(args: readonly ArgType[]): Resolved {
  const fields = args.map((arg, i) => field(arg.name ?? String(i), elementOf(arg.type), true));
  const wrong = args.findIndex((arg) => anyArray.accept(arg.type) === undefined);
  if (wrong >= 0) return wrongType(wrong, 'an ARRAY', (args[wrong] as ArgType).type);
  const types = args.map((arg) => anyArray.accept(arg.type) ?? arg.type);
  return { args: types, returns: arrayType(structType(fields), false) };
}

function zip(lists: readonly Scalar[]): Scalar {
  const arrays = lists.map(items);
  const length = Math.max(0, ...arrays.map((list) => list.length));
  return Array.from({ length }, (_, i) => arrays.map((list) => list[i] ?? null));
}

function resolveFlatten(args: readonly ArgType[]): Resolved {
  const [input] = args;
  if (input === undefined || args.length !== 1) return wrongCount(args.length, 1, 1);
  if (!isArray(input.type) || !isArray(input.type.element)) {
    return mismatch('the argument must be an ARRAY of ARRAY', 'UNEXPECTED_INPUT_TYPE');
  }
  return {
    args: [input.type],
    returns: input.type.element,
    nullable: input.nullable || input.type.containsNull,
  };
}

function flatten([list]: readonly Scalar[]): Scalar {
  if (items(list).includes(null)) return null;
  const inner = items(list).map(items);
  checkArrayLength(
    inner.reduce((sum, each) => sum + each.length, 0),
    'flatten',
  );
  return inner.flat();
}

function slice([list, start, length]: readonly Scalar[]): Scalar {
  const [from, count] = [start as number, length as number];
  if (from === 0) throw badSlice('START', 'the start of a slice is counted from 1 or from -1, not 0');
  if (count < 0) throw badSlice('LENGTH', `the length of a slice must be at least 0, not ${count}`);
  const all = items(list);
  const begin = from > 0 ? from - 1 : all.length + from;
  return begin < 0 ? [] : all.slice(begin, begin + count);
}

const badSlice = (what: string, message: string): SparrowError =>
  new SparrowError(`INVALID_PARAMETER_VALUE.${what}`, message, {
    sqlState: '22023',
    parameters: { parameter: `\`${what.toLowerCase()}\``, functionName: '`slice`' },
  });

/** In a random order: by the seed, if there is one. */
function shuffle([list, seed]: readonly Scalar[]): Scalar {
  const all = items(list).slice();
  const random = seed === undefined || seed === null ? Math.random : seeded(BigInt(seed as number | bigint));
  for (let i = all.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [all[i], all[j]] = [all[j] as Scalar, all[i] as Scalar];
  }
  return all;
}

/** mulberry32 of the low bits of the seed. */
function seeded(seed: bigint): () => number {
  let state = Number(BigInt.asUintN(32, seed));
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

const anySeed = { wants: 'an integral', accept: (type: DataType) => (isInteger(type) ? int64Type : undefined) };
const why = 'arrays are worked on by JS over decoded values';
const strict = { nulls: 'propagate', compiled: why } as const;

export const arrayMoreFunctions = {
  /** The elements of both arrays, each once. */
  arrayUnion: scalar({
    name: 'arrayUnion',
    sql: ['array_union'],
    summary: 'The different elements of both arrays, each where it came first; nulls are alike.',
    resolve: resolveSets((both) => both),
    ...strict,
    eval: ([left, right], call) => chosen([items(left), items(right)], elementTypeOf(call)),
    examples: [['array_union(array(1, 2, 3), array(1, 3, 5))', '[1, 2, 3, 5]']],
  }),
  /** The elements that are in both arrays. */
  arrayIntersect: scalar({
    name: 'arrayIntersect',
    sql: ['array_intersect'],
    summary: 'The different elements that are in both arrays, in the order of the first; nulls are alike.',
    resolve: resolveSets((both, left, right) => arrayType(both.element, left.containsNull && right.containsNull)),
    ...strict,
    eval: ([left, right], call) => {
      const keys = keysOf(items(right), elementTypeOf(call));
      return chosen([items(left)], elementTypeOf(call), (key) => keys.has(key));
    },
    examples: [['array_intersect(array(1, 2, 3), array(1, 3, 5))', '[1, 3]']],
  }),
  /** The elements of the first array that are not in the second. */
  arrayExcept: scalar({
    name: 'arrayExcept',
    sql: ['array_except'],
    summary: 'The different elements of the first array that are not in the second; nulls are alike.',
    resolve: resolveSets((both, left) => arrayType(both.element, left.containsNull)),
    ...strict,
    eval: ([left, right], call) => {
      const keys = keysOf(items(right), elementTypeOf(call));
      return chosen([items(left)], elementTypeOf(call), (key) => !keys.has(key));
    },
    examples: [['array_except(array(1, 2, 3), array(1, 3, 5))', '[2]']],
  }),
  /** Whether two arrays have an element in common. */
  arraysOverlap: scalar({
    name: 'arraysOverlap',
    sql: ['arrays_overlap'],
    summary:
      'Whether an element that is not null is in both arrays; null when not, both have elements and one has a null.',
    resolve: (args) => {
      const resolution = resolveSets(() => booleanType)(args);
      return 'mismatch' in resolution ? resolution : { ...resolution, nullable: true };
    },
    ...strict,
    eval: overlap,
    examples: [
      ['arrays_overlap(array(1, 2, 3), array(3, 4, 5))', 'true'],
      ['arrays_overlap(array(1, null), array(2))', null],
    ],
  }),
  /** Arrays side by side: an array of structs. */
  arraysZip: scalar({
    name: 'arraysZip',
    sql: ['arrays_zip'],
    summary:
      'An array of structs of the elements that stand at one position; the fields are called as the columns, or 0, 1, …. Shorter arrays are filled up with nulls.',
    resolve: resolveZip,
    ...strict,
    eval: zip,
    examples: [
      ['arrays_zip(array(1, 2, 3), array(2, 3, 4))', '[{1, 2}, {2, 3}, {3, 4}]'],
      ['arrays_zip(array(1, 2), array(2))', '[{1, 2}, {2, null}]'],
    ],
  }),
  /** The elements of all inner arrays. */
  flatten: scalar({
    name: 'flatten',
    sql: ['flatten'],
    summary: 'The elements of all inner arrays as one array; null when one of them is null.',
    resolve: resolveFlatten,
    ...strict,
    fails: true,
    eval: flatten,
    examples: [['flatten(array(array(1, 2), array(3, 4)))', '[1, 2, 3, 4]']],
  }),
  /** A part of an array. */
  slice: scalar({
    name: 'slice',
    sql: ['slice'],
    summary: 'So many elements from a position on, which counts from 1, or from -1 backwards.',
    resolve: takes([anyArray, anyInt, anyInt], ([type]) => type ?? int32Type),
    ...strict,
    fails: true,
    eval: slice,
    examples: [
      ['slice(array(1, 2, 3, 4), 2, 2)', '[2, 3]'],
      ['slice(array(1, 2, 3, 4), -2, 2)', '[3, 4]'],
    ],
  }),
  /** The elements in a random order. */
  shuffle: scalar({
    name: 'shuffle',
    sql: ['shuffle'],
    summary: 'The elements in a random order, always the same for one seed (not the one Spark has for that seed).',
    resolve: takes([anyArray, anySeed], ([type]) => type ?? int32Type, { optional: 1 }),
    ...strict,
    deterministic: false,
    eval: shuffle,
    examples: [['size(shuffle(array(1, 20, 3, 5)))', '4']],
  }),
};
