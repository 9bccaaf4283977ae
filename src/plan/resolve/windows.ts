import { int32Type } from '../../base/index.js';
import { sortOrder, windowNode } from '../build.js';
import type { Alias, Attribute, Expr, WindowCall, WindowFrame } from '../expr.js';
import { toAttribute } from '../expr-type.js';
import { exprKey, hasWindow } from '../facts.js';
import { nextId } from '../ids.js';
import type { Plan } from '../node.js';
import { replaceExpr, visitExpr } from '../walk-expr.js';
import { overWindow } from './aggregate-checks.js';

/** Takes window calls out of expressions: one Window node for each partitioning and ordering, under the expressions. */
export function extractWindows<E extends Expr>(
  input: Plan,
  exprs: readonly E[],
): { readonly input: Plan; readonly exprs: readonly E[] } {
  if (!exprs.some(hasWindow)) return { input, exprs };
  const columns = new Map<number, Attribute>();
  const nodes = new Map<string, { calls: Alias[]; spec: WindowCall['spec']; level: number }>();
  const levels = new Map<number, number>();
  /** Gives how many windows deep the call lies: calls that it takes, sorts or parts by are computed below it. */
  const take = (asked: WindowCall, least = 0): number => {
    const key = exprKey(asked);
    const known = levels.get(key);
    if (known !== undefined) return known;
    let level = least;
    const own = overWindow(asked, (part) =>
      replaceExpr(part, (e) => {
        if (e.kind !== 'window_call') return undefined;
        level = Math.max(level, take(e) + 1);
        return columns.get(exprKey(e));
      }),
    ) as WindowCall;
    levels.set(key, level);
    const call = own.spec.frame?.unit === 'groups' ? overRanks(own, level) : own;
    const alias: Alias = Object.freeze({ kind: 'alias', name: `_w${columns.size}`, input: call, id: nextId() });
    columns.set(key, toAttribute(alias));
    const { partitionBy, orderBy } = call.spec;
    const spec = `${level};${partitionBy.map(exprKey).join()};${orderBy.map(exprKey).join()}`;
    const node = nodes.get(spec);
    if (node === undefined) nodes.set(spec, { calls: [alias], spec: call.spec, level });
    else node.calls.push(alias);
    return level;
  };
  /** Groups are numbered by DENSE_RANK: a frame of them is a range of those numbers. */
  const overRanks = (call: WindowCall, level: number): WindowCall => {
    const rank = denseRank(call.spec);
    take(rank, level);
    const { partitionBy, frame } = call.spec;
    const orderBy = [sortOrder(columns.get(exprKey(rank)) as Attribute)];
    return Object.freeze({
      ...call,
      spec: { partitionBy, orderBy, frame: { ...frame, unit: 'range' } as WindowFrame },
    });
  };
  for (const expr of exprs) {
    visitExpr(expr, (e) => {
      if (e.kind === 'window_call') take(e);
      return e.kind !== 'window_call';
    });
  }
  let plan = input;
  const inOrder = [...nodes.values()].sort((a, b) => a.level - b.level);
  for (const { calls, spec } of inOrder) plan = windowNode(plan, calls, spec.partitionBy, spec.orderBy);
  const replaced = exprs.map((expr) =>
    replaceExpr(expr, (e) => (e.kind === 'window_call' ? columns.get(exprKey(e)) : undefined)),
  );
  return { input: plan, exprs: replaced as readonly Expr[] as readonly E[] };
}

function denseRank({ partitionBy, orderBy }: WindowCall['spec']): WindowCall {
  const input: Expr = Object.freeze({ kind: 'call', fn: 'denseRank', args: [], type: int32Type, nullable: false });
  const frame: WindowFrame = { unit: 'rows', start: { kind: 'unbounded_preceding' }, end: { kind: 'current_row' } };
  return Object.freeze({
    kind: 'window_call',
    input,
    spec: { partitionBy, orderBy, frame },
    type: int32Type,
    nullable: false,
  });
}
