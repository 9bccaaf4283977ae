import {
  arrayType,
  type DataType,
  float64Type,
  int32Type,
  int64Type,
  isNested,
  type Scalar,
  SparrowError,
  structType,
} from '../base/index.js';
import { collecting } from './aggregate-collect.js';
import type { ArgType, Call, Mismatch, Resolution } from './define.js';
import { anyDouble, takes } from './implicit.js';
import { holdsMap, identityOf, mismatch } from './nested-values.js';
import { wrongCount } from './signature.js';

type Resolved = Resolution | Mismatch;

function resolveList(args: readonly ArgType[]): Resolved {
  const [input] = args;
  if (input === undefined || args.length !== 1) return wrongCount(args.length, 1, 1);
  return { args: [input.type], returns: arrayType(input.type, false), nullable: false };
}

function resolveSet(args: readonly ArgType[]): Resolved {
  const [input] = args;
  if (input !== undefined && (holdsMap(input.type) || input.type.kind === 'variant')) {
    return mismatch('the values cannot be compared', 'UNSUPPORTED_INPUT_TYPE');
  }
  return resolveList(args);
}

const valuesOf = (rows: readonly (readonly Scalar[])[]): Scalar[] => rows.map((row) => row[0] as Scalar);

function different(rows: readonly (readonly Scalar[])[], call: Call): Scalar {
  const identity = identityOf(call.argTypes[0] as DataType);
  const found = new Map<unknown, Scalar>();
  for (const value of valuesOf(rows)) {
    const key = identity(value);
    if (!found.has(key)) found.set(key, value);
  }
  return [...found.values()];
}

const MOST_TRACKED = 1_000_000;

/** approx_top_k(value, k, how many are tracked), the latter constant. */
function resolveTop(args: readonly ArgType[]): Resolved {
  const [input, k, tracked] = args;
  if (input === undefined || args.length > 3) return wrongCount(args.length, 1, 3);
  const { type } = input;
  if (isNested(type) || type.kind === 'binary' || type.kind.startsWith('interval')) {
    return mismatch(`${type.kind} columns are not supported`, 'TYPE_CHECK_FAILURE_WITH_HINT');
  }
  const item = structType([
    { name: 'item', type, nullable: true },
    { name: 'count', type: int64Type, nullable: false },
  ]);
  const [most, kept] = [k, tracked].map((arg, i) => (arg === undefined ? [5, 10_000][i] : arg.literal));
  const refuse = (code: string, what: string): never => {
    throw new SparrowError(`APPROX_TOP_K_${code}`, `approx_top_k: ${what}`, { sqlState: '22023' });
  };
  for (const given of [most, kept]) {
    if (typeof given !== 'number') return mismatch('k is a constant number', 'NON_FOLDABLE_INPUT');
    if (given <= 0) refuse('NON_POSITIVE_ARG', `${given} is not above 0`);
  }
  if ((kept as number) > MOST_TRACKED) refuse('MAX_ITEMS_TRACKED_EXCEEDS_LIMIT', `${kept} are too many to track`);
  if ((kept as number) < (most as number)) refuse('MAX_ITEMS_TRACKED_LESS_THAN_K', `fewer than ${most} are tracked`);
  return { args: args.map((_, i) => (i === 0 ? type : int32Type)), returns: arrayType(item, false), nullable: false };
}

function mostFrequent(rows: readonly (readonly Scalar[])[], call: Call): Scalar {
  const identity = identityOf(call.argTypes[0] as DataType);
  const found = new Map<unknown, [value: Scalar, count: bigint]>();
  for (const value of valuesOf(rows)) {
    const key = value === null ? null : identity(value);
    const item = found.get(key);
    if (item === undefined) found.set(key, [value, 1n]);
    else item[1]++;
  }
  const ordered = [...found.values()].sort(([, a], [, b]) => Number(b - a));
  return ordered.slice(0, (call.literals[1] as number | undefined) ?? 5);
}

export const listAggregateFunctions = {
  /** All values as an array. */
  collectList: collecting({
    name: 'collectList',
    sql: ['collect_list', 'array_agg'],
    summary: 'The array of all values that are not null, in the order of the rows; empty when there are none.',
    resolve: resolveList,
    required: [0],
    ordered: true,
    finish: valuesOf,
    examples: [['collect_list(col) from values (1), (2), (1) as tab(col)', '[1, 2, 1]']],
  }),
  /** The different values as an array. */
  collectSet: collecting({
    name: 'collectSet',
    sql: ['collect_set'],
    summary:
      'The array of the different values that are not null, each where it came first; empty when there are none.',
    resolve: resolveSet,
    required: [0],
    ordered: true,
    finish: different,
    examples: [['collect_set(col) from values (1), (2), (1) as tab(col)', '[1, 2]']],
  }),
  product: collecting({
    name: 'product',
    sql: ['product'],
    summary: 'The product of the values that are not null, as a double.',
    resolve: takes([anyDouble], float64Type, { nullable: true }),
    required: [0],
    ordered: true,
    finish: (rows) => (rows.length === 0 ? null : valuesOf(rows).reduce<number>((made, x) => made * (x as number), 1)),
    examples: [['product(col) from values (2), (3.5), (null) as tab(col)', '7.0']],
  }),
  approxTopK: collecting({
    name: 'approxTopK',
    sql: ['approx_top_k'],
    summary:
      'The k (5 unless given) most frequent values with their counts; null is a value. They are counted exactly, so that the third argument, how many are tracked at most, changes nothing.',
    resolve: resolveTop,
    required: [],
    ordered: true,
    finish: mostFrequent,
    examples: [['approx_top_k(col, 1) from values (1), (2), (1) as tab(col)', '[{1, 2}]']],
  }),
};
