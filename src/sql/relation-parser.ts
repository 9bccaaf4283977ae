import { call, join, limitBy, sample, subqueryAlias, toNames, usingJoin, view } from '../plan/build.js';
import { lateralJoin, naturalJoin, values } from '../plan/build-relations.js';
import type { Expr } from '../plan/expr.js';
import type { JoinType, Plan, ViewPlan } from '../plan/node.js';
import { namesTable } from './keywords.js';
import { readPivot, readUnpivot } from './pivot-parser.js';
import { joinName, nameList, type QueryContext, qualifiedName } from './query-context.js';
import { readTableFunction } from './table-function-parser.js';

/** What follows FROM: relations separated by commas, each with its joins. */
export function readRelations(query: QueryContext): Plan {
  let plan = readRelation(query);
  while (query.tokens.accept(',')) {
    if (query.tokens.is('LATERAL') && !query.tokens.is('LATERAL', 'VIEW')) {
      plan = readExtensions(query, lateralJoin(plan, readPrimary(query, true)));
    } else plan = join(plan, readRelation(query), 'inner');
  }
  return plan;
}

/** One relation with the joins and pivots after it. */
export function readRelation(query: QueryContext): Plan {
  return readExtensions(query, readPrimary(query));
}

/** Joins, PIVOT and UNPIVOT after a relation; at most so many. */
export function readExtensions(query: QueryContext, first: Plan, most = Number.POSITIVE_INFINITY): Plan {
  const { tokens } = query;
  let plan = first;
  for (let count = 0; count < most; count++) {
    const next = tokens.is('PIVOT', '(')
      ? withAlias(query, readPivot(query, plan))
      : startsUnpivot(query)
        ? withAlias(query, readUnpivot(query, plan))
        : readJoin(query, plan);
    if (next === undefined) return plan;
    plan = next;
  }
  return plan;
}

const startsUnpivot = ({ tokens }: QueryContext): boolean =>
  tokens.is('UNPIVOT') && ['(', 'INCLUDE', 'EXCLUDE'].includes(tokens.peek(1).upper);

function readJoin(query: QueryContext, left: Plan): Plan | undefined {
  const { tokens, exprs } = query;
  const place = tokens.place;
  const natural = tokens.accept('NATURAL');
  const how = readJoinType(query) ?? 'inner';
  if (!tokens.accept('JOIN')) {
    tokens.back(place);
    return undefined;
  }
  if (tokens.is('LATERAL')) return readLateralJoin(query, left, how, natural);
  const right = readPrimary(query);
  if (natural) return naturalJoin(left, right, how);
  if (tokens.accept('ON')) return join(left, right, how, exprs.expression());
  if (tokens.accept('USING')) return usingJoin(left, right, nameList(tokens), how);
  return join(left, right, how);
}

function readLateralJoin(query: QueryContext, left: Plan, how: JoinType, natural: boolean): Plan {
  const { tokens, exprs } = query;
  const right = readPrimary(query, true);
  if (natural || tokens.is('USING')) {
    const which = natural ? 'NATURAL' : 'USING';
    throw tokens.error(
      `a LATERAL join takes ON, not ${which}`,
      undefined,
      natural ? 'INCOMPATIBLE_JOIN_TYPES' : 'UNSUPPORTED_FEATURE.LATERAL_JOIN_USING',
    );
  }
  if (how !== 'inner' && how !== 'left' && how !== 'cross') {
    throw tokens.error(`${how.toUpperCase()} joins cannot be LATERAL`, undefined, 'INVALID_LATERAL_JOIN_TYPE');
  }
  return lateralJoin(left, right, how, tokens.accept('ON') ? exprs.expression() : undefined);
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

function readPrimary(query: QueryContext, isLateral = false): Plan {
  const { tokens } = query;
  if (isLateral || (tokens.is('LATERAL') && (tokens.peek(1).upper === '(' || tokens.peek(2).upper === '('))) {
    tokens.accept('LATERAL');
  }
  if (tokens.is('VALUES')) return readInlineTable(query);
  if (tokens.is('(')) return readParenthesized(query);
  const start = tokens.place;
  const name = qualifiedName(tokens);
  if (!tokens.is('(')) return withAlias(query, readSample(query, view(joinName(name), readAsOf(query))));
  tokens.back(start);
  return withAlias(query, readTableFunction(query));
}

/** `[FOR] VERSION AS OF 3`, `[FOR] TIMESTAMP AS OF '2024-01-01'`, with the SQL standard's names too. */
function readAsOf({ tokens, exprs }: QueryContext): ViewPlan['asOf'] {
  const place = tokens.place;
  tokens.accept('FOR');
  const isVersion = tokens.accept('VERSION', 'AS', 'OF') || tokens.accept('SYSTEM_VERSION', 'AS', 'OF');
  if (isVersion)
    return { version: tokens.peek().kind === 'string' ? tokens.string('a version') : `${tokens.integer('a version')}` };
  if (tokens.accept('TIMESTAMP', 'AS', 'OF') || tokens.accept('SYSTEM_TIME', 'AS', 'OF'))
    return { timestamp: exprs.value() };
  tokens.back(place);
  return undefined;
}

/** A subquery, or relations in parentheses. */
function readParenthesized(query: QueryContext): Plan {
  const { tokens } = query;
  tokens.expect('(');
  const isQuery = startsQuery(query);
  const plan = isQuery ? query.query(true) : readRelations(query);
  tokens.expect(')');
  return withAlias(query, readSample(query, plan), isQuery ? '__auto_generated_subquery_name' : undefined);
}

/** Whether a query begins here, however many parentheses are before it. */
function startsQuery({ tokens }: QueryContext): boolean {
  let ahead = 0;
  while (tokens.peek(ahead).upper === '(') ahead++;
  const token = tokens.peek(ahead);
  if (token.kind !== 'word' || !['SELECT', 'WITH', 'VALUES', 'FROM', 'TABLE'].includes(token.upper)) return false;
  if (ahead === 0) return true;
  // `((SELECT …) t JOIN …)` is a relation: a query ends where its parentheses do.
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
    return readSample(query, subqueryAlias(tokens.is('(') ? toNames(plan, nameList(tokens)) : plan, name));
  }
  return otherwise === undefined ? plan : subqueryAlias(plan, otherwise);
}

/** `TABLESAMPLE (10 PERCENT | 5 ROWS | BUCKET 1 OUT OF 4) [REPEATABLE (seed)]`. */
export function readSample(query: QueryContext, plan: Plan): Plan {
  const { tokens } = query;
  if (!tokens.accept('TABLESAMPLE')) return plan;
  if (!tokens.accept('SYSTEM')) tokens.accept('BERNOULLI');
  tokens.expect('(');
  const fraction = readFraction(query);
  tokens.expect(')');
  let seed = 0;
  if (tokens.accept('REPEATABLE')) {
    tokens.expect('(');
    seed = tokens.integer('a seed');
    tokens.expect(')');
  }
  return typeof fraction === 'number' ? sample(plan, fraction, { seed }) : fraction(plan);
}

function readFraction(query: QueryContext): number | ((plan: Plan) => Plan) {
  const { tokens, exprs } = query;
  if (tokens.accept('BUCKET')) {
    const bucket = tokens.integer();
    tokens.expect('OUT', 'OF');
    const buckets = tokens.integer();
    if (bucket > buckets)
      throw tokens.error('a sample takes a bucket of those there are', undefined, '_LEGACY_ERROR_TEMP_0064');
    return bucket === 0 ? 0 : bucket / buckets;
  }
  const negative = tokens.accept('-');
  if (tokens.peek().kind === 'number' && tokens.peek(1).upper === 'PERCENT') {
    const percent = Number(tokens.next().text) * (negative ? -1 : 1);
    tokens.next();
    if (percent < 0 || percent > 100) {
      throw tokens.error('a sample takes from 0 to 100 percent', undefined, '_LEGACY_ERROR_TEMP_0064');
    }
    return percent / 100;
  }
  if (tokens.is(')')) throw tokens.error('TABLESAMPLE takes a size', undefined, '_LEGACY_ERROR_TEMP_0014');
  const given = exprs.expression();
  const rows: Expr = negative ? call('negative', given) : given;
  tokens.expect('ROWS');
  return (plan) => limitBy(plan, 'limit', rows);
}

/** `VALUES (1, 'a'), (2, 'b') [AS t(x, y)]`; a row of one column needs no parentheses. */
export function readInlineTable(query: QueryContext): Plan {
  const { tokens } = query;
  tokens.expect('VALUES');
  const rows: (readonly Expr[])[] = [];
  do rows.push(readRow(query));
  while (tokens.accept(','));
  return withAlias(query, values(rows));
}

function readRow(query: QueryContext): readonly Expr[] {
  const { tokens, exprs } = query;
  const place = tokens.place;
  if (tokens.accept('(')) {
    const row: Expr[] = [];
    do row.push(exprs.named());
    while (tokens.accept(','));
    tokens.expect(')');
    const { kind, upper } = tokens.peek();
    if (kind !== 'symbol' || [',', ')', ';', '|>'].includes(upper)) return row;
    // It was an operand: `VALUES (1 + 2) * 3`.
    tokens.back(place);
  }
  return [exprs.expression()];
}
