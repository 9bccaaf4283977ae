import type { PhysicalPlan } from '../physical.js';
import type { ProbeStep } from '../task/spec.js';
import { addStep, type Flow } from './flow.js';
import { probeBits } from './key-bits.js';
import type { Runner } from './runner.js';
import type { RuntimeFilter } from './runtime-filter.js';

/** The flow of a plan behind the filters that were put on it. */
export function filtered(executor: Runner, flow: Flow, plan: PhysicalPlan, filters: readonly RuntimeFilter[]): Flow {
  return filters.reduce((before, { keys, table, layout }) => {
    const bits = probeBits(executor, table, before, plan, keys[0]);
    const step: ProbeStep = {
      kind: 'probe',
      table: 0,
      keys,
      nullSafe: keys.map(() => false),
      how: 'semi',
      marks: false,
      probeColumns: plan.columns.length,
      payload: [],
      buildFirst: false,
      layout,
      addressing: table.addressing,
      ...(bits === undefined ? {} : { bits }),
    };
    return addStep(before, step, (part) => part.columns, [table]);
  }, flow);
}
