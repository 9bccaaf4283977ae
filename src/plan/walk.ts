import { unreachable } from '../base/index.js';
import { Memory } from './memory.js';
import type { Plan } from './node.js';

/*
 * Every walk keeps its own stack: chains of thousands of nodes or terms must not exhaust the thread's.
 * Rewrites return the same object when nothing changed, so that identity tells "did it fire".
 */

const NONE: readonly Plan[] = [];

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
      return NONE;
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
    case 'each_column':
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
  const inputs = children(plan);
  const changed = mapSame(inputs, change);
  return changed === inputs ? plan : withChildren(plan, changed);
}

interface Frame<T> {
  readonly plan: Plan;
  readonly inputs: readonly Plan[];
  readonly results: T[];
}

/** Combines results from the leaves up; a plan met twice (the same object) is computed once per `known`. */
export function foldPlan<T>(
  root: Plan,
  combine: (plan: Plan, inputs: readonly T[]) => T,
  known: { get(plan: Plan): T | undefined; set(plan: Plan, value: T): unknown } = new Map<Plan, T>(),
  inputsOf: (plan: Plan) => readonly Plan[] = children,
): T {
  const before = known.get(root);
  if (before !== undefined) return before;
  const stack: Frame<T>[] = [{ plan: root, inputs: inputsOf(root), results: [] }];
  for (;;) {
    const { plan, inputs, results } = stack[stack.length - 1] as Frame<T>;
    if (results.length < inputs.length) {
      const input = inputs[results.length] as Plan;
      const result = known.get(input);
      if (result === undefined) stack.push({ plan: input, inputs: inputsOf(input), results: [] });
      else results.push(result);
      continue;
    }
    stack.pop();
    const result = combine(plan, results);
    known.set(plan, result);
    if (stack.length === 0) return result;
    (stack[stack.length - 1] as Frame<T>).results.push(result);
  }
}

const memory = new Memory<Plan>();

/** A property of plans that follows from their inputs', remembered as long as the plan lives. */
export function planProperty<T>(combine: (plan: Plan, inputs: readonly T[]) => T): (plan: Plan) => T {
  const known = memory.property<T>();
  return (plan) => known.get(plan) ?? foldPlan(plan, combine, known);
}

/** Rewrites from the leaves up; `change` sees nodes whose inputs are already rewritten. */
export function transformUp(root: Plan, change: (plan: Plan) => Plan): Plan {
  return foldPlan<Plan>(root, (plan, inputs) => change(withChildren(plan, inputs)));
}

/** Rewrites from the root down; the inputs of what `change` returns are visited next. */
export function transformDown(
  root: Plan,
  change: (plan: Plan) => Plan,
  known: { get(plan: Plan): Plan | undefined; set(plan: Plan, value: Plan): unknown } = new Map<Plan, Plan>(),
): Plan {
  const entered = new Map<Plan, Plan>();
  const enter = (plan: Plan): readonly Plan[] => {
    const changed = change(plan);
    entered.set(plan, changed);
    return children(changed);
  };
  return foldPlan<Plan>(root, (plan, inputs) => withChildren(entered.get(plan) as Plan, inputs), known, enter);
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
