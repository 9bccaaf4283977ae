import { engineBug } from '../base/index.js';
import { type ScalarFunction, scalar } from './define.js';

/*
 * What the engine knows of functions that users write in JavaScript: they may fail, and they are not evaluated where
 * they stand but taken out of their expressions (exec/driver/extract-udf.ts). Their keys begin with a mark that no
 * name in SQL can have.
 */

const DETERMINISTIC = 'js:';
const NOT_DETERMINISTIC = 'js!:';

/** A key no other function has: `number` is unique in the process. */
export const jsFunctionKey = (name: string, number: number, deterministic: boolean): string =>
  `${deterministic ? DETERMINISTIC : NOT_DETERMINISTIC}${number}:${name}`;

/** What a function is called, from its key; undefined for functions of the registry. */
export function jsFunctionName(key: string): string | undefined {
  return isJs(key) ? key.slice(key.indexOf(':', DETERMINISTIC.length + 1) + 1) : undefined;
}

const isJs = (key: string): boolean => key.startsWith(DETERMINISTIC) || key.startsWith(NOT_DETERMINISTIC);

/** The entry that stands for the function in plans; undefined when the key is not of one. */
export function jsFunctionEntry(key: string): ScalarFunction | undefined {
  if (!isJs(key)) return undefined;
  return key.startsWith(DETERMINISTIC) ? deterministicEntry : otherEntry;
}

const entry = (deterministic: boolean): ScalarFunction =>
  scalar({
    name: 'udf',
    sql: [],
    summary: 'A function of the user.',
    examples: [],
    resolve: () => {
      throw engineBug('a JavaScript function is typed by its descriptor');
    },
    nulls: 'custom',
    fails: true,
    deterministic,
    eval: () => {
      throw engineBug('a call of a JavaScript function was left in an expression');
    },
  });

const deterministicEntry = entry(true);
const otherEntry = entry(false);
