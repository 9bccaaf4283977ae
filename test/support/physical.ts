import './all-functions.js';
import { type Batch, buildColumn, type DataType, type Scalar, type SharedHeap } from '../../src/base/index.js';
import type { AggregateSpec, PhysicalColumn, PhysicalPlan, SortKey, WindowSpecCall } from '../../src/exec/physical.js';
import { isNullable, type PhysicalExpr, resolveCall } from '../../src/functions/index.js';
import { argType } from './random-exprs.js';

// Physical plans written by hand. Every column may be null.

type Row = readonly Scalar[];

/** Rows as the start of a plan, in batches of `batchRows`. */
export function rowsPlan(
  heap: SharedHeap,
  types: readonly DataType[],
  rows: readonly Row[],
  batchRows = 100,
): PhysicalPlan {
  const arena = heap.newArena('test rows');
  const batches: Batch[] = [];
  for (let from = 0; from < rows.length; from += batchRows) {
    const some = rows.slice(from, from + batchRows);
    const columns = types.map((type, c) =>
      buildColumn(
        arena,
        type,
        some.map((row) => row[c] as Scalar),
      ),
    );
    batches.push({ rows: some.length, columns });
  }
  return { kind: 'batches', label: 'test rows', columns: types.map(column), load: async () => batches };
}

const column = (type: DataType, i: number): PhysicalColumn => ({ name: `c${i}`, type, nullable: true });

export const columns = (exprs: readonly { readonly type: DataType }[]): PhysicalColumn[] =>
  exprs.map((e, i) => column(e.type, i));

export const col = (plan: PhysicalPlan, index: number): PhysicalExpr => {
  const found = plan.columns[index];
  if (found === undefined) throw new Error(`no column ${index}`);
  return { kind: 'column', index, type: found.type, nullable: found.nullable };
};

export const lit = (type: DataType, value: Scalar): PhysicalExpr => ({ kind: 'literal', type, value });

/** A call whose arguments have the types it asks for. */
export function call(fn: string, ...args: readonly PhysicalExpr[]): PhysicalExpr {
  const { resolution } = resolveCall(fn, args.map(argType), { ansi: true });
  return { kind: 'call', fn, args, type: resolution.returns, nullable: resolution.nullable };
}

export function aggregateCall(fn: string, args: readonly PhysicalExpr[], filter?: PhysicalExpr): AggregateSpec {
  const { resolution } = resolveCall(fn, args.map(argType), { ansi: true });
  return { fn, args, type: resolution.returns, nullable: true, ...(filter === undefined ? {} : { filter }) };
}

export const windowCall = (
  fn: string,
  args: readonly PhysicalExpr[],
  frame?: WindowSpecCall['frame'],
): WindowSpecCall => ({
  ...aggregateCall(fn, args),
  ...(frame === undefined ? {} : { frame }),
});

export const ascending = (expr: PhysicalExpr, nullsFirst = true): SortKey => ({ expr, descending: false, nullsFirst });
export const descending = (expr: PhysicalExpr, nullsFirst = false): SortKey => ({ expr, descending: true, nullsFirst });

export const project = (input: PhysicalPlan, exprs: readonly PhysicalExpr[]): PhysicalPlan => ({
  kind: 'project',
  columns: columns(exprs),
  input,
  exprs,
});

/** Groups with keys and results passed on as they are. */
export function group(
  input: PhysicalPlan,
  keys: readonly PhysicalExpr[],
  aggregates: readonly AggregateSpec[],
): PhysicalPlan {
  const all = columns([...keys, ...aggregates]);
  const output = all.map(({ type }, index): PhysicalExpr => {
    const key = keys[index];
    return { kind: 'column', index, type, nullable: key === undefined || isNullable(key) };
  });
  return { kind: 'aggregate', columns: all, input, keys, aggregates, output };
}
