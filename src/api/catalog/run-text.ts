import { valuesOf } from '../../plan/catalog.js';
import type { Plan, SqlQueryPlan } from '../../plan/node.js';
import { parseStatement } from '../../sql/command-parser.js';
import type { SessionSettings } from '../engine.js';
import type { CommandContext } from './command-context.js';
import { runCommand } from './commands.js';
import { startsScript } from './sql-engine.js';
import { lookupIn } from './variables.js';

/** Runs the command of a text and gives its rows as a plan; undefined for a query. */
export async function runText(
  source: SqlQueryPlan,
  session: Omit<CommandContext, 'source'> & { readonly settings: SessionSettings },
): Promise<Plan | undefined> {
  if (startsScript(source.text)) return (await import('./script.js')).runScript(source, session);
  const { settings } = session;
  const variables = lookupIn((parts) => session.catalog.variables.find(parts));
  const constantOf = valuesOf(source.parameters, settings.variable ?? variables);
  const statement = parseStatement(source.text, { ...settings, constantOf });
  return statement.kind === 'query' ? undefined : runCommand(statement, { ...session, source });
}
