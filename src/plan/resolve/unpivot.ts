import { type DataType, SparrowError, simpleString, stringType } from '../../base/index.js';
import { commonTypeOf } from '../../functions/signature.js';
import { filter } from '../build.js';
import { expandRows } from '../build-relations.js';
import type { Attribute, Expr } from '../expr.js';
import { exprNullable, exprType, references } from '../expr-type.js';
import { nextId } from '../ids.js';
import { isNotNull, joinOr } from '../logic.js';
import type { Plan, UnpivotPlan } from '../node.js';
import { outputOf } from '../output.js';
import { columnName } from '../sql-text.js';
import { type Analyzed, scopeOver } from './analyzed.js';
import { castTo } from './calls.js';
import type { Context } from './context.js';
import { resolveExpr } from './exprs.js';
import { starColumns } from './stars.js';

interface Group {
  readonly exprs: readonly Expr[];
  readonly name: string;
}

/** Each row once for each group of value columns: the id columns, what the group is called, and its values. */
export function resolveUnpivot(plan: UnpivotPlan, input: Analyzed, context: Context): Plan {
  const { ids, groups } = parts(plan, input, context);
  if (groups.length === 0) {
    throw new SparrowError('UNPIVOT_REQUIRES_VALUE_COLUMNS', 'there are no columns to turn into rows', {
      sqlState: '42K0A',
      hint: 'name at least one value column',
    });
  }
  const width = plan.valueNames.length;
  for (const group of groups) {
    if (group.exprs.length === width) continue;
    throw new SparrowError(
      'UNPIVOT_VALUE_SIZE_MISMATCH',
      `each group of value columns must have ${width} columns, but ${group.name} has ${group.exprs.length}`,
      { sqlState: '428C4', parameters: { names: `${width}` } },
    );
  }
  const types = plan.valueNames.map((_, v) => commonValueType(groups, v));
  const projections = groups.map((group): readonly Expr[] => [
    ...ids,
    { kind: 'literal', type: stringType, value: group.name },
    ...group.exprs.map((expr, v) => castTo(expr, types[v] as DataType, context.settings.ansi)),
  ]);
  const made = (name: string, type: DataType, nullable: boolean): Attribute =>
    Object.freeze({ kind: 'attribute', id: nextId(), name, type, nullable });
  const values = plan.valueNames.map((name, v) =>
    made(
      name,
      types[v] as DataType,
      groups.some((group) => exprNullable(group.exprs[v] as Expr)),
    ),
  );
  const output = [
    ...ids.map((id) => made(id.name, id.type, id.nullable)),
    made(plan.variableName, stringType, false),
    ...values,
  ];
  const expanded = expandRows(input.plan, projections, output);
  return plan.includeNulls ? expanded : filter(expanded, joinOr(values.map(isNotNull)));
}

function parts(
  plan: UnpivotPlan,
  input: Analyzed,
  context: Context,
): { ids: readonly Attribute[]; groups: readonly Group[] } {
  const scope = scopeOver(input, context);
  const output = outputOf(input.plan);
  const resolved = (expr: Expr): readonly Expr[] =>
    expr.kind === 'unresolved_star' ? starColumns(expr, scope) : [resolveExpr(expr, scope, context.settings)];
  const ids = plan.ids?.flatMap(resolved).map((expr): Attribute => {
    if (expr.kind === 'attribute') return expr;
    throw new SparrowError('UNPIVOT_REQUIRES_ATTRIBUTES', `id columns are plain columns, not ${columnName(expr)}`, {
      sqlState: '42K0A',
    });
  });
  const groups = plan.values?.flatMap((group): readonly Group[] => {
    const exprs = group.exprs.flatMap(resolved);
    const isList = group.exprs.length === 1 && group.exprs[0]?.kind === 'unresolved_star';
    if (isList) return exprs.map((expr) => ({ exprs: [expr], name: columnName(expr) }));
    return [{ exprs, name: group.name ?? exprs.map((expr) => columnName(expr)).join('_') }];
  });
  if (groups !== undefined) {
    const used = new Set(groups.flatMap((group) => group.exprs.flatMap((expr) => [...references(expr)])));
    return { ids: ids ?? output.filter((column) => !used.has(column.id)), groups };
  }
  const kept = new Set((ids ?? []).map((column) => column.id));
  const rest = output.filter((column) => !kept.has(column.id));
  return { ids: ids ?? [], groups: rest.map((column) => ({ exprs: [column], name: column.name })) };
}

function commonValueType(groups: readonly Group[], v: number): DataType {
  const types = groups.map((group) => exprType(group.exprs[v] as Expr));
  const common = commonTypeOf(types);
  if (common !== undefined && !mixTexts(types)) return common;
  throw new SparrowError(
    'UNPIVOT_VALUE_DATA_TYPE_MISMATCH',
    `the value columns have no common type: ${types.map((type) => simpleString(type).toUpperCase()).join(', ')}`,
    { sqlState: '42K09', hint: 'cast them to one type first' },
  );
}

/** Whether texts stand beside other values, at any depth: as in Spark neither becomes the other here. */
function mixTexts(types: readonly DataType[]): boolean {
  const known = types.filter(({ kind }) => kind !== 'null');
  const texts = known.filter(({ kind }) => kind === 'string').length;
  if (texts > 0) return texts < known.length;
  const [first] = known;
  switch (first?.kind) {
    case 'array':
      return mixTexts(known.flatMap((type) => (type.kind === 'array' ? [type.element] : [])));
    case 'map': {
      const maps = known.flatMap((type) => (type.kind === 'map' ? [type] : []));
      return mixTexts(maps.map(({ key }) => key)) || mixTexts(maps.map(({ value }) => value));
    }
    case 'struct': {
      const structs = known.flatMap((type) => (type.kind === 'struct' ? [type] : []));
      return first.fields.some((_, i) => mixTexts(structs.flatMap(({ fields }) => fields[i]?.type ?? [])));
    }
    default:
      return false;
  }
}
