/** Thrown by code that needs a part of the program which is not loaded yet: whoever may wait loads it and begins again. */
export class PartNeeded extends Error {
  constructor(readonly load: () => Promise<unknown>) {
    super('a part of the program is needed that is not loaded yet');
  }
}

/** A module that few programs need: gives it, or throws `PartNeeded`. */
export interface Part<M> {
  (): M;
  load(): Promise<unknown>;
}

/** A module that is loaded when it is first asked for, inside of `withParts`. */
export function part<M extends object>(open: () => Promise<M>): Part<M> {
  let loaded: M | undefined;
  const load = async (): Promise<void> => {
    loaded ??= await open();
  };
  const get = (): M => {
    if (loaded === undefined) throw new PartNeeded(load);
    return loaded;
  };
  return Object.assign(get, { load });
}

/** Does the work, and does it again for each part that was missing: what it did before must not matter. */
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
