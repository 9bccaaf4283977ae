/** Where one property of objects is remembered. */
export interface Remembered<K, T> {
  get(key: K): T | undefined;
  set(key: K, value: T): void;
}

let passes = 0;
const memories: { forget(): void }[] = [];

/**
 * Runs a pass over plans, most of which nobody holds afterwards: what is remembered of objects met in it for the first
 * time lasts as long as the pass.
 */
export function onePass<T>(work: () => T): T {
  passes++;
  try {
    return work();
  } finally {
    if (--passes === 0) for (const memory of memories) memory.forget();
  }
}

/** Properties of objects, remembered as long as those live; one table for all, since entries of weak tables are dear. */
export class Memory<K extends object> {
  readonly #known = new WeakMap<K, unknown[]>();
  readonly #passing = new Map<K, unknown[]>();
  #properties = 0;

  constructor() {
    memories.push(this);
  }

  forget(): void {
    this.#passing.clear();
  }

  property<T>(): Remembered<K, T> {
    const at = this.#properties++;
    return {
      get: (key) => this.#of(key)?.[at] as T | undefined,
      set: (key, value) => {
        let values = this.#of(key);
        if (values === undefined) {
          values = new Array(this.#properties).fill(undefined);
          (passes > 0 ? this.#passing : this.#known).set(key, values);
        }
        values[at] = value;
      },
    };
  }

  #of(key: K): unknown[] | undefined {
    return (passes > 0 ? this.#passing.get(key) : undefined) ?? this.#known.get(key);
  }
}
