import { describe } from '../../functions/describe.js';
import type { PhysicalExpr } from '../../functions/expression.js';
import { jsFunctionName } from '../../functions/js-function.js';
import type { AggregateSpec, GroupLimit, PhysicalColumn, PhysicalPlan, SortKey } from '../physical.js';
import { CALLERS_THREAD } from '../task/task.js';

/** The operators of this machine as a tree: who feeds whom, and where a pipeline ends (`*` marks what runs as one compiled loop). */
export function physicalText(plan: PhysicalPlan): string {
  const lines: string[] = [];
  draw(plan, '', '', lines);
  return lines.join('\n');
}

function draw(plan: PhysicalPlan, first: string, rest: string, lines: string[]): void {
  lines.push(`${first}${operatorText(plan)}`);
  const inputs = inputsOf(plan);
  inputs.forEach((input, i) => {
    const last = i === inputs.length - 1;
    draw(input, `${rest}${last ? '+- ' : ':- '}`, `${rest}${last ? '   ' : ':  '}`, lines);
  });
}

function inputsOf(plan: PhysicalPlan): readonly PhysicalPlan[] {
  switch (plan.kind) {
    case 'scan':
    case 'batches':
      return [];
    case 'join':
      return [plan.left, plan.right];
    case 'union':
      return plan.inputs;
    case 'round':
      return [];
    case 'recursion':
      return [plan.anchor, plan.step];
    default:
      return [plan.input];
  }
}

const names =
  (columns: readonly PhysicalColumn[]): ((index: number) => string) =>
  (index) =>
    columns[index]?.name ?? `$${index}`;
const list = (exprs: readonly PhysicalExpr[], columns: readonly PhysicalColumn[]): string =>
  `[${exprs.map((e) => describe(e, names(columns))).join(', ')}]`;

function operatorText(plan: PhysicalPlan): string {
  switch (plan.kind) {
    case 'scan':
      return `Scan ${plan.source.label} [${plan.request.columns.join(', ')}]${plan.request.predicate === undefined ? '' : ', with statistics pruning'}`;
    case 'batches':
      return `InMemoryScan ${plan.label} [${plan.columns.map((c) => c.name).join(', ')}]`;
    case 'shared':
      return `Shared ${-plan.id} [${plan.columns.map((c) => c.name).join(', ')}]`;
    case 'filter':
      return `* Filter ${describe(plan.condition, names(plan.input.columns))}`;
    case 'project':
      return `* Project ${list(plan.exprs, plan.input.columns)}`;
    case 'aggregate':
      return `HashAggregate keys=${list(plan.keys, plan.input.columns)}, calls=[${plan.aggregates.map((a) => callText(a, plan.input.columns)).join(', ')}]`;
    case 'join':
      return joinText(plan);
    case 'sort':
      return `${plan.limit === undefined ? 'Sort' : `TopK ${plan.limit}`}${offsetText(plan.offset)} ${keysText(plan.keys, plan.input.columns)}`;
    case 'limit':
      return `Limit ${plan.limit ?? 'all'}${offsetText(plan.offset)}`;
    case 'union':
      return 'Union';
    case 'window':
      return `Window [${plan.calls.map((c) => callText(c, plan.input.columns)).join(', ')}], partition by ${list(plan.partitionBy, plan.input.columns)}, order by ${keysText(plan.orderBy, plan.input.columns)}${limitText(plan.groupLimit)}`;
    case 'udf':
      return `${plan.calls.every((c) => c.fn.source.kind === 'module') ? '* ' : ''}JavaScript [${plan.calls.map((c) => callText({ fn: c.fn.key, args: c.args }, plan.input.columns)).join(', ')}]`;
    case 'sample':
      return `* Sample ${plan.lowerBound} to ${plan.upperBound}, seed ${plan.seed}`;
    case 'generate':
      return `Generate ${callText(plan, plan.input.columns)}${plan.outer ? ', outer' : ''}`;
    case 'recursion':
      return `UnionLoop, at most ${plan.maxLevel} rounds`;
    case 'round':
      return 'UnionLoopRef';
    case 'repartition':
      return `Repartition ${plan.partitions}`;
  }
}

const limitText = (limit: GroupLimit | undefined): string =>
  limit === undefined ? '' : `, WindowGroupLimit ${limit.by} ${limit.rows}`;

const offsetText = (offset: number): string => (offset > 0 ? ` offset ${offset}` : '');

const callText = (call: Pick<AggregateSpec, 'fn' | 'args'>, columns: readonly PhysicalColumn[]): string =>
  `${jsFunctionName(call.fn) ?? call.fn}(${call.args.map((a) => describe(a, names(columns))).join(', ')})`;

const keysText = (keys: readonly SortKey[], columns: readonly PhysicalColumn[]): string =>
  `[${keys.map((k) => `${describe(k.expr, names(columns))} ${k.descending ? 'DESC' : 'ASC'} NULLS ${k.nullsFirst ? 'FIRST' : 'LAST'}`).join(', ')}]`;

function joinText(plan: Extract<PhysicalPlan, { kind: 'join' }>): string {
  const left = names(plan.left.columns);
  const right = names(plan.right.columns);
  const keys = plan.keys.map(
    (k) => `${describe(k.left, left)} ${k.nullSafe ? '<=>' : '='} ${describe(k.right, right)}`,
  );
  const both = names([...plan.left.columns, ...plan.right.columns]);
  const residual = plan.residual === undefined ? '' : `, where ${describe(plan.residual, both)}`;
  return `* HashJoin ${plan.how} [${keys.join(', ')}]${residual}, build ${plan.build}`;
}

/** What one stage did: many tasks of one pipeline. */
export interface StageReport {
  readonly label: string;
  tasks: number;
  inputRows: number;
  outputRows: number;
  /** Summed over tasks: with two workers it runs twice as fast as the clock. */
  taskMs: number;
  longestMs: number;
  bytesRead: number;
  rowGroupsSkipped: number;
  pagesSkipped: number;
  spilledBytes: number;
  /** Column memory in use at most while its tasks ended. */
  peakBytes: number;
  /** Milliseconds of tasks by thread. */
  readonly threads: Map<number, number>;
}

/** The stages of a query that ran, one a line. */
export function stagesText(stages: readonly StageReport[], wallMs: number, peakBytes: number): string {
  const rows = stages.map((s, i) => {
    const read = s.bytesRead > 0 ? `, ${(s.bytesRead / 2 ** 20).toFixed(1)} MiB read` : '';
    const groups = s.rowGroupsSkipped > 0 ? `, ${s.rowGroupsSkipped} row groups skipped` : '';
    const skipped = s.pagesSkipped > 0 ? `${groups}, ${s.pagesSkipped} pages skipped` : groups;
    const spilled = s.spilledBytes > 0 ? `, ${(s.spilledBytes / 2 ** 20).toFixed(1)} MiB spilled` : '';
    return `${i + 1}. ${s.label}: ${s.inputRows} rows in, ${s.outputRows} out, ${s.tasks} tasks, ${s.taskMs.toFixed(1)} ms in all, longest ${s.longestMs.toFixed(1)} ms${read}${skipped}${spilled}, ${mebibytes(s.peakBytes)} in use${balanceText(s)}`;
  });
  return [
    ...rows,
    `total: ${wallMs.toFixed(1)} ms, ${(peakBytes / 2 ** 20).toFixed(1)} MiB of column memory in use at most`,
  ].join('\n');
}

const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

/** How the time of a stage's tasks was shared out over the worker threads. */
function balanceText({ threads, taskMs }: StageReport): string {
  if (threads.has(CALLERS_THREAD)) return ', on the calling thread';
  if (threads.size === 0 || taskMs === 0) return '';
  const shares = [...threads].sort(([a], [b]) => a - b).map(([, ms]) => `${Math.round((100 * ms) / taskMs)} %`);
  return `, workers ${shares.join(' / ')}`;
}
