import { carrierOf } from '../../base/index.js';
import type { PipelineSpec } from '../task/spec.js';
import type { ColumnForm } from './load.js';

/**
 * For each column of an output the source's column that it is, where every row of the source comes out once and in order.
 * Columns that are narrower than their type are written: whoever takes the output would widen them, all in one thread.
 */
export function passedColumns(spec: PipelineSpec, forms: readonly ColumnForm[]): readonly (number | undefined)[] {
  return sourceColumns(spec).map((column) => (column === undefined || isNarrow(forms[column]) ? undefined : column));
}

function isNarrow(form: ColumnForm | undefined): boolean {
  if (form === undefined) return true;
  const { type, storage, dictionary } = form;
  if (dictionary) return storage !== 'i32';
  const carrier = carrierOf(type);
  return storage !== (carrier === 'bytes' ? 'utf8' : carrier);
}

function sourceColumns({ source, steps, sink }: PipelineSpec): readonly (number | undefined)[] {
  if (sink.kind !== 'output' || sink.passes !== true || source.kind !== 'batches' || !source.stable) return [];
  let columns: (number | undefined)[] = source.columns.map((_, i) => i);
  for (const step of steps) {
    if (step.kind === 'project') {
      const before = columns;
      columns = step.exprs.map((expr) => (expr.kind === 'column' ? before[expr.index] : undefined));
    } else if (step.kind === 'probe' && step.how === 'probe_outer' && step.unique === true) {
      const added = step.payload.map(() => undefined);
      columns = step.buildFirst ? [...added, ...columns] : [...columns, ...added];
    } else if (step.kind === 'probe' && step.how === 'exists') columns.push(undefined);
    else return [];
  }
  return columns;
}
