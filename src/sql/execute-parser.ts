import type { Expr } from '../plan/expr.js';
import type { Command, NameParts } from './command.js';
import { readName } from './command-parts.js';
import type { QueryContext } from './query-context.js';

/** `EXECUTE IMMEDIATE text [INTO variable, …] [USING value [AS name], …]`. */
export function readExecute(query: QueryContext): Command {
  const { tokens, exprs } = query;
  tokens.expect('IMMEDIATE');
  const text = exprs.value();
  const into: NameParts[] = [];
  if (tokens.accept('INTO')) {
    do into.push(readName(tokens, 'a variable'));
    while (tokens.accept(','));
  }
  const given: { readonly name?: string; readonly value: Expr }[] = [];
  if (tokens.accept('USING')) {
    const inside = tokens.accept('(');
    do {
      const value = exprs.expression();
      tokens.accept('AS');
      const { kind } = tokens.peek();
      given.push(kind === 'word' || kind === 'name' ? { name: tokens.name(), value } : { value });
    } while (tokens.accept(','));
    if (inside) tokens.expect(')');
  }
  return { kind: 'execute_immediate', text, into, given };
}
