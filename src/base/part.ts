/** Thrown by code that needs a part of the program which is not loaded yet; `withParts` loads it. */
export class PartNeeded extends Error {
  constructor(readonly load: () => Promise<unknown>) {
    super('a part of the program is needed that is not loaded; withParts loads it and begins again');
  }
}

/** A module that is loaded when pure code first asks for it, inside of `withParts`. */
export function part<M extends object>(load: () => Promise<M>): () => M {
  let loaded: M | undefined;
  const needed = new PartNeeded(async () => {
    loaded = await load();
  });
  return () => {
    if (loaded === undefined) throw needed;
    return loaded;
  };
}

/** Does the work, and does it once more for each part that was missing: what it did before must not matter. */
export async function withParts<T>(work: () => T | Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof PartNeeded)) throw error;
      await error.load();
    }
  }
}
