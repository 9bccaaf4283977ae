/** Where one property of objects is remembered. */
export interface Remembered<K, T> {
  get(key: K): T | undefined;
  set(key: K, value: T): void;
}

/** Properties of objects, remembered as long as those live; one table for all, since entries of weak tables are dear. */
export class Memory<K extends object> {
  readonly #known = new WeakMap<K, unknown[]>();
  #properties = 0;

  property<T>(): Remembered<K, T> {
    const at = this.#properties++;
    return {
      get: (key) => this.#known.get(key)?.[at] as T | undefined,
      set: (key, value) => {
        let values = this.#known.get(key);
        if (values === undefined) {
          values = new Array(this.#properties).fill(undefined);
          this.#known.set(key, values);
        }
        values[at] = value;
      },
    };
  }
}
