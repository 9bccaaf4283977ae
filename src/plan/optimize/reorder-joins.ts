import { join, project } from '../build.js';
import type { Expr } from '../expr.js';
import { readsOnly, references } from '../expr-type.js';
import { canFail, isDeterministic } from '../facts.js';
import { joinAndOrNone, splitAnd } from '../logic.js';
import type { Plan } from '../node.js';
import { outputIds, outputOf } from '../output.js';
import { estimate } from '../statistics.js';
import { HAS_JOIN } from '../traits.js';
import { transformDown } from '../walk.js';
import { bestOrder, connectedOrder, greedyOrder, type JoinGraph, type Order } from './join-order.js';
import { overall, type Rule } from './rule.js';

/** Up to this many relations every order is weighed; beyond, the cheapest next step is taken. */
const MOST_WEIGHED = 12;

/** Beyond this many the order stays as it is written: weighing it would take longer than it is likely to save. */
const MOST_REORDERED = 64;

type OrderOf = (graph: JoinGraph) => Order | undefined;

function ordering(name: string, why: string, mayOrder: (relation: Plan) => boolean, orderOf: OrderOf): Rule {
  return overall(name, why, HAS_JOIN, (plan) => {
    // Joins that were looked at as part of a larger group, and those that are in their best order now.
    const done = new WeakSet<Plan>();
    return transformDown(plan, (node) => {
      if (done.has(node) || !isInner(node)) return node;
      const group = flatten(node);
      const { length } = group.relations;
      const may = length >= 3 && length <= MOST_REORDERED && group.relations.every(mayOrder);
      const result = may ? reordered(node, group, orderOf, done) : node;
      // The joins of a group that stays are not looked at one by one; those of another may stand elsewhere too.
      if (result === node) for (const join of group.joins) done.add(join);
      return result;
    });
  });
}

/** Inner joins in the order that makes the fewest rows on the way, by the sources' statistics. */
export const reorderJoins = ordering(
  'reorder-joins',
  'joins that drop rows go first',
  (relation) => estimate(relation).counted,
  (graph) => (graph.relations.length <= MOST_WEIGHED ? bestOrder(graph) : greedyOrder(graph)),
);

/** Inner joins as they are written, but that no product is made where a condition connects what comes later. */
export const connectJoins = ordering('connect-joins', 'each join has a condition', () => true, connectedOrder);

const isInner = (plan: Plan): boolean => plan.kind === 'join' && (plan.how === 'inner' || plan.how === 'cross');

interface Group {
  readonly joins: readonly Plan[];
  readonly relations: readonly Plan[];
  readonly conditions: readonly Expr[];
}

/** The inputs and conditions of adjacent inner joins; projections between them that only pass columns on count as none. */
function flatten(root: Plan): Group {
  const joins: Plan[] = [];
  const relations: Plan[] = [];
  const conditions: Expr[] = [];
  const stack: Plan[] = [root];
  for (let plan = stack.pop(); plan !== undefined; plan = stack.pop()) {
    const inner = plan === root ? plan : beneathPassing(plan);
    if (inner.kind === 'join' && isInner(inner) && mayMove(inner.condition)) {
      joins.push(inner);
      if (inner.condition !== undefined) conditions.push(...splitAnd(inner.condition));
      stack.push(inner.right, inner.left);
    } else relations.push(plan);
  }
  return { joins, relations, conditions };
}

/** A condition that can fail, or gives another result each time, stays where it is. */
const mayMove = (condition: Expr | undefined): boolean =>
  condition === undefined || (isDeterministic(condition) && !canFail(condition));

function beneathPassing(plan: Plan): Plan {
  let at = plan;
  while (at.kind === 'project' && at.exprs.every((expr) => expr.kind === 'attribute')) at = at.input;
  return isInner(at) ? at : plan;
}

function reordered(original: Plan, group: Group, orderOf: OrderOf, done: WeakSet<Plan>): Plan {
  if (original.kind !== 'join' || !mayMove(original.condition)) return original;
  const order = orderOf({
    relations: group.relations,
    conditions: group.conditions.map((condition) => ({ condition, reads: relationsOf(condition, group.relations) })),
  });
  if (order === undefined || isAsWritten(order, group.relations)) return original;
  const { plan, left } = build(order, group.relations, group.conditions, done);
  if (left.length > 0) return original;
  const output = outputOf(original);
  const now = new Map(outputOf(plan).map((attribute) => [attribute.id, attribute]));
  return project(
    plan,
    output.map((attribute) => now.get(attribute.id) ?? attribute),
  );
}

/** Which relations a condition reads, as bits. */
function relationsOf(condition: Expr, relations: readonly Plan[]): bigint {
  let bits = 0n;
  for (const id of references(condition)) {
    const at = relations.findIndex((relation) => outputIds(relation).has(id));
    if (at >= 0) bits |= 1n << BigInt(at);
  }
  return bits;
}

/** Whether the order is the one the joins had: first with second, then third, and so on. */
function isAsWritten(order: Order, relations: readonly Plan[]): boolean {
  let expected = relations.length - 1;
  let at = order;
  while (typeof at !== 'number') {
    if (at.right !== expected--) return false;
    at = at.left;
  }
  return at === 0;
}

interface Built {
  readonly plan: Plan;
  /** Conditions not used yet. */
  readonly left: readonly Expr[];
}

/** The joins of an order, each with the conditions that can first be decided there. */
function build(order: Order, relations: readonly Plan[], conditions: readonly Expr[], done: WeakSet<Plan>): Built {
  if (typeof order === 'number') return { plan: relations[order] as Plan, left: conditions };
  const one = build(order.left, relations, conditions, done);
  const other = build(order.right, relations, one.left, done);
  const both = new Set([...outputIds(one.plan), ...outputIds(other.plan)]);
  const here = other.left.filter((condition) => readsOnly(condition, both));
  const condition = joinAndOrNone(here);
  const plan = join(one.plan, other.plan, condition === undefined ? 'cross' : 'inner', condition);
  done.add(plan);
  return { plan, left: other.left.filter((term) => !here.includes(term)) };
}
