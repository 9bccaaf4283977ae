import { type DataType, SparrowError, simpleString } from '../../base/index.js';
import type { Plan } from '../../plan/node.js';
import { planExprs } from '../../plan/node-exprs.js';
import { someExpr } from '../../plan/walk-expr.js';
import { type CommandContext, execute } from './command-context.js';
import type { TableColumn } from './table-store.js';

/** A column, and the type of what a query gives it. */
export interface Assigned {
  readonly column: TableColumn;
  readonly from: DataType;
}

/** What an INSERT failed with: DEFAULT means something alone in the place of a column only. */
export function withPlacement(error: unknown, query: Plan): unknown {
  const isHere =
    ['values', 'project'].includes(query.kind) &&
    planExprs(query).some((expr) =>
      someExpr(expr, (e) => e.kind === 'unresolved_column' && e.name.toLowerCase() === 'default'),
    );
  const code = error instanceof SparrowError ? error.code : '';
  if (!isHere || !/^(UNRESOLVED_COLUMN|INVALID_INLINE_TABLE)/.test(code)) return error;
  return new SparrowError('DEFAULT_PLACEMENT_INVALID', 'DEFAULT is no part of an expression: it is a whole value', {
    sqlState: '42608',
  });
}

const OVERFLOWS = ['CAST_OVERFLOW', 'NUMERIC_VALUE_OUT_OF_RANGE'];

/** What writing rows failed with: a number that the query has and its column has no room for is an error of its own. */
export async function withOverflow(
  error: unknown,
  columns: readonly Assigned[],
  query: Plan,
  context: CommandContext,
): Promise<unknown> {
  if (!(error instanceof SparrowError) || !OVERFLOWS.some((code) => error.code.startsWith(code))) return error;
  const target = /In: cast\(.* AS ([a-z0-9(),<>:_ ]+)\)$/i.exec(error.message)?.[1];
  const { column, from } = columns.find(({ column: { type } }) => simpleString(type) === target) ?? columns[0] ?? {};
  if (column === undefined || from === undefined) return error;
  try {
    // The cast may be one that the query has itself: then that fails without the table.
    await execute(query, context);
  } catch (own) {
    return own;
  }
  const parameters = {
    sourceType: `"${simpleString(from).toUpperCase()}"`,
    targetType: `"${simpleString(column.type).toUpperCase()}"`,
    columnName: `\`${column.name}\``,
  };
  return new SparrowError(
    'CAST_OVERFLOW_IN_TABLE_INSERT',
    `a value of ${parameters.sourceType} has no room in the column ${parameters.columnName} of ${parameters.targetType}`,
    { sqlState: '22003', parameters, hint: 'try_cast gives NULL instead', cause: error },
  );
}
