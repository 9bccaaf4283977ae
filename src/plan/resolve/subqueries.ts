import { booleanType, SparrowError, simpleString } from '../../base/index.js';
import { comparableType } from '../../functions/signature.js';
import { project } from '../build.js';
import type { Alias, Attribute, Expr, Subquery } from '../expr.js';
import { exprNullable, exprType } from '../expr-type.js';
import { nextId } from '../ids.js';
import { outerMentions, outerReferences } from '../nested.js';
import { type Plan, planOf } from '../node.js';
import { outputOf } from '../output.js';
import { castTo } from './calls.js';
import type { PlanSettings } from './context.js';
import type { Scope } from './scope.js';
import { checkHosts, checkOneGroup } from './subquery-checks.js';

/** A subquery with its plan analysed and typed, and what it reads of the queries around it. */
export function resolveSubquery(
  expr: Subquery,
  values: readonly Expr[],
  scope: Scope,
  settings: PlanSettings,
): Subquery {
  const { plan } = scope.around.subquery(planOf(expr.plan), scope);
  checkHosts(plan);
  switch (expr.form) {
    case 'scalar': {
      const [column, ...more] = outputOf(plan);
      if (column === undefined || more.length > 0) throw notOneColumn(outputOf(plan));
      checkOneGroup(plan, settings);
      return { ...finish(expr, plan, [], scope), type: column.type, nullable: true };
    }
    case 'exists':
      return { ...finish(expr, plan, [], scope), type: booleanType, nullable: false };
    case 'in':
      return resolveIn(expr, plan, values, scope, settings);
  }
}

function resolveIn(
  expr: Subquery,
  plan: Plan,
  values: readonly Expr[],
  scope: Scope,
  settings: PlanSettings,
): Subquery {
  const columns = outputOf(plan);
  if (columns.length !== values.length) {
    throw new SparrowError(
      'DATATYPE_MISMATCH.IN_SUBQUERY_LENGTH_MISMATCH',
      `IN compares ${values.length} values with a query of ${columns.length} columns`,
      { sqlState: '42K09', parameters: { leftLength: `${values.length}`, rightLength: `${columns.length}` } },
    );
  }
  const types = columns.map((column, i) => {
    const type = comparableType(exprType(values[i] as Expr), column.type);
    if (type !== undefined) return type;
    throw new SparrowError(
      'DATATYPE_MISMATCH.IN_SUBQUERY_DATA_TYPE_MISMATCH',
      `IN compares ${simpleString(exprType(values[i] as Expr)).toUpperCase()} with ${simpleString(column.type).toUpperCase()}`,
      { sqlState: '42K09' },
    );
  });
  const casts = columns.map((column, i): Expr => {
    const cast = castTo(column, types[i] as Attribute['type'], settings.ansi);
    if (cast === column) return column;
    return Object.freeze({ kind: 'alias', name: column.name, input: cast, id: nextId() } satisfies Alias);
  });
  const cast = casts.every((column, i) => column === columns[i]) ? plan : project(plan, casts);
  const left = values.map((value, i) => castTo(value, types[i] as Attribute['type'], settings.ansi));
  const nullable = left.some(exprNullable) || outputOf(cast).some((column) => column.nullable);
  return { ...finish(expr, cast, left, scope), type: booleanType, nullable };
}

function finish(expr: Subquery, plan: Plan, values: readonly Expr[], scope: Scope): Subquery {
  const read = outerReferences(plan);
  const outer = read.map(
    (attribute): Expr => scope.byId(attribute.id) ?? Object.freeze({ kind: 'outer_reference', attribute }),
  );
  const outerIds = read.map((attribute) => attribute.id);
  const known = { outer, outerIds, mentions: outerMentions(plan), written: expr.plan };
  return Object.freeze({ ...expr, plan, values, ...known });
}

function notOneColumn(output: readonly Attribute[]): SparrowError {
  return new SparrowError(
    'INVALID_SUBQUERY_EXPRESSION.SCALAR_SUBQUERY_RETURN_MORE_THAN_ONE_OUTPUT_COLUMN',
    `a subquery that stands for a value must give one column, not ${output.length}`,
    { sqlState: '42823', parameters: { number: `${output.length}` } },
  );
}
