import { SparrowError, stringType } from '../../base/index.js';
import { cast } from '../../plan/build.js';
import type { Expr } from '../../plan/expr.js';
import { nullOf } from '../../plan/logic.js';
import { type CommandRows, type Handler, NO_ROWS, text } from './command-context.js';
import { oneValue } from './one-value.js';

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
  const database = name.at(-1) as string;
  catalog.requireDatabase(database);
  catalog.currentDatabase = database;
  return NO_ROWS;
};

export const declareVariable: Handler<'declare_variable'> = async (command, context) => {
  const name = (command.name.at(-1) as string).toLowerCase();
  if (!command.replace && context.catalog.variables.has(name)) {
    throw new SparrowError('VARIABLE_ALREADY_EXISTS', `there is a variable \`${name}\` already`, {
      sqlState: '42723',
      hint: 'DECLARE OR REPLACE gives it a new type and value',
    });
  }
  const given = command.default ?? nullOf(command.type ?? stringType);
  const typed = command.type === undefined ? given : cast(given, command.type);
  context.catalog.variables.set(name, await oneValue(typed, context));
  return NO_ROWS;
};

export const setVariable: Handler<'set_variable'> = async ({ names, values }, context) => {
  for (const [i, parts] of names.entries()) {
    const name = (parts.at(-1) as string).toLowerCase();
    const old = context.catalog.variables.get(name);
    if (old?.kind !== 'literal') {
      throw new SparrowError('UNRESOLVED_VARIABLE', `there is no variable \`${name}\``, {
        sqlState: '42883',
        candidates: [...context.catalog.variables.keys()],
      });
    }
    const value = values[i] ?? nullOf(old.type);
    context.catalog.variables.set(name, await oneValue(cast(value, old.type), context));
  }
  return NO_ROWS;
};
