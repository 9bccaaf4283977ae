import {
  booleanType,
  type DataType,
  DEFAULT_VALUE_OPTIONS,
  field,
  type Scalar,
  type Schema,
  SparrowError,
  stringType,
  structType,
} from '../../base/index.js';
import { local, sqlQuery } from '../../plan/build.js';
import type { Plan, SqlQueryPlan } from '../../plan/node.js';
import type { Command } from '../../sql/command.js';
import type { RuntimeConfig } from '../conf.js';
import type { FrameContext } from '../context.js';
import type { QueryEngine, SessionSettings } from '../engine.js';
import type { SessionCatalog } from './session-catalog.js';
import type { TableRecord } from './table-store.js';
import type { Variables } from './variables.js';

/** What commands work with. */
export interface CommandContext {
  readonly catalog: SessionCatalog;
  readonly conf: RuntimeConfig;
  /** Runs queries; knows no commands. */
  readonly engine: QueryEngine;
  readonly settings: SessionSettings;
  /** The text that the command came in, with its parameters. */
  readonly source: SqlQueryPlan;
  readonly signal?: AbortSignal | undefined;
  /** Where SET looks for variables first, inside a script. */
  readonly variables?: Variables['find'];
}

/** What a command gives: mostly no rows and no columns. */
export interface CommandRows {
  readonly columns: readonly (readonly [name: string, type: DataType])[];
  readonly rows: readonly (readonly Scalar[])[];
}

export const NO_ROWS: CommandRows = { columns: [], rows: [] };
export const text = (name: string): readonly [string, DataType] => [name, stringType];
export const flag = (name: string): readonly [string, DataType] => [name, booleanType];

/** How a command of one kind is run. */
export type Handler<K extends Command['kind']> = (
  command: Extract<Command, { kind: K }>,
  context: CommandContext,
) => Promise<CommandRows | Plan> | CommandRows;

/** What frames need, for commands that do what a method of frames does. */
export const frameContext = ({ engine, settings }: CommandContext): FrameContext => ({
  engine,
  settings,
  values: DEFAULT_VALUE_OPTIONS,
  seed: () => 0,
  createView: () => undefined,
  stored: () => undefined,
});

/** The rows of a command as a plan. */
export function rowsPlan({ columns, rows }: CommandRows): Plan {
  const schema = structType(columns.map(([name, type]) => field(name, type)));
  const content = columns.map((_, c) => rows.map((row) => row[c] ?? null));
  return local({ schema, content: { kind: 'scalars', rows: rows.length, columns: content } });
}

/** A query inside a command, with the parameters of the whole text put in. */
export const bound = (plan: Plan, { source }: CommandContext): Plan =>
  sqlQuery(source.text, source.parameters, source.inputs, plan);

/** A query's text as a plan of its own. */
export const queryOf = (queryText: string, { source }: CommandContext): Plan =>
  sqlQuery(queryText, source.parameters, source.inputs);

export const analyze = (plan: Plan, { engine, settings }: CommandContext): Promise<Schema> =>
  engine.analyze(plan, settings);

/** Runs a plan for its effect. */
export async function execute(plan: Plan, { engine, settings, signal }: CommandContext): Promise<void> {
  const query = await engine.run(plan, signal === undefined ? { settings } : { settings, signal });
  for await (const _ of query.batches);
}

export const alreadyExists = (parts: readonly string[]): SparrowError =>
  new SparrowError('TABLE_OR_VIEW_ALREADY_EXISTS', `there is a table or view \`${parts.join('.')}\` already`, {
    sqlState: '42P07',
    parameters: { relationName: parts.map((part) => `\`${part}\``).join('.') },
    hint: 'drop it first, or add IF NOT EXISTS or OR REPLACE',
  });

export const notSupported = (what: string, code = 'UNSUPPORTED_FEATURE.TABLE_OPERATION'): SparrowError =>
  new SparrowError(code, what, { sqlState: '0A000' });

/** The record of a table that a command changes; throws for views. */
export function requireTable(parts: readonly string[], { catalog }: CommandContext): TableRecord {
  const found = catalog.require(parts);
  if (found.kind === 'table' && found.record.kind === 'table') return found.record;
  throw new SparrowError('EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE', `\`${parts.join('.')}\` is a view`, {
    sqlState: '42809',
    parameters: { viewName: parts.map((part) => `\`${part}\``).join('.'), operation: '' },
  });
}
