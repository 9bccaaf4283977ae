import { type Field, nearestNames, SparrowError, stringType } from '../../base/index.js';
import { cast, literal } from '../../plan/build.js';
import type { Expr, Literal } from '../../plan/expr.js';
import { nullOf } from '../../plan/logic.js';
import type { Plan } from '../../plan/node.js';
import type { Assign, Command, NameParts } from '../../sql/command.js';
import { type CommandContext, type CommandRows, type Handler, NO_ROWS, text } from './command-context.js';
import { collect, constants, oneValue } from './one-value.js';
import { CATALOG } from './session-catalog.js';
import { type SqlVariable, type Variables, withoutSession } from './variables.js';

const pairs = (rows: readonly (readonly [string, string])[]): CommandRows => ({
  columns: [text('key'), text('value')],
  rows,
});

export const set: Handler<'set'> = ({ name, value }, { conf }) => {
  if (name === undefined) return pairs(Object.entries(conf.getAll()).sort(([a], [b]) => (a < b ? -1 : 1)));
  if (value === undefined) return pairs([[name, conf.get(name, '<undefined>') ?? '<undefined>']]);
  conf.set(name, value);
  return pairs([[name, value]]);
};

export const reset: Handler<'reset'> = ({ name }, { conf }) => {
  if (name !== undefined) conf.unset(name);
  else for (const each of Object.keys(conf.getAll())) conf.unset(each);
  return NO_ROWS;
};

const ZONE = 'spark.sql.session.timeZone';
const MICROS_PER_MINUTE = 60_000_000n;
const MOST_HOURS = 18;

export const setTimeZone: Handler<'set_time_zone'> = ({ zone }, { conf }) => {
  const name = zone === 'LOCAL' ? Intl.DateTimeFormat().resolvedOptions().timeZone : zone;
  const offset = typeof name === 'string' ? name : offsetOf(name);
  conf.set(ZONE, offset);
  return pairs([[ZONE, offset]]);
};

/** An interval of up to 18 hours as `+hh:mm` or `+hh:mm:ss`. */
function offsetOf(expr: Expr): string {
  const micros = expr.kind === 'literal' && expr.type.kind === 'interval_dt' ? (expr.value as bigint) : undefined;
  const most = BigInt(MOST_HOURS * 60) * MICROS_PER_MINUTE;
  if (micros === undefined || micros > most || micros < -most || micros % 1_000_000n !== 0n) {
    throw new SparrowError(
      '_LEGACY_ERROR_TEMP_0044',
      'the interval value must be in the range of [-18, +18] hours with second precision',
    );
  }
  const seconds = Number((micros < 0n ? -micros : micros) / 1_000_000n);
  const two = (n: number): string => String(Math.floor(n)).padStart(2, '0');
  const rest = seconds % 60 === 0 ? '' : `:${two(seconds % 60)}`;
  return `${micros < 0n ? '-' : '+'}${two(seconds / 3600)}:${two((seconds / 60) % 60)}${rest}`;
}

export const use: Handler<'use'> = ({ name }, { catalog }) => {
  // The only catalog may be named alone or before a database.
  const own = name[0]?.toLowerCase() === CATALOG ? name.slice(1) : name;
  if (own.length > 0) catalog.use(own.join('.'));
  return NO_ROWS;
};

export const useCatalog: Handler<'use_catalog'> = ({ name }) => {
  if (name.toLowerCase() === CATALOG) return NO_ROWS;
  throw new SparrowError('CATALOG_NOT_FOUND', `there is no catalog \`${name}\`: ${CATALOG} is the only one`, {
    sqlState: '42P08',
    parameters: { catalogName: `\`${name}\`` },
  });
};

export const declareVariable: Handler<'declare_variable'> = async (command, context) => {
  await declare(command, context.catalog.variables, context);
  return NO_ROWS;
};

export async function declare(
  { names, replace, type, default: given }: Extract<Command, { kind: 'declare_variable' }>,
  variables: Variables,
  context: CommandContext,
): Promise<void> {
  const hint = 'DECLARE OR REPLACE gives it a new type and value';
  if (!replace) for (const parts of names) variables.requireNew(parts.at(-1) as string, hint);
  const value = given ?? nullOf(type ?? stringType);
  const initial = type === undefined ? value : cast(value, type);
  for (const parts of names) variables.set(parts.at(-1) as string, await oneValue(initial, context), initial);
}

export const setVariable: Handler<'set_variable'> = async (command, context) => {
  await assign(command, context);
  return NO_ROWS;
};

/** Gives variables new values, all of them computed before the first changes. */
export async function assign(command: Assign, context: CommandContext): Promise<void> {
  const targets = command.names.map((parts) => target(parts, context));
  if (new Set(targets).size < targets.length) {
    throw new SparrowError('DUPLICATE_ASSIGNMENTS', 'a variable is given two values at once', { sqlState: '42701' });
  }
  const values =
    command.query === undefined
      ? await constants(
          targets.map(({ type, initial }, i) => cast(command.values[i] ?? initial, type)),
          context,
        )
      : await rowOf(command.query, targets, context);
  for (const [i, variable] of targets.entries()) variable.value = values[i] as Literal;
}

function target(parts: NameParts, { catalog, variables }: CommandContext): SqlVariable {
  const found = variables?.(parts) ?? catalog.variables.find(withoutSession(parts));
  if (found?.fields.length === 0) return found.variable;
  throw new SparrowError('UNRESOLVED_VARIABLE', `there is no variable \`${parts.join('.')}\``, {
    sqlState: '42883',
    candidates: nearestNames(parts.join('.'), catalog.variables.names()),
  });
}

/** The values of a query's only row, or nulls when it has none. */
async function rowOf(query: Plan, targets: readonly SqlVariable[], context: CommandContext): Promise<Literal[]> {
  const { schema, columns, rows } = await collect(query, context);
  if (columns.length !== targets.length) {
    throw new SparrowError(
      'ASSIGNMENT_ARITY_MISMATCH',
      `${targets.length} variables are given ${columns.length} columns`,
      {
        sqlState: '42802',
      },
    );
  }
  if (rows > 1) {
    throw new SparrowError('ROW_SUBQUERY_TOO_MANY_ROWS', 'variables take the values of one row, and there are more', {
      sqlState: '21000',
    });
  }
  const given = columns.map((column, i) => literal((schema.fields[i] as Field).type, column[0] ?? null));
  return constants(
    targets.map(({ type }, i) => cast(given[i] as Literal, type)),
    context,
  );
}
