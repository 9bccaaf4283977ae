import {
  type DataType,
  type Field,
  field,
  int64Type,
  SparrowError,
  simpleString,
  structType,
} from '../../base/index.js';
import type { EvalSettings } from '../../functions/expression.js';
import { findEntry } from '../../functions/registry.js';
import { canImplicitlyCast, commonType } from '../../functions/signature.js';
import { constantValue } from '../bind.js';
import { call, local, project, range, union } from '../build.js';
import { generate, renewed } from '../build-relations.js';
import type { Attribute, Expr } from '../expr.js';
import { exprNullable, exprType } from '../expr-type.js';
import { isConstant, isDeterministic } from '../facts.js';
import { nextId } from '../ids.js';
import type { Plan, TableFunctionPlan, ValuesPlan } from '../node.js';
import { outputOf } from '../output.js';
import { columnName, sqlText } from '../sql-text.js';
import { someExpr } from '../walk-expr.js';
import type { Analyzed } from './analyzed.js';
import { castTo } from './calls.js';
import type { Context } from './context.js';
import { resolveExpr } from './exprs.js';
import { forbidAggregates } from './forbid.js';
import { noFrames } from './frames.js';
import { resolveGenerate } from './generators.js';
import { oneRow } from './one-row.js';
import { type Scope, scopeOf } from './scope.js';

const emptyScope = (context: Context): Scope => scopeOf([], noFrames, context.settings.caseSensitive === true, context);

/** VALUES: local rows where every value is known now, else a union of one-row projections. */
export function resolveValues(plan: ValuesPlan, context: Context): Plan {
  const scope = emptyScope(context);
  const rows = plan.rows.map((row) => row.map((expr) => valueExpr(expr, scope, context)));
  const [first = []] = rows;
  for (const row of rows) {
    if (row.length === first.length) continue;
    throw new SparrowError(
      'INVALID_INLINE_TABLE.NUM_COLUMNS_MISMATCH',
      `the rows of VALUES must have as many values as the first, which has ${first.length}, not ${row.length}`,
      { sqlState: '42000' },
    );
  }
  const fields = first.map((_, c) => columnField(c, rows));
  const cast = rows.map((row) => row.map((expr, c) => castTo(expr, (fields[c] as Field).type, context.settings.ansi)));
  const columns = fields.map((_, c) => cast.map((row) => constantNow(row[c] as Expr, context.settings)));
  if (columns.every((values) => values.every((value) => value !== undefined))) {
    return local({
      schema: structType(fields),
      content: { kind: 'scalars', rows: rows.length, columns: columns as never },
    });
  }
  const parts = cast.map((row) =>
    project(
      oneRow(),
      row.map((input, c) =>
        Object.freeze({ kind: 'alias', name: (fields[c] as Field).name, input, id: nextId() } as const),
      ),
    ),
  );
  const [only, ...more] = parts;
  if (only !== undefined && more.length === 0) return only;
  const output = fields.map(
    (f): Attribute =>
      Object.freeze({ kind: 'attribute', id: nextId(), name: f.name, type: f.type, nullable: f.nullable }),
  );
  return Object.freeze({ ...union(parts), output });
}

function valueExpr(expr: Expr, scope: Scope, { settings }: Context): Expr {
  try {
    const resolved = resolveExpr(expr.kind === 'alias' ? expr.input : expr, scope, settings);
    forbidAggregates(resolved, 'VALUES');
    if (isDeterministic(resolved)) return resolved;
    throw new SparrowError('NONDETERMINISTIC', 'its value is another one every time');
  } catch (error) {
    if (!(error instanceof SparrowError) || error.code === 'UNRESOLVED_ROUTINE') throw error;
    throw new SparrowError(
      'INVALID_INLINE_TABLE.CANNOT_EVALUATE_EXPRESSION_IN_INLINE_TABLE',
      `a value of VALUES cannot be computed: ${columnName(expr)}`,
      { sqlState: '42000', parameters: { expr: columnName(expr) }, hint: error.message },
    );
  }
}

function columnField(c: number, rows: readonly (readonly Expr[])[]): Field {
  let type: DataType = { kind: 'null' };
  for (const row of rows) {
    const own = exprType(row[c] as Expr);
    const common = commonType(type, own);
    if (common === undefined) {
      throw new SparrowError(
        'INVALID_INLINE_TABLE.INCOMPATIBLE_TYPES_IN_INLINE_TABLE',
        `column ${c + 1} of VALUES holds ${simpleString(type).toUpperCase()} and ${simpleString(own).toUpperCase()}`,
        { sqlState: '42000', parameters: { colName: `\`col${c + 1}\`` } },
      );
    }
    type = common;
  }
  return field(
    `col${c + 1}`,
    type,
    rows.some((row) => exprNullable(row[c] as Expr)),
  );
}

/** The value, unless it depends on when the query runs or raises an error. */
function constantNow(expr: Expr, settings: EvalSettings) {
  if (!isConstant(expr) || someExpr(expr, (e) => e.kind === 'call' && e.args.length === 0)) return undefined;
  return constantValue(expr, settings);
}

/** `range(…)`, or a generator over one row. */
export function resolveTableFunction(plan: TableFunctionPlan, context: Context): Plan | Analyzed {
  if (plan.name.toLowerCase() === 'range') return resolveRange(plan, context);
  if (findEntry(plan.name)?.kind === 'generator') {
    const over = generate(oneRow(), call(plan.name, ...plan.args));
    return resolveGenerate(over, { plan: over.input, frames: noFrames }, context);
  }
  throw new SparrowError('UNRESOLVABLE_TABLE_VALUED_FUNCTION', `there is no table function \`${plan.name}\``, {
    sqlState: '42883',
    parameters: { name: `\`${plan.name}\`` },
    candidates: ['range', 'explode', 'posexplode', 'inline', 'stack', 'json_tuple'],
  });
}

const badBound = (code: string, arg: Expr): SparrowError =>
  new SparrowError(code, `range() takes constant whole numbers, not ${sqlText(arg)}`, { sqlState: '42K09' });

function resolveRange(plan: TableFunctionPlan, context: Context): Plan {
  const scope = emptyScope(context);
  const bounds = plan.args.map((arg): bigint => {
    const given = resolveExpr(arg, scope, context.settings);
    if (!isConstant(given)) throw badBound('NON_FOLDABLE_ARGUMENT', arg);
    const isNumber = canImplicitlyCast(exprType(given), int64Type);
    const value = isNumber ? constantValue(castTo(given, int64Type, context.settings.ansi), context.settings) : null;
    if (typeof value === 'bigint') return value;
    throw badBound('UNEXPECTED_INPUT_TYPE', arg);
  });
  const [a, b, step = 1n] = bounds;
  if (a === undefined || bounds.length > 4) {
    throw new SparrowError(
      'WRONG_NUM_ARGS.WITHOUT_SUGGESTION',
      `range() takes 1 to 4 arguments, not ${bounds.length}`,
      {
        sqlState: '42605',
        parameters: { functionName: '`range`', actualNum: `${bounds.length}` },
      },
    );
  }
  if (step === 0n) {
    throw new SparrowError('FAILED_FUNCTION_CALL', 'the step of range() must not be 0', { sqlState: '38000' });
  }
  const made = b === undefined ? range(0n, a) : range(a, b, step);
  return Object.freeze({ ...made, output: outputOf(made).map((column) => renewed(column)) });
}
