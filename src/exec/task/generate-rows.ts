import {
  type Arena,
  BATCH_ROWS,
  type Batch,
  buildColumn,
  readColumn,
  type Scalar,
  type SharedHeap,
  type StructType,
} from '../../base/index.js';
import type { Call } from '../../functions/define.js';
import type { EvalSettings, PhysicalExpr } from '../../functions/expression.js';
import { generatorFunction } from '../../functions/registry.js';
import { canExplode, explodeArrays } from './explode-arrays.js';
import { gatherViews } from './gather.js';

type Row = readonly Scalar[];

/** A generator over columns that are there. */
export interface GenerateSpec {
  readonly fn: string;
  /** Positions of the arguments' columns, with the arguments for their types and constants. */
  readonly args: readonly number[];
  readonly exprs: readonly PhysicalExpr[];
  /** The struct of the columns that are made. */
  readonly type: StructType;
  /** A row of nulls where nothing is made. */
  readonly outer: boolean;
  /** How many of the input's columns are passed on. */
  readonly width: number;
}

/** The rows a generator makes of one row's arguments. */
export function rowMaker(
  spec: Omit<GenerateSpec, 'args' | 'width'>,
  settings: EvalSettings,
): (args: Row) => readonly Row[] {
  const entry = generatorFunction(spec.fn);
  const call: Call = {
    fn: spec.fn,
    argTypes: spec.exprs.map((arg) => arg.type),
    literals: spec.exprs.map((arg) => (arg.kind === 'literal' ? arg.value : undefined)),
    returns: spec.type,
    settings,
  };
  const nothing: readonly Row[] = spec.outer ? [spec.type.fields.map(() => null)] : [];
  return (args) => {
    const rows = entry.eval(args, call);
    return rows.length === 0 ? nothing : rows;
  };
}

/** Generators that give the elements of an array as they are. */
const EXPLOSIONS: Readonly<Record<string, { readonly positions: boolean } | undefined>> = {
  explode: { positions: false },
  explodeOuter: { positions: false },
  posexplode: { positions: true },
  posexplodeOuter: { positions: true },
};

/** The rows of a batch (from row `from` on), each with what the generator makes of it. */
export function* generateRows(
  heap: SharedHeap,
  arena: Arena,
  batch: Batch,
  from: number,
  spec: GenerateSpec,
  settings: EvalSettings,
): Generator<Batch> {
  const passed: Batch = { rows: batch.rows, columns: batch.columns.slice(0, spec.width) };
  const explosion = EXPLOSIONS[spec.fn];
  const arrays = batch.columns[spec.args[0] ?? -1];
  if (explosion !== undefined && arrays !== undefined && canExplode(arrays)) {
    const options = { outer: spec.outer, positions: explosion.positions };
    for (const { sources, columns } of explodeArrays(heap, arena, arrays, from, options)) {
      yield { rows: sources.length, columns: [...gatherViews(passed, sources, arena).columns, ...columns] };
    }
    return;
  }
  const make = rowMaker(spec, settings);
  const args = spec.args.map((at) => readColumn(heap, batch.columns[at] as Batch['columns'][number]));
  let sources: number[] = [];
  let made: Scalar[][] = spec.type.fields.map(() => []);
  const take = (): Batch => {
    const kept = gatherViews(passed, sources, arena);
    const columns = spec.type.fields.map((f, c) => buildColumn(arena, f.type, made[c] as Scalar[]));
    const done = { rows: sources.length, columns: [...kept.columns, ...columns] };
    sources = [];
    made = spec.type.fields.map(() => []);
    return done;
  };
  for (let row = from; row < batch.rows; row++) {
    for (const out of make(args.map((column) => column[row] as Scalar))) {
      sources.push(row);
      for (const [c, column] of made.entries()) column.push(out[c] ?? null);
      if (sources.length === BATCH_ROWS) yield take();
    }
  }
  if (sources.length > 0) yield take();
}
