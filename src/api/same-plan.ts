import type { Plan } from '../plan/node.js';

/** Numbers that frames and columns get when they are made: the same ones must stand in the same places. */
const NUMBERS: readonly string[] = ['planId', 'id'];
/** How an expression is shown. */
const SHOWN: ReadonlySet<string> = new Set([...NUMBERS, 'written', 'shown']);
/** Data, told by its identity. */
const WHOLE: ReadonlySet<string> = new Set(['data', 'js', 'source', 'batches']);

const keysOf = (node: object): string[] => Object.keys(node).filter((key) => !SHOWN.has(key));
const part = (node: object, key: string): unknown => (node as Readonly<Record<string, unknown>>)[key];
const bare = (expr: { readonly kind: string; readonly input?: unknown }): unknown =>
  expr.kind === 'alias' ? expr.input : expr;

class Comparison {
  readonly #theirs = new Map<unknown, unknown>();
  readonly #ours = new Map<unknown, unknown>();

  same(a: unknown, b: unknown, isTop = false): boolean {
    if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return Object.is(a, b);
    const keys = keysOf(a);
    if (keys.length !== keysOf(b).length || !NUMBERS.every((key) => this.#meet(a, b, key))) return false;
    return keys.every((key) => {
      const [x, y] = [part(a, key), part(b, key)];
      if (WHOLE.has(key)) return Object.is(x, y);
      return isTop && key === 'exprs' ? this.#columns(x, y) : this.same(x, y);
    });
  }

  /** The names of a last projection are cosmetic. */
  #columns(a: unknown, b: unknown): boolean {
    if (!Array.isArray(a) || !Array.isArray(b)) return false;
    return a.length === b.length && a.every((expr, i) => this.same(bare(expr), bare(b[i])));
  }

  #meet(a: object, b: object, key: string): boolean {
    const [x, y] = [part(a, key), part(b, key)];
    if (x === undefined || y === undefined) return x === y || part(a, 'kind') !== 'unresolved_column';
    if (!this.#theirs.has(x) && !this.#ours.has(y)) {
      this.#theirs.set(x, y);
      this.#ours.set(y, x);
    }
    return this.#theirs.get(x) === y;
  }
}

/** Whether two plans ask the same, whatever their last columns are called. */
export const samePlan = (a: Plan, b: Plan): boolean => new Comparison().same(a, b, true);

/** The same for plans that ask the same. */
export function planHash(plan: Plan): number {
  let hash = 17;
  const add = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) {
      for (const letter of String(value)) hash = (Math.imul(hash, 31) + letter.charCodeAt(0)) | 0;
    } else if (part(value, 'kind') === 'alias') add(part(value, 'input'));
    else for (const key of keysOf(value)) if (!WHOLE.has(key)) add(part(value, key));
  };
  add(plan);
  return hash;
}
