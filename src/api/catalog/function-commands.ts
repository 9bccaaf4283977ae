import { nearestNames, SparrowError, simpleString } from '../../base/index.js';
import { functionNames, functionPlace } from '../../functions/names.js';
import { findEntry } from '../../functions/registry.js';
import { alias, call, literal, project, sqlQuery } from '../../plan/build.js';
import type { Expr } from '../../plan/expr.js';
import type { Plan, ProjectPlan } from '../../plan/node.js';
import { oneRow } from '../../plan/resolve/one-row.js';
import { routineCall, routineRows } from '../../plan/resolve/routines.js';
import type { SqlRoutine } from '../../plan/routine.js';
import { parseExpression } from '../../sql/expression-parser.js';
import { parseQuery } from '../../sql/query-parser.js';
import type { SessionSettings } from '../engine.js';
import { analyze, type CommandRows, type Handler, NO_ROWS, text } from './command-context.js';
import { fitsPattern } from './pattern.js';
import type { SessionCatalog } from './session-catalog.js';

export const createFunction: Handler<'create_function'> = async (command, context) => {
  const { catalog } = context;
  const { temporary, replace, ifNotExists } = command;
  const name = catalog.routineName(command.name, temporary);
  const known = catalog.ownRoutine(name) !== undefined;
  const isBuiltIn = temporary && functionPlace(name) !== undefined;
  if (isBuiltIn || (known && !replace)) {
    if (ifNotExists) return NO_ROWS;
    throw new SparrowError('ROUTINE_ALREADY_EXISTS', `there is a function \`${name}\` already`, {
      sqlState: '42723',
      parameters: { routineName: `\`${name}\``, newRoutineType: 'routine', existingRoutineType: 'routine' },
      hint: 'CREATE OR REPLACE FUNCTION gives it a new body',
    });
  }
  const routine: SqlRoutine = { ...command.routine, name };
  const { columns: wanted, ...open } = routine;
  const { fields } = await analyze(sample(open, context.settings), context);
  if (wanted !== undefined && wanted.length !== fields.length) throw columnCount(routine, wanted.length, fields.length);
  // Columns of the query, so that the function gives the same ones when a table gets more.
  const columns = routine.isTable ? (wanted ?? fields.map(({ name: of, type }) => ({ name: of, type }))) : undefined;
  catalog.saveRoutine(columns === undefined ? routine : { ...routine, columns }, temporary);
  return NO_ROWS;
};

/** A call of the function with what its parameters are when left out. */
function sample(routine: SqlRoutine, settings: SessionSettings): Plan {
  const args = routine.params.map(({ type, default: text }) =>
    text === undefined ? literal(type, null) : parseExpression(text, settings),
  );
  if (routine.isTable) return routineRows(routine, args);
  const query = parseQuery(`SELECT ${routine.body}`, settings);
  const body = (query as ProjectPlan).exprs[0] as Expr;
  const value = alias(routineCall(call(routine.name), routine, args, body), 'value');
  return sqlQuery(routine.body, {}, {}, project(oneRow(), [value]));
}

const columnCount = ({ name }: SqlRoutine, declared: number, given: number): SparrowError =>
  new SparrowError(
    'USER_DEFINED_FUNCTIONS.RETURN_COLUMN_COUNT_MISMATCH',
    `the function \`${name}\` declares ${declared} columns, but its query gives ${given}`,
    { sqlState: '42601', parameters: { outputSize: `${given}`, returnParamSize: `${declared}`, name } },
  );

export const dropFunction: Handler<'drop_function'> = ({ name: parts, ifExists, temporary }, { catalog }) => {
  const name = catalog.routineName(parts, temporary);
  if (catalog.dropRoutine(name) || ifExists) return NO_ROWS;
  const [own = ''] = parts;
  if (parts.length === 1 && functionPlace(own) !== undefined) {
    throw new SparrowError('_LEGACY_ERROR_TEMP_1017', `the built-in function \`${own}\` cannot be dropped`, {
      parameters: { name: own, cmd: 'DROP FUNCTION' },
    });
  }
  throw notFound(name, catalog, temporary ? 'ROUTINE_NOT_FOUND' : 'UNRESOLVED_ROUTINE');
};

const notFound = (name: string, catalog: SessionCatalog, code: string): SparrowError =>
  new SparrowError(code, `there is no function \`${name}\``, {
    sqlState: '42883',
    candidates: nearestNames(
      name,
      catalog.routines().map((routine) => routine.name),
    ),
    parameters: { routineName: `\`${name}\`` },
  });

export function showFunctions(
  catalog: SessionCatalog,
  pattern: string | undefined,
  scope: 'user' | 'system' | undefined,
): CommandRows {
  const own = scope === 'system' ? [] : catalog.routines().map(({ name }) => name);
  const names = [...own, ...(scope === 'user' ? [] : functionNames())];
  const rows = names.filter((n) => fitsPattern(pattern, n.slice(n.lastIndexOf('.') + 1))).sort();
  return { columns: [text('function')], rows: rows.map((n) => [n]) };
}

export function describeFunction(catalog: SessionCatalog, name: string, extended: boolean): CommandRows {
  const routine = catalog.routine(name);
  const entry = findEntry(name);
  const lines =
    routine !== undefined
      ? routineLines(routine, extended)
      : entry === undefined
        ? [`Function: ${name} not found.`]
        : [
            `Function: ${entry.sql[0] ?? entry.name}`,
            `Usage: ${entry.summary}`,
            ...(extended ? entry.examples.map(([example, result]) => `Example: ${example} gives ${result}`) : []),
          ];
  return { columns: [text('function_desc')], rows: lines.map((line) => [line]) };
}

function routineLines({ name, params, returns, columns, isTable, body, comment }: SqlRoutine, extended: boolean) {
  const type = (t: NonNullable<typeof returns>): string => simpleString(t).toUpperCase();
  const list = (items: readonly (typeof params)[number][]): string[] =>
    items.map((p) => `${p.name} ${type(p.type)}${p.default === undefined ? '' : ` DEFAULT ${p.default}`}`);
  const lines = (label: string, items: readonly string[]): string[] =>
    items.map((item, i) => `${(i === 0 ? label : '').padEnd(12)} ${item}`);
  return [
    ...lines('Function:', [name]),
    ...lines('Type:', [isTable ? 'TABLE' : 'SCALAR']),
    ...lines('Input:', params.length === 0 ? ['()'] : list(params)),
    ...lines('Returns:', isTable ? list(columns ?? []) : returns === undefined ? [] : [type(returns)]),
    ...(comment === undefined ? [] : lines('Comment:', [comment])),
    ...(extended ? lines('Body:', [body]) : []),
  ];
}
