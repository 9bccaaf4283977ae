import type { Expr } from '../expr.js';
import { readsOnly } from '../expr-type.js';
import { equiTerm } from '../logic.js';
import type { Plan } from '../node.js';
import { outputIds } from '../output.js';
import { selectivity } from '../selectivity.js';
import { distinctOfExpr, estimate } from '../statistics.js';

/** A tree of joins over numbered relations. */
export type Order = number | { readonly left: Order; readonly right: Order };

export interface JoinGraph {
  readonly relations: readonly Plan[];
  /** Conditions with the relations they read, as bits. */
  readonly conditions: readonly { readonly condition: Expr; readonly reads: bigint }[];
}

interface Step {
  readonly order: Order;
  readonly bits: bigint;
  readonly rows: number;
  /** Rows made on the way: what an order is judged by. */
  readonly cost: number;
}

/** The fraction of pairs each condition keeps. */
function fractions({ relations, conditions }: JoinGraph): number[] {
  const all = new Map(relations.flatMap((relation) => [...estimate(relation).columns]));
  return conditions.map(({ condition, reads }) => {
    const sides = relations.filter((_, i) => (reads & (1n << BigInt(i))) !== 0n);
    const [a, b] = sides;
    if (a === undefined || b === undefined || sides.length !== 2) return selectivity(condition, all);
    const equi = equiTerm(
      condition,
      (expr) => readsOnly(expr, outputIds(a)),
      (expr) => readsOnly(expr, outputIds(b)),
    );
    if (equi === undefined) return selectivity(condition, all);
    return 1 / Math.max(1, distinctOfExpr(equi.left, estimate(a)), distinctOfExpr(equi.right, estimate(b)));
  });
}

const leaves = ({ relations }: JoinGraph): Step[] =>
  relations.map((relation, i) => ({ order: i, bits: 1n << BigInt(i), rows: Math.max(1, estimate(relation).rows), cost: 0 }));

function combine(a: Step, b: Step, graph: JoinGraph, kept: readonly number[]): Step & { readonly connected: boolean } {
  const bits = a.bits | b.bits;
  let rows = a.rows * b.rows;
  let connected = false;
  for (const [i, { reads }] of graph.conditions.entries()) {
    const isNew = (reads & ~bits) === 0n && (reads & a.bits) !== 0n && (reads & b.bits) !== 0n;
    if (!isNew) continue;
    connected = true;
    rows *= kept[i] as number;
  }
  rows = Math.max(1, rows);
  // The larger side streams, so it stands left; among equals the order written stays.
  const [left, right] = a.rows >= b.rows ? [a, b] : [b, a];
  return { order: { left: left.order, right: right.order }, bits, rows, cost: a.cost + b.cost + rows + right.rows, connected };
}

/** The cheapest of all orders; pairs that no condition connects are joined only when there is no other way. */
export function bestOrder(graph: JoinGraph): Order | undefined {
  const kept = fractions(graph);
  const best = new Map<bigint, Step>();
  for (const leaf of leaves(graph)) best.set(leaf.bits, leaf);
  const all = (1n << BigInt(graph.relations.length)) - 1n;
  for (let bits = 1n; bits <= all; bits++) {
    if (best.has(bits)) continue;
    let found: Step | undefined;
    let crossing: Step | undefined;
    for (let part = (bits - 1n) & bits; part > 0n; part = (part - 1n) & bits) {
      const rest = bits & ~part;
      if (part < rest) continue;
      const [a, b] = [best.get(part), best.get(rest)];
      if (a === undefined || b === undefined) continue;
      const step = combine(a, b, graph, kept);
      if (step.connected && (found === undefined || step.cost < found.cost)) found = step;
      if (!step.connected && (crossing === undefined || step.cost < crossing.cost)) crossing = step;
    }
    const chosen = found ?? crossing;
    if (chosen !== undefined) best.set(bits, chosen);
  }
  return best.get(all)?.order;
}

/** The cheapest join first, again and again. */
export function greedyOrder(graph: JoinGraph): Order | undefined {
  const kept = fractions(graph);
  let steps: Step[] = leaves(graph);
  while (steps.length > 1) {
    let chosen: (Step & { connected: boolean; of: readonly [Step, Step] }) | undefined;
    for (const [i, a] of steps.entries()) {
      for (const b of steps.slice(i + 1)) {
        const step = combine(a, b, graph, kept);
        const better =
          chosen === undefined || (step.connected && !chosen.connected) || (step.connected === chosen.connected && step.rows < chosen.rows);
        if (better) chosen = { ...step, of: [a, b] };
      }
    }
    if (chosen === undefined) return undefined;
    const { of } = chosen;
    steps = [...steps.filter((step) => !of.includes(step)), chosen];
  }
  return steps[0]?.order;
}
