import type { DataType } from './types.js';

/** Where the code of a JavaScript function is: in a module that any thread can load, or in a value of the caller's thread. */
export type JsSource =
  | { readonly kind: 'module'; readonly module: string; readonly export: string }
  | { readonly kind: 'local'; readonly call: ((...args: never) => unknown) | object };

/** A JavaScript function of one row, as plans and tasks carry it. */
export interface JsFunction {
  /** What messages and column names call it. */
  readonly name: string;
  /** Different for every function that was made: equal keys mean the same function. */
  readonly key: string;
  readonly source: JsSource;
  /** The types its arguments are cast to; absent: it takes any number of arguments as they are. */
  readonly args?: readonly DataType[];
  readonly returns: DataType;
  /** `skip`: a row with a null argument gives null without a call. `pass`: the function gets null. */
  readonly nulls: 'skip' | 'pass';
  /** The same arguments always give the same result, so that calls may be shared or moved. */
  readonly deterministic: boolean;
  /** Promises under way at once, at most; 0 for a function of a module that gives none, and so can run in any thread. */
  readonly concurrency: number;
  /**
   * It is an aggregator (zero, reduce, finish): its one argument is the list of a group's values, or, with several
   * arguments or nulls, of structs of them. `args` are those of `reduce`.
   */
  readonly folds?: 'values' | 'structs';
  /** Run in a process of its own, which may end without harm. */
  readonly isolation?: 'process';
}
