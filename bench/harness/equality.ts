import type { Answer } from './contract.js';

/** '' when both say the same, else a sentence; `order` tells whether the rows came in another order. */
export interface Comparison {
  readonly difference: string;
  readonly order: 'same' | 'other';
}

const numeric = /^-?\d+(\.\d+)?$/;

/** One text for one value: without a decimal's trailing zeros, without the sign of zero. */
export function canonical(text: string): string {
  if (!numeric.test(text)) return text;
  const short = text.includes('.') ? text.replace(/\.?0+$/, '') : text;
  return short === '-0' ? '0' : short;
}

const scaleOf = (text: string): number => (/^-?\d+\.(\d+)$/.exec(text)?.[1] ?? '').length;

/** Doubles agree relatively; a decimal beside a double agrees when it is that double rounded to its own scale. */
function doublesAgree(x: string, y: string, exactSide: string | undefined, tolerance: number): boolean {
  const [a, b] = [Number(x), Number(y)];
  if (a === b) return true;
  if (!Number.isFinite(a) || !Number.isFinite(b)) return Number.isNaN(a) && Number.isNaN(b);
  const rounding = exactSide === undefined ? 0 : 0.5 * 10 ** -scaleOf(exactSide);
  return Math.abs(a - b) <= rounding + tolerance * Math.max(Math.abs(a), Math.abs(b));
}

type Cell = string | null | undefined;
type Kind = Answer['columns'][number]['kind'] | undefined;

function cellsAgree(x: Cell, y: Cell, kindX: Kind, kindY: Kind, tolerance: number): boolean {
  if (x == null || y == null) return x == null && y == null;
  if (kindX === 'double' || kindY === 'double') {
    const exactSide = kindX === 'exact' ? x : kindY === 'exact' ? y : undefined;
    return doublesAgree(x, y, exactSide, tolerance);
  }
  if (kindX === 'exact' && kindY === 'exact') return canonical(x) === canonical(y);
  return x === y;
}

function firstDifference(ours: Answer, theirs: Answer, tolerance: number): string {
  for (let row = 0; row < ours.rows.length; row++) {
    for (let column = 0; column < ours.columns.length; column++) {
      const [x, y] = [ours.rows[row]?.[column], theirs.rows[row]?.[column]];
      if (!cellsAgree(x, y, ours.columns[column]?.kind, theirs.columns[column]?.kind, tolerance)) {
        return `row ${row}, ${ours.columns[column]?.name}: ${x} instead of ${y}`;
      }
    }
  }
  return '';
}

/** Rows sorted by the columns both engines hold exactly. */
function sorted(answer: Answer, keys: readonly number[]): Answer {
  const keyOf = (row: readonly Cell[]): string =>
    keys.map((key) => (row[key] == null ? '\0' : canonical(row[key]))).join('\u0001');
  const keyed = answer.rows.map((row) => ({ row, key: keyOf(row) }));
  keyed.sort((x, y) => (x.key < y.key ? -1 : x.key > y.key ? 1 : 0));
  return { columns: answer.columns, rows: keyed.map(({ row }) => row) };
}

/** Whether two engines gave the same rows. Column names do not count, their number and order do. */
export function compareAnswers(ours: Answer, theirs: Answer, relativeTolerance = 1e-12): Comparison {
  if (ours.columns.length !== theirs.columns.length) {
    return { difference: `${ours.columns.length} columns instead of ${theirs.columns.length}`, order: 'same' };
  }
  if (ours.rows.length !== theirs.rows.length) {
    return { difference: `${ours.rows.length} rows instead of ${theirs.rows.length}`, order: 'same' };
  }
  const inOrder = firstDifference(ours, theirs, relativeTolerance);
  if (inOrder === '') return { difference: '', order: 'same' };
  const keys = ours.columns.flatMap((column, index) =>
    column.kind === 'double' || theirs.columns[index]?.kind === 'double' ? [] : [index],
  );
  const anyOrder = firstDifference(sorted(ours, keys), sorted(theirs, keys), relativeTolerance);
  return anyOrder === '' ? { difference: '', order: 'other' } : { difference: inOrder, order: 'same' };
}
