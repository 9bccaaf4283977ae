import { type Batch, readColumn, type Scalar, type SharedHeap } from '../../base/index.js';
import { type Prepared, prepare } from '../../functions/evaluate.js';
import type { PhysicalExpr } from '../../functions/expression.js';
import type { PipelineSpec, SinkSpec } from './spec.js';
import type { TaskRequest } from './task.js';

/**
 * Compiled code only says that some row of a batch failed. Evaluating the batch again with the reference interpreter
 * raises the precise error: which expression, which values. Returns when it finds none (an aggregate's own state, or
 * an expression behind a join).
 */
export function replayBatch(heap: SharedHeap, request: TaskRequest, batch: Batch, from: number): void {
  const columns = batch.columns.map((column) => readColumn(heap, column));
  const replay = prepareSteps(request.spec);
  for (let row = from; row < batch.rows; row++) replay(columns.map((column) => column[row] as Scalar));
}

function prepareSteps(spec: PipelineSpec): (row: readonly Scalar[]) => void {
  const ready = (expr: PhysicalExpr): Prepared => prepare(expr, spec.settings);
  const steps: ((row: readonly Scalar[]) => readonly Scalar[] | undefined)[] = [];
  for (const step of spec.steps) {
    if (step.kind === 'filter') {
      const condition = ready(step.condition);
      steps.push((row) => (condition(row) === true ? row : undefined));
    } else if (step.kind === 'project') {
      const exprs = step.exprs.map(ready);
      steps.push((row) => exprs.map((expr) => expr(row)));
    } else if (step.kind === 'probe') {
      const keys = step.keys.map(ready);
      return chain(steps, (row) => {
        for (const key of keys) key(row);
      });
    }
  }
  const last = sinkExprs(spec.sink).map(ready);
  return chain(steps, (row) => {
    for (const expr of last) expr(row);
  });
}

function chain(
  steps: readonly ((row: readonly Scalar[]) => readonly Scalar[] | undefined)[],
  last: (row: readonly Scalar[]) => void,
): (row: readonly Scalar[]) => void {
  return (first) => {
    let row: readonly Scalar[] | undefined = first;
    for (const step of steps) {
      row = step(row);
      if (row === undefined) return;
    }
    last(row);
  };
}

function sinkExprs(sink: SinkSpec): readonly PhysicalExpr[] {
  switch (sink.kind) {
    case 'aggregate':
      return [...sink.keys, ...sink.aggregates.filter((a) => a.filter === undefined).flatMap((a) => a.args)];
    case 'build':
      return [...sink.keys, ...sink.fields];
    case 'sort':
      return [...sink.keys.map((k) => k.expr), ...sink.fields];
    default:
      return [];
  }
}
