import { type Batch, type ColumnStats, integerBounds, isFloating, type ScanSplit } from '../../base/index.js';
import type { Range } from '../../functions/define.js';
import type { EvalSettings, PhysicalExpr } from '../../functions/expression.js';
import type { PhysicalColumn } from '../physical.js';
import { planKey } from '../task/programs.js';
import type {
  InnerPipeline,
  JoinTable,
  SinkSpec,
  SourceColumn,
  SourceSpec,
  StepSpec,
  TaskInput,
} from '../task/spec.js';
import type { TaskTemplate } from '../task/task.js';
import { exprRange } from '../task/variant.js';
import { heldColumns } from './held-batches.js';

/** Inputs that share a source form and the steps behind it. */
export interface FlowPart {
  readonly source: SourceSpec;
  readonly inputs: readonly TaskInput[];
  readonly steps: readonly StepSpec[];
  readonly tables: readonly JoinTable[];
  /** What comes out of the last step. */
  readonly columns: readonly SourceColumn[];
  /** What the source's columns are called, for messages. */
  readonly names?: readonly string[];
  /** So little work that other threads would cost more than they help. */
  readonly small: boolean;
  /** Pieces of the source that statistics left out. */
  readonly skipped?: number;
  /** Rows of different inputs differ in the source's first columns, so many of them. */
  readonly apart?: number;
  /** Inputs known only when every part before has run (rows of a join build without a match). */
  readonly later?: () => readonly TaskInput[];
}

/** A query's pipeline while it is being put together: what feeds it, in the order of its rows. */
export type Flow = readonly FlowPart[];

/** Adds a step to every part. */
export function addStep(
  flow: Flow,
  step: StepSpec,
  columns: (part: FlowPart) => readonly SourceColumn[],
  tables: readonly JoinTable[] = [],
): Flow {
  return flow.map((part) => {
    const moved = step.kind === 'probe' ? { ...step, table: step.table + part.tables.length } : step;
    return { ...part, steps: [...part.steps, moved], tables: [...part.tables, ...tables], columns: columns(part) };
  });
}

/** The tasks of one part, ending in a sink. */
export function tasksOf(part: FlowPart, sink: SinkSpec, settings: EvalSettings, limit?: number): TaskTemplate[] {
  const spec = { source: part.source, steps: part.steps, sink, settings };
  const inputs = part.later?.() ?? part.inputs;
  const specKey = planKey(spec);
  return inputs.map((input, i) => ({
    spec,
    specKey,
    input,
    tables: part.tables,
    siblings: inputs.length,
    ...(part.names === undefined ? {} : { names: part.names }),
    ...(part.skipped === undefined || i > 0 ? {} : { skipped: part.skipped }),
    ...(limit === undefined ? {} : { limit }),
  }));
}

/** Type, nullability and bounds of an expression over the part's columns. */
export function columnOf(expr: PhysicalExpr, columns: readonly SourceColumn[], settings: EvalSettings): SourceColumn {
  if (expr.kind === 'column') return columns[expr.index] ?? { type: expr.type, nullable: expr.nullable };
  const nullable = expr.kind === 'literal' ? expr.value === null : expr.nullable;
  const facts = columns.map((c) => (c.range === undefined ? {} : { range: c.range }));
  const range = exprRange(expr, facts, settings);
  return { type: expr.type, nullable, ...(range === undefined ? {} : { range }) };
}

/** Pieces of a source are put together until a task has so many rows, unless that leaves too few tasks to share out. */
const ROWS_PER_TASK = 1 << 19;
const MOST_SPLITS = 64;
const SCAN_TASKS_WANTED = 12;

/** The pieces of a source, as many as one task reads. It depends on the data only. */
export function splitsPerTask(splits: readonly ScanSplit[]): (readonly ScanSplit[])[] {
  const rows = splits.reduce((n, split) => n + (split.rows ?? ROWS_PER_TASK), 0);
  const wanted = Math.min(ROWS_PER_TASK, Math.ceil(rows / SCAN_TASKS_WANTED));
  const tasks: ScanSplit[][] = [];
  let room = 0;
  for (const split of splits) {
    const size = split.rows ?? ROWS_PER_TASK;
    const last = tasks.at(-1);
    // Half a piece too many is better than half a task too few.
    if (last === undefined || split.isLarge === true || room < size / 2 || last.length >= MOST_SPLITS) {
      tasks.push([split]);
      room = split.isLarge === true ? 0 : wanted - size;
    } else {
      last.push(split);
      room -= size;
    }
  }
  return tasks;
}

/** Of large pieces a task that writes a file reads so many bytes, where the memory is so many times as much: it holds two of them. */
const BYTES_PER_FILE = 1 << 27;
const MEMORY_FOR_FILES = 8;

/** The tasks of a part that writes files: large pieces of a source, each a task elsewhere, make few files. */
export function withFewFiles(part: FlowPart, memory: number): FlowPart {
  if (memory < BYTES_PER_FILE * MEMORY_FOR_FILES) return part;
  const inputs: TaskInput[] = [];
  for (const input of part.inputs) {
    const last = inputs.at(-1);
    const isMore = last?.kind === 'splits' && input.kind === 'splits';
    const splits = isMore ? [...last.splits, ...input.splits] : [];
    const bytes = splits.reduce((n, split) => n + (split.bytes ?? 0), 0);
    if (isMore && splits.every(({ isLarge }) => isLarge === true) && bytes <= BYTES_PER_FILE)
      inputs[inputs.length - 1] = { ...last, splits };
    else inputs.push(input);
  }
  return { ...part, inputs };
}

/** What is known of scanned columns from the statistics of the splits. */
export function splitColumns(columns: readonly PhysicalColumn[], splits: readonly ScanSplit[]): SourceColumn[] {
  return columns.map((column) => {
    const stats = splits.map((split) => split.stats?.[column.name]);
    const range = rangeOfStats(column, stats);
    const noNulls = splits.length > 0 && stats.every((s) => s?.nullCount === 0);
    return { type: column.type, nullable: column.nullable && !noNulls, ...(range === undefined ? {} : { range }) };
  });
}

/** What is known of columns of batches that are there. */
export function batchColumns(columns: readonly PhysicalColumn[], batches: readonly Batch[]): readonly SourceColumn[] {
  return heldColumns(batches, () => findColumns(columns, batches));
}

function findColumns(columns: readonly PhysicalColumn[], batches: readonly Batch[]): SourceColumn[] {
  return columns.map((column, i) => {
    const range = rangeOfStats(
      column,
      batches.map((b) => b.columns[i]?.stats),
    );
    const nullable = batches.some((b) => b.columns[i]?.nullCount !== 0);
    return { type: column.type, nullable, ...(range === undefined ? {} : { range }) };
  });
}

function rangeOfStats(column: PhysicalColumn, stats: readonly (ColumnStats | undefined)[]): Range | undefined {
  if (isFloating(column.type) || integerBounds(column.type) === undefined || stats.length === 0) return undefined;
  let low: bigint | undefined;
  let high: bigint | undefined;
  for (const s of stats) {
    if (s?.min === undefined || s.max === undefined) return undefined;
    const min = BigInt(s.min);
    const max = BigInt(s.max);
    if (low === undefined || min < low) low = min;
    if (high === undefined || max > high) high = max;
  }
  return low === undefined || high === undefined ? undefined : [low, high];
}

/** Columns of all parts together: bounds hold for all of them or are dropped. */
export function mergedColumns(flow: Flow, columns: readonly { type: SourceColumn['type'] }[]): SourceColumn[] {
  return columns.map((column, i) => {
    const known = flow.map((part) => part.columns[i]);
    const ranges = known.map((k) => k?.range);
    const [first] = ranges;
    const range = ranges.reduce(
      (all, r) =>
        all === undefined || r === undefined
          ? undefined
          : ([r[0] < all[0] ? r[0] : all[0], r[1] > all[1] ? r[1] : all[1]] as const),
      first,
    );
    return {
      type: column.type,
      nullable: known.some((k) => k?.nullable !== false),
      ...(range === undefined ? {} : { range }),
    };
  });
}

/** The sink that makes batches of a part's rows. */
export const outputSink = (columns: readonly SourceColumn[]): SinkSpec => ({ kind: 'output', columns });

/** The same for rows that are given before the source of the part goes: its columns need no copy. */
export function givingSink({ columns, inputs, later }: FlowPart): SinkSpec {
  const passes = later === undefined && inputs.every((input) => input.kind === 'batches' && input.skip === 0);
  return { kind: 'output', columns, ...(passes ? { passes } : {}) };
}

/** What a part's rows become in tasks that do more with them, `wrap`: batches of `columns`. */
export function wrappedPart(
  part: FlowPart,
  settings: EvalSettings,
  wrap: (inner: InnerPipeline) => TaskInput,
  columns: readonly SourceColumn[],
  names: readonly string[],
): FlowPart {
  const spec = { source: part.source, steps: part.steps, sink: outputSink(part.columns), settings };
  const inner = {
    spec,
    specKey: planKey(spec),
    tables: part.tables,
    ...(part.names === undefined ? {} : { names: part.names }),
  };
  const over = (input: TaskInput): TaskInput => wrap({ ...inner, input });
  const { later } = part;
  return {
    source: { kind: 'batches', columns, stable: false },
    inputs: part.inputs.map(over),
    steps: [],
    tables: [],
    columns,
    names,
    small: part.small,
    ...(later === undefined ? {} : { later: () => later().map(over) }),
  };
}
