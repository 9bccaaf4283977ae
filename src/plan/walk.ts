import { unreachable } from '../base/index.js';
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
    case 'values':
    case 'table_function':
    case 'recursive_ref':
      return [];
    case 'sql_query':
      return Object.values(plan.inputs);
    case 'union':
      return plan.inputs;
    case 'join':
    case 'using_join':
    case 'set_operation':
    case 'asof_join':
    case 'recursive':
      return [plan.left, plan.right];
    case 'recursion':
      return [plan.anchor];
    case 'lateral_join':
      return [plan.left];
    case 'with':
    case 'pivot':
    case 'unpivot':
    case 'summary':
    case 'hint':
    case 'generate':
    case 'expand':
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
    case 'limit_by':
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
    case 'asof_join':
    case 'recursive':
      return Object.freeze({ ...plan, left: inputs[0] as Plan, right: inputs[1] as Plan });
    case 'recursion':
      return Object.freeze({ ...plan, anchor: inputs[0] as Plan });
    case 'lateral_join':
      return Object.freeze({ ...plan, left: inputs[0] as Plan });
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
