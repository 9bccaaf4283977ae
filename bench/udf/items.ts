/** `number`: a function of doubles; `text`: one of strings that are all different, over a tenth of the rows. */
export const items = ['number', 'text'] as const;

export type Item = (typeof items)[number];

/** Rows at a scale: ten million at 1. */
export const rowsAt = (scale: string): number => (scale === 'tiny' ? 2_000 : Math.round(Number(scale) * 1e7));
export const textRows = (rows: number): number => Math.round(rows / 10);
