import {
  distinct,
  limitBy,
  repartition,
  setOperation,
  sort,
  subqueryAlias,
  toNames,
  union,
  view,
} from '../plan/build.js';
import type { SortOrder } from '../plan/expr.js';
import type { Plan } from '../plan/node.js';
import { expressionParser } from './expression-parser.js';
import { CteScope, exprList, joinName, nameList, type QueryContext, qualifiedName } from './query-context.js';
import { readInlineTable, readRelations } from './relation-parser.js';
import { readSelect } from './select-parser.js';
import { type ExprParser, type ParseSettings, plainSettings, TokenStream } from './token-stream.js';
import { readSortOrders } from './window-parser.js';

/** A Spark SQL query as an unresolved plan. Throws `PARSE_SYNTAX_ERROR`, which shows the line and the place. */
export function parseQuery(text: string, settings: ParseSettings = plainSettings): Plan {
  const tokens = new TokenStream(text);
  const plan = queryParser(tokens, settings).query();
  tokens.accept(';');
  tokens.end();
  return plan;
}

/** The parser of queries inside a longer text. */
export const queryParser = (tokens: TokenStream, settings: ParseSettings): QueryContext =>
  new QueryParser(tokens, settings);

class QueryParser implements QueryContext {
  readonly tokens: TokenStream;
  readonly settings: ParseSettings;
  readonly exprs: ExprParser;
  ctes = new CteScope();

  constructor(tokens: TokenStream, settings: ParseSettings) {
    this.tokens = tokens;
    this.settings = settings;
    this.exprs = expressionParser(tokens, settings, () => this.query());
  }

  query(): Plan {
    const outer = this.ctes;
    try {
      if (this.tokens.accept('WITH')) this.#definitions();
      return this.#organized(this.#setOperations());
    } finally {
      this.ctes = outer;
    }
  }

  /** `WITH a AS (…), b(x, y) AS (…)`: each sees those before it. */
  #definitions(): void {
    const { tokens } = this;
    this.ctes = new CteScope(this.ctes);
    tokens.accept('RECURSIVE');
    do {
      const name = tokens.name();
      const names = tokens.is('(') ? nameList(tokens) : undefined;
      tokens.accept('AS');
      tokens.expect('(');
      const plan = this.query();
      tokens.expect(')');
      this.ctes.define(name, subqueryAlias(names === undefined ? plan : toNames(plan, names), name));
    } while (tokens.accept(','));
  }

  /** UNION and EXCEPT, left to right; INTERSECT binds tighter. */
  #setOperations(): Plan {
    const { tokens } = this;
    let left = this.#intersections();
    for (;;) {
      const op = tokens.is('UNION') ? 'union' : tokens.is('EXCEPT') || tokens.is('MINUS') ? 'except' : undefined;
      if (op === undefined) return left;
      tokens.next();
      const all = this.#quantifier();
      const right = this.#intersections();
      if (op === 'except') left = setOperation(left, right, 'except', all);
      else left = all ? union([left, right]) : distinct(union([left, right]));
    }
  }

  #intersections(): Plan {
    let left = this.#primary();
    while (this.tokens.accept('INTERSECT')) {
      const all = this.#quantifier();
      left = setOperation(left, this.#primary(), 'intersect', all);
    }
    return left;
  }

  #quantifier(): boolean {
    const all = this.tokens.accept('ALL');
    if (!all) this.tokens.accept('DISTINCT');
    return all;
  }

  #primary(): Plan {
    const { tokens } = this;
    if (tokens.is('SELECT')) return readSelect(this);
    if (tokens.is('VALUES')) return readInlineTable(this);
    if (tokens.accept('(')) {
      const plan = this.query();
      tokens.expect(')');
      return plan;
    }
    if (tokens.accept('TABLE')) {
      const name = qualifiedName(tokens);
      const cte = name.length === 1 ? this.ctes.find(name[0] as string) : undefined;
      return cte ?? view(joinName(name));
    }
    if (tokens.accept('FROM')) return this.#fromFirst();
    throw tokens.unexpected();
  }

  /** `FROM t SELECT …`, or `FROM t` alone for pipes to go on from. */
  #fromFirst(): Plan {
    const from = readRelations(this);
    return this.tokens.is('SELECT') ? readSelect(this, from) : from;
  }

  /** ORDER BY, SORT BY, DISTRIBUTE BY, CLUSTER BY, LIMIT, OFFSET after a query. */
  #organized(input: Plan): Plan {
    const { tokens } = this;
    let plan = input;
    if (tokens.accept('ORDER', 'BY')) plan = sort(plan, this.#orders());
    else if (tokens.accept('CLUSTER', 'BY')) {
      const by = exprList(this);
      const orders = by.map(
        (expr): SortOrder => ({ kind: 'sort_order', input: expr, descending: false, nullsFirst: true }),
      );
      plan = sort(repartition(plan, undefined, by), orders, true);
    } else {
      if (tokens.accept('DISTRIBUTE', 'BY')) plan = repartition(plan, undefined, exprList(this));
      if (tokens.accept('SORT', 'BY')) plan = sort(plan, readSortOrders(this.exprs), true);
    }
    return this.#limited(plan);
  }

  #orders(): SortOrder[] {
    return readSortOrders(this.exprs);
  }

  #limited(input: Plan): Plan {
    const { tokens } = this;
    let plan = input;
    const rows = tokens.accept('LIMIT') && !tokens.accept('ALL') ? this.exprs.expression() : undefined;
    const skipped = tokens.accept('OFFSET') ? this.exprs.expression() : undefined;
    if (skipped !== undefined) plan = limitBy(plan, 'offset', skipped);
    if (rows !== undefined) plan = limitBy(plan, 'limit', rows);
    return plan;
  }
}
