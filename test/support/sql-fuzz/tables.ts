import type { Dice } from './dice.js';
import { drawValue, flatTypes, listTypes, type Type, type Value } from './values.js';

export interface Column {
  readonly name: string;
  readonly type: Type;
}

/** A table of one case; `id` numbers its rows from 0. */
export interface Table {
  readonly name: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Value[])[];
}

const NULLS = [20, 0, 50, 5, 100];
const DISTINCT = [0, 3, 1, 8];
const ROWS = [12, 7, 20, 1, 65, 3, 30, 12, 40, 7, 0];

export interface TableOptions {
  readonly columns: number;
  readonly wild: boolean;
}

export function drawTable(dice: Dice, name: string, { columns, wild }: TableOptions): Table {
  const types = Array.from({ length: columns }, (_, c): Type => {
    if (dice.chance(12)) return dice.pick(listTypes);
    // The first ones come more often: joins and groups meet.
    return c < 2 ? (flatTypes[dice.below(4)] as Type) : dice.pick(flatTypes);
  });
  const count = dice.pick(ROWS);
  const values = types.map((type) => {
    const nulls = dice.pick(NULLS);
    const few = dice.pick(DISTINCT);
    const pool = Array.from({ length: few }, () => drawValue(dice, type, wild));
    return Array.from({ length: count }, (): Value => {
      if (dice.chance(nulls)) return null;
      return few === 0 ? drawValue(dice, type, wild) : dice.pick(pool);
    });
  });
  return {
    name,
    columns: [{ name: 'id', type: 'int' }, ...types.map((type, c): Column => ({ name: `c${c}`, type }))],
    rows: Array.from({ length: count }, (_, r) => [String(r), ...values.map((column) => column[r] ?? null)]),
  };
}
