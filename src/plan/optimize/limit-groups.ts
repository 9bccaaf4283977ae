import type { Alias, Expr, WindowCall } from '../expr.js';
import { toAttribute } from '../expr-type.js';
import { splitAnd } from '../logic.js';
import type { FilterPlan, WindowPlan } from '../node.js';
import type { GroupLimit } from '../node-parts.js';
import { HAS_FILTER } from '../traits.js';
import { replace } from '../walk.js';
import { bottomUp } from './rule.js';

/**
 * A window whose ranks a filter bounds needs the first rows of each partition only (Spark's WindowGroupLimit). The filter
 * stays: who limits groups may leave out what comes behind them, and need not.
 */
export const limitGroups = bottomUp(
  'limit-groups',
  'of each group only the first rows are sorted out',
  HAS_FILTER,
  (plan) => {
    if (plan.kind !== 'filter' || plan.input.kind !== 'window' || plan.input.groupLimit !== undefined) return plan;
    const groupLimit = limitOf(plan, plan.input);
    return groupLimit === undefined ? plan : replace(plan, { input: replace(plan.input, { groupLimit }) });
  },
);

const RANKS: ReadonlySet<string> = new Set<GroupLimit['by']>(['rowNumber', 'rank', 'denseRank']);

/** The function of a window column that depends on no row behind the current one's peers. */
function rankOf({ input }: Alias): GroupLimit['by'] | undefined {
  const call = (input as WindowCall).input;
  return call.kind === 'call' && RANKS.has(call.fn) ? (call.fn as GroupLimit['by']) : undefined;
}

function limitOf({ condition }: FilterPlan, { calls }: WindowPlan): GroupLimit | undefined {
  // Other calls may read rows that would be left out.
  if (calls.some((call) => rankOf(call) === undefined)) return undefined;
  let least: GroupLimit | undefined;
  for (const term of splitAnd(condition)) {
    const bound = boundOf(term);
    const call = calls.find((alias) => toAttribute(alias).id === bound?.id);
    const by = call && rankOf(call);
    if (bound === undefined || by === undefined || bound.most < 1) continue;
    if (least === undefined || bound.most < least.rows) least = { by, rows: bound.most };
  }
  return least;
}

const FLIPPED: Readonly<Record<string, string>> = { ge: 'le', gt: 'lt', eq: 'eq' };

/** The column that a term bounds from above, and by what. */
function boundOf(term: Expr): { readonly id: number; readonly most: number } | undefined {
  if (term.kind !== 'call') return undefined;
  const [a, b] = term.args;
  const [column, literal, fn] = a?.kind === 'literal' ? [b, a, FLIPPED[term.fn]] : [a, b, term.fn];
  if (column?.kind !== 'attribute' || literal?.kind !== 'literal' || typeof literal.value !== 'number')
    return undefined;
  if (fn === 'le' || fn === 'eq') return { id: column.id, most: literal.value };
  return fn === 'lt' ? { id: column.id, most: literal.value - 1 } : undefined;
}
