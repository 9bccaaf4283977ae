import { booleanType } from '../../base/index.js';
import type { PhysicalExpr } from '../../functions/expression.js';
import { isDirectKey } from '../compile/row-sinks.js';
import type { JoinKey, PhysicalJoin } from '../physical.js';
import { JOIN_HEADER } from '../row-layout.js';
import type { KeyBits } from '../task/key-bits.js';
import { rankCount } from '../task/link-rows.js';
import { totalRows } from '../task/row-store.js';
import type { JoinTable, KeptLayoutSpec, ProbeStep, RowChunk, SourceColumn } from '../task/spec.js';
import { addStep, type Flow, type FlowPart } from './flow.js';
import { type JoinSide, joinForm, keptSide } from './join-side.js';
import { probeBits, roomForBits } from './key-bits.js';
import { keyDonors } from './key-donors.js';
import { openSpilledJoin } from './open-spilled-join.js';
import type { Runner } from './runner.js';
import { filterTarget, pays } from './runtime-filter.js';
import { chainsAreShort } from './table-chains.js';

/** Rows that one thread links quicker than several. */
const SMALL_LINK = 250_000;
/** A direct table may have this many slots a row, or more as long as it is small: probes in key order then go straight through it. */
const DIRECT_SPREAD = 8n;
const MAX_DIRECT_SLOTS = 1n << 28n;
const SPARSE_SPREAD = 128n;
const MAX_SPARSE_SLOTS = 1n << 24n;

/** Between so many slots, and so many a row, those of a ranked table are fewer than it costs to find them. */
const LEAST_RANKED = 1n << 19n;
const RANKED_SPREAD = 3n;

/** Rows without a match that one task gives. */
const REST_ROWS = 1 << 18;

interface BuildSide {
  readonly keys: readonly JoinKey[];
  readonly layout: KeptLayoutSpec;
  readonly chunks: readonly RowChunk[];
  readonly table: JoinTable;
  /** Position of each input column among the stored fields. */
  readonly fieldOf: readonly number[];
  readonly columns: readonly SourceColumn[];
}

/** One side is held in a table; the other side's pipeline runs on through it. */
export async function openJoin(executor: Runner, plan: PhysicalJoin): Promise<Flow> {
  const left = plan.build === 'left';
  const form = joinForm(plan.how, left);
  const { side, build } = await (executor.begun<HeldSide>(plan) ?? hold(executor, plan));
  if (build === undefined) return openSpilledJoin(executor, plan, form, side);
  if (form.how === 'pairs' || form.how === 'semi' || form.how === 'mark') filterEarly(executor, plan, left, build);
  const probe = await executor.open(left ? plan.right : plan.left);
  const keys = build.keys.map((k) => (left ? k.right : k.left));
  const bits = probeBits(executor, build.table, probe, left ? plan.right : plan.left, keys[0]);
  const step: ProbeStep = {
    kind: 'probe',
    table: 0,
    keys,
    nullSafe: build.keys.map((k) => k.nullSafe),
    how: form.how,
    marks: form.rest !== undefined,
    probeColumns: (left ? plan.right : plan.left).columns.length,
    payload: build.fieldOf,
    buildFirst: left,
    ...(plan.residual === undefined ? {} : { residual: plan.residual }),
    layout: build.layout,
    addressing: build.table.addressing,
    ...(bits === undefined ? {} : { bits }),
    ...(form.how === 'probe_outer' && isUnique(executor, build) ? { unique: true } : {}),
  };
  const probed = addStep(probe, step, (part) => joinColumns(plan, form.how, left, part.columns, build.columns), [
    build.table,
  ]);
  if (form.rest === undefined) return probed;
  const rest = restPart(executor, plan, form.rest, left, build);
  if (form.how !== 'mark') return [...probed, rest];
  // Nothing flows out of marking; it must be over before the marked rows are read.
  await executor.allResults(probed, () => ({ kind: 'none' }));
  return [rest];
}

/** Larger tables are not looked through. */
const MOST_LOOKED_THROUGH = 1 << 18;

/** Whether every row of a table is alone in its slot, which is that of its only key. */
function isUnique({ query }: Runner, { keys, table, chunks }: BuildSide): boolean {
  if (keys.length !== 1 || table.rows > MOST_LOOKED_THROUGH) return false;
  if (table.addressing !== 'direct' && table.addressing !== 'ranked') return false;
  const { u32 } = query.heap;
  return chunks.every(({ address, rows, stride }) => {
    for (let row = 0; row < rows; row++) if (u32[(address + row * stride + JOIN_HEADER.NEXT) >>> 2] !== 0) return false;
    return true;
  });
}

/** Only for matches the streamed side counts: what cannot match may be dropped before it is grouped or held. */
function filterEarly(executor: Runner, plan: PhysicalJoin, left: boolean, { keys, table, layout }: BuildSide): void {
  if (keys.length === 0 || keys.some((k) => k.nullSafe)) return;
  const asked = keys.map((k) => (left ? k.right : k.left));
  const target = filterTarget(left ? plan.right : plan.left, asked);
  if (target === undefined || !pays(target.plan, table)) return;
  executor.filterEarly(target.plan, { keys: target.keys, table, layout });
}

function joinColumns(
  plan: PhysicalJoin,
  how: ProbeStep['how'],
  left: boolean,
  probe: readonly SourceColumn[],
  build: readonly SourceColumn[],
): readonly SourceColumn[] {
  if (how === 'semi' || how === 'anti' || how === 'mark') return probe;
  if (how === 'exists') return [...probe, { type: booleanType, nullable: false }];
  const outer = how === 'probe_outer' ? build.map((c) => ({ ...c, nullable: true })) : build;
  void plan;
  return left ? [...outer, ...probe] : [...probe, ...outer];
}

interface HeldSide {
  readonly side: JoinSide;
  /** Absent where rows had to go to disk. */
  readonly build?: BuildSide;
}

/** Holds the side that is to be, as far as its rows can match what is known of the other side. */
async function hold(executor: Runner, plan: PhysicalJoin): Promise<HeldSide> {
  const left = plan.build === 'left';
  const held = left ? plan.left : plan.right;
  for (const { key, join } of keyDonors(plan)) {
    const { build } = await executor.begin(join, () => hold(executor, join));
    const target = filterTarget(held, [key]) ?? { plan: held, keys: [key] };
    if (build === undefined || !pays(target.plan, build.table)) continue;
    executor.filterEarly(target.plan, { keys: target.keys, table: build.table, layout: build.layout });
  }
  const side = await keptSide(executor, plan, left);
  return side.isSpilled ? { side } : { side, build: await linked(executor, plan, side) };
}

async function linked(executor: Runner, plan: PhysicalJoin, side: JoinSide): Promise<BuildSide> {
  const { joinKeys, keys, layout, chunks, bounds, fieldOf, columns } = side;
  const table = await link(executor, plan, joinKeys, keys[0], chunks, bounds, layout);
  return { keys: joinKeys, layout, chunks, table, fieldOf, columns };
}

/** How often the table will be asked: by the other side's rows, or already by those it groups. */
function rowsProbed(plan: PhysicalJoin, keys: readonly JoinKey[]): number {
  const left = plan.build === 'left';
  const probe = left ? plan.right : plan.left;
  const asked = keys.map((k) => (left ? k.right : k.left));
  return Math.max(probe.estimatedRows ?? 0, filterTarget(probe, asked)?.plan.estimatedRows ?? 0);
}

async function link(
  executor: Runner,
  plan: PhysicalJoin,
  keys: readonly JoinKey[],
  key: PhysicalExpr | undefined,
  chunks: readonly RowChunk[],
  bounds: readonly (readonly [bigint, bigint])[],
  layout: KeptLayoutSpec,
): Promise<JoinTable> {
  const rows = totalRows(chunks);
  const { arena } = executor.query;
  const inline = rows < SMALL_LINK;
  const make = async (
    addressing: JoinTable['addressing'],
    slots: number,
    base: bigint,
    bits?: KeyBits,
  ): Promise<JoinTable> => {
    const heads = arena.alloc(slots * 4);
    const size = addressing === 'hash' ? slots - 1 : slots;
    const table: JoinTable = { addressing, heads, size, base, rows, ...(bits === undefined ? {} : { bits }) };
    await executor.scheduler.link(executor.query, { chunks, layout, table }, slots, inline);
    return table;
  };
  if (key === undefined) return make('all', 1, 0n);
  const present = bounds.filter(([min, max]) => min <= max);
  let bits: KeyBits | undefined;
  if (keys[0]?.nullSafe === false && isDirectKey(key) && present.length > 0) {
    const min = present.reduce((m, b) => (b[0] < m ? b[0] : m), present[0]?.[0] as bigint);
    const max = present.reduce((m, b) => (b[1] > m ? b[1] : m), present[0]?.[1] as bigint);
    const slots = max - min + 1n;
    const probed = rowsProbed(plan, keys);
    const asked = plan.build === 'left' ? keys[0].right : keys[0].left;
    // A ranked table takes less room than the direct one that it replaces, however often it is asked.
    const ranked = isRanked(slots, BigInt(rows));
    const often = ranked && isDirect(slots, BigInt(rows), probed) ? Number.POSITIVE_INFINITY : probed;
    bits = await roomForBits(executor, plan, { rows, bounds: [min, max], asked, probed: often });
    // Other keys are compared row by row: that must not be long.
    const isFit = (table: JoinTable): boolean =>
      keys.length === 1 || chainsAreShort(executor.query.heap, table, chunks, layout);
    if (bits !== undefined && ranked) {
      const ranks = arena.alloc(rankCount(bits) * 4);
      const table = await make('ranked', rows, BigInt(bits.base), { ...bits, ranks });
      if (isFit(table)) return table;
    } else if (isDirect(slots, BigInt(rows), probed)) {
      const table = await make('direct', Number(slots), min, bits);
      if (isFit(table)) return table;
    }
  }
  let slots = 16;
  while (slots < rows * 2) slots *= 2;
  return make('hash', slots, 0n, bits);
}

/** Build rows that were (not) matched, shaped as the join's output. */
function restPart(
  executor: Runner,
  plan: PhysicalJoin,
  only: 'matched' | 'unmatched',
  left: boolean,
  build: BuildSide,
): FlowPart {
  const inputs = chunksPerTask(build.chunks).map((chunks) => ({ kind: 'kept', chunks }) as const);
  const rows = totalRows(build.chunks);
  const own = build.fieldOf.map((field, i): PhysicalExpr => {
    const column = build.layout.fields[field] as SourceColumn;
    void i;
    return { kind: 'column', index: field, type: column.type, nullable: column.nullable };
  });
  const other = plan.how === 'semi' || plan.how === 'anti' ? [] : (left ? plan.right : plan.left).columns;
  const nulls = other.map((c): PhysicalExpr => ({ kind: 'literal', type: c.type, value: null }));
  const exprs = left ? [...own, ...nulls] : [...nulls, ...own];
  const part: FlowPart = {
    source: { kind: 'rows', rows: { kind: 'kept', layout: build.layout, only } },
    inputs: [],
    later: () => inputs,
    steps: [],
    tables: [],
    columns: build.layout.fields,
    small: rows < 10_000,
  };
  return executor.project([part], exprs)[0] as FlowPart;
}

/** Chunks in groups of so many rows that a task's result stays small. */
function chunksPerTask(chunks: readonly RowChunk[]): RowChunk[][] {
  const tasks: RowChunk[][] = [];
  let room = 0;
  for (const chunk of chunks) {
    if (room <= 0) {
      tasks.push([]);
      room = REST_ROWS;
    }
    tasks.at(-1)?.push(chunk);
    room -= chunk.rows;
  }
  return tasks;
}

/** Whether most slots of a direct table would be empty, and they would not all stay in a cache. */
const isRanked = (slots: bigint, rows: bigint): boolean => slots >= LEAST_RANKED && slots >= RANKED_SPREAD * rows;

/** `probed`: how often the table will be asked, which clearing its slots must be worth. */
const isDirect = (slots: bigint, rows: bigint, probed: number): boolean =>
  (slots <= DIRECT_SPREAD * rows + 1024n && slots <= MAX_DIRECT_SLOTS) ||
  ((slots <= SPARSE_SPREAD * rows || Number(slots) * 2 <= probed) && slots <= MAX_SPARSE_SLOTS);
