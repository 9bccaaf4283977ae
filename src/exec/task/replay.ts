import { type Batch, type Column, engineBug, readColumn, type Scalar, type SharedHeap } from '../../base/index.js';
import { describe } from '../../functions/describe.js';
import { type Prepared, prepare } from '../../functions/evaluate.js';
import type { PhysicalExpr } from '../../functions/expression.js';
import { ENTRY_BYTES } from '../compile/sort-entry.js';
import { rowOfEntry, sourceRowReader } from './read-rows.js';
import { replayProbe } from './replay-join.js';
import type { SinkSpec, StateCarriers } from './spec.js';
import type { TaskRequest } from './task.js';

/*
 * Compiled code only says that some row of its input failed. Evaluating the input again with the reference
 * interpreter raises the precise error: which expression, which values. What follows returns when it finds none
 * (an aggregate's own state).
 */

type Row = readonly Scalar[];

/** Replays the rows of a batch from `from` on. */
export function replayBatch(heap: SharedHeap, request: TaskRequest, batch: Batch, from: number): void {
  const columns = batch.columns.map((column) => readColumn(heap, column));
  const replay = prepareSteps(heap, request);
  for (let row = from; row < batch.rows; row++) replay(columns.map((column) => column[row] as Scalar));
}

/** Where rows in row layout lie: side by side, `stride` bytes each, or behind sorted entries. */
export interface RowsAt {
  readonly address: number;
  readonly stride: number;
  /** Sorted entries instead of rows lie at `address`. */
  readonly list: boolean;
  /** Columns beside the rows, by position. */
  readonly added?: readonly Column[];
  readonly carriers?: StateCarriers;
}

/** Replays rows from…to of what an aggregation, a sort or a join build kept. */
export function replayRows(heap: SharedHeap, request: TaskRequest, rows: RowsAt, from: number, to: number): void {
  const { source, settings } = request.spec;
  if (source.kind !== 'rows') throw engineBug('rows expected');
  const read = sourceRowReader(heap, source.rows, rows.carriers, settings);
  const replay = prepareSteps(heap, request);
  const layout = rows.list && source.rows.kind !== 'groups' ? source.rows.layout : undefined;
  const added = rows.added?.map((column) => readColumn(heap, column));
  for (let i = from; i < to; i++) {
    const entry = rows.address + i * ENTRY_BYTES;
    const row = read(layout === undefined ? rows.address + i * rows.stride : rowOfEntry(heap, entry, layout));
    if (row !== undefined) replay(added === undefined ? row : [...row, ...added.map((column) => column[i] as Scalar)]);
  }
}

function prepareSteps(heap: SharedHeap, request: TaskRequest): (row: Row) => void {
  const { steps, sink, settings } = request.spec;
  const names = namesBefore(request);
  const readyAt =
    (k: number) =>
    (expr: PhysicalExpr): Prepared =>
      prepare(expr, settings, names[k]);
  let next = prepareSink(sink, readyAt(steps.length));
  for (const [k, step] of [...steps.entries()].reverse()) {
    const after = next;
    const ready = readyAt(k);
    if (step.kind === 'filter') {
      const condition = ready(step.condition);
      next = (row) => {
        if (condition(row) === true) after(row);
      };
    } else if (step.kind === 'project') {
      const exprs = step.exprs.map(ready);
      next = (row) => after(exprs.map((expr) => expr(row)));
    } else if (step.kind === 'probe') {
      const table = request.tables[step.table];
      if (table === undefined) throw engineBug(`join table ${step.table} of ${request.tables.length}`);
      next = replayProbe(heap, step, table, ready, after);
    }
  }
  return next;
}

/** What columns are called in messages. */
type Names = (index: number) => string;

/** The names of the columns before each step and before the sink: their own, or what they are computed from. */
function namesBefore({ spec, names: sourceNames }: TaskRequest): Names[] {
  let current: Names = (index) => sourceNames?.[index] ?? `column ${index + 1}`;
  const all = [current];
  for (const step of spec.steps) {
    const before = current;
    if (step.kind === 'project') {
      current = (index) => {
        const expr = step.exprs[index];
        return expr === undefined ? `column ${index + 1}` : describe(expr, before);
      };
    } else if (step.kind === 'probe' && step.buildFirst && (step.how === 'pairs' || step.how === 'probe_outer')) {
      const built = step.payload.length;
      current = (index) => (index < built ? `joined column ${index + 1}` : before(index - built));
    } else if (step.kind === 'probe') {
      current = (index) =>
        index < step.probeColumns ? before(index) : `joined column ${index + 1 - step.probeColumns}`;
    }
    all.push(current);
  }
  return all;
}

function prepareSink(sink: SinkSpec, ready: (expr: PhysicalExpr) => Prepared): (row: Row) => void {
  const evaluate = (exprs: readonly PhysicalExpr[]): ((row: Row) => void) => {
    const prepared = exprs.map(ready);
    return (row) => {
      for (const expr of prepared) expr(row);
    };
  };
  switch (sink.kind) {
    case 'aggregate': {
      const keys = evaluate(sink.keys);
      const calls = sink.aggregates.map(({ args, filter }) => {
        const update = evaluate(args);
        const condition = filter === undefined ? undefined : ready(filter);
        return (row: Row): void => {
          if (condition === undefined || condition(row) === true) update(row);
        };
      });
      return (row) => {
        keys(row);
        for (const call of calls) call(row);
      };
    }
    case 'build':
      return evaluate([...sink.keys, ...sink.fields]);
    case 'sort':
      return evaluate([...sink.keys.map((key) => key.expr), ...sink.fields]);
    default:
      return () => undefined;
  }
}
