import { project } from '../build.js';
import type { Attribute, Expr } from '../expr.js';
import { references, toAttribute } from '../expr-type.js';
import type { Plan } from '../node.js';
import { planExprs } from '../node-exprs.js';
import { outputOf } from '../output.js';
import { ALWAYS } from '../traits.js';
import { children, mapSame, replace, withChildren } from '../walk.js';
import { overall } from './rule.js';

/** Ids of the columns that somebody above reads; undefined: all of them, in their order. */
type Wanted = ReadonlySet<number> | undefined;

/** Every node makes only the columns that are read above it, down to what the sources read. */
export const pruneColumns = overall(
  'prune-columns',
  'columns that nobody reads are neither read nor computed',
  ALWAYS,
  (plan) => prune(plan),
);

interface Task {
  readonly plan: Plan;
  readonly wanted: Wanted;
  /** The node with its own expressions cut down, and what it then wants of each input. */
  readonly narrowed: Plan;
  readonly demands: readonly Wanted[];
  readonly results: Plan[];
}

function prune(root: Plan): Plan {
  const stack: Task[] = [start(root, undefined)];
  for (;;) {
    const top = stack[stack.length - 1] as Task;
    const inputs = children(top.narrowed);
    if (top.results.length < inputs.length) {
      const i = top.results.length;
      stack.push(start(inputs[i] as Plan, top.demands[i]));
      continue;
    }
    stack.pop();
    const result = finish(top);
    if (stack.length === 0) return result;
    (stack[stack.length - 1] as Task).results.push(result);
  }
}

function start(plan: Plan, wanted: Wanted): Task {
  const narrowed = wanted === undefined ? plan : narrow(plan, wanted);
  return { plan, wanted, narrowed, demands: demandsOf(narrowed, wanted), results: [] };
}

/** The node without outputs nobody wants. */
function narrow(plan: Plan, wanted: ReadonlySet<number>): Plan {
  const isWanted = (expr: Expr): boolean => wanted.has(expr.kind === 'attribute' ? expr.id : toAttribute(expr).id);
  switch (plan.kind) {
    case 'project':
      return replace(plan, { exprs: keep(plan.exprs, isWanted) });
    case 'aggregate':
      return replace(plan, { output: keep(plan.output, isWanted) });
    case 'window': {
      const calls = keep(plan.calls, isWanted);
      return calls.length === 0 ? narrow(plan.input, wanted) : replace(plan, { calls });
    }
    case 'join':
      return plan.mark === undefined || wanted.has(plan.mark.id) ? plan : narrow(plan.left, wanted);
    case 'expand': {
      const kept = plan.output.flatMap((attribute, i) => (wanted.has(attribute.id) ? [i] : []));
      if (kept.length === plan.output.length) return plan;
      return replace(plan, {
        output: kept.map((i) => plan.output[i] as Attribute),
        projections: plan.projections.map((exprs) => kept.map((i) => exprs[i] as Expr)),
      });
    }
    case 'scan': {
      const read = plan.predicate === undefined ? wanted : union(wanted, references(plan.predicate));
      return replace(plan, { output: keep(plan.output, (attribute) => read.has(attribute.id)) });
    }
    case 'local':
    case 'cached': {
      const columns = plan.columns ?? plan.output.map((_, i) => i);
      const output = keep(plan.output, (attribute) => wanted.has(attribute.id));
      if (output === plan.output) return plan;
      return replace<typeof plan>(plan, {
        output,
        columns: columns.filter((_, i) => wanted.has((plan.output[i] as Attribute).id)),
      });
    }
    default:
      return plan;
  }
}

const keep = <T>(items: readonly T[], test: (item: T) => boolean): readonly T[] =>
  items.every(test) ? items : items.filter(test);

function union(a: ReadonlySet<number>, b: ReadonlySet<number>): ReadonlySet<number> {
  if (a.size === 0) return b;
  if (b.size === 0) return a;
  return new Set([...a, ...b]);
}

function readBy(exprs: readonly Expr[]): ReadonlySet<number> {
  const ids = new Set<number>();
  for (const expr of exprs) {
    if (expr.kind === 'attribute') ids.add(expr.id);
    else for (const id of references(expr)) ids.add(id);
  }
  return ids;
}

/** What a node wants of each of its inputs. */
function demandsOf(plan: Plan, wanted: Wanted): readonly Wanted[] {
  switch (plan.kind) {
    case 'project':
    case 'aggregate':
    case 'expand':
      return [readBy(planExprs(plan))];
    case 'generate': {
      if (wanted === undefined) return [undefined];
      return [union(wanted, readBy(planExprs(plan)))];
    }
    case 'filter':
    case 'sort':
    case 'window':
    case 'repartition':
      return [wanted && union(wanted, readBy(planExprs(plan)))];
    case 'limit':
    case 'sample':
    case 'subquery_alias':
      return [wanted];
    case 'join': {
      const leftOnly = plan.how === 'semi' || plan.how === 'anti' || plan.how === 'exists';
      if (wanted === undefined && !leftOnly) return [undefined, undefined];
      const condition = readBy(planExprs(plan));
      const left = wanted === undefined ? undefined : union(wanted, condition);
      const all = wanted === undefined ? condition : union(wanted, condition);
      return leftOnly ? [left, condition] : [all, all];
    }
    case 'union': {
      if (wanted === undefined) return plan.inputs.map(() => undefined);
      const positions = (plan.output ?? []).flatMap((attribute, i) => (wanted.has(attribute.id) ? [i] : []));
      return plan.inputs.map((input) => {
        const columns = outputOf(input);
        return new Set(positions.map((i) => (columns[i] as Attribute).id));
      });
    }
    default:
      // Whole rows: distinct ones, those to be written, those to be kept.
      return children(plan).map(() => undefined);
  }
}

function finish({ plan, wanted, narrowed, demands, results }: Task): Plan {
  if (narrowed.kind === 'union' && wanted !== undefined) {
    const output = keep(narrowed.output ?? [], (attribute) => wanted.has(attribute.id));
    if (output !== narrowed.output) {
      const positions = (narrowed.output ?? []).flatMap((attribute, i) => (wanted.has(attribute.id) ? [i] : []));
      const inputs = results.map((result, i) => {
        const before = outputOf(narrowed.inputs[i] as Plan);
        return exactly(
          result,
          positions.map((position) => before[position] as Attribute),
        );
      });
      return Object.freeze({ ...narrowed, inputs, output });
    }
  }
  const inputs = results.map((result, i) => {
    const before = children(narrowed)[i] as Plan;
    return needsExact.has(narrowed.kind) ? exactly(result, outputOf(before)) : slim(narrowed, result, demands[i]);
  });
  const whole = withChildren(narrowed, inputs);
  // The root, and whoever wants all columns, gets them in their order.
  return wanted === undefined && plan !== whole ? exactly(whole, outputOf(plan)) : whole;
}

/** Nodes whose meaning depends on the positions of their input's columns. */
const needsExact: ReadonlySet<Plan['kind']> = new Set(['union', 'distinct', 'cached', 'write', 'set_operation']);
/** Nodes that hold their input's rows in memory: what they need not hold is left out before. */
const holdsRows: ReadonlySet<Plan['kind']> = new Set(['join', 'sort', 'window', 'repartition']);

function slim(plan: Plan, input: Plan, wanted: Wanted): Plan {
  if (wanted === undefined || !holdsRows.has(plan.kind)) return input;
  const output = outputOf(input);
  const kept = output.filter((attribute) => wanted.has(attribute.id));
  return kept.length === output.length ? input : project(input, kept);
}

function exactly(plan: Plan, columns: readonly Attribute[]): Plan {
  const output = outputOf(plan);
  const same = output.length === columns.length && output.every((attribute, i) => attribute.id === columns[i]?.id);
  if (same) return plan;
  const now = new Map(output.map((attribute) => [attribute.id, attribute]));
  return project(
    plan,
    mapSame(columns, (attribute) => now.get(attribute.id) ?? attribute),
  );
}
