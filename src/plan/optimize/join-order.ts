import type { Expr } from '../expr.js';
import { readsOnly } from '../expr-type.js';
import { equiTerm } from '../logic.js';
import type { Plan } from '../node.js';
import { outputIds } from '../output.js';
import { selectivity, together } from '../selectivity.js';
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
}

/** What a held row costs beside a row that streams past: it is written, linked and read again. */
const HOLDING = 3;

/** What looking a row up costs, as a table leaves first the near and then every cache. */
const lookup = (held: number): number => (held < 50_000 ? 1 : held < 1_000_000 ? 2 : 3);

/** What a join costs: the larger side streams past the smaller one. */
const joinCost = (a: number, b: number): number => {
  const held = Math.min(a, b);
  return Math.max(a, b) * lookup(held) + held * HOLDING;
};

/** The fraction of pairs each condition keeps, and whether it is an equality by which rows are looked up. */
function fractions({ relations, conditions }: JoinGraph): { readonly kept: number; readonly isEqui: boolean }[] {
  const all = relations.map((relation) => estimate(relation).columns).reduce(together);
  return conditions.map(({ condition, reads }) => {
    const sides = relations.filter((_, i) => (reads & (1n << BigInt(i))) !== 0n);
    const [a, b] = sides;
    const kept = (): number => selectivity(condition, all);
    if (a === undefined || b === undefined || sides.length !== 2) return { kept: kept(), isEqui: false };
    const equi = equiTerm(
      condition,
      (expr) => readsOnly(expr, outputIds(a)),
      (expr) => readsOnly(expr, outputIds(b)),
    );
    if (equi === undefined) return { kept: kept(), isEqui: false };
    const distinct = Math.max(1, distinctOfExpr(equi.left, estimate(a)), distinctOfExpr(equi.right, estimate(b)));
    return { kept: 1 / distinct, isEqui: true };
  });
}

/** Conditions over the same relations, and the fraction of pairs they keep together. */
interface Link {
  readonly reads: bigint;
  readonly kept: number;
  /** One of them is an equality. */
  readonly isEqui: boolean;
}

/**
 * Several conditions between two relations are seldom independent: as a composite key they keep no less than one
 * pair for each row of the larger relation.
 */
function linksOf(graph: JoinGraph): Link[] {
  const found = fractions(graph);
  const links = new Map<bigint, { kept: number; conditions: number; isEqui: boolean }>();
  for (const [i, { reads }] of graph.conditions.entries()) {
    const { kept, isEqui } = found[i] as (typeof found)[number];
    const link = links.get(reads) ?? { kept: 1, conditions: 0, isEqui: false };
    const conditions = link.conditions + 1;
    links.set(reads, { kept: link.kept * kept, conditions, isEqui: link.isEqui || isEqui });
  }
  return [...links].map(([reads, link]) => {
    const sides = graph.relations
      .filter((_, i) => (reads & (1n << BigInt(i))) !== 0n)
      .map((r) => Math.max(1, estimate(r).rows));
    return {
      reads,
      isEqui: link.isEqui,
      kept: link.conditions > 1 && sides.length === 2 ? Math.max(link.kept, 1 / Math.min(...sides)) : link.kept,
    };
  });
}

const leaves = ({ relations }: JoinGraph): Step[] =>
  relations.map((relation, i) => ({
    order: i,
    bits: 1n << BigInt(i),
    rows: Math.max(1, estimate(relation).rows),
  }));

function combine(a: Step, b: Step, links: readonly Link[]): Step {
  const bits = a.bits | b.bits;
  let rows = a.rows * b.rows;
  for (const { reads, kept } of links) {
    const isNew = (reads & ~bits) === 0n && (reads & a.bits) !== 0n && (reads & b.bits) !== 0n;
    if (isNew) rows *= kept;
  }
  return { order: paired(a.order, a.rows, b.order, b.rows), bits, rows: Math.max(1, rows) };
}

/** The larger side streams, so it stands left; among equals the order written stays. */
const paired = (a: Order, aRows: number, b: Order, bRows: number): Order =>
  aRows >= bRows ? { left: a, right: b } : { left: b, right: a };

/**
 * The cheapest of all orders, by dynamic programming over sets of relations (Selinger; bushy trees too). Relations
 * that no equality connects are joined only when there is no other way: every pair of their rows would be looked at, and
 * the tables of both could leave no rows of larger relations out any more.
 */
export function bestOrder(graph: JoinGraph): Order | undefined {
  const links = linksOf(graph).map(({ reads, ...link }) => ({ reads: Number(reads), ...link }));
  const base = graph.relations.map((relation) => Math.max(1, estimate(relation).rows));
  const bridges = connecting(base, links);
  const sets = 1 << base.length;
  const rows = new Float64Array(sets);
  const cost = new Float64Array(sets).fill(Number.POSITIVE_INFINITY);
  const first = new Int32Array(sets);
  for (let set = 1; set < sets; set++) {
    rows[set] = rowsOf(set, base, links);
    if ((set & (set - 1)) === 0) cost[set] = 0;
    const lowest = set & -set;
    for (let part = (set - 1) & set; part > 0; part = (part - 1) & set) {
      const rest = set & ~part;
      if ((part & lowest) === 0) continue;
      const before = (cost[part] as number) + (cost[rest] as number);
      if (before >= (cost[set] as number)) continue;
      const total = before + joinCost(rows[part] as number, rows[rest] as number);
      if (total >= (cost[set] as number) || !areLinked(part, rest, bridges)) continue;
      cost[set] = total;
      first[set] = part;
    }
  }
  const orderOf = (set: number): Order => {
    if ((set & (set - 1)) === 0) return 31 - Math.clz32(set);
    const part = first[set] as number;
    const rest = set & ~part;
    return paired(orderOf(part), rows[part] as number, orderOf(rest), rows[rest] as number);
  };
  return Number.isFinite(cost[sets - 1]) ? orderOf(sets - 1) : undefined;
}

type SetLink = Omit<Link, 'reads'> & { readonly reads: number };

/** Conditions keep the same fraction in whatever order they are decided. */
function rowsOf(set: number, base: readonly number[], links: readonly SetLink[]): number {
  let rows = 1;
  for (const [i, count] of base.entries()) if ((set & (1 << i)) !== 0) rows *= count;
  for (const { reads, kept } of links) if ((reads & ~set) === 0 && (reads & (reads - 1)) !== 0) rows *= kept;
  return Math.max(1, rows);
}

const areLinked = (a: number, b: number, links: readonly SetLink[]): boolean =>
  links.some(({ reads }) => (reads & ~(a | b)) === 0 && (reads & a) !== 0 && (reads & b) !== 0);

/** The links by which relations may be joined: equalities; where they do not reach all, other conditions or none. */
function connecting(base: readonly number[], links: readonly SetLink[]): SetLink[] {
  const all = (1 << base.length) - 1;
  const others = links.filter(({ isEqui }) => !isEqui);
  const found = links.filter(({ isEqui }) => isEqui);
  let reached = 1;
  for (;;) {
    for (let before = 0; before !== reached; ) {
      before = reached;
      for (const { reads } of found) if ((reads & reached) !== 0) reached |= reads;
    }
    if (reached === all) return found;
    const more = others.find(({ reads }) => (reads & reached) !== 0 && (reads & ~reached) !== 0);
    if (more !== undefined) {
      found.push(more);
      continue;
    }
    const smallest = (within: number): number =>
      base.reduce((best, rows, i) => {
        if ((within & (1 << i)) === 0) return best;
        return best < 0 || rows < (base[best] as number) ? i : best;
      }, -1);
    found.push({ reads: (1 << smallest(reached)) | (1 << smallest(all & ~reached)), kept: 1, isEqui: false });
  }
}

/** As written, but that a relation which a condition connects with those before goes ahead of others. */
export function connectedOrder({ relations, conditions }: JoinGraph): Order {
  let order: Order = 0;
  let bits = 1n;
  const rest = relations.map((_, i) => i).slice(1);
  while (rest.length > 0) {
    const connected = rest.findIndex((i) => {
      const both = bits | (1n << BigInt(i));
      return conditions.some(({ reads }) => (reads & ~both) === 0n && (reads & bits) !== 0n && (reads & ~bits) !== 0n);
    });
    const [next = 0] = rest.splice(Math.max(0, connected), 1);
    order = { left: order, right: next };
    bits |= 1n << BigInt(next);
  }
  return order;
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
