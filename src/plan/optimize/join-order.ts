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

/** Conditions over the same relations, and the fraction of pairs they keep together. */
interface Link {
  readonly reads: bigint;
  readonly kept: number;
}

/**
 * Several conditions between two relations are seldom independent: as a composite key they keep no less than one
 * pair for each row of the larger relation.
 */
function linksOf(graph: JoinGraph): Link[] {
  const kept = fractions(graph);
  const links = new Map<bigint, { kept: number; conditions: number }>();
  for (const [i, { reads }] of graph.conditions.entries()) {
    const link = links.get(reads) ?? { kept: 1, conditions: 0 };
    links.set(reads, { kept: link.kept * (kept[i] as number), conditions: link.conditions + 1 });
  }
  return [...links].map(([reads, link]) => {
    const sides = graph.relations
      .filter((_, i) => (reads & (1n << BigInt(i))) !== 0n)
      .map((r) => Math.max(1, estimate(r).rows));
    return {
      reads,
      kept: link.conditions > 1 && sides.length === 2 ? Math.max(link.kept, 1 / Math.min(...sides)) : link.kept,
    };
  });
}

const leaves = ({ relations }: JoinGraph): Step[] =>
  relations.map((relation, i) => ({
    order: i,
    bits: 1n << BigInt(i),
    rows: Math.max(1, estimate(relation).rows),
    cost: 0,
  }));

function combine(a: Step, b: Step, links: readonly Link[]): Step & { readonly connected: boolean } {
  const bits = a.bits | b.bits;
  let rows = a.rows * b.rows;
  let connected = false;
  for (const { reads, kept } of links) {
    const isNew = (reads & ~bits) === 0n && (reads & a.bits) !== 0n && (reads & b.bits) !== 0n;
    if (!isNew) continue;
    connected = true;
    rows *= kept;
  }
  rows = Math.max(1, rows);
  // The larger side streams, so it stands left; among equals the order written stays.
  const [left, right] = a.rows >= b.rows ? [a, b] : [b, a];
  return {
    order: { left: left.order, right: right.order },
    bits,
    rows,
    cost: a.cost + b.cost + rows + right.rows,
    connected,
  };
}

/** The cheapest of all orders; pairs that no condition connects are joined only when there is no other way. */
export function bestOrder(graph: JoinGraph): Order | undefined {
  const links = linksOf(graph);
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
      const step = combine(a, b, links);
      if (step.connected && (found === undefined || step.cost < found.cost)) found = step;
      if (!step.connected && (crossing === undefined || step.cost < crossing.cost)) crossing = step;
    }
    const chosen = found ?? crossing;
    if (chosen !== undefined) best.set(bits, chosen);
  }
  return best.get(all)?.order;
}

/** The cheapest join first, again and again; joins that no condition connects come last. */
export function greedyOrder(graph: JoinGraph): Order | undefined {
  const links = linksOf(graph);
  let steps: Step[] = leaves(graph);
  while (steps.length > 1) {
    let chosen: { readonly step: Step; readonly of: readonly [Step, Step] } | undefined;
    for (const [a, b] of connectedPairs(steps, graph)) {
      const step = combine(a, b, links);
      if (chosen === undefined || step.rows < chosen.step.rows) chosen = { step, of: [a, b] };
    }
    chosen ??= smallestPair(steps, links);
    if (chosen === undefined) return undefined;
    const { of, step } = chosen;
    steps = [...steps.filter((each) => !of.includes(each)), step];
  }
  return steps[0]?.order;
}

/** Pairs that a condition connects, each once. */
function connectedPairs(steps: readonly Step[], { conditions }: JoinGraph): (readonly [Step, Step])[] {
  const pairs = new Map<bigint, readonly [Step, Step]>();
  for (const { reads } of conditions) {
    const [a, b, ...more] = steps.filter((step) => (step.bits & reads) !== 0n);
    if (a !== undefined && b !== undefined && more.length === 0) pairs.set(a.bits | b.bits, [a, b]);
  }
  return [...pairs.values()];
}

function smallestPair(steps: readonly Step[], links: readonly Link[]) {
  const [a, b] = [...steps].sort((x, y) => x.rows - y.rows);
  if (a === undefined || b === undefined) return undefined;
  return { step: combine(a, b, links), of: [a, b] as const };
}
