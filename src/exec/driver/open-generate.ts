import type { PhysicalGenerate } from '../physical.js';
import type { GenerateSpec } from '../task/generate-rows.js';
import type { SourceColumn } from '../task/spec.js';
import { type Flow, type FlowPart, wrappedPart } from './flow.js';
import type { Runner } from './runner.js';
import { columnAt } from './udf-calls.js';

/** The generator runs in the tasks that make its arguments. */
export async function openGenerate(executor: Runner, plan: PhysicalGenerate): Promise<Flow> {
  const exprs = plan.input.columns.map(columnAt);
  const args = plan.args.map((arg) => (arg.kind === 'column' ? arg.index : exprs.push(arg) - 1));
  const flow = await executor.open(plan.input);
  const prepared = exprs.length === plan.input.columns.length ? flow : executor.project(flow, exprs);
  const { fn, type, outer } = plan;
  const generate: GenerateSpec = { fn, args, exprs: plan.args, type, outer, width: plan.input.columns.length };
  return prepared.map((part) => inTasks(executor, plan, part, generate));
}

function inTasks(executor: Runner, plan: PhysicalGenerate, part: FlowPart, generate: GenerateSpec): FlowPart {
  const made = generate.type.fields.map((f): SourceColumn => ({ type: f.type, nullable: true }));
  const columns = [...part.columns.slice(0, generate.width), ...made];
  const names = plan.columns.map((column) => column.name);
  return wrappedPart(part, executor.settings, (inner) => ({ kind: 'generate', inner, generate }), columns, names);
}
