import { call } from '../plan/build.js';
import { generate, tableFunction } from '../plan/build-relations.js';
import type { Expr } from '../plan/expr.js';
import type { Plan } from '../plan/node.js';
import { nameList, type QueryContext, qualifiedName } from './query-context.js';

/** `range(10)`, `explode(array(1, 2))` and other functions that give a table. */
export function readTableFunction(query: QueryContext): Plan {
  const { tokens } = query;
  const name = qualifiedName(tokens, 'a function');
  return tableFunction(name.join('.'), readArguments(query));
}

function readArguments({ tokens, exprs }: QueryContext): Expr[] {
  const args: Expr[] = [];
  tokens.expect('(');
  if (tokens.accept(')')) return args;
  do args.push(exprs.argument());
  while (tokens.accept(','));
  tokens.expect(')');
  return args;
}

/** `LATERAL VIEW [OUTER] explode(x) t AS a, b`, as many as there are. */
export function readLateralViews(query: QueryContext, input: Plan): Plan {
  const { tokens } = query;
  let plan = input;
  while (tokens.accept('LATERAL', 'VIEW')) {
    const outer = tokens.accept('OUTER');
    const name = tokens.next();
    const args = readArguments(query);
    const isAlias = (kind: string): boolean => kind === 'word' || kind === 'name';
    const alias =
      !tokens.is('AS') && isAlias(tokens.peek().kind) && !ends.has(tokens.peek().upper) ? tokens.name() : '';
    const names: string[] = [];
    if (tokens.accept('AS')) {
      if (tokens.is('(')) names.push(...nameList(tokens));
      else {
        do names.push(tokens.name());
        while (tokens.accept(','));
      }
    } else if (alias !== '' && isAlias(tokens.peek().kind) && !ends.has(tokens.peek().upper)) {
      do names.push(tokens.name());
      while (tokens.accept(','));
    }
    plan = generate(plan, call(name.text, ...args), { outer, names, ...(alias === '' ? {} : { alias }) });
  }
  return plan;
}

/** Words that go on after a LATERAL VIEW. */
const ends: ReadonlySet<string> = new Set([
  ...['LATERAL', 'WHERE', 'GROUP', 'HAVING', 'ORDER', 'SORT', 'CLUSTER', 'DISTRIBUTE', 'LIMIT', 'OFFSET', 'UNION'],
  ...['EXCEPT', 'MINUS', 'INTERSECT', 'WINDOW', 'QUALIFY', 'SELECT'],
]);
