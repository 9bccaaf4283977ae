import { carrierOf } from '../../base/index.js';
import type { PhysicalExpr } from '../../functions/expression.js';
import { prefixMask } from '../compile/sort-key.js';
import type { PhysicalWindow, SortKey } from '../physical.js';
import type { SourceColumn, TaskInput, WindowTaskSpec } from '../task/spec.js';
import type { Flow, FlowPart } from './flow.js';
import { rangesOf, SMALL_SORT, sortFlow, splitRuns } from './open-sort.js';
import type { Runner } from './runner.js';
import { prefixRangesOnDisk } from './sort-ranges.js';

/** Rows are sorted by partition and order; each task then computes the columns of whole partitions. */
export async function openWindow(executor: Runner, plan: PhysicalWindow): Promise<Flow> {
  const flow = await executor.open(plan.input);
  const keys: SortKey[] = [
    ...plan.partitionBy.map((expr) => ({ expr, descending: false, nullsFirst: true })),
    ...plan.orderBy,
  ];
  const stored = storedArguments(plan);
  const groups = plan.groupLimit && { ...plan.groupLimit, keys: plan.partitionBy.length };
  const options = { computed: stored.exprs, ...(groups === undefined ? {} : { groups }) };
  const { inputs, total } = await sortFlow(executor, flow, plan.input.columns, keys, options);
  const { runs, order, splitters } = inputs;
  const window: WindowTaskSpec = {
    layout: order.layout,
    keyColumns: order.keyColumns,
    keyFields: order.keyFields,
    partitions: plan.partitionBy.length,
    partitionBy: plan.partitionBy,
    orderBy: plan.orderBy,
    calls: plan.calls,
    args: stored.args,
    filters: stored.filters,
    inputs: plan.input.columns.length,
  };
  const mask = prefixMask(order.keyColumns.slice(0, plan.partitionBy.length));
  const cuts = splitters.map((prefix) => prefix & mask).filter((prefix) => prefix > 0n);
  const isOnDisk = runs.some((run) => run.spilled !== undefined);
  const inMemory = (): TaskInput[] =>
    total <= SMALL_SORT
      ? [{ kind: 'sorted', runs, order, offset: 0, window }]
      : splitRuns(executor, runs, cuts, rangesOf(executor, total), order, window);
  const added = plan.calls.map((call): SourceColumn => ({ type: call.type, nullable: call.nullable }));
  const part: FlowPart = {
    source: { kind: 'rows', rows: { kind: 'windowed', layout: order.layout, added } },
    inputs: isOnDisk ? prefixRangesOnDisk(executor, runs, cuts, order, window) : inMemory(),
    steps: [],
    tables: [],
    columns: [...order.layout.fields, ...added],
    small: total <= SMALL_SORT,
  };
  return executor.project([part], outputOf(plan, part.columns, order.layout.fields.length));
}

/** The input's columns are the first fields; what the calls added comes behind all of them. */
function outputOf(plan: PhysicalWindow, columns: readonly SourceColumn[], fields: number): PhysicalExpr[] {
  const width = plan.input.columns.length;
  return plan.columns.map((_, i): PhysicalExpr => {
    const index = i < width ? i : fields + i - width;
    const { type, nullable } = columns[index] as SourceColumn;
    return { kind: 'column', index, type, nullable };
  });
}

/** What is computed only where the filter holds: it may fail elsewhere. */
const onlyWhere = (filter: PhysicalExpr, arg: PhysicalExpr): PhysicalExpr =>
  arg.kind !== 'call'
    ? arg
    : {
        kind: 'call',
        fn: 'if',
        args: [filter, arg, { kind: 'literal', type: arg.type, value: null }],
        type: arg.type,
        nullable: true,
      };

interface StoredArguments {
  /** What is kept beside the input's columns. */
  readonly exprs: readonly PhysicalExpr[];
  readonly args: WindowTaskSpec['args'];
  readonly filters: WindowTaskSpec['filters'];
}

/** Arguments are computed before the rows are sorted, each into a field; most literals need none. */
function storedArguments(plan: PhysicalWindow): StoredArguments {
  const exprs: PhysicalExpr[] = [];
  const store = (expr: PhysicalExpr): number => plan.input.columns.length + exprs.push(expr) - 1;
  const fieldOf = (expr: PhysicalExpr): number | undefined => {
    // Bytes of literals may be what a column points to: they are kept with the rows.
    if (expr.kind === 'literal' && carrierOf(expr.type) !== 'bytes') return undefined;
    return expr.kind === 'column' ? expr.index : store(expr);
  };
  const args = plan.calls.map(({ args, filter }) =>
    args.map((arg) => fieldOf(filter === undefined ? arg : onlyWhere(filter, arg))),
  );
  const filters = plan.calls.map(({ filter }) => {
    if (filter === undefined || filter.kind === 'column') return filter?.index;
    return filter.kind === 'literal' && filter.value === true ? undefined : store(filter);
  });
  return { exprs, args, filters };
}
