import { SparrowError } from '../../base/index.js';
import type { Plan, ResolvedPlan } from '../node.js';
import { foldPlan } from '../walk.js';

/** Operators whose result over several parts is not that of the parts, one after the other. */
const WHOLE = new Set<Plan['kind']>([
  'aggregate',
  'distinct',
  'drop_duplicates',
  'sort',
  'limit',
  'limit_by',
  'window',
  'set_operation',
  'expand',
  'recursive',
  'asof_join',
  'lateral_join',
]);

/** Throws where operators over the part of a stream that a micro-batch reads need all of it. */
export function checkParts(root: ResolvedPlan): void {
  foldPlan<{ readonly is: boolean }>(root, (plan, inputs) => {
    const of = inputs.map(({ is }) => is);
    if (plan.kind === 'scan') return { is: plan.source.isPart === true };
    if (!of.includes(true)) return { is: false };
    if (WHOLE.has(plan.kind)) throw unsupported(plan.kind);
    if (plan.kind === 'join') {
      const [left, right] = of;
      const kept =
        plan.how === 'inner' || plan.how === 'cross' || (left ? !/^(right|full)/.test(plan.how) : plan.how === 'right');
      if (left === right || !kept) throw unsupported(left === right ? 'join of two streams' : `${plan.how} join`);
    }
    return { is: true };
  });
}

const unsupported = (what: string): SparrowError =>
  new SparrowError(
    'STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION',
    `a ${what.replaceAll('_', ' ')} over a stream needs all of it`,
    {
      hint: "use outputMode('complete'), or foreachBatch for what each batch alone gives",
    },
  );
