import { SparrowError } from '../../base/index.js';
import { project } from '../build.js';
import type { Expr } from '../expr.js';
import { asksGroups, hasWindow } from '../facts.js';
import type { Plan, ProjectPlan } from '../node.js';
import { columnName } from '../sql-text.js';
import { aggregateOver } from './aggregate.js';
import { type Analyzed, overInput, scopeOver } from './analyzed.js';
import type { Context } from './context.js';
import type { Named } from './exprs.js';
import { generatorsAbove, hasGenerator, projectGenerators } from './generators.js';
import { refuseGrouping } from './grouping-sets.js';
import { resolveList } from './select-list.js';
import { starColumns } from './stars.js';
import { extractWindows } from './windows.js';

/** A select list: stars, names, window calls; with aggregates in it, one group over everything. */
export function resolveProject(plan: ProjectPlan, input: Analyzed, context: Context): Plan {
  const scope = scopeOver(input, context);
  const expanded = plan.exprs.flatMap((expr): readonly Expr[] =>
    expr.kind === 'unresolved_star' ? starColumns(expr, scope) : [expr],
  );
  const over = overInput(input, context, false, (names) => resolveList(expanded, names, context, refuseGrouping));
  const finished = over.result;
  const total = finished.find(asksGroups);
  if (total !== undefined) {
    if (plan.extends === true) {
      throw new SparrowError(
        'PIPE_OPERATOR_CONTAINS_AGGREGATE_FUNCTION',
        `\`|> EXTEND\` takes no aggregates: ${columnName(total)}`,
        { sqlState: '0A000', parameters: { clause: 'EXTEND', expr: columnName(total) }, hint: 'use `|> AGGREGATE`' },
      );
    }
    const groups = (output: readonly Named[]): Plan => aggregateOver(over.input, [], output, { scope });
    return finished.some(hasGenerator) ? generatorsAbove(finished, groups, context) : groups(finished);
  }
  if (finished.some(hasGenerator)) {
    // Windows see the rows that are generated, unless a generator takes what a window gives.
    if (!finished.some((expr) => hasGenerator(expr) && hasWindow(expr))) {
      return projectGenerators(over.input, finished, context, projectOver);
    }
    const windows = extractWindows(over.input, finished);
    return projectGenerators(windows.input, windows.exprs, context);
  }
  return projectOver(over.input, finished);
}

/** A projection with its window calls taken out. */
export function projectOver(input: Plan, exprs: readonly Expr[]): Plan {
  const windows = extractWindows(input, exprs);
  return project(windows.input, windows.exprs);
}
