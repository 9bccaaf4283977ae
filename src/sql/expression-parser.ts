import { booleanType, stringType } from '../base/index.js';
import { alias, call, cast, column, inSubquery, literal, shownAs } from '../plan/build.js';
import type { Expr, UnresolvedCall } from '../plan/expr.js';
import type { Plan } from '../plan/node.js';
import { quoteName } from '../plan/resolve/names.js';
import { namesExpression } from './keywords.js';
import { numberLiteral } from './literal-parser.js';
import { readPrimary } from './primary-parser.js';
import { isRow, readSubquery, startsQuery } from './subquery-parser.js';
import { type ExprParser, type ParseSettings, plainSettings, TokenStream } from './token-stream.js';
import { readType } from './type-parser.js';

/** A Spark SQL expression as an unresolved plan expression: `delay > 15 AND origin LIKE 'S%'`, `sum(x) AS total`. */
export function parseExpression(text: string, settings: ParseSettings = plainSettings): Expr {
  const tokens = new TokenStream(text, settings);
  const expr = new Parser(tokens, settings).named();
  tokens.end();
  return expr;
}

/** The parser over tokens that a longer text has, too: it reads as far as an expression goes. */
export const expressionParser = (tokens: TokenStream, settings: ParseSettings, query?: () => Plan): ExprParser =>
  new Parser(tokens, settings, query);

/** How tightly operators on values bind, loosest first. Left to right all of them. */
const levels: readonly (readonly string[])[] = [
  ['=', '==', '<=>', '<>', '!=', '<', '<=', '>', '>='],
  ['|'],
  ['^'],
  ['&'],
  ['<<', '>>', '>>>'],
  ['+', '-', '||'],
  ['*', '/', '%', 'DIV'],
];

/** What an operator is called in the function registry, where that is not the operator itself. */
const functionOf: Readonly<Record<string, string>> = { '||': 'concat', '==': '=', '<>': '!=', DIV: 'intDiv' };

/** Operators that are functions by a name, too, and are shown as they are written. */
const shifts: ReadonlySet<string> = new Set(['<<', '>>', '>>>']);

const DEEPEST = 300;

class Parser implements ExprParser {
  readonly tokens: TokenStream;
  readonly settings: ParseSettings;
  readonly query: (() => Plan) | undefined;
  #depth = 0;

  constructor(tokens: TokenStream, settings: ParseSettings, query?: () => Plan) {
    this.tokens = tokens;
    this.settings = settings;
    this.query = query;
  }

  /** An expression with a name of its own, perhaps: `a + b AS c`, `a + b c`. */
  named(): Expr {
    const expr = this.expression();
    if (this.tokens.accept('AS'))
      return this.tokens.is('(') ? this.#severalNames(expr) : alias(expr, this.tokens.name());
    return namesExpression(this.tokens) ? alias(expr, this.tokens.name()) : expr;
  }

  /** `posexplode(x) AS (pos, item)`. */
  #severalNames(expr: Expr): Expr {
    const { tokens } = this;
    const names: string[] = [];
    tokens.expect('(');
    do names.push(tokens.name());
    while (tokens.accept(','));
    tokens.expect(')');
    return Object.freeze({ ...alias(expr, names[0] as string), names });
  }

  expression(): Expr {
    // Every level of parentheses takes a dozen calls; a clear error is better than a stack that overflows.
    if (++this.#depth > DEEPEST) throw this.tokens.error('the expression is nested too deeply');
    let left = this.#conjunction();
    while (this.tokens.accept('OR')) left = call('or', left, this.#conjunction());
    this.#depth--;
    return left;
  }

  #conjunction(): Expr {
    let left = this.#negation();
    while (this.tokens.accept('AND')) left = call('and', left, this.#negation());
    return left;
  }

  #negation(): Expr {
    let times = 0;
    while (this.tokens.accept('NOT') || this.tokens.accept('!')) times++;
    let expr = this.#predicate();
    for (; times > 0; times--) expr = call('not', expr);
    return expr;
  }

  /** A value with what may be said of it: IS NULL, IN, BETWEEN, LIKE. */
  #predicate(): Expr {
    let expr = this.value();
    for (;;) {
      const next = this.#saidOf(expr);
      if (next === undefined) return expr;
      expr = next;
    }
  }

  #saidOf(expr: Expr): Expr | undefined {
    const { tokens } = this;
    if (tokens.accept('IS')) return this.#is(expr);
    const place = tokens.place;
    const negated = tokens.accept('NOT') || tokens.accept('!');
    const maybeNot = (positive: Expr): Expr => (negated ? call('not', positive) : positive);
    if (tokens.accept('IN')) return maybeNot(this.#in(expr));
    if (tokens.accept('BETWEEN')) {
      const low = this.value();
      tokens.expect('AND');
      return maybeNot(shownAs('between', call('and', call('>=', expr, low), call('<=', expr, this.value()))));
    }
    if (tokens.accept('LIKE')) return this.#like('like', expr, negated);
    if (tokens.accept('ILIKE')) return this.#like('ilike', expr, negated);
    if (tokens.accept('RLIKE') || tokens.accept('REGEXP')) return maybeNot(call('rlike', expr, this.value()));
    tokens.back(place);
    return undefined;
  }

  #is(expr: Expr): Expr {
    const { tokens } = this;
    const negated = tokens.accept('NOT');
    const maybeNot = (positive: Expr): Expr => (negated ? call('not', positive) : positive);
    if (tokens.accept('NULL')) return call(negated ? 'isnotnull' : 'isnull', expr);
    if (tokens.accept('UNKNOWN')) return call(negated ? 'isnotnull' : 'isnull', cast(expr, booleanType));
    if (tokens.accept('TRUE')) return maybeNot(call('<=>', expr, literal(booleanType, true)));
    if (tokens.accept('FALSE')) return maybeNot(call('<=>', expr, literal(booleanType, false)));
    if (tokens.accept('DISTINCT', 'FROM')) {
      const same = call('<=>', expr, this.value());
      return negated ? same : call('not', same);
    }
    throw tokens.unexpected('NULL, TRUE, FALSE, UNKNOWN or DISTINCT FROM');
  }

  #in(expr: Expr): Expr {
    const { tokens } = this;
    tokens.expect('(');
    if (startsQuery(tokens)) {
      const plan = readSubquery(this);
      return inSubquery(isRow(expr) ? expr.args : [expr], plan);
    }
    if (tokens.is(')')) {
      throw tokens.error('IN needs at least one value', undefined, 'INVALID_SQL_SYNTAX.EMPTY_IN_PREDICATE');
    }
    const values: Expr[] = [];
    do values.push(this.expression());
    while (tokens.accept(','));
    tokens.expect(')');
    return call('in', expr, ...values);
  }

  /** `LIKE 'p' [ESCAPE 'c']` or `LIKE ANY | SOME | ALL ('p', …)`. */
  #like(name: string, expr: Expr, negated: boolean): Expr {
    const { tokens } = this;
    const all = tokens.accept('ALL');
    const any = !all && (tokens.accept('ANY') || tokens.accept('SOME'));
    if (!all && !any) {
      const args = [expr, this.value()];
      if (tokens.accept('ESCAPE')) args.push(literal(stringType, tokens.string('an escape character')));
      const like = call(name, ...args);
      return negated ? call('not', like) : like;
    }
    tokens.expect('(');
    if (tokens.is(')')) {
      throw tokens.error('LIKE ALL and LIKE ANY need at least one pattern', undefined, '_LEGACY_ERROR_TEMP_0064');
    }
    let result: UnresolvedCall | undefined;
    let constant = name === 'like';
    do {
      const pattern = this.expression();
      constant &&= pattern.kind === 'literal' && pattern.value !== null;
      const like = call(name, expr, pattern);
      const term = negated ? call('not', like) : like;
      result = result === undefined ? term : call(all ? 'and' : 'or', result, term);
    } while (tokens.accept(','));
    tokens.expect(')');
    return constant ? shownAs(`${negated ? 'not' : ''}like${all ? 'all' : 'any'}`, result) : result;
  }

  value(): Expr {
    return this.#level(0);
  }

  argument(): Expr {
    const { tokens } = this;
    const { kind } = tokens.peek();
    if ((kind !== 'word' && kind !== 'name') || tokens.peek(1).upper !== '=>') return this.expression();
    const name = tokens.name();
    tokens.next();
    return call('namedArgument', literal(stringType, name), this.expression());
  }

  #level(level: number): Expr {
    const operators = levels[level];
    if (operators === undefined) return this.#unary();
    let left = this.#level(level + 1);
    for (;;) {
      const operator = this.tokens.peek().upper;
      if (!operators.includes(operator) || (operator === '|' && this.tokens.startsPipe())) return left;
      this.tokens.next();
      const result = call(functionOf[operator] ?? operator, left, this.#level(level + 1));
      left = shifts.has(operator) ? shownAs(operator, result) : result;
    }
  }

  #unary(): Expr {
    const { tokens } = this;
    if (tokens.accept('+')) return shownAs('plus_sign', call('positive', this.#unary()));
    if (tokens.accept('~')) return call('~', this.#unary());
    if (!tokens.accept('-')) return this.#postfix(readPrimary(this));
    const number = tokens.peek();
    if (number.kind !== 'number') return shownAs('minus_sign', call('negative', this.#unary()));
    tokens.next();
    return this.#postfix(numberLiteral(tokens, number, true));
  }

  /** `value:field.field[0]['field']`: a path into a variant, named by its last field. */
  #path(value: Expr): Expr {
    const { tokens } = this;
    if (!tokens.accept(':')) tokens.splitParameter();
    let [path, name] = ['$', ''];
    do {
      if (!tokens.accept('[')) {
        // As Spark's: `` `a.b` `` is two steps.
        const field = tokens.name('a field');
        path += `.${field}`;
        name = field.slice(field.lastIndexOf('.') + 1);
        continue;
      }
      if (tokens.peek().kind === 'string') {
        name = tokens.string();
        path += `['${name}']`;
      } else path += `[${tokens.integer('a field or a position')}]`;
      tokens.expect(']');
    } while (tokens.accept('.') || tokens.is('['));
    const found = call('variant_get', value, literal(stringType, path));
    return name === '' ? found : alias(found, name);
  }

  /** `a[0]`, `f(x).field`, `a :: int`. */
  #postfix(primary: Expr): Expr {
    const { tokens } = this;
    let expr = primary;
    for (;;) {
      if (tokens.accept('[')) {
        expr = call('getItem', expr, this.value());
        tokens.expect(']');
      } else if (tokens.is('.') && (tokens.peek(1).kind === 'word' || tokens.peek(1).kind === 'name')) {
        tokens.next();
        const field = tokens.name('a field');
        // `(s).a` is the name `s.a`.
        expr =
          expr === primary && expr.kind === 'unresolved_column'
            ? column(`${expr.name}.${quoteName(field)}`)
            : call('getField', expr, literal(stringType, field));
      } else if (tokens.accept('::')) expr = cast(expr, readType(tokens, this.settings));
      else if (startsPath(tokens)) expr = this.#path(expr);
      else return expr;
    }
  }
}

const startsPath = (tokens: TokenStream): boolean =>
  tokens.startsParameter(':') ||
  (tokens.is(':') && (['word', 'name'].includes(tokens.peek(1).kind) || tokens.peek(1).upper === '['));
