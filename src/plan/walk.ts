import { unreachable } from '../base/index.js';
import type { Expr, SortOrder } from './expr.js';
import type { Plan } from './node.js';

/*
 * Every walk keeps its own stack: chains of thousands of nodes or terms must not exhaust the thread's.
 * Rewrites return the same object when nothing changed, so that identity tells "did it fire".
 */

/** The plans a plan reads from, in order. */
export function children(plan: Plan): readonly Plan[] {
  switch (plan.kind) {
    case 'read':
    case 'view':
    case 'scan':
    case 'local':
    case 'range':
      return [];
    case 'sql_query':
      return Object.values(plan.inputs);
    case 'union':
      return plan.inputs;
    case 'join':
    case 'using_join':
    case 'set_operation':
      return [plan.left, plan.right];
    case 'with_columns':
    case 'drop':
    case 'rename':
    case 'to_names':
    case 'drop_duplicates':
    case 'cached':
    case 'project':
    case 'filter':
    case 'aggregate':
    case 'sort':
    case 'limit':
    case 'distinct':
    case 'window':
    case 'sample':
    case 'repartition':
    case 'subquery_alias':
    case 'write':
      return [plan.input];
    default:
      return unreachable(plan);
  }
}

/** The same node over other inputs. */
export function withChildren(plan: Plan, inputs: readonly Plan[]): Plan {
  const old = children(plan);
  if (old.length === inputs.length && old.every((input, i) => input === inputs[i])) return plan;
  switch (plan.kind) {
    case 'union':
      return Object.freeze({ ...plan, inputs });
    case 'join':
    case 'using_join':
    case 'set_operation':
      return Object.freeze({ ...plan, left: inputs[0] as Plan, right: inputs[1] as Plan });
    case 'sql_query': {
      const names = Object.keys(plan.inputs);
      return Object.freeze({ ...plan, inputs: Object.fromEntries(names.map((name, i) => [name, inputs[i] as Plan])) });
    }
    default:
      return Object.freeze({ ...plan, input: inputs[0] as Plan }) as Plan;
  }
}

/** Applies `change` to each input. */
export function mapChildren(plan: Plan, change: (input: Plan) => Plan): Plan {
  return withChildren(plan, children(plan).map(change));
}

/** Combines results from the leaves up; a plan met twice (the same object) is computed once per `known`. */
export function foldPlan<T>(
  root: Plan,
  combine: (plan: Plan, inputs: readonly T[]) => T,
  known: { get(plan: Plan): T | undefined; set(plan: Plan, value: T): unknown } = new Map<Plan, T>(),
  inputsOf: (plan: Plan) => readonly Plan[] = children,
): T {
  const stack: Plan[] = [root];
  for (let plan = stack.at(-1); plan !== undefined; plan = stack.at(-1)) {
    if (known.get(plan) !== undefined) {
      stack.pop();
      continue;
    }
    const inputs = inputsOf(plan);
    const missing = inputs.filter((input) => known.get(input) === undefined);
    if (missing.length > 0) {
      for (let i = missing.length - 1; i >= 0; i--) stack.push(missing[i] as Plan);
      continue;
    }
    stack.pop();
    known.set(
      plan,
      combine(
        plan,
        inputs.map((input) => known.get(input) as T),
      ),
    );
  }
  return known.get(root) as T;
}

/** A property of plans that follows from their inputs', remembered as long as the plan lives. */
export function planProperty<T extends object>(combine: (plan: Plan, inputs: readonly T[]) => T): (plan: Plan) => T {
  const known = new WeakMap<Plan, T>();
  return (plan) => known.get(plan) ?? foldPlan(plan, combine, known);
}

/** Rewrites from the leaves up; `change` sees nodes whose inputs are already rewritten. */
export function transformUp(root: Plan, change: (plan: Plan) => Plan): Plan {
  return foldPlan<Plan>(root, (plan, inputs) => change(withChildren(plan, inputs)));
}

/** Rewrites from the root down; the inputs of what `change` returns are visited next. */
export function transformDown(root: Plan, change: (plan: Plan) => Plan): Plan {
  const done = new Map<Plan, Plan>();
  const started = new Map<Plan, Plan>();
  const stack: Plan[] = [root];
  for (let plan = stack.at(-1); plan !== undefined; plan = stack.at(-1)) {
    if (done.has(plan)) {
      stack.pop();
      continue;
    }
    let changed = started.get(plan);
    if (changed === undefined) {
      changed = change(plan);
      started.set(plan, changed);
    }
    const inputs = children(changed);
    const missing = inputs.filter((input) => !done.has(input));
    if (missing.length > 0) {
      for (let i = missing.length - 1; i >= 0; i--) stack.push(missing[i] as Plan);
      continue;
    }
    stack.pop();
    done.set(
      plan,
      withChildren(
        changed,
        inputs.map((input) => done.get(input) as Plan),
      ),
    );
  }
  return done.get(root) as Plan;
}

/** Every distinct node, inputs before the nodes that read them. */
export function allNodes(root: Plan): Plan[] {
  const nodes: Plan[] = [];
  foldPlan<true>(root, (plan) => {
    nodes.push(plan);
    return true;
  });
  return nodes;
}

/** The expressions of one node, inputs' not included. */
export function planExprs(plan: Plan): readonly Expr[] {
  switch (plan.kind) {
    case 'project':
      return plan.exprs;
    case 'filter':
      return [plan.condition];
    case 'aggregate':
      return [...plan.groupBy, ...plan.output];
    case 'join':
      return plan.condition === undefined ? [] : [plan.condition];
    case 'sort':
      return plan.orders;
    case 'window':
      return [...plan.calls, ...plan.partitionBy, ...plan.orderBy];
    case 'repartition':
      return plan.by;
    case 'scan':
      return plan.predicate === undefined ? [] : [plan.predicate];
    case 'with_columns':
      return plan.columns.map((column) => column.expr);
    case 'drop':
      return plan.columns;
    case 'sql_query':
      return Object.values(plan.parameters);
    default:
      return [];
  }
}

/** Applies `change` to each expression of the node. */
export function mapExprs(plan: Plan, change: (expr: Expr) => Expr): Plan {
  switch (plan.kind) {
    case 'project':
      return replace(plan, { exprs: mapSame(plan.exprs, change) });
    case 'filter':
      return replace(plan, { condition: change(plan.condition) });
    case 'aggregate':
      return replace(plan, { groupBy: mapSame(plan.groupBy, change), output: mapSame(plan.output, change) });
    case 'join':
      return plan.condition === undefined ? plan : replace(plan, { condition: change(plan.condition) });
    case 'sort':
      return replace(plan, { orders: mapSame(plan.orders, change) as readonly SortOrder[] });
    case 'window':
      return replace(plan, {
        calls: mapSame(plan.calls, change) as typeof plan.calls,
        partitionBy: mapSame(plan.partitionBy, change),
        orderBy: mapSame(plan.orderBy, change) as readonly SortOrder[],
      });
    case 'repartition':
      return replace(plan, { by: mapSame(plan.by, change) });
    case 'scan':
      return plan.predicate === undefined ? plan : replace(plan, { predicate: change(plan.predicate) });
    case 'with_columns':
      return replace(plan, {
        columns: mapSame(plan.columns, (column) => replace(column, { expr: change(column.expr) })),
      });
    case 'drop':
      return replace(plan, { columns: mapSame(plan.columns, change) });
    default:
      return plan;
  }
}

/** A frozen copy with some properties replaced; the object itself when they are the same. */
export function replace<T extends object>(object: T, changes: Partial<T>): T {
  for (const key of Object.keys(changes) as (keyof T)[]) {
    if (changes[key] !== object[key]) return Object.freeze({ ...object, ...changes });
  }
  return object;
}

/** `map` that returns the array itself when no element changed. */
export function mapSame<T>(items: readonly T[], change: (item: T, index: number) => T): readonly T[] {
  let changed: T[] | undefined;
  for (let i = 0; i < items.length; i++) {
    const old = items[i] as T;
    const item = change(old, i);
    if (item !== old && changed === undefined) changed = items.slice(0, i);
    if (changed !== undefined) changed.push(item);
  }
  return changed ?? items;
}
