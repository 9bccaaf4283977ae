import { type DataType, SparrowError } from '../base/index.js';
import { join, range, subqueryAlias, toNames, usingJoin, view } from '../plan/build.js';
import type { Expr } from '../plan/expr.js';
import type { JoinType, Plan } from '../plan/node.js';
import { inlineTable } from './inline-table.js';
import { namesTable } from './keywords.js';
import { exprList, joinName, nameList, type QueryContext, qualifiedName } from './query-context.js';

/** What follows FROM: relations separated by commas, each with its joins. */
export function readRelations(query: QueryContext): Plan {
  let plan = readJoined(query);
  while (query.tokens.accept(',')) plan = join(plan, readJoined(query), 'inner');
  return plan;
}

/** One relation with the joins after it. */
export function readJoined(query: QueryContext): Plan {
  let plan = readPrimary(query);
  for (;;) {
    const next = readJoin(query, plan);
    if (next === undefined) return plan;
    plan = next;
  }
}

function readJoin(query: QueryContext, left: Plan): Plan | undefined {
  const { tokens, exprs } = query;
  const place = tokens.place;
  const natural = tokens.accept('NATURAL');
  const how = readJoinType(query);
  if (!tokens.accept('JOIN')) {
    tokens.back(place);
    return undefined;
  }
  const right = readPrimary(query);
  if (natural) throw tokens.error('NATURAL joins are not supported yet', undefined, 'UNSUPPORTED_FEATURE.NATURAL_JOIN');
  if (tokens.accept('ON')) return join(left, right, how ?? 'inner', exprs.expression());
  if (tokens.accept('USING')) return usingJoin(left, right, nameList(tokens), how ?? 'inner');
  return join(left, right, how ?? 'inner');
}

function readJoinType({ tokens }: QueryContext): JoinType | undefined {
  if (tokens.accept('INNER')) return 'inner';
  if (tokens.accept('CROSS')) return 'cross';
  if (tokens.accept('SEMI')) return 'semi';
  if (tokens.accept('ANTI')) return 'anti';
  if (tokens.accept('LEFT')) {
    if (tokens.accept('SEMI')) return 'semi';
    if (tokens.accept('ANTI')) return 'anti';
    tokens.accept('OUTER');
    return 'left';
  }
  const how = tokens.accept('RIGHT') ? 'right' : tokens.accept('FULL') ? 'full' : undefined;
  if (how !== undefined) tokens.accept('OUTER');
  return how;
}

function readPrimary(query: QueryContext): Plan {
  const { tokens } = query;
  if (tokens.is('VALUES')) return readInlineTable(query);
  if (tokens.is('(')) return readParenthesized(query);
  const { kind } = tokens.peek();
  if (kind === 'word' && tokens.peek(1).upper === '(') return withAlias(query, readTableFunction(query));
  const name = qualifiedName(tokens);
  const cte = name.length === 1 ? query.ctes.find(name[0] as string) : undefined;
  return withAlias(query, cte ?? view(joinName(name)));
}

/** A subquery, or relations in parentheses. */
function readParenthesized(query: QueryContext): Plan {
  const { tokens } = query;
  tokens.expect('(');
  if (startsQuery(query)) {
    const plan = query.query();
    tokens.expect(')');
    return withAlias(query, plan, '__auto_generated_subquery_name');
  }
  const plan = readRelations(query);
  tokens.expect(')');
  return withAlias(query, plan);
}

/** Whether a query begins here, however many parentheses are before it. */
function startsQuery({ tokens }: QueryContext): boolean {
  let ahead = 0;
  while (tokens.peek(ahead).upper === '(') ahead++;
  const token = tokens.peek(ahead);
  if (token.kind !== 'word' || !['SELECT', 'WITH', 'VALUES', 'FROM', 'TABLE'].includes(token.upper)) return false;
  // `((SELECT …) t JOIN …)` is a relation: a query ends where its parentheses do.
  if (ahead === 0) return true;
  let depth = 1;
  for (let at = ahead; depth > 0; at++) {
    const { kind, upper } = tokens.peek(at);
    if (kind === 'end') return true;
    if (upper === '(') depth++;
    else if (upper === ')' && --depth === 0) {
      const after = tokens.peek(at + 1).upper;
      return [')', 'UNION', 'EXCEPT', 'MINUS', 'INTERSECT', 'ORDER', 'LIMIT', 'OFFSET', '|>'].includes(after);
    }
  }
  return true;
}

/** `[AS] name [(columns)]` after a relation. */
export function withAlias(query: QueryContext, plan: Plan, otherwise?: string): Plan {
  const { tokens } = query;
  if (tokens.accept('AS') || namesTable(tokens)) {
    const name = tokens.name('a table alias');
    return subqueryAlias(tokens.is('(') ? toNames(plan, nameList(tokens)) : plan, name);
  }
  if (tokens.is('(') && tokens.peek(1).kind !== 'end' && otherwise !== undefined) return plan;
  return otherwise === undefined ? plan : subqueryAlias(plan, otherwise);
}

/** `VALUES (1, 'a'), (2, 'b') [AS t(x, y)]`; a row of one column needs no parentheses. */
export function readInlineTable(query: QueryContext): Plan {
  const { tokens } = query;
  tokens.expect('VALUES');
  const rows: (readonly Expr[])[] = [];
  do rows.push(readRow(query));
  while (tokens.accept(','));
  return withAlias(query, inlineTable(rows));
}

function readRow(query: QueryContext): readonly Expr[] {
  const { tokens, exprs } = query;
  const place = tokens.place;
  if (tokens.accept('(')) {
    const row = exprList(query);
    tokens.expect(')');
    const { kind, upper } = tokens.peek();
    if (kind !== 'symbol' || [',', ')', ';', '|>'].includes(upper)) return row;
    // It was an operand: `VALUES (1 + 2) * 3`.
    tokens.back(place);
  }
  return [exprs.expression()];
}

/** `range(10)` and other functions that give a table. */
function readTableFunction(query: QueryContext): Plan {
  const { tokens, exprs } = query;
  const name = tokens.next();
  tokens.expect('(');
  const args: Expr[] = [];
  if (!tokens.is(')')) {
    do args.push(exprs.expression());
    while (tokens.accept(','));
  }
  tokens.expect(')');
  if (name.upper === 'RANGE') return rangeOf(query, args);
  throw new SparrowError('UNRESOLVABLE_TABLE_VALUED_FUNCTION', `there is no table function \`${name.text}\``, {
    sqlState: '42883',
    parameters: { name: `\`${name.text}\`` },
  });
}

const integers: ReadonlySet<DataType['kind']> = new Set(['int8', 'int16', 'int32', 'int64']);

function rangeOf(query: QueryContext, args: readonly Expr[]): Plan {
  const numbers = args.map((arg) => {
    if (arg.kind !== 'literal' || !integers.has(arg.type.kind) || arg.value === null) {
      throw query.tokens.error('the arguments of range() are whole numbers', undefined, 'UNEXPECTED_INPUT_TYPE');
    }
    return BigInt(arg.value as number | bigint);
  });
  const [first = 0n, second, step = 1n] = numbers;
  return second === undefined ? range(0n, first) : range(first, second, step);
}

/** `LATERAL VIEW [OUTER] explode(x) t AS a, b`. */
export function readLateralViews(query: QueryContext, input: Plan): Plan {
  if (query.tokens.is('LATERAL', 'VIEW')) {
    throw query.tokens.error('LATERAL VIEW is not supported yet', undefined, 'UNSUPPORTED_FEATURE.LATERAL_VIEW');
  }
  return input;
}
