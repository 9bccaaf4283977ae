import { SparrowError } from '../../base/index.js';
import { aggregate, alias, call } from '../../plan/build.js';
import type { Plan } from '../../plan/node.js';
import type { Command, CommandKind } from '../../sql/command.js';
import { deleteRows, mergeRows, updateRows } from './change-commands.js';
import {
  type CommandContext,
  type CommandRows,
  execute,
  type Handler,
  NO_ROWS,
  queryOf,
  rowsPlan,
} from './command-context.js';
import { executeImmediate } from './execute-immediate.js';
import { createFunction, dropFunction } from './function-commands.js';
import { insert } from './insert-command.js';
import { describe, describeQuery, explain, show, showCreate, showProperties } from './inspect-commands.js';
import { showPartitions } from './partition-commands.js';
import { declareVariable, reset, set, setTimeZone, setVariable, use, useCatalog } from './setting-commands.js';
import { alter, createTable, truncate } from './table-commands.js';
import { alterView, createView, drop } from './view-commands.js';

/** One entry for each kind of command. */
const handlers: { readonly [K in CommandKind]: Handler<K> } = {
  create_view: createView,
  create_table: createTable,
  create_function: createFunction,
  drop_function: dropFunction,
  insert,
  delete: deleteRows,
  update: updateRows,
  merge: mergeRows,
  create_database: ({ name, ifNotExists, comment, location }, { catalog }) => {
    const own = (name.at(-1) as string).toLowerCase();
    if (catalog.store.database(own) !== undefined) {
      if (ifNotExists) return NO_ROWS;
      throw new SparrowError('SCHEMA_ALREADY_EXISTS', `there is a database \`${own}\` already`, {
        sqlState: '42P06',
        parameters: { schemaName: `\`${own}\`` },
      });
    }
    const at = location ?? catalog.store.databaseLocation(own);
    catalog.store.saveDatabase({ name: own, location: at, ...(comment === undefined ? {} : { comment }) });
    return NO_ROWS;
  },
  drop,
  truncate,
  alter,
  alter_view: alterView,
  use,
  use_catalog: useCatalog,
  set,
  set_time_zone: setTimeZone,
  reset,
  show,
  show_partitions: showPartitions,
  show_create: showCreate,
  show_properties: showProperties,
  describe,
  describe_query: describeQuery,
  explain,
  cache: async ({ table, query }, context) => {
    const { catalog, engine } = context;
    if (query !== undefined) {
      catalog.createView(
        { name: table.at(-1) as string, text: query.text, plan: queryOf(query.text, context) },
        'temporary',
        false,
      );
    }
    const found = catalog.require(table);
    if (catalog.cacheOf(found) !== undefined) return NO_ROWS;
    catalog.setCache(found, engine.cache({ useDisk: true, useMemory: true }));
    const plan = catalog.plan(table.join('.')) as Plan;
    await execute(aggregate(plan, [], [alias(call('count'), 'rows')]), context);
    return NO_ROWS;
  },
  uncache: async ({ table, ifExists }, { catalog, engine }) => {
    const found = ifExists ? catalog.find(table) : catalog.require(table);
    if (found !== undefined) for (const id of catalog.dropCache(found)) await engine.uncache(id);
    return NO_ROWS;
  },
  clear_cache: async (_command, { catalog, engine }) => {
    for (const id of catalog.dropCache()) await engine.uncache(id);
    return NO_ROWS;
  },
  refresh: ({ table }, { catalog }) => {
    catalog.require(table);
    return NO_ROWS;
  },
  declare_variable: declareVariable,
  set_variable: setVariable,
  execute_immediate: (command, context) => executeImmediate(command, context, runCommand),
};

/** Runs a command; its rows as a plan. */
export async function runCommand(command: Command, context: CommandContext): Promise<Plan> {
  const handler = handlers[command.kind] as (
    command: Command,
    context: CommandContext,
  ) => Promise<CommandRows | Plan> | CommandRows;
  const rows = await handler(command, context);
  return 'kind' in rows ? rows : rowsPlan(rows);
}
