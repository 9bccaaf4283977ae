let last = 0;

/** A new attribute id. Unique in the process, so that plans resolved apart can be joined. */
export const nextId = (): number => ++last;
