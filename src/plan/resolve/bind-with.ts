import { int64Type } from '../../base/index.js';
import { subqueryAlias, withPlanId } from '../build.js';
import { nextId } from '../ids.js';
import { everyNode, mapNested } from '../nested.js';
import type { Plan, RecursiveRefPlan } from '../node.js';
import { mapExprs } from '../node-exprs.js';
import { mapChildren, replace, transformUp } from '../walk.js';
import { transformExpr } from '../walk-expr.js';
import { noTravel } from './time-travel.js';

/** What names mean that WITH gave, in lower case. */
type Names = ReadonlyMap<string, Plan>;

/**
 * Puts the queries of WITH where they are named. A query named twice is one plan object in two places; those that are
 * never named are added to `unused`.
 */
export function bindWith(plan: Plan, unused: Set<Plan>): Plan {
  if (!everyNode(plan).some((node) => node.kind === 'with')) return plan;
  return bind(plan, new Map(), unused);
}

/** Goes down as deep as the query text is nested. */
function bind(plan: Plan, names: Names, unused: Set<Plan>): Plan {
  switch (plan.kind) {
    case 'view': {
      const query = names.get(plan.name.toLowerCase());
      if (query === undefined) return replace(plan, { near: [...names.keys()] });
      if (plan.asOf !== undefined) throw noTravel(plan.name);
      unused.delete(query);
      if (query.kind === 'recursive_ref') return subqueryAlias(query, plan.name);
      return keepId(subqueryAlias(query, plan.name), plan);
    }
    case 'with': {
      const inner = new Map(names);
      for (const query of plan.queries) {
        const bound = seeded(bind(query.plan, inner, unused));
        inner.set(query.name.toLowerCase(), bound);
        unused.add(bound);
      }
      return keepId(bind(plan.input, inner, unused), plan);
    }
    case 'recursion': {
      const round: RecursiveRefPlan = Object.freeze({ kind: 'recursive_ref', id: nextId(), output: [] });
      const inner = new Map(names).set(plan.name.toLowerCase(), round);
      return replace(plan, {
        anchor: bind(plan.anchor, names, unused),
        step: bind(plan.step, inner, unused),
        id: round.id,
      });
    }
    default: {
      const below = mapChildren(plan, (input) => bind(input, names, unused));
      return mapNested(below, (nested) => bind(nested, names, unused));
    }
  }
}

const unseeded: ReadonlySet<string> = new Set(['rand', 'random', 'randn']);

/** A query that is named twice gives the same rows twice: its random numbers get a seed, which names do not show. */
const seeded = (plan: Plan): Plan =>
  transformUp(plan, (node) =>
    mapNested(
      mapExprs(node, (expr) =>
        transformExpr(expr, (e) => {
          if (e.kind !== 'unresolved_call' || e.args.length > 0 || !unseeded.has(e.name.toLowerCase())) return e;
          const value = BigInt(Math.floor(Math.random() * Number.MAX_SAFE_INTEGER));
          return replace(e, { args: [{ kind: 'literal', type: int64Type, value, written: '' }] });
        }),
      ),
      seeded,
    ),
  );

const keepId = (plan: Plan, { planId }: Plan): Plan => (planId === undefined ? plan : withPlanId(plan, planId));
