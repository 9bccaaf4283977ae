import type { DataType, Scalar } from '../../base/index.js';
import type { AggregateFunction, Call } from '../../functions/define.js';
import type { Prepared } from '../../functions/evaluate.js';
import { type EvalSettings, referencedColumns } from '../../functions/expression.js';
import { aggregateFunction } from '../../functions/registry.js';
import type { AggregateSpec, PhysicalAggregate } from '../physical.js';
import { canonical, keysText } from '../row-key.js';
import type { Pace } from './pace.js';
import { type Pages, PageWriter, type Row } from './page.js';
import type { Ready } from './row-steps.js';

interface Aggregate {
  readonly entry: AggregateFunction;
  readonly call: Call;
  readonly args: readonly Prepared[];
  readonly filter: Prepared | undefined;
}

interface Group {
  readonly keys: Row;
  readonly states: Scalar[][];
}

/** The groups of all rows, in the order of their first rows. */
export async function* groupRows(
  plan: PhysicalAggregate,
  input: Pages,
  ready: Ready,
  settings: EvalSettings,
  pace: Pace,
): Pages {
  const over = [plan.input];
  const keys = plan.keys.map((key) => ready(key, over));
  const types = plan.keys.map((key) => key.type);
  const aggregates = plan.aggregates.map((spec) => prepareAggregate(spec, plan, ready, settings));
  const groups = new Map<string, Group>();
  const open = (values: Row): Group => ({ keys: values, states: aggregates.map((a) => a.entry.eval.init(a.call)) });
  if (keys.length === 0) groups.set('', open([]));
  for await (const page of input) {
    for (const row of page.rows) {
      const values: Scalar[] = [];
      for (let k = 0; k < keys.length; k++) values.push(canonical(types[k] as DataType, (keys[k] as Prepared)(row)));
      const text = keysText(types, values);
      let group = groups.get(text);
      if (group === undefined) {
        group = open(values);
        groups.set(text, group);
      }
      update(aggregates, group, row);
      if (pace.due()) await pace.rest();
    }
  }
  yield* finished(plan, aggregates, groups.values(), ready, pace);
}

function prepareAggregate(
  spec: AggregateSpec,
  plan: PhysicalAggregate,
  ready: Ready,
  settings: EvalSettings,
): Aggregate {
  const call: Call = {
    fn: spec.fn,
    argTypes: spec.args.map((arg) => arg.type),
    literals: spec.args.map((arg) => (arg.kind === 'literal' ? arg.value : undefined)),
    returns: spec.type,
    settings,
  };
  const args = spec.args.map((arg) => ready(arg, [plan.input]));
  const filter = spec.filter === undefined ? undefined : ready(spec.filter, [plan.input]);
  return { entry: aggregateFunction(spec.fn), call, args, filter };
}

/* Plain loops here and above: this is where the first query of a process, all of its code cold, spends its time. */
function update(aggregates: readonly Aggregate[], group: Group, row: Row): void {
  for (let i = 0; i < aggregates.length; i++) {
    const { entry, call, args, filter } = aggregates[i] as Aggregate;
    if (filter !== undefined && filter(row) !== true) continue;
    const values: Scalar[] = [];
    for (let k = 0; k < args.length; k++) values.push((args[k] as Prepared)(row));
    entry.eval.update(group.states[i] as Scalar[], values, call);
  }
}

async function* finished(
  plan: PhysicalAggregate,
  aggregates: readonly Aggregate[],
  groups: Iterable<Group>,
  ready: Ready,
  pace: Pace,
): Pages {
  // Columns of groups have no names: they are keys and calls.
  const output = plan.output.map((expr) => ready(expr, []));
  // As in compiled form: a result nobody reads is not made, and so cannot fail.
  const read = new Set<number>();
  for (const expr of plan.output) referencedColumns(expr, read);
  const page = new PageWriter();
  for (const { keys, states } of groups) {
    const results = aggregates.map(({ entry, call }, i) =>
      read.has(keys.length + i) ? entry.eval.finish(states[i] as Scalar[], call) : null,
    );
    const row = [...keys, ...results];
    page.push(output.map((expr) => expr(row)));
    if (pace.due()) await pace.rest();
    if (page.isFull) yield page.take();
  }
  yield page.take();
}
