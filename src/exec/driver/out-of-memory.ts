import { SparrowError } from '../../base/index.js';
import type { TaskTemplate } from '../task/task.js';

export const isOutOfMemory = (error: unknown): error is SparrowError =>
  error instanceof SparrowError && error.code === 'MEMORY_LIMIT_EXCEEDED';

/** The same error, with the operator that needed the memory. */
export function ranOutOfMemory(error: SparrowError, template: TaskTemplate): SparrowError {
  const figures = error.message.replace(/^\[\w+\] /, '').replace(/ \([^)]*\)( Hint: .*)?$/, '');
  const hint = hintOf(template) ?? error.hint;
  return new SparrowError('MEMORY_LIMIT_EXCEEDED', `${operatorOf(template)} does not fit the memory: ${figures}`, {
    where: `stage ${stageLabel(template)}`,
    cause: error,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** What goes to disk piece by piece, but for one piece that has to fit. */
function hintOf({ spec: { sink }, input }: TaskTemplate): string | undefined {
  if (input.kind === 'sorted' && input.window !== undefined)
    return 'the rows of one partition of a window have to fit: add columns to partitionBy, select fewer columns, or raise the session option `memory`';
  if (input.kind === 'groups' || sink.kind === 'aggregate')
    return 'what an aggregate keeps of one group (collect_list, percentile, string_agg) has to fit: add a key, take approx_percentile, or raise the session option `memory`';
  return undefined;
}

/** What a user would call the operator whose rows a task holds. */
function operatorOf({ spec, input }: TaskTemplate): string {
  if (input.kind === 'generate') return 'a generator (explode, …)';
  if (input.kind === 'groups' || input.kind === 'totals') return 'merging the groups of an aggregation';
  if (input.kind === 'joined') return 'a join on disk';
  if (input.kind === 'sorted') return input.window === undefined ? 'merging a sort' : 'a window function';
  switch (spec.sink.kind) {
    case 'aggregate':
      return 'an aggregation';
    case 'build':
      return 'a join';
    case 'sort':
      return 'a sort or window';
    case 'write':
      return 'writing';
    default:
      return 'the result';
  }
}

/** `batches > filter > probe > aggregate`: what one stage's pipeline does. */
export function stageLabel({ spec }: TaskTemplate): string {
  const source = spec.source.kind === 'batches' ? (spec.source.stable ? 'memory' : 'scan') : spec.source.rows.kind;
  const steps = spec.steps.map((step) =>
    step.kind === 'probe' ? `probe (${step.addressing}, ${step.how})` : step.kind,
  );
  return [source, ...steps, spec.sink.kind].join(' > ');
}
