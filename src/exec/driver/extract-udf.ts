import { isNullable, type PhysicalExpr } from '../../functions/expression.js';
import type { PhysicalColumn, PhysicalPlan } from '../physical.js';
import { pullFromJoin } from './extract-udf-join.js';
import { columnAt, hasUdf, pick, withCalls } from './udf-calls.js';

/*
 * Functions of the user are not evaluated where they stand in an expression: their calls become columns that an
 * operator of its own adds below, batch by batch. A call inside a branch of CASE, IF, AND, OR or coalesce takes the
 * branch's condition with it, so that it is made for exactly the rows that would have reached it.
 */

/** The plan with every call of a user's function taken out of its expressions. */
export function extractUdfs(plan: PhysicalPlan): PhysicalPlan {
  switch (plan.kind) {
    case 'scan':
    case 'batches':
    case 'round':
      return plan;
    case 'recursion':
      return { ...plan, anchor: extractUdfs(plan.anchor), step: extractUdfs(plan.step) };
    case 'union':
      return { ...plan, inputs: plan.inputs.map(extractUdfs) };
    case 'join':
      return pullFromJoin({ ...plan, left: extractUdfs(plan.left), right: extractUdfs(plan.right) });
    default:
      return extractFrom(plan, extractUdfs(plan.input));
  }
}

type OneInput = Exclude<PhysicalPlan, { kind: 'scan' | 'batches' | 'union' | 'join' | 'recursion' | 'round' }>;

function extractFrom(plan: OneInput, input: PhysicalPlan): PhysicalPlan {
  switch (plan.kind) {
    case 'filter': {
      const over = withCalls(input, [plan.condition]);
      return narrowed({ ...plan, columns: over.input.columns, input: over.input, condition: only(over.exprs) }, plan);
    }
    case 'project': {
      const over = withCalls(input, plan.exprs);
      return { ...plan, input: over.input, exprs: over.exprs };
    }
    case 'sort': {
      const over = withCalls(
        input,
        plan.keys.map((key) => key.expr),
      );
      const keys = plan.keys.map((key, k) => ({ ...key, expr: over.exprs[k] as PhysicalExpr }));
      return narrowed({ ...plan, columns: over.input.columns, input: over.input, keys }, plan);
    }
    case 'aggregate':
      return extractFromAggregate(plan, input);
    case 'generate': {
      const over = withCalls(input, plan.args);
      if (over.input === input) return { ...plan, input };
      const made = plan.columns.slice(plan.input.columns.length);
      const wider = { ...plan, input: over.input, args: over.exprs, columns: [...over.input.columns, ...made] };
      const kept = [...plan.input.columns.map((_, i) => i), ...made.map((_, i) => over.input.columns.length + i)];
      return pick(wider, kept, plan.columns);
    }
    case 'window':
      return extractFromWindow(plan, input);
    default:
      return { ...plan, input };
  }
}

function extractFromAggregate(plan: Extract<OneInput, { kind: 'aggregate' }>, input: PhysicalPlan): PhysicalPlan {
  const exprs = new ExprList();
  const keys = plan.keys.map((key) => exprs.add(key));
  const specs = plan.aggregates.map((spec) => ({
    spec,
    args: spec.args.map((arg) => exprs.add(arg)),
    filter: spec.filter === undefined ? undefined : exprs.add(spec.filter),
  }));
  const over = withCalls(input, exprs.list);
  const at = (index: number): PhysicalExpr => over.exprs[index] as PhysicalExpr;
  const grouped: PhysicalPlan = {
    ...plan,
    input: over.input,
    keys: keys.map(at),
    aggregates: specs.map(({ spec, args, filter }) => ({
      ...spec,
      args: args.map(at),
      ...(filter === undefined ? {} : { filter: at(filter) }),
    })),
  };
  if (!plan.output.some(hasUdf)) return grouped;
  // Calls over groups are made above: the aggregation gives keys and results as they are.
  const columns: PhysicalColumn[] = [...plan.keys, ...plan.aggregates].map((part, i) => ({
    name: `_${i}`,
    type: part.type,
    nullable: 'kind' in part ? isNullable(part) : part.nullable,
  }));
  const passed = { ...grouped, columns, output: columns.map(columnAt) };
  const above = withCalls(passed, plan.output);
  return { kind: 'project', columns: plan.columns, input: above.input, exprs: above.exprs };
}

function extractFromWindow(plan: Extract<OneInput, { kind: 'window' }>, input: PhysicalPlan): PhysicalPlan {
  const exprs = new ExprList();
  const partition = plan.partitionBy.map((e) => exprs.add(e));
  const order = plan.orderBy.map((key) => exprs.add(key.expr));
  const calls = plan.calls.map((call) => ({
    args: call.args.map((arg) => exprs.add(arg)),
    filter: call.filter === undefined ? undefined : exprs.add(call.filter),
  }));
  const over = withCalls(input, exprs.list);
  const at = (index: number): PhysicalExpr => over.exprs[index] as PhysicalExpr;
  const made = plan.columns.slice(plan.input.columns.length);
  const window: PhysicalPlan = {
    ...plan,
    columns: [...over.input.columns, ...made],
    input: over.input,
    partitionBy: partition.map(at),
    orderBy: plan.orderBy.map((key, k) => ({ ...key, expr: at(order[k] as number) })),
    calls: plan.calls.map((call, c) => {
      const own = calls[c] as (typeof calls)[number];
      return {
        ...call,
        args: own.args.map(at),
        ...(own.filter === undefined ? {} : { filter: at(own.filter) }),
      };
    }),
  };
  if (over.input === input) return window;
  const kept = [...plan.input.columns.map((_, i) => i), ...made.map((_, i) => over.input.columns.length + i)];
  return pick(window, kept, plan.columns);
}

class ExprList {
  readonly list: PhysicalExpr[] = [];

  add(expr: PhysicalExpr): number {
    return this.list.push(expr) - 1;
  }
}

const only = (exprs: readonly PhysicalExpr[]): PhysicalExpr => exprs[0] as PhysicalExpr;

/** The plan with only the columns the original had: those that calls added are dropped. */
function narrowed(plan: PhysicalPlan, original: PhysicalPlan): PhysicalPlan {
  const { length } = original.columns;
  if (plan.columns.length === length) return { ...plan, columns: original.columns };
  return pick(
    plan,
    original.columns.map((_, i) => i),
    original.columns,
  );
}
