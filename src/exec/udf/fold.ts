import type { JsFunction } from '../../base/index.js';

/** What a user's aggregator is made of. */
export interface Aggregator {
  zero(): unknown;
  reduce(buffer: unknown, ...values: readonly unknown[]): unknown;
  finish(buffer: unknown): unknown;
}

export const AGGREGATOR = 'an aggregator: an object with the functions zero, reduce and finish';

export const isAggregator = (value: unknown): value is Aggregator =>
  typeof value === 'object' &&
  value !== null &&
  ['zero', 'reduce', 'finish'].every((part) => typeof (value as Record<string, unknown>)[part] === 'function');

/** The function of the list of a group's values, or of structs of several, that an aggregator stands for. */
export function foldWith(
  aggregator: Aggregator,
  folds: NonNullable<JsFunction['folds']>,
  nulls: JsFunction['nulls'] = 'skip',
): (...args: readonly unknown[]) => unknown {
  const add = folds === 'values' ? addValue : nulls === 'skip' ? addPresent : addAll;
  return (list) => {
    let buffer = aggregator.zero();
    for (const item of list as readonly unknown[]) buffer = add(aggregator, buffer, item);
    if (buffer instanceof Promise) throw new TypeError('an aggregator gives values, not promises');
    return aggregator.finish(buffer);
  };
}

type Add = (aggregator: Aggregator, buffer: unknown, item: unknown) => unknown;

const addValue: Add = (aggregator, buffer, value) => aggregator.reduce(buffer, value);
const addAll: Add = (aggregator, buffer, item) => aggregator.reduce(buffer, ...Object.values(item as object));
const addPresent: Add = (aggregator, buffer, item) => {
  const values = Object.values(item as object);
  return values.includes(null) ? buffer : aggregator.reduce(buffer, ...values);
};
