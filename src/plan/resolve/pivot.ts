import { engineBug, type Scalar, SparrowError, stringType } from '../../base/index.js';
import { constantValue } from '../bind.js';
import { aggregate } from '../build.js';
import type { AggregateCall, Alias, Attribute, Expr } from '../expr.js';
import { exprType, references, toAttribute } from '../expr-type.js';
import { hasAggregate, isConstant } from '../facts.js';
import { nextId } from '../ids.js';
import { equalNullSafe, joinAnd } from '../logic.js';
import type { PivotPlan, PivotValue, Plan } from '../node.js';
import { outputOf } from '../output.js';
import { columnName } from '../sql-text.js';
import { someExpr } from '../walk-expr.js';
import { aggregateOver } from './aggregate.js';
import { type Analyzed, scopeOver } from './analyzed.js';
import { castTo, foldLiteralCasts, requireOrderable } from './calls.js';
import type { Context, PlanSettings } from './context.js';
import { type Named, named, resolveExpr } from './exprs.js';
import { noFrames } from './frames.js';
import { scopeOf } from './scope.js';
import { resolveList } from './select-list.js';

const alias = (name: string, input: Expr): Alias & { readonly id: number } =>
  Object.freeze({ kind: 'alias', name, input, id: nextId() });

/**
 * First the groups by everything together, then for each group the one value that each column's group gave: so a
 * combination that does not occur is null, whatever the aggregate.
 */
export function resolvePivot(plan: PivotPlan, input: Analyzed, context: Context): Plan {
  const { settings } = context;
  const scope = scopeOver(input, context);
  const values = plan.values;
  if (values === undefined) throw engineBug('the values of a pivot were not looked up before analysis');
  const columns = plan.columns.map((expr) => toNamed(expr, resolveExpr(expr, scope, settings)));
  const aggregates = resolveList(plan.aggregates, scope, context);
  for (const [i, expr] of aggregates.entries()) {
    if (!hasAggregate(expr)) throw notAggregate(plan.aggregates[i] as Expr);
  }
  for (const column of columns) requireOrderable(column, 'pivot by');
  const used = new Set([...columns, ...aggregates].flatMap((expr) => [...references(expr)]));
  const groups =
    plan.groupBy === undefined
      ? outputOf(input.plan).filter((attribute) => !used.has(attribute.id))
      : plan.groupBy.map((expr) => toNamed(expr, resolveExpr(expr, scope, settings)));
  const keys = [...groups, ...columns];
  const first = aggregateOver(input.plan, keys, [...keys.map(toAttribute), ...aggregates], { scope });
  const made = outputOf(first);
  const turned = made.slice(groups.length, keys.length);
  const results = made.slice(keys.length);
  const outer = made.slice(0, groups.length);
  const output = values.flatMap((value) => {
    const given = literals(value, turned, context);
    const condition = joinAnd(turned.map((column, i) => equalNullSafe(column, given[i] as Expr)));
    return results.map((result) => {
      const name = nameOf(value, given, settings);
      return alias(results.length === 1 ? name : `${name}_${result.name}`, onlyWhere(result, condition));
    });
  });
  return aggregate(first, outer, [...outer, ...output]);
}

const toNamed = (original: Expr, resolved: Expr): Named => named(original, resolved);

const onlyWhere = (result: Attribute, filter: Expr): AggregateCall =>
  Object.freeze({
    kind: 'aggregate_call',
    fn: 'first',
    args: [result],
    distinct: false,
    filter,
    type: result.type,
    nullable: true,
  });

function literals(value: PivotValue, columns: readonly Attribute[], context: Context): readonly Expr[] {
  const scope = scopeOf([], noFrames, context.settings.caseSensitive === true, context);
  if (value.exprs.length !== columns.length) {
    throw new SparrowError(
      'PIVOT_VALUE_DATA_TYPE_MISMATCH',
      `a value of PIVOT has ${value.exprs.length} parts for ${columns.length} columns`,
      { sqlState: '42K09' },
    );
  }
  return value.exprs.map((expr, i) => {
    const isRow = someExpr(expr, (e) => e.kind === 'unresolved_column');
    const resolved = isRow ? expr : resolveExpr(expr, scope, context.settings);
    if (isRow || !isConstant(resolved)) {
      throw new SparrowError(
        'NON_LITERAL_PIVOT_VALUES',
        `the values of PIVOT are constants, not ${columnName(resolved)}`,
        { sqlState: '42K08', parameters: { expression: columnName(resolved) } },
      );
    }
    return foldLiteralCasts(castTo(resolved, (columns[i] as Attribute).type, context.settings.ansi), context.settings);
  });
}

/** What the column is called: as the user said, or as the value reads as text. */
function nameOf(value: PivotValue, given: readonly Expr[], settings: PlanSettings): string {
  if (value.name !== undefined) return value.name;
  const texts = given.map((expr): Scalar => {
    if (exprType(expr).kind === 'string') return constantValue(expr, settings) ?? null;
    return constantValue({ kind: 'cast', input: expr, type: stringType, nullable: true }, settings) ?? null;
  });
  const all = texts.map((text) => (text === null ? 'null' : String(text)));
  return all.length === 1 ? String(all[0]) : `{${all.join(', ')}}`;
}

const notAggregate = (expr: Expr): SparrowError =>
  new SparrowError('_LEGACY_ERROR_TEMP_1006', `PIVOT needs aggregates, not ${columnName(expr)}`, {
    sqlState: '42K0E',
    parameters: { sql: columnName(expr) },
  });
