import type { Expr } from './expr.js';
import { readsOnly, references } from './expr-type.js';
import { exprKey, isDeterministic } from './facts.js';
import { splitAnd, substitute } from './logic.js';
import type { Plan, UnionPlan } from './node.js';
import { outputIds, outputOf } from './output.js';
import { planProperty } from './walk.js';

/** More are not kept: they serve guesses only. */
const MOST = 64;
const NONE: readonly Expr[] = [];

/** Conditions that every row of a resolved plan is known to meet, over its own columns. */
export const constraintsOf: (plan: Plan) => readonly Expr[] = planProperty((plan, inputs) => {
  const [input = NONE, other = NONE] = inputs;
  switch (plan.kind) {
    case 'filter':
      return together(input, splitAnd(plan.condition).filter(isDeterministic));
    case 'project':
      return input.length === 0 ? NONE : renamed(input, plan.exprs, outputIds(plan));
    case 'aggregate':
      return input.length === 0 || plan.groupBy.length === 0
        ? NONE
        : renamed(renamed(input, plan.groupBy, groupIds(plan.groupBy)), plan.output, outputIds(plan));
    case 'join': {
      const own = plan.condition === undefined ? NONE : splitAnd(plan.condition).filter(isDeterministic);
      switch (plan.how) {
        case 'inner':
        case 'cross':
          return together(together(input, other), own);
        case 'left':
        case 'anti':
        case 'exists':
          return input;
        case 'right':
          return other;
        case 'semi':
          return together(
            input,
            own.filter((term) => readsOnly(term, outputIds(plan))),
          );
        case 'full':
          return NONE;
      }
      return NONE;
    }
    case 'union':
      return inEach(plan, inputs);
    case 'sort':
    case 'limit':
    case 'distinct':
    case 'window':
    case 'sample':
    case 'repartition':
    case 'subquery_alias':
      return input;
    default:
      return NONE;
  }
});

function together(a: readonly Expr[], b: readonly Expr[]): readonly Expr[] {
  if (b.length === 0) return a;
  if (a.length === 0 && b.length <= MOST) return b;
  const byKey = new Map([...a, ...b].map((term) => [exprKey(term), term]));
  return [...byKey.values()].slice(0, MOST);
}

/** What holds in every branch of a union, over the union's columns. */
function inEach(plan: UnionPlan, inputs: readonly (readonly Expr[])[]): readonly Expr[] {
  if (inputs.some((terms) => terms.length === 0)) return NONE;
  const output = plan.output ?? [];
  const [first = [], ...others] = inputs.map((terms, i) => {
    const names = new Map<number, Expr>();
    for (const [at, column] of outputOf(plan.inputs[i] as Plan).entries()) {
      const own = output[at];
      if (own !== undefined && !names.has(column.id)) names.set(column.id, own);
    }
    return terms.filter((term) => readsOnly(term, names)).map((term) => substitute(term, names));
  });
  const keys = others.map((terms) => new Set(terms.map(exprKey)));
  return first.filter((term) => keys.every((known) => known.has(exprKey(term))));
}

const groupIds = (groupBy: readonly Expr[]): ReadonlySet<number> =>
  new Set(groupBy.flatMap((expr) => (expr.kind === 'attribute' || expr.kind === 'alias' ? (expr.id ?? []) : [])));

/** Conditions on an input in terms of the columns that are passed on, under their new ids. */
function renamed(terms: readonly Expr[], exprs: readonly Expr[], visible: ReadonlySet<number>): readonly Expr[] {
  const names = new Map<number, Expr>();
  for (const expr of exprs) {
    if (
      expr.kind === 'alias' &&
      expr.id !== undefined &&
      expr.input.kind === 'attribute' &&
      !visible.has(expr.input.id)
    ) {
      const { input, id, name } = expr;
      names.set(input.id, { ...input, id, name });
    }
  }
  return terms.flatMap((term) => {
    const own = names.size === 0 ? term : substitute(term, names);
    for (const id of references(own)) if (!visible.has(id)) return [];
    return [own];
  });
}
