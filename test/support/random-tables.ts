import {
  type Arena,
  BATCH_ROWS,
  type Batch,
  buildColumn,
  type Column,
  type DataType,
  type Dictionary,
  integerBounds,
  isFloating,
  type Scalar,
  type ScanSplit,
  type SplitReader,
  structType,
  type TableSource,
} from '../../src/base/index.js';
import type { PhysicalColumn, PhysicalPlan } from '../../src/exec/physical.js';
import { mix } from './choices.js';
import { drawValue, type Temper } from './random-values.js';

/** How a column is filled. */
export interface ColumnSpec {
  readonly type: DataType;
  readonly nullable: boolean;
  readonly temper: Temper;
  /** How many different values it has, at most; 0 for any. */
  readonly distinct: number;
  /** Percent of nulls. */
  readonly nulls: number;
  readonly seed: number;
}

/** A table by the seeds of its rows: equal seeds give equal rows. */
export interface TableSpec {
  readonly columns: readonly ColumnSpec[];
  readonly rows: readonly number[];
  /** Rows a batch. */
  readonly batchRows: number;
  /** Batches and splits lie in memory in ways that this number decides. */
  readonly storage: number;
}

export function cell(column: ColumnSpec, row: number): Scalar {
  const h = mix(column.seed, row);
  if (column.nullable && mix(h, 7) % 100 < column.nulls) return null;
  return drawValue(column.type, column.temper, column.distinct === 0 ? h : mix(column.seed, h % column.distinct));
}

export const columnsOf = (table: TableSpec): PhysicalColumn[] =>
  table.columns.map(({ type, nullable }, i) => ({ name: `c${i}`, type, nullable: nullable || type.kind === 'null' }));

/** The table's rows as batches, each column in one of the ways it may be stored. */
export function tableBatches(arena: Arena, table: TableSpec): Batch[] {
  const batches: Batch[] = [];
  const size = Math.min(table.batchRows, BATCH_ROWS);
  const ways = table.columns.map((_, c) => mix(table.storage, c, 3) % 3);
  // One dictionary for all batches, or another for each.
  const shared = table.columns.map((column, c) => {
    if (table.storage % 2 !== 0 || ways[c] !== 1 || !isText(column.type)) return undefined;
    return makeDictionary(
      arena,
      column.type,
      table.rows.map((row) => cell(column, row)),
    );
  });
  for (let from = 0; from < table.rows.length; from += size) {
    const rows = table.rows.slice(from, from + size);
    const columns = table.columns.map((column, c) =>
      storeColumn(
        arena,
        column.type,
        rows.map((row) => cell(column, row)),
        ways[c] ?? 0,
        shared[c],
      ),
    );
    batches.push({ rows: rows.length, columns });
  }
  return batches;
}

const isText = (type: DataType): boolean => type.kind === 'string' || type.kind === 'binary';

function storeColumn(
  arena: Arena,
  type: DataType,
  values: readonly Scalar[],
  way: number,
  shared: Coded | undefined,
): Column {
  const natural = buildColumn(arena, type, values);
  if (way === 1 && isText(type)) return coded(arena, natural, values, shared ?? makeDictionary(arena, type, values));
  if (way === 1) return narrowed(arena, natural, values);
  if (way === 2 && natural.storage === 'utf8') return asViews(arena, natural);
  return natural;
}

interface Coded {
  readonly dictionary: Dictionary;
  readonly codeOf: (value: Scalar) => number;
}

let nextDictionary = 1;

function makeDictionary(arena: Arena, type: DataType, values: readonly Scalar[]): Coded {
  const text = (value: Scalar): string =>
    value instanceof Uint8Array ? Buffer.from(value).toString('hex') : String(value);
  const distinct = new Map<string, Scalar>();
  for (const value of values) if (value !== null) distinct.set(text(value), value);
  // A null row needs an entry to point at.
  if (distinct.size === 0) distinct.set('', type.kind === 'string' ? '' : new Uint8Array());
  const codes = new Map([...distinct.keys()].map((key, code) => [key, code]));
  const { offsets, data } = buildColumn(arena, type, [...distinct.values()]);
  const dictionary = { id: nextDictionary++, count: distinct.size, offsets, data };
  return { dictionary, codeOf: (value) => (value === null ? 0 : (codes.get(text(value)) as number)) };
}

function coded(arena: Arena, natural: Column, values: readonly Scalar[], { dictionary, codeOf }: Coded): Column {
  const storage = dictionary.count <= 256 ? 'u8' : dictionary.count <= 65536 ? 'u16' : 'i32';
  const data = arena.alloc(values.length * 4);
  const target = { u8: arena.heap.u8, u16: arena.heap.u16, i32: arena.heap.i32 }[storage];
  values.forEach((value, i) => {
    target[data / target.BYTES_PER_ELEMENT + i] = codeOf(value);
  });
  return { ...natural, storage, data, offsets: 0, dictionary };
}

/** An integer-like column in the narrowest storage that holds it. */
function narrowed(arena: Arena, natural: Column, values: readonly Scalar[]): Column {
  const bounds = integerBounds(natural.type);
  if (
    bounds === undefined ||
    isFloating(natural.type) ||
    natural.type.kind === 'boolean' ||
    natural.stats === undefined
  )
    return natural;
  const min = Number(natural.stats.min ?? 0);
  const max = Number(natural.stats.max ?? 0);
  const { heap } = arena;
  const forms = [
    ['i8', -128, 127, heap.i8],
    ['i16', -32768, 32767, heap.i16],
    ['i32', -(2 ** 31), 2 ** 31 - 1, heap.i32],
  ] as const;
  const form = forms.find(([, low, high]) => min >= low && max <= high);
  if (form === undefined) return natural;
  const [storage, , , target] = form;
  const data = arena.alloc(values.length * 4);
  values.forEach((value, i) => {
    target[data / target.BYTES_PER_ELEMENT + i] = Number(value ?? 0);
  });
  return { ...natural, storage, data };
}

function asViews(arena: Arena, natural: Column): Column {
  const { u32 } = arena.heap;
  const data = arena.alloc(natural.length * 8);
  for (let i = 0; i < natural.length; i++) {
    const from = u32[(natural.offsets >>> 2) + i] as number;
    u32[(data >>> 2) + 2 * i] = natural.data + from;
    u32[(data >>> 2) + 2 * i + 1] = (u32[(natural.offsets >>> 2) + i + 1] as number) - from;
  }
  return { ...natural, storage: 'view', data, offsets: 0 };
}

/** The table as a plan: batches that stay, or a source whose splits are read anew by every task. */
export function tablePlan(arena: Arena, table: TableSpec, asScan: boolean): PhysicalPlan {
  const columns = columnsOf(table);
  if (!asScan) {
    let batches: Batch[] | undefined;
    return {
      kind: 'batches',
      columns,
      label: `table of ${table.rows.length} rows`,
      load: async () => {
        batches ??= tableBatches(arena, table);
        return batches;
      },
    };
  }
  const source: TableSource = {
    label: `source of ${table.rows.length} rows`,
    format: 'random',
    schema: structType(columns),
    statistics: { columns: {} },
    plan: async () => ({ splits: splitsOf(arena, table), skipped: 0 }),
  };
  return { kind: 'scan', columns, source, request: { columns: columns.map((c) => c.name) } };
}

function splitsOf(arena: Arena, table: TableSpec): ScanSplit[] {
  const splits: ScanSplit[] = [];
  const size = Math.min(table.batchRows * 2, BATCH_ROWS);
  for (let from = 0; from < table.rows.length; from += size) {
    const part = { ...table, rows: table.rows.slice(from, from + size) };
    const stats = Object.fromEntries(
      table.columns.map((column, c) => {
        const { nullCount, stats: known } = buildColumn(
          arena,
          column.type,
          part.rows.map((row) => cell(column, row)),
        );
        return [`c${c}`, { nullCount, ...known }];
      }),
    );
    const told = table.storage % 3 === 0 ? {} : { stats };
    splits.push({
      format: 'random',
      label: `rows ${from}`,
      rows: part.rows.length,
      bytes: 1000,
      payload: part,
      ...told,
    });
  }
  return splits;
}

/** Reads the splits of `tablePlan`. */
export const randomReader: SplitReader = {
  *read(split, _request, context) {
    yield* tableBatches(context.arena, split.payload as TableSpec);
  },
};
