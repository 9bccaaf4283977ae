import type { Expr } from '../expr.js';
import { canFail, exprKey, isDeterministic } from '../facts.js';
import { joinAnd, joinAndOrNone, splitAnd } from '../logic.js';
import type { Plan, ScanPlan } from '../node.js';
import { HAS_FILTER, HAS_LIMIT } from '../traits.js';
import { replace, withChildren } from '../walk.js';
import { bottomUp } from './rule.js';

/** Tells sources what is asked of their rows: what they can decide by statistics, bloom filters or partitions they leave out. */
export const pushIntoScan = bottomUp(
  'push-into-scan',
  'a source leaves out pieces that hold no row asked for',
  HAS_FILTER | HAS_LIMIT,
  (plan) => {
    if (plan.kind === 'filter') return throughPassing(plan.input, (scan) => withPredicate(scan, plan.condition), plan);
    if (plan.kind === 'limit' && plan.limit !== undefined) {
      const rows = plan.limit + plan.offset;
      return throughPassing(plan.input, (scan) => withLimit(scan, rows), plan);
    }
    return plan;
  },
);

/** Changes the scan right below a node, or below a projection that only passes columns on. */
function throughPassing(input: Plan, change: (scan: ScanPlan) => ScanPlan, plan: Plan): Plan {
  const below =
    input.kind === 'project' && input.exprs.every((expr) => expr.kind === 'attribute') ? input.input : input;
  if (below.kind !== 'scan') return plan;
  const changed = change(below);
  if (changed === below) return plan;
  return withChildren(plan, [below === input ? changed : withChildren(input, [changed])]);
}

function withPredicate(scan: ScanPlan, condition: Expr): ScanPlan {
  const known = new Set((scan.predicate === undefined ? [] : splitAnd(scan.predicate)).map(exprKey));
  const terms = splitAnd(condition).filter(
    (term) => isDeterministic(term) && !canFail(term) && !known.has(exprKey(term)),
  );
  if (terms.length === 0) return scan;
  return replace<ScanPlan>(scan, {
    predicate:
      joinAndOrNone([...(scan.predicate === undefined ? [] : splitAnd(scan.predicate)), ...terms]) ?? joinAnd([]),
  });
}

function withLimit(scan: ScanPlan, rows: number): ScanPlan {
  // With a predicate the source may leave pieces out, but what it gives is still to be filtered: no count holds.
  if (scan.predicate !== undefined || (scan.limit !== undefined && scan.limit <= rows)) return scan;
  return replace<ScanPlan>(scan, { limit: rows });
}
