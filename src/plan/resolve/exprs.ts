import { int32Type, SparrowError, simpleString, stringType } from '../../base/index.js';
import { findEntry } from '../../functions/registry.js';
import type {
  Alias,
  Attribute,
  Call,
  Expr,
  UnresolvedCall,
  UnresolvedColumn,
  UnresolvedStar,
  WindowCall,
} from '../expr.js';
import { exprType } from '../expr-type.js';
import { nextId } from '../ids.js';
import { columnName } from '../sql-text.js';
import { foldExpr, withExprChildren } from '../walk-expr.js';
import { buildCall, buildJsCall, requireBoolean, requireOrderable, resolveCast } from './calls.js';
import type { PlanSettings } from './context.js';
import { quoteName } from './names.js';
import { findColumn, type Scope } from './scope.js';
import { resolveSubquery } from './subqueries.js';
import { resolveWindow } from './window-calls.js';

/** Settles names, types and casts of one expression. Names of inner aliases are dropped, as in Spark. */
export function resolveExpr(root: Expr, scope: Scope, settings: PlanSettings): Expr {
  return foldExpr<Expr>(root, (expr, inputs) => {
    switch (expr.kind) {
      case 'unresolved_column':
        return resolveColumn(expr, scope, settings);
      case 'unresolved_star':
        // Stars are taken apart by the call or list they stand in.
        return expr;
      case 'unresolved_call':
        return resolveUnresolvedCall(expr, inputs, scope, settings);
      case 'cast':
        return expr.nullable === undefined
          ? resolveCast(expr, inputs[0] as Expr, settings)
          : withExprChildren(expr, inputs);
      case 'alias':
        return expr === root ? withExprChildren(expr, inputs) : (inputs[0] as Expr);
      case 'window_call':
        return resolveWindow(withExprChildren(expr, inputs) as WindowCall);
      case 'subquery':
        return expr.type === undefined
          ? resolveSubquery(expr, inputs, scope, settings)
          : withExprChildren(expr, inputs);
      case 'ordinal':
        throw new SparrowError(
          'UNSUPPORTED_FEATURE',
          'a position has no meaning here: it goes with GROUP BY and ORDER BY',
        );
      case 'sort_order':
        requireOrderable(inputs[0] as Expr, 'sort by');
        return withExprChildren(expr, inputs);
      default:
        return inputs.length === 0 ? expr : withExprChildren(expr, inputs);
    }
  });
}

function resolveColumn(column: UnresolvedColumn, scope: Scope, settings: PlanSettings): Expr {
  const { attribute, fields, outer } = findColumn(column, scope);
  let expr: Expr = outer === true ? Object.freeze({ kind: 'outer_reference', attribute }) : attribute;
  for (const name of fields) expr = fieldOf(expr, name, settings);
  return expr;
}

function fieldOf(expr: Expr, name: string, settings: PlanSettings): Expr {
  const found = findField(expr, name, settings);
  if (typeof found !== 'string') return found;
  if (findEntry('getField') !== undefined) return buildCall('getField', [expr, stringLiteral(found)], settings);
  throw new SparrowError(
    'FEATURE_NOT_ENABLED',
    `taking a field of a struct is not supported yet: ${columnName(expr)}.${found}`,
  );
}

/** The field's own name, or what stands for it in a map. */
function findField(expr: Expr, name: string, settings: PlanSettings): Expr | string {
  const type = exprType(expr);
  const holder = type.kind === 'array' ? type.element : type;
  if (holder.kind === 'map') return buildCall('getItem', [expr, stringLiteral(name)], settings);
  if (holder.kind !== 'struct') {
    throw new SparrowError(
      'INVALID_EXTRACT_BASE_FIELD_TYPE',
      `${columnName(expr)} is ${simpleString(type).toUpperCase()} and has no field \`${name}\``,
      {
        sqlState: '42000',
        hint: `for a column whose name holds a dot write ${quoteName(`${columnName(expr)}.${name}`)}`,
      },
    );
  }
  const matches = holder.fields.filter((f) => f.name === name);
  const found = matches.length > 0 ? matches : holder.fields.filter((f) => f.name.toLowerCase() === name.toLowerCase());
  const [field] = found;
  if (field === undefined) {
    throw new SparrowError('FIELD_NOT_FOUND', `${columnName(expr)} has no field \`${name}\``, {
      sqlState: '42704',
      candidates: holder.fields.map((f) => f.name),
    });
  }
  if (found.length > 1) {
    throw new SparrowError(
      'AMBIGUOUS_REFERENCE_TO_FIELDS',
      `${columnName(expr)} has ${found.length} fields \`${name}\``,
      {
        sqlState: '42000',
      },
    );
  }
  return field.name;
}

const stringLiteral = (value: string): Expr => ({ kind: 'literal', type: stringType, value });

function resolveUnresolvedCall(
  expr: UnresolvedCall,
  inputs: readonly Expr[],
  scope: Scope,
  settings: PlanSettings,
): Expr {
  const given = inputs.slice(0, expr.args.length);
  const filter = expr.filter === undefined ? undefined : inputs[expr.args.length];
  const args = starArgs(expr, given, scope);
  if (expr.js !== undefined)
    return buildJsCall(expr.js, args, settings, expr.distinct === true || filter !== undefined);
  if (filter !== undefined) requireBoolean(filter, 'the FILTER condition', 'DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN');
  return buildCall(expr.name, args, settings, {
    ...(expr.distinct === true ? { distinct: true } : {}),
    ...(filter === undefined ? {} : { filter }),
  });
}

function starArgs(expr: UnresolvedCall, args: readonly Expr[], scope: Scope): readonly Expr[] {
  if (!args.some((arg) => arg.kind === 'unresolved_star')) return args;
  const [only] = args;
  const countAll = args.length === 1 && only?.kind === 'unresolved_star' && only.qualifier === undefined;
  if (countAll && findEntry(expr.name)?.name === 'count' && expr.distinct !== true) {
    return [{ kind: 'literal', type: int32Type, value: 1 }];
  }
  return args.flatMap((arg): readonly Expr[] => (arg.kind === 'unresolved_star' ? starColumns(arg, scope) : [arg]));
}

/** The columns a star stands for. */
export function starColumns(star: UnresolvedStar, scope: Scope): readonly Attribute[] {
  if (star.qualifier === undefined) return scope.output;
  const columns = scope.qualified(star.qualifier);
  if (columns.length > 0) return columns;
  const names = [...new Set(scope.output.flatMap((a) => a.qualifier ?? []))];
  throw new SparrowError(
    'CANNOT_RESOLVE_STAR_EXPAND',
    `there is nothing called \`${star.qualifier}\` to take all columns of`,
    {
      sqlState: '42704',
      candidates: names,
    },
  );
}

/** An output column: an attribute or an alias with an id. */
export type Named = Attribute | (Alias & { readonly id: number });

/** Names a resolved expression as Spark does when the user did not. */
export function named(original: Expr, resolved: Expr): Named {
  if (resolved.kind === 'attribute') return resolved;
  if (resolved.kind === 'alias') {
    return Object.freeze({ ...resolved, id: resolved.id ?? nextId() });
  }
  return Object.freeze({ kind: 'alias', name: defaultName(original, resolved), input: resolved, id: nextId() });
}

function defaultName(original: Expr, resolved: Expr): string {
  if (resolved.kind === 'cast' && resolved.implicit !== true && resolved.input.kind === 'attribute') {
    return resolved.input.name;
  }
  if (original.kind === 'unresolved_column' && resolved.kind === 'call') {
    const last = (resolved as Call).args[1];
    if (last?.kind === 'literal' && typeof last.value === 'string') return last.value;
  }
  return columnName(resolved);
}
