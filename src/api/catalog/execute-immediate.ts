import { SparrowError } from '../../base/index.js';
import { local, sqlQuery } from '../../plan/build.js';
import { valuesOf } from '../../plan/catalog.js';
import type { Expr, Literal } from '../../plan/expr.js';
import type { Plan } from '../../plan/node.js';
import type { Command } from '../../sql/command.js';
import { parseStatement } from '../../sql/command-parser.js';
import { tokenize } from '../../sql/lexer.js';
import { type CommandContext, type CommandRows, NO_ROWS } from './command-context.js';
import { collect, constants, oneValue } from './one-value.js';
import { assign } from './setting-commands.js';
import { startsScript } from './sql-engine.js';
import { lookupIn, withoutSession } from './variables.js';

type ExecuteImmediate = Extract<Command, { kind: 'execute_immediate' }>;

/** Runs the statement that the text of an expression is; `run` runs commands. */
export async function executeImmediate(
  command: ExecuteImmediate,
  context: CommandContext,
  run: (command: Command, context: CommandContext) => Promise<Plan>,
): Promise<CommandRows | Plan> {
  const text = await statementText(command, context);
  const values = await constants(
    command.given.map(({ value }) => value),
    context,
  );
  const parameters = parametersOf(command, values, text);
  // The text sees the session's variables, and none of the script around it.
  const { variable: _, ...settings } = context.settings;
  const inner: CommandContext = { ...context, settings, source: sqlQuery(text, parameters) };
  const known = lookupIn((parts) => context.catalog.variables.find(withoutSession(parts)));
  const statement = parseStatement(text, { ...settings, constantOf: valuesOf(parameters, known) });
  const { into } = command;
  if (statement.kind !== 'query') {
    if (into.length === 0) return run(statement, inner);
    throw refused(
      'INVALID_STATEMENT_FOR_EXECUTE_INTO',
      '07501',
      `INTO takes the row of a query, and this is none: ${text}`,
    );
  }
  if (into.length > 0) {
    await assign({ kind: 'set_variable', names: into, values: [], query: statement.plan }, inner);
    return NO_ROWS;
  }
  const { schema, columns, rows } = await collect(statement.plan, inner);
  return local({ schema, content: { kind: 'scalars', rows, columns } });
}

async function statementText({ text }: ExecuteImmediate, context: CommandContext): Promise<string> {
  const { type, value } = await oneValue(text, context);
  if (type.kind !== 'string') {
    throw refused('INVALID_EXPR_TYPE_FOR_QUERY_EXECUTE_IMMEDIATE', '42K09', 'the statement to execute is a string');
  }
  if (value === null) throw refused('NULL_QUERY_STRING_EXECUTE_IMMEDIATE', '22004', 'the statement to execute is NULL');
  if (!startsScript(value as string)) return value as string;
  throw refused('SQL_SCRIPT_IN_EXECUTE_IMMEDIATE', '07501', 'EXECUTE IMMEDIATE runs one statement, no script');
}

/** What the markers of the text stand for: all have names, or none has. */
function parametersOf({ given }: ExecuteImmediate, values: readonly Literal[], text: string): Record<string, Expr> {
  const markers = tokenize(text).filter(({ kind }) => kind === 'parameter');
  const positional = markers.filter(({ start }) => text[start] === '?').length;
  if (positional > 0 && positional < markers.length) {
    const what = 'the parameters of a statement are `?` or have names, not both';
    throw refused('INVALID_QUERY_MIXED_QUERY_PARAMETERS', '42613', what);
  }
  if (positional < markers.length && given.some(({ name }) => name === undefined)) {
    throw refused('ALL_PARAMETERS_MUST_BE_NAMED', '07001', 'a value for a named parameter is given AS its name');
  }
  return Object.fromEntries(
    values.map((value, i) => [positional > 0 ? `${i + 1}` : (given[i]?.name ?? `${i + 1}`), value]),
  );
}

const refused = (code: string, sqlState: string, what: string): SparrowError =>
  new SparrowError(code, what, { sqlState });
