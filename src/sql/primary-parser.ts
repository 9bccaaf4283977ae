import { booleanType, int32Type, nullType, SparrowError, stringType } from '../base/index.js';
import {
  aggregateCall,
  call,
  cast,
  column,
  exists,
  lambda,
  literal,
  scalarSubquery,
  shownAs,
  star,
  tryCast,
} from '../plan/build.js';
import type { Expr, Literal, UnresolvedCall } from '../plan/expr.js';
import { readIntervalLiteral } from './interval-parser.js';
import type { Token } from './lexer.js';
import { numberLiteral, typedLiteral } from './literal-parser.js';
import { readSpecialCall } from './special-calls.js';
import { asRow, readSubquery, startsQuery } from './subquery-parser.js';
import type { ExprParser, TokenStream } from './token-stream.js';
import { readType } from './type-parser.js';
import { readWindow } from './window-parser.js';
import { notDistinct, readWithinGroup } from './within-group.js';

const text = (value: string): Literal => literal(stringType, value);

/** A literal, a name, a call, CASE, CAST or something in parentheses. */
export function readPrimary(parser: ExprParser): Expr {
  const { tokens } = parser;
  const token = tokens.peek();
  switch (token.kind) {
    case 'number':
      tokens.next();
      return numberLiteral(tokens, token, false);
    case 'string':
      return readStrings(parser);
    case 'parameter':
      tokens.next();
      return column(`:${token.text}`);
    case 'name':
      return readNamed(parser);
    case 'word':
      return readWord(parser, token);
    default:
      break;
  }
  if (tokens.accept('(')) return readParenthesized(parser);
  if (tokens.accept('*')) return readStar(parser);
  throw tokens.unexpected('an expression');
}

/** Strings in a row are one. */
function readStrings(parser: ExprParser): Expr {
  let value = '';
  while (parser.tokens.peek().kind === 'string') value += parser.tokens.string();
  return text(value);
}

function readWord(parser: ExprParser, token: Token): Expr {
  const { tokens, settings } = parser;
  const typed = typedLiteral(tokens, settings);
  if (typed !== undefined) return typed;
  switch (token.upper) {
    case 'NULL':
      tokens.next();
      return literal(nullType, null);
    case 'TRUE':
    case 'FALSE':
      tokens.next();
      return literal(booleanType, token.upper === 'TRUE');
    case 'CASE':
      tokens.next();
      return readCase(parser);
    case 'CAST':
    case 'TRY_CAST':
      if (tokens.peek(1).upper === '(') return readCast(parser, token.upper === 'TRY_CAST');
      break;
    case 'EXISTS':
      if (tokens.peek(1).upper !== '(') break;
      tokens.next();
      tokens.next();
      if (startsQuery(tokens)) return exists(readSubquery(parser));
      tokens.back(tokens.place - 2);
      break;
    case 'INTERVAL':
      if (startsInterval(parser)) {
        tokens.next();
        return readIntervalLiteral(tokens, settings);
      }
      break;
    default:
      break;
  }
  if (reserved.has(token.upper) && tokens.peek(1).upper !== '(') throw tokens.unexpected('an expression');
  return readNamed(parser);
}

/** Words that never begin an expression: a mistake is found where it is. */
const reserved: ReadonlySet<string> = new Set([
  ...['AND', 'OR', 'WHEN', 'THEN', 'ELSE', 'END', 'FROM', 'WHERE', 'GROUP', 'HAVING', 'ORDER', 'UNION', 'SELECT'],
  ...['IN', 'IS', 'BETWEEN', 'LIKE', 'ILIKE', 'RLIKE', 'AS', 'ON', 'JOIN', 'OVER'],
]);

function startsInterval({ tokens }: ExprParser): boolean {
  const next = tokens.peek(1);
  return next.kind === 'string' || next.kind === 'number' || next.upper === '-' || next.upper === '+';
}

function readParenthesized(parser: ExprParser): Expr {
  const { tokens } = parser;
  const params = readLambdaParams(tokens);
  if (params !== undefined) return lambda(params, parser.expression());
  if (startsQuery(tokens)) return scalarSubquery(readSubquery(parser));
  const items = [parser.named()];
  while (tokens.accept(',')) items.push(parser.named());
  tokens.expect(')');
  const [only] = items;
  if (items.length === 1 && only !== undefined) return only;
  // A row: a struct whose fields are called as its columns, or col1, col2, …
  return asRow(shownAs('row', call('struct', ...items)));
}

/** `(x, y) ->`, read only when the arrow is there. */
function readLambdaParams(tokens: TokenStream): string[] | undefined {
  const start = tokens.place;
  const params: string[] = [];
  do {
    const { kind } = tokens.peek();
    if (kind !== 'word' && kind !== 'name') break;
    params.push(tokens.name());
  } while (tokens.accept(','));
  if (params.length > 0 && tokens.accept(')', '->')) return params;
  tokens.back(start);
  return undefined;
}

function readCase(parser: ExprParser): Expr {
  const { tokens } = parser;
  const subject = tokens.is('WHEN') ? undefined : parser.expression();
  const args: Expr[] = [];
  while (tokens.accept('WHEN')) {
    const condition = parser.expression();
    args.push(subject === undefined ? condition : call('=', subject, condition));
    tokens.expect('THEN');
    args.push(parser.expression());
  }
  if (args.length === 0) throw tokens.unexpected("'WHEN'");
  if (tokens.accept('ELSE')) args.push(parser.expression());
  tokens.expect('END');
  return call('when', ...args);
}

function readCast(parser: ExprParser, safe: boolean): Expr {
  const { tokens, settings } = parser;
  tokens.next();
  tokens.expect('(');
  const input = parser.expression();
  tokens.expect('AS');
  const type = readType(tokens, settings);
  tokens.expect(')');
  return safe ? tryCast(input, type) : cast(input, type);
}

const quoted = (token: Token): string =>
  token.kind === 'name' || !/^[A-Za-z_]\w*$/.test(token.text) ? `\`${token.text.replaceAll('`', '``')}\`` : token.text;

/** A column `a.b.c`, a star `t.*`, or a call. */
function readNamed(parser: ExprParser): Expr {
  const { tokens } = parser;
  const first = tokens.peek();
  if (first.kind === 'word' && tokens.peek(1).upper === '(') {
    return readSpecialCall(parser) ?? readCall(parser);
  }
  if (first.kind === 'name' && tokens.peek(1).upper === '(') return readCall(parser);
  tokens.next();
  if (tokens.accept('->')) return lambda([first.text], parser.expression());
  let name = quoted(first);
  while (tokens.is('.')) {
    const after = tokens.peek(1);
    if (after.upper === '*') {
      tokens.next();
      tokens.next();
      return readStar(parser, name);
    }
    if (after.kind !== 'word' && after.kind !== 'name') break;
    tokens.next();
    tokens.next();
    if (tokens.is('(')) {
      // A function of a database.
      tokens.back(tokens.place - 1);
      return readCall(parser, `${name}.`);
    }
    name += `.${quoted(after)}`;
  }
  return column(name);
}

/** `* EXCEPT (a, b)`. */
function readStar({ tokens }: ExprParser, qualifier?: string): Expr {
  if (!tokens.is('EXCEPT', '(') || tokens.peek(2).upper === 'SELECT' || tokens.peek(2).upper === '(') {
    return star(qualifier);
  }
  tokens.next();
  tokens.next();
  const names: string[] = [];
  do {
    let name = quoted(tokens.next());
    while (tokens.accept('.')) name += `.${quoted(tokens.next())}`;
    names.push(name);
  } while (tokens.accept(','));
  tokens.expect(')');
  return star(qualifier, names);
}

/** `name([DISTINCT] args) [FILTER (WHERE …)] [IGNORE NULLS] [OVER (…)]`. */
function readCall(parser: ExprParser, database = ''): Expr {
  const { tokens } = parser;
  const name = tokens.next();
  tokens.expect('(');
  const distinct = tokens.accept('DISTINCT');
  if (!distinct) tokens.accept('ALL');
  const args: Expr[] = [];
  if (!tokens.is(')')) {
    const isStruct = name.upper === 'STRUCT';
    do args.push(isStruct ? parser.named() : parser.argument());
    while (tokens.accept(','));
  }
  const inside = acceptIgnoreNulls(parser);
  tokens.expect(')');
  if (args.length === 0 && name.upper === 'COUNT') args.push(nothingToCount(parser));
  if (tokens.accept('WITHIN', 'GROUP', '(', 'ORDER', 'BY'))
    args.splice(0, args.length, ...readWithinGroup(parser, name, args, distinct));
  else if (distinct && name.upper === 'MODE') throw notDistinct(parser, name);
  const filter = tokens.accept('FILTER', '(', 'WHERE') ? readFilter(parser) : undefined;
  const ignoreNulls = acceptIgnoreNulls(parser) || inside;
  if (ignoreNulls) args.push(...ignoreNullsOf(parser, name, args));
  const options = { ...(distinct ? { distinct } : {}), ...(filter === undefined ? {} : { filter }) };
  // In SQL text `div(a, b)` is the whole-number division; the API has that name for the other one.
  const called = name.upper === 'DIV' ? 'intDiv' : database + name.text;
  return readOver(parser, aggregateCall(called, args, options));
}

const COUNT_WITHOUT_ARGUMENTS = 'spark.sql.legacy.allowParameterlessCount';

/** `count()` is a mistake, unless a setting says that it counts nothing. */
function nothingToCount({ settings }: ExprParser): Expr {
  if (settings.config?.[COUNT_WITHOUT_ARGUMENTS] === 'true') return { ...literal(nullType, null), written: '' };
  throw new SparrowError(
    'WRONG_NUM_ARGS.WITH_SUGGESTION',
    '`count` takes at least one argument: count(*) counts rows',
    {
      sqlState: '42605',
      parameters: { functionName: '`count`', expectedNum: ' >= 1', actualNum: '0' },
    },
  );
}

function readFilter(parser: ExprParser): Expr {
  const condition = parser.expression();
  parser.tokens.expect(')');
  return condition;
}

const acceptIgnoreNulls = ({ tokens }: ExprParser): boolean =>
  tokens.accept('IGNORE', 'NULLS') || (tokens.accept('RESPECT', 'NULLS') && false);

const endsOf: ReadonlySet<string> = new Set(['FIRST', 'FIRST_VALUE', 'LAST', 'LAST_VALUE', 'ANY_VALUE']);

/** What to add to the arguments: the functions that can ignore nulls take it as their last one. */
function ignoreNullsOf({ tokens }: ExprParser, name: Token, args: readonly Expr[]): Expr[] {
  const yes = literal(booleanType, true);
  if (endsOf.has(name.upper) || name.upper === 'NTH_VALUE') return [yes];
  if (name.upper === 'LAG' || name.upper === 'LEAD')
    return [...[literal(int32Type, 1), literal(nullType, null)].slice(args.length - 1), yes];
  throw tokens.error(
    `IGNORE NULLS is not supported for ${name.text}`,
    name,
    'INVALID_SQL_SYNTAX.FUNCTION_WITH_UNSUPPORTED_SYNTAX',
  );
}

function readOver(parser: ExprParser, input: UnresolvedCall): Expr {
  if (!parser.tokens.accept('OVER')) return input;
  return Object.freeze({ kind: 'window_call', input, spec: readWindow(parser) });
}
