import { SparrowError, stringType } from '../../base/index.js';
import { findEntry } from '../../functions/registry.js';
import { column, literal, project, star } from '../build.js';
import type { Expr } from '../expr.js';
import type { Plan } from '../node.js';
import { mapExprs, planExprs } from '../node-exprs.js';
import { children, replace, withChildren } from '../walk.js';
import { someExpr, transformExpr } from '../walk-expr.js';

/** The column that stands for a call, called as Spark shows one. */
const NAME = 'input_file_name()';
const QUOTED = `\`${NAME}\``;

const isFileName = (expr: Expr): boolean =>
  expr.kind === 'unresolved_call' && expr.name.length === 15 && expr.name.toLowerCase() === 'input_file_name';

/** `input_file_name()` is a column of the source below, or an empty text where rows are of no files. */
export function withFileNames(plan: Plan): Plan {
  if (!planExprs(plan).some((expr) => someExpr(expr, isFileName))) return plan;
  const inputs = children(plan);
  if (inputs.reduce((sum, input) => sum + sourcesOf(input), 0) > 1) {
    throw new SparrowError(
      'MULTI_SOURCES_UNSUPPORTED_FOR_EXPRESSION',
      'input_file_name() has a meaning over one source only',
      { sqlState: '42K0E', parameters: { expr: NAME }, hint: 'take it from each source before they are joined' },
    );
  }
  const below = inputs.length === 1 ? carrying(inputs[0] as Plan) : undefined;
  const value: Expr = below === undefined ? { ...literal(stringType, ''), written: NAME } : column(QUOTED);
  const changed = mapExprs(plan, (expr) => transformExpr(expr, (e) => (isFileName(e) ? value : e)));
  if (below === undefined) return changed;
  const over = withChildren(changed, [below]);
  if (over.kind === 'project') return replace(over, { exprs: over.exprs.map(withoutName) });
  return over.kind === 'aggregate' ? over : project(over, [star(undefined, [QUOTED])]);
}

const sourcesOf = (plan: Plan): number =>
  plan.kind === 'read' ? 1 : children(plan).reduce((sum, input) => sum + sourcesOf(input), 0);

const withoutName = (expr: Expr): Expr =>
  expr.kind === 'unresolved_star' && expr.qualifier === undefined && expr.except?.includes(QUOTED) !== true
    ? { ...expr, except: [...(expr.except ?? []), QUOTED] }
    : expr;

const isAggregate = (expr: Expr): boolean =>
  expr.kind === 'unresolved_call' && findEntry(expr.name)?.kind === 'aggregate';

/** The plan with the name of its rows' file as one more column; undefined where its rows are of no file. */
function carrying(plan: Plan): Plan | undefined {
  if (plan.kind === 'read') {
    if (plan.description.stream !== undefined) return undefined;
    if (plan.description.fileName !== undefined) return plan;
    return replace(plan, { description: { ...plan.description, fileName: NAME } });
  }
  const isRow = [
    'filter',
    'sort',
    'limit',
    'with_columns',
    'subquery_alias',
    'sample',
    'repartition',
    'hint',
    'project',
  ];
  if (!isRow.includes(plan.kind)) return undefined;
  const input = carrying(children(plan)[0] as Plan);
  if (input === undefined) return undefined;
  const over = withChildren(plan, [input]);
  if (over.kind !== 'project') return over;
  if (over.exprs.some((expr) => someExpr(expr, isAggregate))) return undefined;
  if (over.exprs.some((expr) => expr.kind === 'unresolved_column' && expr.name === QUOTED)) return over;
  return replace(over, { exprs: [...over.exprs.map(withoutName), column(QUOTED)] });
}
