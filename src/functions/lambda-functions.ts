import { arrayType, booleanType, type DataType, type Scalar, SparrowError } from '../base/index.js';
import { compareScalars } from './compare-scalars.js';
import { type ArgType, type Call, type Mismatch, type Resolution, type ScalarFunction, scalar } from './define.js';
import { type Applied, elementArg, given, lambdaOf, positionArg } from './lambda-values.js';
import { elementOf, isArray, items, mismatch } from './nested-values.js';
import { isOrderable, wrongCount, wrongType } from './signature.js';

type Resolved = Resolution | Mismatch;

const EMPTY: ArgType = { type: { kind: 'null' }, nullable: true };
const first = (args: readonly (ArgType | undefined)[]): DataType => (args[0] ?? EMPTY).type;

/** A lambda function of an element and, if it likes, its position. */
const overElements: ScalarFunction['lambda'] = (at, args) =>
  at === 1 ? { params: [elementArg(first(args)), positionArg], least: 1 } : undefined;
const overElement: ScalarFunction['lambda'] = (at, args) => (at === 1 ? given(elementArg(first(args))) : undefined);

function resolveTransform(args: readonly ArgType[]): Resolved {
  const [input, body] = args;
  if (input === undefined || body === undefined || args.length !== 2) return wrongCount(args.length, 2, 2);
  if (!isArray(input.type)) return wrongType(0, 'an ARRAY', input.type);
  return {
    args: [input.type, body.type],
    returns: arrayType(body.type, body.nullable),
    nullable: input.nullable,
  };
}

/** An array and a condition on its elements. */
const resolveCondition =
  (returns: (input: DataType) => DataType, nullable: (input: ArgType, body: ArgType) => boolean) =>
  (args: readonly ArgType[]): Resolved => {
    const [input, body] = args;
    if (input === undefined || body === undefined || args.length !== 2) return wrongCount(args.length, 2, 2);
    if (!isArray(input.type)) return wrongType(0, 'an ARRAY', input.type);
    if (!isCondition(body.type)) return wrongType(1, 'a lambda function that gives a BOOLEAN', body.type);
    return { args: [input.type, booleanType], returns: returns(input.type), nullable: nullable(input, body) };
  };

export const isCondition = (type: DataType): boolean => type.kind === 'boolean' || type.kind === 'null';

/** With the lambda function of the call; null for a null array. */
const each =
  (run: (list: readonly Scalar[], f: Applied) => Scalar) =>
  (args: readonly Scalar[], call: Call): Scalar =>
    args[0] === null ? null : run(items(args[0]), lambdaOf(call, 0, args));

function exists(list: readonly Scalar[], f: Applied): Scalar {
  let result: Scalar = false;
  for (const item of list) {
    const held = f(item);
    if (held === true) return true;
    if (held === null) result = null;
  }
  return result;
}

function forall(list: readonly Scalar[], f: Applied): Scalar {
  let result: Scalar = true;
  for (const item of list) {
    const held = f(item);
    if (held === false) return false;
    if (held === null) result = null;
  }
  return result;
}

/** (array, start, (state, element) -> state [, state -> result]) */
function resolveAggregate(args: readonly ArgType[]): Resolved {
  const [input, zero, merge, finish] = args;
  if (input === undefined || zero === undefined || merge === undefined || args.length > 4) {
    return wrongCount(args.length, 3, 4);
  }
  if (!isArray(input.type)) return wrongType(0, 'an ARRAY', input.type);
  if (!sameStructure(zero.type, merge.type)) return wrongType(2, 'of the type of the start value', merge.type);
  const types = [input.type, zero.type, zero.type];
  if (finish === undefined) return { args: types, returns: zero.type, nullable: true };
  return { args: [...types, finish.type], returns: finish.type, nullable: true };
}

/** The same type but for names of fields and nullability. */
function sameStructure(a: DataType, b: DataType): boolean {
  if (a.kind !== b.kind) return false;
  if (a.kind === 'array' && b.kind === 'array') return sameStructure(a.element, b.element);
  if (a.kind === 'map' && b.kind === 'map') return sameStructure(a.key, b.key) && sameStructure(a.value, b.value);
  if (a.kind === 'struct' && b.kind === 'struct') {
    return (
      a.fields.length === b.fields.length &&
      a.fields.every((f, i) => sameStructure(f.type, b.fields[i]?.type ?? { kind: 'null' }))
    );
  }
  return a.kind !== 'decimal' || b.kind !== 'decimal' || (a.precision === b.precision && a.scale === b.scale);
}

const aggregateLambda: ScalarFunction['lambda'] = (at, args) => {
  const state: ArgType = { type: (args[1] ?? EMPTY).type, nullable: true };
  if (at === 2) return given(state, elementArg(first(args)));
  return at === 3 ? given(state) : undefined;
};

function evalAggregate(args: readonly Scalar[], call: Call): Scalar {
  if (args[0] === null) return null;
  const merge = lambdaOf(call, 0, args);
  let state = args[1] as Scalar;
  for (const item of items(args[0])) state = merge(state, item);
  return (call.lambdas?.bodies.length ?? 0) > 1 ? lambdaOf(call, 1, args)(state) : state;
}

function resolveZipWith(args: readonly ArgType[]): Resolved {
  const [left, right, body] = args;
  if (left === undefined || right === undefined || body === undefined || args.length !== 3) {
    return wrongCount(args.length, 3, 3);
  }
  const wrong = [left, right].findIndex((arg) => !isArray(arg.type));
  if (wrong >= 0) return wrongType(wrong, 'an ARRAY', (args[wrong] as ArgType).type);
  return {
    args: [left.type, right.type, body.type],
    returns: arrayType(body.type, body.nullable),
    nullable: left.nullable || right.nullable,
  };
}

function evalZipWith(args: readonly Scalar[], call: Call): Scalar {
  if (args[0] === null || args[1] === null) return null;
  const [left, right] = [items(args[0]), items(args[1])];
  const f = lambdaOf(call, 0, args);
  const length = Math.max(left.length, right.length);
  return Array.from({ length }, (_, i) => f(left[i] ?? null, right[i] ?? null));
}

function resolveArraySort(args: readonly ArgType[]): Resolved {
  const [input, comparator] = args;
  if (input === undefined || args.length > 2) return wrongCount(args.length, 1, 2);
  if (!isArray(input.type)) return wrongType(0, 'an ARRAY', input.type);
  const result = { returns: input.type, nullable: input.nullable };
  if (comparator === undefined) {
    if (!isOrderable(input.type)) return mismatch('the elements have no order', 'INVALID_ORDERING_TYPE');
    return { args: [input.type], ...result };
  }
  if (comparator.type.kind !== 'int32') {
    return mismatch('the lambda function must give an INT', 'UNEXPECTED_RETURN_TYPE');
  }
  return { args: [input.type, comparator.type], ...result };
}

function evalArraySort(args: readonly Scalar[], call: Call): Scalar {
  if (args[0] === null) return null;
  const list = items(args[0]).slice();
  if (call.lambdas === undefined) return list.sort(nullsLast(elementOf(call.argTypes[0])));
  const f = lambdaOf(call, 0, args);
  return list.sort((a, b) => {
    const order = f(a, b);
    if (order === null) throw comparatorReturnsNull();
    return order as number;
  });
}

const nullsLast =
  (type: DataType) =>
  (a: Scalar, b: Scalar): number =>
    a === null || b === null ? (a === null ? 1 : 0) - (b === null ? 1 : 0) : compareScalars(type, a, b);

const comparatorReturnsNull = (): SparrowError =>
  new SparrowError('COMPARATOR_RETURNS_NULL', 'the comparator of array_sort gave NULL', {
    sqlState: '22004',
    hint: 'it is to give a negative number, zero or a positive number',
  });

const VARIABLE = 'namedlambdavariable()';
const lambdaText = (body: string, params: number): string =>
  `lambdafunction(${[body, ...new Array<string>(params).fill(VARIABLE)].join(', ')})`;
const choice = (condition: string, yes: string, no: string): string => `(IF(${condition}, ${yes}, ${no}))`;
const IS_NULL = `(${VARIABLE} IS NULL)`;
/** What Spark sorts by when it is not told: both null, left null, right null, less, greater. */
const DEFAULT_ORDER = [
  [`(${IS_NULL} AND ${IS_NULL})`, '0'],
  [IS_NULL, '1'],
  [IS_NULL, '-1'],
  [`(${VARIABLE} < ${VARIABLE})`, '-1'],
  [`(${VARIABLE} > ${VARIABLE})`, '1'],
].reduceRight((rest, [condition = '', result = '']) => choice(condition, result, rest), '0');

const why = 'lambda functions are run by JS over decoded values';
const higherOrder = { nulls: 'custom', compiled: why } as const;

export const lambdaFunctions = {
  /** Each element as the lambda function gives it. */
  transform: scalar({
    name: 'transform',
    sql: ['transform'],
    summary: 'The array of what the lambda function gives for each element (and its position from 0).',
    resolve: resolveTransform,
    lambda: overElements,
    ...higherOrder,
    eval: each((list, f) => list.map((item, i) => f(item, i))),
    examples: [
      ['transform(array(1, 2, 3), x -> x + 1)', '[2, 3, 4]'],
      ['transform(array(1, 2, 3), (x, i) -> x + i)', '[1, 3, 5]'],
    ],
  }),
  /** The elements for which the lambda function holds. */
  filter: scalar({
    name: 'filter',
    sql: ['filter'],
    summary: 'The elements for which the condition is true (not false and not null).',
    resolve: resolveCondition(
      (input) => input,
      (input) => input.nullable,
    ),
    lambda: overElements,
    ...higherOrder,
    eval: each((list, f) => list.filter((item, i) => f(item, i) === true)),
    examples: [
      ['filter(array(1, 2, 3), x -> x % 2 == 1)', '[1, 3]'],
      ['filter(array(0, 2, 3), (x, i) -> x > i)', '[2, 3]'],
    ],
  }),
  /** Whether the lambda function holds for an element. */
  exists: scalar({
    name: 'exists',
    sql: ['exists'],
    summary: 'Whether the condition is true for an element; null when for none, but for some it is null.',
    resolve: resolveCondition(
      () => booleanType,
      (input, body) => input.nullable || body.nullable,
    ),
    lambda: overElement,
    ...higherOrder,
    eval: each(exists),
    examples: [
      ['exists(array(1, 2, 3), x -> x % 2 == 0)', 'true'],
      ['exists(array(1, null, 3), x -> x % 2 == 0)', null],
    ],
  }),
  /** Whether the lambda function holds for every element. */
  forall: scalar({
    name: 'forall',
    sql: ['forall'],
    summary: 'Whether the condition is true for every element; null when false for none, but for some null.',
    resolve: resolveCondition(
      () => booleanType,
      (input, body) => input.nullable || body.nullable,
    ),
    lambda: overElement,
    ...higherOrder,
    eval: each(forall),
    examples: [
      ['forall(array(1, 2, 3), x -> x % 2 == 0)', 'false'],
      ['forall(array(2, null, 8), x -> x % 2 == 0)', null],
    ],
  }),
  /** One value of all elements: from a start value on, merged with each. */
  aggregate: scalar({
    name: 'aggregate',
    sql: ['aggregate', 'reduce'],
    summary: 'A start value merged with each element in turn; a second lambda function makes the result of it.',
    resolve: resolveAggregate,
    lambda: aggregateLambda,
    // An aggregate without a last step has one that changes nothing.
    shown: (args) => `aggregate(${(args.length === 3 ? [...args, lambdaText(VARIABLE, 1)] : args).join(', ')})`,
    ...higherOrder,
    eval: evalAggregate,
    examples: [
      ['aggregate(array(1, 2, 3), 0, (acc, x) -> acc + x)', '6'],
      ['reduce(array(1, 2, 3), 0, (acc, x) -> acc + x, acc -> acc * 10)', '60'],
    ],
  }),
  /** Two arrays, element by element. */
  zipWith: scalar({
    name: 'zipWith',
    sql: ['zip_with'],
    summary:
      'The array of what the lambda function gives for each pair of elements; the shorter array is filled up with nulls.',
    resolve: resolveZipWith,
    lambda: (at, args) =>
      at === 2
        ? given(
            { ...elementArg(first(args)), nullable: true },
            { ...elementArg((args[1] ?? EMPTY).type), nullable: true },
          )
        : undefined,
    ...higherOrder,
    eval: evalZipWith,
    examples: [["zip_with(array(1, 2, 3), array('a', 'b', 'c'), (x, y) -> struct(y, x))", '[{a, 1}, {b, 2}, {c, 3}]']],
  }),
  /** The array in order, nulls last, or as a comparator says. */
  arraySort: scalar({
    name: 'arraySort',
    sql: ['array_sort'],
    summary:
      'The elements in ascending order, nulls last; or as a lambda function of two elements says by a negative number, zero or a positive one.',
    resolve: resolveArraySort,
    lambda: (at, args) => (at === 1 ? given(elementArg(first(args)), elementArg(first(args))) : undefined),
    shown: ([list = '', comparator = lambdaText(DEFAULT_ORDER, 2)]) => `array_sort(${list}, ${comparator})`,
    ...higherOrder,
    fails: (call) => call.argTypes.length > 1,
    eval: evalArraySort,
    examples: [
      ["array_sort(array('b', 'd', null, 'c', 'a'))", '[a, b, c, d, null]'],
      [
        'array_sort(array(5, 6, 1), (left, right) -> case when left < right then -1 when left > right then 1 else 0 end)',
        '[1, 5, 6]',
      ],
    ],
  }),
};
