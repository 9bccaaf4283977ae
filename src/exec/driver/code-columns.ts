import {
  BATCH_ROWS,
  type Batch,
  type Column,
  type Dictionary,
  int32Type,
  type SharedHeap,
  stringType,
  zeroNulls,
} from '../../base/index.js';
import type { PhysicalExpr } from '../../functions/expression.js';
import type { PhysicalBatches, PhysicalColumn, PhysicalPlan } from '../physical.js';
import { withCodeColumns } from './held-batches.js';

/** A plan that computes with dictionary codes, and the dictionaries of its columns that are codes, by position. */
export interface CodedPlan {
  readonly plan: PhysicalPlan;
  readonly dictionaries: ReadonlyMap<number, Dictionary>;
}

/**
 * Texts of held frames that are only passed on, grouped and sorted by are numbers until the rows are given: codes of the
 * frame's dictionary, which stand in the order of their texts. That pays behind joins, which forget codes, for sorts, and for the few texts that a join gives again and again.
 */
export async function withCodes(plan: PhysicalPlan): Promise<CodedPlan> {
  const dictionaries = new Map<number, Dictionary>();
  for (const [index, column] of plan.columns.entries()) {
    if (column.type.kind !== 'string') continue;
    const origin = originOf(plan, index);
    if (origin === undefined || origin.pays === 0) continue;
    const dictionary = await dictionaryOf(origin);
    if (dictionary !== undefined) dictionaries.set(index, dictionary);
  }
  const coded = new Set(dictionaries.keys());
  return coded.size === 0 ? { plan, dictionaries } : { plan: inCodes(plan, coded), dictionaries };
}

/** The texts that codes stand for. */
export function decoded(heap: SharedHeap, batch: Batch, dictionaries: CodedPlan['dictionaries']): Batch {
  if (dictionaries.size === 0) return batch;
  const columns = batch.columns.map((column, i): Column => {
    const dictionary = dictionaries.get(i);
    if (dictionary === undefined) return column;
    const { stats: _, ...rest } = column;
    // What stands in null rows that were written is no code; the frame's own columns lie as they are.
    const base = column.data >>> 2;
    const zeroed = column.storage === 'i32';
    if (zeroed) zeroNulls(heap, column, heap.i32.subarray(base, base + column.length));
    return { ...rest, type: stringType, dictionary, zeroed };
  });
  return { ...batch, columns };
}

/** The column of a held frame that a column is, where nothing on the way reads its texts. */
interface Origin {
  readonly leaf: PhysicalBatches;
  readonly column: number;
  readonly joined: boolean;
  /** It is sorted by. */
  readonly ordered: boolean;
  /** So many texts in its dictionary, at most, are worth their codes. */
  readonly pays: number;
}

function originOf(plan: PhysicalPlan, index: number): Origin | undefined {
  switch (plan.kind) {
    case 'batches':
      if (plan.identity === undefined) return undefined;
      return { leaf: plan, column: index, joined: false, ordered: false, pays: 0 };
    case 'filter':
      // Filters of the frame itself read the texts beside their codes.
      return leafBelow(plan) === undefined && reads(plan.condition, index) ? undefined : originOf(plan.input, index);
    case 'project':
      return throughExprs(plan.exprs, index, (below) => originOf(plan.input, below));
    case 'join': {
      const width = plan.left.columns.length;
      const isLeft = index < width;
      if (!isLeft && index >= width + plan.right.columns.length) return undefined;
      const at = isLeft ? index : index - width;
      if (plan.residual !== undefined && reads(plan.residual, index)) return undefined;
      if (plan.keys.some(({ left, right }) => reads(isLeft ? left : right, at))) return undefined;
      const below = originOf(isLeft ? plan.left : plan.right, at);
      // The other side's rows pass through, and their dictionaries with them.
      const isHeld = isLeft === (plan.build === 'left');
      return below && { ...below, joined: true, pays: isHeld ? Math.max(below.pays, BATCH_ROWS) : below.pays };
    }
    case 'aggregate':
      return throughExprs(plan.output, index, (k) => {
        const calls = plan.aggregates.flatMap(({ args, filter }) => (filter === undefined ? args : [...args, filter]));
        const below = throughExprs([...plan.keys, ...calls], k, (column) => originOf(plan.input, column));
        return below && k < plan.keys.length
          ? { ...below, pays: below.joined ? Number.POSITIVE_INFINITY : below.pays }
          : undefined;
      });
    case 'sort': {
      const reading = plan.keys.filter(({ expr }) => reads(expr, index));
      if (reading.some(({ expr }) => expr.kind !== 'column')) return undefined;
      const below = originOf(plan.input, index);
      return below && reading.length > 0 ? { ...below, ordered: true, pays: Number.POSITIVE_INFINITY } : below;
    }
    default:
      return undefined;
  }
}

/** Below expressions of which number `index` passes a column on that no other one reads. */
function throughExprs(
  exprs: readonly PhysicalExpr[],
  index: number,
  below: (column: number) => Origin | undefined,
): Origin | undefined {
  const expr = exprs[index];
  if (expr?.kind !== 'column' || exprs.filter((e) => reads(e, expr.index)).length !== 1) return undefined;
  return below(expr.index);
}

function reads(expr: PhysicalExpr, index: number): boolean {
  if (expr.kind === 'column') return expr.index === index;
  return expr.kind === 'call' && expr.args.some((arg) => reads(arg, index));
}

/** The held frame below nothing but filters. */
function leafBelow(plan: PhysicalPlan): PhysicalBatches | undefined {
  if (plan.kind === 'filter') return leafBelow(plan.input);
  return plan.kind === 'batches' ? plan : undefined;
}

/** The only dictionary of a column; sorted where it is sorted by. */
async function dictionaryOf({ leaf, column, ordered, pays }: Origin): Promise<Dictionary | undefined> {
  if ((await leaf.instead?.()) !== undefined) return undefined;
  const batches = await leaf.load();
  const dictionary = batches[0]?.columns[column]?.dictionary;
  if (dictionary === undefined || dictionary.count > pays || (ordered && dictionary.sorted !== true)) return undefined;
  return batches.every((batch) => batch.columns[column]?.dictionary?.id === dictionary.id) ? dictionary : undefined;
}

/** The plan with these columns as codes, from the frames that they come from up to here. */
function inCodes(plan: PhysicalPlan, coded: ReadonlySet<number>): PhysicalPlan {
  if (coded.size === 0) return plan;
  const columns = plan.columns.map((column, i) => (coded.has(i) ? { ...column, type: int32Type } : column));
  const leaf = leafBelow(plan);
  if (leaf !== undefined) return codedLeaf(plan, leaf, [...coded], columns);
  switch (plan.kind) {
    case 'filter':
      return { ...plan, columns, input: inCodes(plan.input, coded) };
    case 'project': {
      const below = passedOn(plan.exprs, coded);
      return { ...plan, columns, exprs: codedExprs(plan.exprs, below), input: inCodes(plan.input, below) };
    }
    case 'join': {
      const width = plan.left.columns.length;
      const ofRight = [...coded].filter((i) => i >= width).map((i) => i - width);
      const left = inCodes(plan.left, new Set([...coded].filter((i) => i < width)));
      return { ...plan, columns, left, right: inCodes(plan.right, new Set(ofRight)) };
    }
    case 'aggregate': {
      const keys = passedOn(plan.output, coded);
      const below = passedOn(plan.keys, keys);
      return {
        ...plan,
        columns,
        output: codedExprs(plan.output, keys),
        keys: codedExprs(plan.keys, below),
        input: inCodes(plan.input, below),
      };
    }
    case 'sort': {
      const keys = plan.keys.map((key) => ({ ...key, expr: codedExpr(key.expr, coded) }));
      return { ...plan, columns, keys, input: inCodes(plan.input, coded) };
    }
    default:
      return plan;
  }
}

/** The columns that those expressions pass on. */
const passedOn = (exprs: readonly PhysicalExpr[], coded: ReadonlySet<number>): Set<number> =>
  new Set([...coded].map((i) => (exprs[i] as Extract<PhysicalExpr, { kind: 'column' }>).index));

const codedExpr = (expr: PhysicalExpr, coded: ReadonlySet<number>): PhysicalExpr =>
  expr.kind === 'column' && coded.has(expr.index) ? { ...expr, type: int32Type } : expr;

const codedExprs = (exprs: readonly PhysicalExpr[], coded: ReadonlySet<number>): PhysicalExpr[] =>
  exprs.map((expr) => codedExpr(expr, coded));

/** The frame with code columns behind its own; above its filters the codes take the places of the texts. */
function codedLeaf(
  plan: PhysicalPlan,
  leaf: PhysicalBatches,
  positions: readonly number[],
  columns: readonly PhysicalColumn[],
): PhysicalPlan {
  const all = [...leaf.columns, ...positions.map((i) => columns[i] as PhysicalColumn)];
  const { instead: _, positions: __, ...rest } = leaf;
  const source: PhysicalBatches = {
    ...rest,
    columns: all,
    identity: `${leaf.identity} with codes of ${positions.join()}`,
    load: async () => withCodeColumns(await leaf.load(), positions),
  };
  const filters = (below: PhysicalPlan): PhysicalPlan =>
    below.kind === 'filter' ? { ...below, columns: all, input: filters(below.input) } : source;
  const exprs = columns.map(({ type, nullable }, i): PhysicalExpr => {
    const coded = positions.indexOf(i);
    return { kind: 'column', index: coded < 0 ? i : leaf.columns.length + coded, type, nullable };
  });
  return {
    kind: 'project',
    columns,
    ...(plan.estimatedRows === undefined ? {} : { estimatedRows: plan.estimatedRows }),
    input: filters(plan),
    exprs,
  };
}
