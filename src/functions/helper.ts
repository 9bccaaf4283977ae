import type { Code, Func, Local, ValType } from '../wasm/index.js';

/** A module-level function that emitted code calls. */
export interface Helper {
  readonly params: readonly ValType[];
  readonly results: readonly ValType[];
  readonly build: (code: Code, params: readonly Local[], helper: (name: string) => Func) => void;
}

export type HelperTable = Readonly<Record<string, Helper>>;
