/** `in`: objects become a table, whose sum is asked for; `out`: a table becomes objects. */
export const items = ['in', 'out'] as const;

export type Item = (typeof items)[number];

export interface Sale {
  readonly id: number;
  readonly customer: string;
  readonly price: number;
  readonly quantity: number;
  readonly paid: boolean;
  readonly at: Date;
  readonly note: string | null;
}

/** Rows at a scale: a million at 1. */
export const rowsAt = (scale: string): number => (scale === 'tiny' ? 3_000 : Math.round(Number(scale) * 1e6));

export const sales = (rows: number): Sale[] =>
  Array.from({ length: rows }, (_, i) => ({
    id: i,
    customer: `customer ${i % 100_000}`,
    price: i * 0.25,
    quantity: i % 50,
    paid: i % 3 === 0,
    at: new Date(1_600_000_000_000 + i * 1000),
    note: i % 7 === 0 ? null : `note ${i}`,
  }));

/** What both items are held to: a few sums over all rows. */
export interface Sums {
  readonly rows: number;
  readonly quantity: number;
  readonly noteLength: number;
}

/** The sums of objects as any engine gives them. */
export function sumsOf(rows: readonly Readonly<Record<string, unknown>>[]): Sums {
  let quantity = 0;
  let noteLength = 0;
  for (const row of rows) {
    quantity += Number(row.quantity);
    noteLength += row.note === null || row.note === undefined ? 0 : String(row.note).length;
  }
  return { rows: rows.length, quantity, noteLength };
}

export const sumsAnswer = ({ rows, quantity, noteLength }: Sums) => ({
  columns: (['rows', 'quantity', 'noteLength'] as const).map((name) => ({ name, kind: 'exact' as const })),
  rows: [[String(rows), String(quantity), String(noteLength)]],
});
