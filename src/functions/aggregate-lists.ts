import { arrayType, type DataType, type Scalar } from '../base/index.js';
import { collecting } from './aggregate-collect.js';
import type { ArgType, Call, Mismatch, Resolution } from './define.js';
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
};
