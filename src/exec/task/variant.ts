import { type Batch, type Column, engineBug, integerBounds } from '../../base/index.js';
import { callOf } from '../../functions/call.js';
import type { Range } from '../../functions/define.js';
import type { EvalSettings, PhysicalExpr } from '../../functions/expression.js';
import { scalarFunction } from '../../functions/registry.js';
import type { GroupAddressing } from '../compile/group-table.js';
import type { ColumnForm } from '../compile/load.js';
import { type PipelineSpec, rowsOfSplits, type SourceColumn, type SourceSpec, type TaskInput } from './spec.js';

/** Slots of a dense group index: this many, or twice the task's rows, up to a limit: it has to stay near the cache. */
const DENSE_SLOTS = 1 << 16;
const MAX_DENSE_SLOTS = 1 << 21;
/** Up to so many, several tables of totals stay in the first cache; up to so many, one in the second. */
const FEW_SLOTS = 256;
const SOME_SLOTS = 4096;

/**
 * How the columns of a batch lie, as far as compiled code differs by it. `exact`: a column that may have nulls, and has
 * none in this batch, is one without nulls.
 */
export function columnForms(
  columns: readonly SourceColumn[],
  batch: Batch,
  stable: boolean,
  exact: boolean,
): ColumnForm[] {
  return columns.map((known, i) => {
    const column = batch.columns[i];
    if (column === undefined) throw engineBug(`batch has ${batch.columns.length} columns, not ${columns.length}`);
    return {
      type: known.type,
      storage: column.storage,
      dictionary: column.dictionary !== undefined,
      nullable: known.nullable && column.storage !== 'none' && !(exact && column.validity === 0),
      ...(known.range === undefined ? {} : { range: known.range }),
      stable,
    };
  });
}

/** A text that two batches of a task share when their forms are the same, and their dictionaries. */
export function formKey(batch: Batch): string {
  let key = '';
  for (const { storage, dictionary, validity } of batch.columns)
    key += `${storage}${dictionary?.id ?? ''}${validity === 0 ? '' : '?'},`;
  return key;
}

/** Forms of the columns that a window added; none for other rows. */
export function addedForms(source: SourceSpec, added: Batch): ColumnForm[] {
  if (source.kind !== 'rows' || source.rows.kind !== 'windowed') return [];
  return columnForms(source.rows.added, added, false, false);
}

/** One key of a dense index. */
export interface DenseKey {
  /** The source column whose dictionary codes address the key, or undefined for values. */
  readonly codesOf?: number;
  readonly base: bigint;
  /** Values plus one for null. */
  readonly size: number;
}

export interface GroupPlan {
  readonly addressing: GroupAddressing;
  readonly dense: readonly DenseKey[];
  readonly slots: number;
}

interface Fact {
  readonly source?: number;
  readonly range?: Range;
}

/** How the groups of this batch are best addressed: by at most `most` dense slots. */
export function planGroups(
  spec: PipelineSpec,
  batch: Batch | undefined,
  input?: TaskInput,
  most = denseSlots(spec, input),
): GroupPlan {
  if (spec.sink.kind !== 'aggregate') return { addressing: { kind: 'hash' }, dense: [], slots: 0 };
  const { keys } = spec.sink;
  if (keys.length === 0) return { addressing: { kind: 'single' }, dense: [], slots: 0 };
  const facts = factsAtSink(spec, input);
  const dense: DenseKey[] = [];
  let slots = 1;
  for (const key of keys) {
    const domain = denseKey(key, facts, batch, spec);
    if (domain === undefined || slots * domain.size > most)
      return { addressing: { kind: 'hash' }, dense: [], slots: 0 };
    slots *= domain.size;
    dense.push(domain);
  }
  const byCode = dense.map((d) => d.codesOf !== undefined);
  const size = slots <= FEW_SLOTS ? 'few' : slots <= SOME_SLOTS ? 'some' : 'many';
  return { addressing: { kind: 'dense', byCode, slots: size }, dense, slots };
}

/** Few slots stay near; more must be worth clearing: by the rows that lookups let through. */
function denseSlots({ steps }: PipelineSpec, input: TaskInput | undefined): number {
  const rows =
    input?.kind === 'batches'
      ? input.batches.reduce((n, b) => n + b.rows, 0)
      : input?.kind === 'splits'
        ? (rowsOfSplits(input.splits) ?? 0)
        : 0;
  const share = steps.reduce((all, step) => (step.kind === 'probe' ? all * (step.bits?.share ?? 1) : all), 1);
  return Math.min(MAX_DENSE_SLOTS, Math.max(DENSE_SLOTS, rows * share * 2));
}

/** Bounds of a column over the task's own batches: narrower than the stage's where rows are clustered. */
export function taskRange(input: TaskInput | undefined, column: number): Range | undefined {
  if (input?.kind !== 'batches' || input.batches.length === 0) return undefined;
  let low: bigint | undefined;
  let high: bigint | undefined;
  for (const batch of input.batches) {
    const stats = batch.columns[column]?.stats;
    if (typeof stats?.min !== 'bigint' && typeof stats?.min !== 'number') return undefined;
    if (!Number.isInteger(Number(stats.min)) || stats.max === undefined) return undefined;
    const min = BigInt(stats.min);
    const max = BigInt(stats.max);
    if (low === undefined || min < low) low = min;
    if (high === undefined || max > high) high = max;
  }
  return low === undefined || high === undefined ? undefined : [low, high];
}

function denseKey(
  key: PhysicalExpr,
  facts: readonly Fact[],
  batch: Batch | undefined,
  spec: PipelineSpec,
): DenseKey | undefined {
  if (key.kind === 'column') {
    const source = facts[key.index]?.source;
    const column: Column | undefined = source === undefined ? undefined : batch?.columns[source];
    if (column?.dictionary !== undefined)
      return { codesOf: source as number, base: 0n, size: column.dictionary.count + 1 };
  }
  const range = exprRange(key, facts, spec.settings);
  if (range === undefined) return undefined;
  const size = range[1] - range[0] + 2n;
  return size > BigInt(MAX_DENSE_SLOTS) || size < 1n ? undefined : { base: range[0], size: Number(size) };
}

/** What is known of the columns that reach the sink. */
function factsAtSink(spec: PipelineSpec, input: TaskInput | undefined): readonly Fact[] {
  let facts: Fact[] = [];
  if (spec.source.kind === 'batches') {
    facts = spec.source.columns.map((c, source) => {
      const range = taskRange(input, source) ?? c.range;
      return { source, ...(range === undefined ? {} : { range }) };
    });
  } else if (spec.source.rows.kind === 'windowed') facts = [];
  else if (spec.source.rows.kind === 'kept')
    facts = spec.source.rows.layout.fields.map((c) => (c.range === undefined ? {} : { range: c.range }));
  else
    facts = [
      ...spec.source.rows.keys.map((c) => (c.range === undefined ? {} : { range: c.range })),
      ...spec.source.rows.aggregates.map(() => ({})),
    ];
  for (const step of spec.steps) {
    if (step.kind === 'project') {
      facts = step.exprs.map((expr) => {
        if (expr.kind === 'column') return facts[expr.index] ?? {};
        const range = exprRange(expr, facts, spec.settings);
        return range === undefined ? {} : { range };
      });
    } else if (step.kind === 'probe' && (step.how === 'pairs' || step.how === 'probe_outer')) {
      const build = step.payload.map((field): Fact => {
        const range = step.layout.fields[field]?.range;
        return range === undefined ? {} : { range };
      });
      facts = step.buildFirst ? [...build, ...facts] : [...facts, ...build];
    }
  }
  return facts;
}

/** Bounds of an integer-like expression that follow from those of its columns. */
export function exprRange(expr: PhysicalExpr, facts: readonly Fact[], settings: EvalSettings): Range | undefined {
  const bounds = integerBounds(expr.type);
  if (bounds === undefined) return undefined;
  if (expr.kind === 'column')
    return facts[expr.index]?.range ?? (bounds[1] - bounds[0] < 1n << 16n ? bounds : undefined);
  if (expr.kind === 'literal') {
    if (expr.value === null) return undefined;
    const exact = BigInt(expr.value as bigint | number | boolean);
    return [exact, exact];
  }
  const ranges = expr.args.map((arg) => exprRange(arg, facts, settings));
  const range = scalarFunction(expr.fn).range?.(ranges, callOf(expr, settings));
  if (range === undefined) return expr.type.kind === 'boolean' ? [0n, 1n] : undefined;
  return [range[0] > bounds[0] ? range[0] : bounds[0], range[1] < bounds[1] ? range[1] : bounds[1]];
}
