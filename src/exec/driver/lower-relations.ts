import { field, int32Type, type StructType, structType } from '../../base/index.js';
import type { PhysicalExpr } from '../../functions/expression.js';
import { distinct, join, local, project } from '../../plan/build.js';
import type { Attribute, Call, Expr } from '../../plan/expr.js';
import { exprKey } from '../../plan/facts.js';
import { equalNullSafe, joinAndOrNone } from '../../plan/logic.js';
import type { ExpandPlan, GeneratePlan, Plan, RecursivePlan, RecursiveRefPlan } from '../../plan/node.js';
import { outputOf } from '../../plan/output.js';
import type { PhysicalColumn, PhysicalPlan, RoundRows } from '../physical.js';

type Bind = (expr: Expr, input: readonly Attribute[]) => PhysicalExpr;
type Lower = (plan: Plan) => PhysicalPlan;

/** Rows with a few alternatives each: every row meets the alternatives' numbers, and a projection chooses by number. */
export function lowerExpand(
  plan: ExpandPlan,
  columns: readonly PhysicalColumn[],
  lower: Lower,
  numbers: (count: number) => PhysicalPlan,
  bind: Bind,
): PhysicalPlan {
  const input = lower(plan.input);
  const right = numbers(plan.projections.length);
  const number: PhysicalColumn = { name: 'set', type: int32Type, nullable: false };
  const joined: PhysicalPlan = {
    kind: 'join',
    columns: [...input.columns, number],
    left: input,
    right,
    how: 'inner',
    keys: [],
    build: 'right',
  };
  const set: PhysicalExpr = { kind: 'column', index: input.columns.length, type: int32Type, nullable: false };
  const exprs = plan.output.map((column, c): PhysicalExpr => {
    const choices = plan.projections.map((projection) => projection[c] as Expr);
    return choose(choices, set, column, (expr) => bind(expr, outputOf(plan.input)));
  });
  return { kind: 'project', columns, input: joined, exprs };
}

const numberTables = new Map<number, Plan>();

/** The numbers from 0, as rows. */
export function setNumbers(count: number): Plan {
  const known = numberTables.get(count);
  if (known !== undefined) return known;
  const numbers = Array.from({ length: count }, (_, i) => i);
  const plan = local({
    schema: structType([field('set', int32Type, false)]),
    content: { kind: 'scalars', rows: count, columns: [numbers] },
  });
  numberTables.set(count, plan);
  return plan;
}

/** The choice of the set's number; sets with the same choice share a branch. */
function choose(
  choices: readonly Expr[],
  set: PhysicalExpr,
  column: Attribute,
  bind: (expr: Expr) => PhysicalExpr,
): PhysicalExpr {
  const groups = new Map<number, { readonly expr: Expr; readonly sets: number[] }>();
  for (const [i, expr] of choices.entries()) {
    const key = exprKey(expr);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { expr, sets: [i] });
    else group.sets.push(i);
  }
  const [first, ...others] = [...groups.values()].sort((a, b) => b.sets.length - a.sets.length);
  if (first === undefined || others.length === 0) return bind((first as { expr: Expr }).expr);
  const args = others.flatMap(({ expr, sets }) => [isIn(set, sets), bind(expr)]);
  return { kind: 'call', fn: 'when', args: [...args, bind(first.expr)], type: column.type, nullable: true };
}

function isIn(set: PhysicalExpr, sets: readonly number[]): PhysicalExpr {
  const literals = sets.map((value): PhysicalExpr => ({ kind: 'literal', type: int32Type, value }));
  const [only] = literals;
  const call = (fn: string, args: readonly PhysicalExpr[]): PhysicalExpr => ({
    kind: 'call',
    fn,
    args,
    type: { kind: 'boolean' },
    nullable: false,
  });
  return literals.length === 1 && only !== undefined ? call('eq', [set, only]) : call('isin', [set, ...literals]);
}

export function lowerGenerate(
  plan: GeneratePlan,
  columns: readonly PhysicalColumn[],
  lower: Lower,
  bind: Bind,
): PhysicalPlan {
  const { fn, args, type } = plan.generator as Call;
  return {
    kind: 'generate',
    columns,
    input: lower(plan.input),
    fn,
    args: args.map((arg) => bind(arg, outputOf(plan.input))),
    type: type as StructType,
    outer: plan.outer,
  };
}

/** Where the rounds of recursive queries keep their rows, by the id their references have. */
export type Rounds = Map<number, RoundRows>;

export function lowerRecursive(
  plan: RecursivePlan,
  columns: readonly PhysicalColumn[],
  lower: Lower,
  rounds: Rounds,
): PhysicalPlan {
  const last: RoundRows = { batches: [], rows: [] };
  const all: RoundRows = { batches: [], rows: [] };
  rounds.set(plan.id, last);
  rounds.set(-plan.id, all);
  const { maxLevel, rowsAsked = Number.POSITIVE_INFINITY } = plan;
  const loop = { kind: 'recursion', columns, last, all, maxLevel, rowsAsked } as const;
  if (!plan.distinct) {
    return { ...loop, anchor: lower(plan.left), step: lower(plan.right) };
  }
  // UNION: only rows that no round had before.
  const before: RecursiveRefPlan = { kind: 'recursive_ref', id: -plan.id, output: plan.output };
  const step = distinct(plan.right);
  const made = outputOf(step);
  const same = made.map((column, i) => equalNullSafe(column, plan.output[i] as Attribute));
  const fresh = join(step, before, 'anti', joinAndOrNone(same));
  const anchor = distinct(plan.left);
  return { ...loop, anchor: lower(anchor), step: lower(project(fresh, made)) };
}

export function lowerRound(plan: RecursiveRefPlan, columns: readonly PhysicalColumn[], rounds: Rounds): PhysicalPlan {
  return { kind: 'round', columns, from: rounds.get(plan.id) ?? { batches: [], rows: [] } };
}
