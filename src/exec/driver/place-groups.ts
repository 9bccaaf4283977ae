import type { Batch } from '../../base/index.js';
import { carrierRange, inside } from '../../functions/emit.js';
import type { EvalSettings } from '../../functions/expression.js';
import { expectedShare } from '../compile/prefilter-plan.js';
import { recordBytes } from '../compile/totals-tables.js';
import { LEAST_PASSING, planVectors } from '../compile/vector-plan.js';
import type { LaneExpr } from '../compile/vector-types.js';
import type { PlacedKeys } from '../task/placed-groups.js';
import type { SinkSpec, TaskInput } from '../task/spec.js';
import type { TaskOutput } from '../task/task.js';
import { columnForms, planGroups } from '../task/variant.js';
import type { FlowPart } from './flow.js';

type AggregateSink = Extract<SinkSpec, { kind: 'aggregate' }>;

/** Fewer groups stay in the first cache without places of their own. */
const LEAST_PLACES = 257;
/** What the tables of all tasks may take. */
export const MOST_PLACE_BYTES = 1 << 28;
const FREE_PLACES = 1 << 16;
/** Places that one task merges. */
const PLACES_A_TASK = 16_384;
const MOST_MERGES = 64;

/**
 * Places for the groups of a stage in memory, one for each combination of keys: every task adds to a table of its own,
 * and tables are added up place by place. Undefined where keys span too much, or something has no form in vectors.
 */
export function placeGroups(part: FlowPart, sink: AggregateSink, settings: EvalSettings): PlacedKeys | undefined {
  const { source, steps, inputs } = part;
  if (source.kind !== 'batches' || !source.stable || part.later !== undefined || part.tables.length > 0)
    return undefined;
  const batches = inputs.flatMap((input) => (input.kind === 'batches' ? input.batches : []));
  const [first] = batches;
  if (first === undefined || !batches.every((batch) => liesLike(batch, first))) return undefined;
  const forms = columnForms(source.columns, first, true, true);
  if (expectedShare(steps, forms) < LEAST_PASSING) return undefined;
  const spec = { source, steps, sink, settings };
  const rows = batches.reduce((n, batch) => n + batch.rows, 0);
  const most = Math.max(FREE_PLACES, Math.floor(rows / inputs.length));
  const { addressing, dense, slots } = planGroups(spec, first, undefined, most);
  if (addressing.kind !== 'dense' || slots < LEAST_PLACES) return undefined;
  const plan = planVectors(spec, forms, { ...addressing, slots: 'some' });
  if (plan === undefined || slots * recordBytes(plan) * inputs.length > MOST_PLACE_BYTES) return undefined;
  if (!plan.totals.every((total) => total.fold !== 'sum' || fitsSums(total.of, BigInt(rows)))) return undefined;
  const keys = dense.map(({ base, size, codesOf }) => ({ base, size, byCode: codesOf !== undefined }));
  const dictionaries = dense.map(({ codesOf }) =>
    codesOf === undefined ? undefined : first.columns[codesOf]?.dictionary,
  );
  const record = recordBytes(plan);
  return { plan, placed: { keys, bytes: slots * record, recordBytes: record }, slots, dictionaries };
}

const liesLike = (a: Batch, b: Batch): boolean =>
  a.columns.every((column, i) => {
    const other = b.columns[i];
    if (column.storage !== other?.storage || column.dictionary?.id !== other.dictionary?.id) return false;
    return (column.validity === 0) === (other.validity === 0);
  });

/** Whether so many values added up stay within 64 bits; doubles do. */
const fitsSums = ({ kind, range }: LaneExpr, rows: bigint): boolean =>
  kind === 'f64' || (range !== undefined && inside([range[0] * rows, range[1] * rows] as const, carrierRange('i64')));

type Table = Extract<TaskOutput, { kind: 'totals' }>;

/** What merges the tables of all tasks: some places each, and of the tables those that have them. */
export function placeInputs(keys: PlacedKeys, tables: readonly Table[]): TaskInput[] {
  const most = Math.max(PLACES_A_TASK, Math.ceil(keys.slots / MOST_MERGES));
  const cuts = new Set<number>([keys.slots]);
  // Place 0 is that of rows that do not count.
  for (let place = 1; place < keys.slots; place += most) cuts.add(place);
  for (const { from, to } of tables) for (const place of [Math.max(1, from), to]) cuts.add(place);
  const places = [...cuts].sort((a, b) => a - b);
  return places.slice(0, -1).flatMap((from, i): TaskInput[] => {
    const to = places[i + 1] as number;
    const some = tables.filter((table) => table.from <= from && to <= table.to);
    return some.length === 0 ? [] : [{ kind: 'totals', keys, tables: some.map(({ table }) => table), from, to }];
  });
}
