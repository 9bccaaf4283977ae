import { arrayType, booleanType, type DataType, int32Type, int64Type, type Scalar, stringType } from '../base/index.js';
import { arrayWith, emitContains, resolveAppend, resolveContains, resolveWithElement } from './array-resolve.js';
import { compareScalars } from './compare-scalars.js';
import { type ArgType, type Call, type Mismatch, type Resolution, scalar } from './define.js';
import { anyInt, anyString, takes } from './implicit.js';
import { anyArray, checkArrayLength, elementOf, identityOf, isArray, items, mismatch } from './nested-values.js';
import { isOrderable, wrongCount, wrongType } from './signature.js';

type Resolved = Resolution | Mismatch;

const elementTypeOf = (call: Call): DataType => elementOf(call.argTypes[0]);

/** Whether a value equals the element asked for. */
function equals(call: Call, wanted: Scalar): (item: Scalar) => boolean {
  const type = elementTypeOf(call);
  return (item) => item !== null && compareScalars(type, item, wanted) === 0;
}

function contains([list, wanted]: readonly Scalar[], call: Call): Scalar {
  const isWanted = equals(call, wanted as Scalar);
  let unknown = false;
  for (const item of items(list)) {
    if (isWanted(item)) return true;
    unknown ||= item === null;
  }
  return unknown ? null : false;
}

/** The different elements, each where it came first. */
function distinct(list: readonly Scalar[], type: DataType): Scalar[] {
  const identity = identityOf(type);
  const seen = new Set<unknown>();
  return list.filter((item) => {
    const key = identity(item);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

function resolveOne(returns: (type: DataType) => DataType, nullable = false) {
  return takes([anyArray], ([type]) => returns(type as DataType), nullable ? { nullable: true } : {});
}

/** The least or greatest element; nulls do not count. */
const extreme =
  (sign: 1 | -1) =>
  ([list]: readonly Scalar[], call: Call): Scalar => {
    const type = elementTypeOf(call);
    let best: Scalar = null;
    for (const item of items(list)) {
      if (item !== null && (best === null || sign * compareScalars(type, item, best) > 0)) best = item;
    }
    return best;
  };

function resolveExtreme(args: readonly ArgType[]): Resolved {
  const [input] = args;
  if (input === undefined || args.length !== 1) return wrongCount(args.length, 1, 1);
  const list = anyArray.accept(input.type);
  if (list === undefined) return wrongType(0, 'an ARRAY', input.type);
  if (!isOrderable(list)) return mismatch('the elements have no order', 'INVALID_ORDERING_TYPE');
  return { args: [list], returns: elementOf(list), nullable: true };
}

function resolveSortArray(args: readonly ArgType[]): Resolved {
  const [input, ascending] = args;
  if (input === undefined || args.length > 2) return wrongCount(args.length, 1, 2);
  const list = anyArray.accept(input.type);
  if (list === undefined) return wrongType(0, 'an ARRAY', input.type);
  if (!isOrderable(list)) return mismatch('the elements have no order', 'INVALID_ORDERING_TYPE');
  if (ascending === undefined) return { args: [list], returns: list };
  const { kind } = ascending.type;
  if (kind !== 'boolean' && kind !== 'null') return wrongType(1, 'a BOOLEAN', ascending.type);
  return { args: [list, booleanType], returns: list };
}

function evalSortArray([list, ascending]: readonly Scalar[], call: Call): Scalar {
  const type = elementTypeOf(call);
  const sign = ascending === false ? -1 : 1;
  return items(list)
    .slice()
    .sort((a, b) => sign * compareScalars(type, a, b));
}

const arrayOfStrings = {
  wants: 'an ARRAY of STRING',
  accept: (type: DataType) =>
    anyArray.accept(type) !== undefined && anyString.accept(elementOf(type)) !== undefined
      ? arrayType(stringType, !isArray(type) || type.containsNull)
      : undefined,
};

/** Elements that are null are left out, or stand as what the third argument says. */
function evalJoin([list, delimiter, replacement]: readonly Scalar[]): Scalar {
  const texts = items(list).map((item) => item ?? replacement ?? null);
  return texts.filter((text) => text !== null).join(delimiter as string);
}

function resolveRepeat(args: readonly ArgType[]): Resolved {
  const [value, count] = args;
  if (value === undefined || count === undefined || args.length !== 2) return wrongCount(args.length, 2, 2);
  if (anyInt.accept(count.type) === undefined) return wrongType(1, 'an INT', count.type);
  return { args: [value.type, int32Type], returns: arrayType(value.type, value.nullable), nullable: count.nullable };
}

function evalRepeat([value, count]: readonly Scalar[]): Scalar {
  if (count === null) return null;
  const times = Math.max(0, count as number);
  checkArrayLength(times, 'array_repeat');
  return new Array<Scalar>(times).fill(value ?? null);
}

const why = 'arrays are worked on by JS over decoded values';
const strict = { nulls: 'propagate', compiled: why } as const;
const lenient = { nulls: 'custom', compiled: why } as const;

export const arrayFunctions = {
  /** Whether an array has the value as an element. */
  arrayContains: scalar({
    name: 'arrayContains',
    sql: ['array_contains'],
    summary: 'Whether the array has the element; null when it has not, but has a null.',
    resolve: resolveContains,
    ...strict,
    eval: contains,
    emit: emitContains,
    examples: [
      ['array_contains(array(1, 2, 3), 2)', 'true'],
      ['array_contains(array(1, null), 2)', null],
    ],
  }),
  /** Where the value first stands in an array, from 1. */
  arrayPosition: scalar({
    name: 'arrayPosition',
    sql: ['array_position'],
    summary: 'The position from 1 of the first element equal to the value; 0 when there is none.',
    resolve: resolveWithElement(int64Type, 'NULL_TYPE'),
    ...strict,
    eval: ([list, wanted], call) => BigInt(items(list).findIndex(equals(call, wanted as Scalar)) + 1),
    examples: [
      ['array_position(array(312, 773, 708, 708), 708)', '3'],
      ['array_position(array(312, 773, 708, 708), 414)', '0'],
    ],
  }),
  /** An array without the elements equal to a value. */
  arrayRemove: scalar({
    name: 'arrayRemove',
    sql: ['array_remove'],
    summary: 'The array without the elements equal to the value.',
    resolve: resolveWithElement((list) => list),
    ...strict,
    eval: ([list, wanted], call) => {
      const isWanted = equals(call, wanted as Scalar);
      return items(list).filter((item) => !isWanted(item));
    },
    examples: [['array_remove(array(1, 2, 3, null, 3), 3)', '[1, 2, null]']],
  }),
  /** The different elements of an array. */
  arrayDistinct: scalar({
    name: 'arrayDistinct',
    sql: ['array_distinct'],
    summary: 'The different elements, each where it came first; nulls are alike.',
    resolve: resolveOne((type) => type),
    ...strict,
    eval: ([list], call) => distinct(items(list), elementTypeOf(call)),
    examples: [['array_distinct(array(1, 2, 3, null, 3))', '[1, 2, 3, null]']],
  }),
  /** An array without its nulls. */
  arrayCompact: scalar({
    name: 'arrayCompact',
    sql: ['array_compact'],
    summary: 'The array without its nulls.',
    resolve: resolveOne((type) => arrayType(elementOf(type), false)),
    ...strict,
    eval: ([list]) => items(list).filter((item) => item !== null),
    examples: [["array_compact(array('a', 'b', null))", '[a, b]']],
  }),
  /** The least element. */
  arrayMin: scalar({
    name: 'arrayMin',
    sql: ['array_min'],
    summary: 'The least element that is not null; null when there is none. NaN is greater than every other number.',
    resolve: resolveExtreme,
    ...strict,
    eval: extreme(-1),
    examples: [['array_min(array(1, 20, null, 3))', '1']],
  }),
  /** The greatest element. */
  arrayMax: scalar({
    name: 'arrayMax',
    sql: ['array_max'],
    summary: 'The greatest element that is not null; null when there is none. NaN is greater than every other number.',
    resolve: resolveExtreme,
    ...strict,
    eval: extreme(1),
    examples: [['array_max(array(1, 20, null, 3))', '20']],
  }),
  /** The elements in order. */
  sortArray: scalar({
    name: 'sortArray',
    sql: ['sort_array'],
    shown: ([list = '', ascending = 'true']) => `sort_array(${list}, ${ascending})`,
    summary:
      'The elements in ascending order, nulls first; descending with nulls last when the second argument is false.',
    resolve: resolveSortArray,
    ...strict,
    eval: evalSortArray,
    examples: [
      ["sort_array(array('b', 'd', null, 'c', 'a'), true)", '[null, a, b, c, d]'],
      ["sort_array(array('b', 'd', null, 'c', 'a'), false)", '[d, c, b, a, null]'],
    ],
  }),
  /** The elements as one text. */
  arrayJoin: scalar({
    name: 'arrayJoin',
    sql: ['array_join'],
    summary: 'The strings of an array with a delimiter between; nulls are left out, or replaced by the third argument.',
    resolve: takes([arrayOfStrings, anyString, anyString], stringType, { optional: 1 }),
    ...strict,
    eval: evalJoin,
    examples: [
      ["array_join(array('hello', 'world'), ' ')", 'hello world'],
      ["array_join(array('hello', null, 'world'), ' ', ',')", 'hello , world'],
    ],
  }),
  /** A value so many times. */
  arrayRepeat: scalar({
    name: 'arrayRepeat',
    sql: ['array_repeat'],
    summary: 'An array of so many times the value; empty for a negative number.',
    resolve: resolveRepeat,
    ...lenient,
    fails: true,
    eval: evalRepeat,
    examples: [["array_repeat('123', 2)", '[123, 123]']],
  }),
  /** An array with an element more at its end. */
  arrayAppend: scalar({
    name: 'arrayAppend',
    sql: ['array_append'],
    summary: 'The array with the value behind; null of a null array.',
    resolve: resolveAppend,
    ...lenient,
    eval: ([list, value]) => (list === null ? null : [...items(list), value ?? null]),
    examples: [
      ["array_append(array('b', 'd', 'c', 'a'), 'd')", '[b, d, c, a, d]'],
      ['array_append(array(1, 2, 3, null), null)', '[1, 2, 3, null, null]'],
    ],
  }),
  /** An array with an element more at its start. */
  arrayPrepend: scalar({
    name: 'arrayPrepend',
    sql: ['array_prepend'],
    summary: 'The array with the value before; null of a null array.',
    resolve: resolveAppend,
    ...lenient,
    eval: ([list, value]) => (list === null ? null : [value ?? null, ...items(list)]),
    examples: [["array_prepend(array('b', 'd', 'c', 'a'), 'd')", '[d, b, d, c, a]']],
  }),
  /** An array with an element put in. */
  arrayInsert: scalar({
    name: 'arrayInsert',
    sql: ['array_insert'],
    summary:
      'The array with the value put in at a position from 1, or from -1 (behind the last) backwards; nulls fill up what lies between.',
    ...arrayWith,
    compiled: why,
    examples: [
      ['array_insert(array(1, 2, 3, 4), 5, 5)', '[1, 2, 3, 4, 5]'],
      ['array_insert(array(5, 4, 3, 2), -1, 1)', '[5, 4, 3, 2, 1]'],
      ['array_insert(array(5, 3, 2, 1), -4, 4)', '[5, 4, 3, 2, 1]'],
    ],
  }),
};
