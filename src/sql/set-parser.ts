import type { Expr } from '../plan/expr.js';
import type { Assign, Command, NameParts } from './command.js';
import { readName } from './command-parts.js';
import type { QueryContext } from './query-context.js';
import type { TokenStream } from './token-stream.js';

/** What follows SET: a configuration, a time zone or a variable. */
export function readSet(query: QueryContext): Command {
  const { tokens, exprs } = query;
  if (tokens.accept('TIME', 'ZONE')) {
    if (tokens.accept('LOCAL')) return { kind: 'set_time_zone', zone: 'LOCAL' };
    if (tokens.peek().kind === 'string') return { kind: 'set_time_zone', zone: tokens.string() };
    if (!tokens.is('INTERVAL'))
      throw tokens.error('a time zone is needed', undefined, 'INVALID_SQL_SYNTAX.INVALID_TIMEZONE');
    return { kind: 'set_time_zone', zone: exprs.value() };
  }
  if (tokens.is('CATALOG') && ['word', 'name', 'string'].includes(tokens.peek(1).kind)) {
    tokens.next();
    return { kind: 'use_catalog', name: tokens.peek().kind === 'string' ? tokens.string() : tokens.name() };
  }
  if (tokens.accept('VARIABLE') || tokens.accept('VAR')) return readAssignments(query);
  if (tokens.peek().kind === 'end') return { kind: 'set' };
  if (tokens.accept('-')) {
    tokens.accept('-');
    tokens.name();
    return { kind: 'set' };
  }
  const name = readKey(tokens);
  if (!tokens.accept('=')) return { kind: 'set', name: name || restOf(tokens) };
  return { kind: 'set', name, value: restOf(tokens) };
}

/** `x = 1, y = DEFAULT`, or `(x, y) = (SELECT …)`. */
export function readAssignments(query: QueryContext): Assign {
  const { tokens, exprs } = query;
  const names: NameParts[] = [];
  if (tokens.accept('(')) {
    do names.push(readName(tokens, 'a variable'));
    while (tokens.accept(','));
    tokens.expect(')', '=', '(');
    const rows = query.query();
    tokens.expect(')');
    return { kind: 'set_variable', names, values: [], query: rows };
  }
  const values: (Expr | undefined)[] = [];
  do {
    names.push(readName(tokens, 'a variable'));
    tokens.expect('=');
    const isDefault =
      tokens.is('DEFAULT') && (tokens.peek(1).kind === 'end' || [',', ';'].includes(tokens.peek(1).upper));
    if (isDefault) tokens.next();
    values.push(isDefault ? undefined : exprs.expression());
  } while (tokens.accept(','));
  return { kind: 'set_variable', names, values };
}

export function readReset({ tokens }: QueryContext): Command {
  if (tokens.peek().kind === 'end') return { kind: 'reset' };
  return { kind: 'reset', name: readKey(tokens) };
}

/** `spark.sql.ansi.enabled`: words, digits and what may stand between them. */
function readKey(tokens: TokenStream): string {
  if (tokens.peek().kind === 'name') return tokens.name();
  const { start } = tokens.peek();
  while (!['=', ';'].includes(tokens.peek().upper) && tokens.peek().kind !== 'end') tokens.next();
  return tokens.text.slice(start, tokens.peek().start).trim();
}

/** Everything up to the end is the value. */
function restOf(tokens: TokenStream): string {
  const { start } = tokens.peek();
  while (tokens.peek().kind !== 'end' && tokens.peek().upper !== ';') tokens.next();
  const text = tokens.text.slice(start, tokens.peek().start).trim();
  return /^`.*`$|^"[^"]*"$|^'[^']*'$/.test(text) ? text.slice(1, -1) : text;
}
