import type { Range } from '../../functions/define.js';
import type { PhysicalExpr } from '../../functions/expression.js';
import { FLAGS_A_WORD } from '../compile/state-layout.js';
import type { PhysicalJoin, PhysicalPlan } from '../physical.js';
import type { KeyBits, ProbeBits } from '../task/key-bits.js';
import type { JoinTable } from '../task/spec.js';
import { batchColumns, columnOf, type Flow, mergedColumns } from './flow.js';
import type { Runner } from './runner.js';

/** Where more bits than this are set, looking them up leaves too few rows out. */
const MOST_SET = 0.5;
/** Bits of a key range that are worth their memory (8 MiB), and beyond which they no longer stay in a cache (32 KiB). */
const MOST_BITS = 1n << 26n;
const SMALL_BITS = 1n << 18n;
/** A byte a key besides: still in a cache near a core (256 KiB), and asked often enough to be worth making. */
const MOST_FLAGS = 1n << 18n;
/** The bits of 32-bit numbers: loads narrower than that need no check. */
const WORD: Range = [-(1n << 31n), (1n << 31n) - 1n];

/** What is to be known of a held side before bits are made for it. */
interface HeldKeys {
  readonly rows: number;
  /** The smallest and greatest first key. */
  readonly bounds: Range;
  /** The first key of the other side, over its columns. */
  readonly asked: PhysicalExpr;
  /** How often the table will be asked. */
  readonly probed: number;
}

/** Room for the bits of a held side's keys, where rows of the other side are likely to be left out by them. */
export async function roomForBits(
  executor: Runner,
  plan: PhysicalJoin,
  { rows, bounds, asked, probed }: HeldKeys,
): Promise<KeyBits | undefined> {
  if (!dropsUnmatched(plan) || rows === 0) return undefined;
  const other = await rangeOf(plan.build === 'left' ? plan.right : plan.left, asked);
  const both = other === undefined ? bounds : union(bounds, other);
  const most = max(SMALL_BITS, (bounds[1] - bounds[0]) * 4n);
  const [first, last] = both[1] - both[0] < most ? both : bounds;
  const base = first & ~31n;
  const size = ((last - base) | 31n) + 1n;
  if (base < WORD[0] || base + size > WORD[1] || size > MOST_BITS) return undefined;
  if (rows > Number(size) * MOST_SET || rows + Number(size) / 64 > probed) return undefined;
  const bytes = Number(size) / 8 + 4;
  const { arena } = executor.query;
  const hasFlags = size <= MOST_FLAGS && probed > Number(size);
  const flags = hasFlags ? { flags: arena.alloc(Number(size) + FLAGS_A_WORD) } : {};
  return { address: arena.alloc(bytes), base: Number(base), size: Number(size), ...flags };
}

/** Joins that give only those rows of the streamed side that match. */
function dropsUnmatched({ how, build }: PhysicalJoin): boolean {
  if (how === 'inner') return true;
  if (how === 'semi') return true;
  return (
    (how === 'left' && build === 'left') ||
    (how === 'right' && build === 'right') ||
    (how === 'anti' && build === 'left')
  );
}

/** How a lookup in the table makes use of its bits. */
export function probeBits(
  executor: Runner,
  table: JoinTable,
  flow: Flow,
  plan: PhysicalPlan,
  key: PhysicalExpr | undefined,
): ProbeBits | undefined {
  const { bits } = table;
  if (bits === undefined || key === undefined) return undefined;
  const { range } = columnOf(key, mergedColumns(flow, plan.columns), executor.settings);
  const inside = range !== undefined && range[0] >= bits.base && range[1] < bits.base + bits.size;
  const share = 2 ** Math.round(Math.log2(Math.min(1, table.rows / bits.size)));
  return { inside, share, flags: bits.flags !== undefined };
}

/** The bounds of a plan's column that come from batches in memory. */
async function rangeOf(plan: PhysicalPlan, expr: PhysicalExpr | undefined): Promise<Range | undefined> {
  if (expr?.kind !== 'column') return undefined;
  switch (plan.kind) {
    case 'batches':
      if ((await plan.instead?.()) !== undefined) return undefined;
      return batchColumns(plan.columns, await plan.load())[expr.index]?.range;
    case 'filter':
      return rangeOf(plan.input, expr);
    case 'project':
      return rangeOf(plan.input, plan.exprs[expr.index]);
    case 'aggregate': {
      const out = plan.output[expr.index];
      return out?.kind === 'column' ? rangeOf(plan.input, plan.keys[out.index]) : undefined;
    }
    case 'join': {
      const width = plan.left.columns.length;
      return expr.index < width
        ? rangeOf(plan.left, expr)
        : rangeOf(plan.right, { ...expr, index: expr.index - width });
    }
    default:
      return undefined;
  }
}

const union = (a: Range, b: Range): Range => [a[0] < b[0] ? a[0] : b[0], a[1] > b[1] ? a[1] : b[1]];
const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);
