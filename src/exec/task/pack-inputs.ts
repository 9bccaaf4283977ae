import type { Batch, Column, ColumnStats } from '../../base/index.js';
import type { TaskInput } from './spec.js';

/**
 * The inputs of a whole stage on their way to another thread. Cloning thousands of column descriptors costs more than
 * the work of a short query, so what differs between the batches of a column goes as one array of numbers.
 */
export type PackedInputs =
  /** Those of tasks that somebody has claimed may be left out. */
  | { readonly kind: 'plain'; readonly inputs: readonly (TaskInput | undefined)[] }
  | {
      readonly kind: 'batches';
      /** Batches of each input, then for each input its first row and the rows to pass over. */
      readonly counts: Float64Array;
      readonly rows: Float64Array;
      readonly columns: readonly PackedColumn[];
    };

/** One column of all batches: `like` for what they share, `figures` for the rest. */
interface PackedColumn {
  readonly like: Column;
  readonly figures: Float64Array;
}

const FIGURES = 7;
const INPUT_FIGURES = 3;

/** Packs what can be packed; columns whose batches lie differently go as they are. */
export function packInputs(inputs: readonly TaskInput[]): PackedInputs {
  const plain: PackedInputs = { kind: 'plain', inputs };
  const batches: Batch[] = [];
  const counts = new Float64Array(inputs.length * INPUT_FIGURES);
  for (const [i, input] of inputs.entries()) {
    if (input.kind !== 'batches') return plain;
    counts.set([input.batches.length, input.firstRow, input.skip], i * INPUT_FIGURES);
    batches.push(...input.batches);
  }
  const columns: PackedColumn[] = [];
  for (const [c, like] of (batches[0]?.columns ?? []).entries()) {
    const packed = packColumn(like, batches, c);
    if (packed === undefined) return plain;
    columns.push(packed);
  }
  return { kind: 'batches', counts, rows: Float64Array.from(batches, (batch) => batch.rows), columns };
}

/** What was packed last for columns that begin with a column: frames that are held are asked again and again. */
const known = new WeakMap<
  Column,
  { readonly columns: readonly (Column | undefined)[]; readonly packed: PackedColumn }
>();

function packColumn(like: Column, batches: readonly Batch[], c: number): PackedColumn | undefined {
  const last = known.get(like);
  if (last?.columns.length === batches.length && last.columns.every((column, b) => batches[b]?.columns[c] === column))
    return last.packed;
  const packed = packAnew(like, batches, c);
  if (packed !== undefined) known.set(like, { columns: batches.map((batch) => batch.columns[c]), packed });
  return packed;
}

function packAnew(like: Column, batches: readonly Batch[], c: number): PackedColumn | undefined {
  const figures = new Float64Array(batches.length * FIGURES);
  for (const [b, batch] of batches.entries()) {
    const column = batch.columns[c];
    if (column === undefined || !liesAlike(column, like)) return undefined;
    const { length, nullCount, validity, data, offsets, stats } = column;
    figures.set([length, nullCount, validity, data, offsets, bound(stats?.min), bound(stats?.max)], b * FIGURES);
  }
  return { like, figures };
}

/** NaN stands for a bound that is not known. */
const bound = (n: bigint | number | undefined): number => (n === undefined ? Number.NaN : Number(n));

function liesAlike(a: Column, b: Column): boolean {
  if (a.type !== b.type && JSON.stringify(a.type) !== JSON.stringify(b.type)) return false;
  return a.storage === b.storage && a.dictionary?.id === b.dictionary?.id && isExact(a.stats) && isExact(b.stats);
}

/** Whether bounds survive in doubles. */
function isExact(stats: ColumnStats | undefined): boolean {
  const exact = (n: bigint | number | undefined): boolean => typeof n !== 'bigint' || Number.isSafeInteger(Number(n));
  return stats === undefined || (exact(stats.min) && exact(stats.max));
}

/** The inputs of the stage, each put together where it is asked for. */
export function unpackInputs(packed: PackedInputs): (index: number) => TaskInput {
  if (packed.kind === 'plain') return (index) => packed.inputs[index] as TaskInput;
  const { counts, rows, columns } = packed;
  const starts: number[] = [];
  let next = 0;
  for (let i = 0; i < counts.length; i += INPUT_FIGURES) {
    starts.push(next);
    next += counts[i] as number;
  }
  return (index) => {
    const start = starts[index] as number;
    const [count = 0, firstRow = 0, skip = 0] = counts.subarray(index * INPUT_FIGURES);
    const batches = Array.from({ length: count }, (_, b): Batch => {
      const at = start + b;
      return { rows: rows[at] as number, columns: columns.map((column) => unpackColumn(column, at)) };
    });
    return { kind: 'batches', batches, firstRow, skip };
  };
}

function unpackColumn({ like, figures }: PackedColumn, b: number): Column {
  const at = b * FIGURES;
  const figure = (i: number): number => figures[at + i] as number;
  const min = figure(5);
  const max = figure(6);
  return {
    ...like,
    length: figure(0),
    nullCount: figure(1),
    validity: figure(2),
    data: figure(3),
    offsets: figure(4),
    ...(like.stats === undefined
      ? {}
      : { stats: { ...like.stats, ...(Number.isNaN(min) ? {} : { min }), ...(Number.isNaN(max) ? {} : { max }) } }),
  };
}
