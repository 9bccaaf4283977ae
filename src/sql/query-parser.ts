import { SparrowError } from '../base/index.js';
import { limitBy, repartition, sort, view } from '../plan/build.js';
import { withQueries } from '../plan/build-relations.js';
import type { SortOrder } from '../plan/expr.js';
import type { Plan } from '../plan/node.js';
import { expressionParser } from './expression-parser.js';
import { ordinals } from './ordinals.js';
import { readPipes } from './pipe-parser.js';
import { exprList, joinName, nameList, type QueryContext, qualifiedName } from './query-context.js';
import { recursive } from './recursive-query.js';
import { readInlineTable, readRelations } from './relation-parser.js';
import { readSelect, readWindows, withWindows } from './select-parser.js';
import { combineSets, isSetOperation } from './set-operations.js';
import { readLateralViews } from './table-function-parser.js';
import { type ExprParser, type ParseSettings, plainSettings, TokenStream } from './token-stream.js';
import { readSortOrders } from './window-parser.js';

/** A Spark SQL query as an unresolved plan. Throws `PARSE_SYNTAX_ERROR`, which shows the line and the place. */
export function parseQuery(text: string, settings: ParseSettings = plainSettings): Plan {
  const tokens = new TokenStream(text, settings);
  const plan = queryParser(tokens, settings).query();
  while (tokens.accept(';'));
  tokens.end();
  return plan;
}

/** The parser of queries inside a longer text. */
export const queryParser = (tokens: TokenStream, settings: ParseSettings): QueryContext =>
  new QueryParser(tokens, settings);

/** Deeper nesting of queries than this is taken for a mistake rather than exhausting the stack. */
const DEEPEST = 200;

class QueryParser implements QueryContext {
  readonly tokens: TokenStream;
  readonly settings: ParseSettings;
  readonly exprs: ExprParser;
  #depth = 0;
  /** Names that WITH has given around here, in lower case. */
  #defined: ReadonlySet<string> = new Set();

  constructor(tokens: TokenStream, settings: ParseSettings) {
    this.tokens = tokens;
    this.settings = settings;
    this.exprs = expressionParser(tokens, settings, () => this.query());
  }

  query(isRelation = false): Plan {
    if (++this.#depth > DEEPEST) throw this.tokens.error('the query is nested too deeply');
    const outside = this.#defined;
    if (isRelation) this.#defined = new Set();
    const queries = this.tokens.is('WITH') ? this.definitions() : [];
    const plan = this.#organized(this.#setOperations());
    this.#depth--;
    this.#defined = outside;
    return queries.length === 0 ? plan : withQueries(plan, queries);
  }

  /** `WITH a AS (…), b(x, y) AS (…)`: each sees those before it. */
  definitions(): { name: string; plan: Plan }[] {
    const { tokens } = this;
    tokens.expect('WITH');
    const isRecursive = tokens.accept('RECURSIVE');
    const queries: { name: string; plan: Plan }[] = [];
    do {
      const name = tokens.name();
      const names = tokens.is('(') ? nameList(tokens) : undefined;
      const maxLevel = tokens.accept('MAX', 'RECURSION', 'LEVEL') ? tokens.integer() : undefined;
      tokens.accept('AS');
      tokens.expect('(');
      const body = this.query();
      tokens.expect(')');
      const key = name.toLowerCase();
      if (queries.some((query) => query.name.toLowerCase() === key)) throw duplicated(name);
      if (this.settings.config?.[PRECEDENCE]?.toUpperCase() === 'EXCEPTION' && this.#defined.has(key)) {
        throw ambiguousInside(name);
      }
      queries.push({ name, plan: recursive(body, name, names, isRecursive, maxLevel) });
      this.#defined = new Set([...this.#defined, key]);
    } while (tokens.accept(','));
    return queries;
  }

  /** UNION and EXCEPT, left to right; INTERSECT binds tighter unless the legacy setting says otherwise. */
  #setOperations(): Plan {
    const { tokens } = this;
    const flat = this.settings.config?.['spark.sql.legacy.setopsPrecedence.enabled'] === 'true';
    const operand = flat ? () => this.primary() : () => this.#intersections();
    let left = operand();
    for (;;) {
      if (isSetOperation(tokens)) left = combineSets(this, left, operand);
      else if (tokens.startsPipe()) left = readPipes(this, left);
      else return left;
    }
  }

  #intersections(): Plan {
    let left = this.primary();
    while (this.tokens.is('INTERSECT')) left = combineSets(this, left, () => this.primary());
    return left;
  }

  primary(): Plan {
    const { tokens } = this;
    if (tokens.is('SELECT')) return readSelect(this);
    if (tokens.is('VALUES')) return readInlineTable(this);
    if (tokens.accept('(')) {
      const plan = this.query();
      tokens.expect(')');
      return plan;
    }
    if (tokens.accept('TABLE')) return view(joinName(qualifiedName(tokens)));
    if (tokens.accept('FROM')) {
      const from = readLateralViews(this, readRelations(this));
      return tokens.is('SELECT') ? readSelect(this, from) : from;
    }
    throw tokens.unexpected();
  }

  /** ORDER BY, SORT BY, DISTRIBUTE BY, CLUSTER BY, WINDOW, LIMIT, OFFSET after a query. */
  #organized(input: Plan): Plan {
    const { tokens } = this;
    let plan = input;
    if (tokens.accept('ORDER', 'BY')) {
      const orders = this.orders();
      const windows = readWindows(this);
      plan = sort(
        plan,
        orders.map((order) => withWindows(order, windows) as SortOrder),
      );
    } else if (tokens.accept('CLUSTER', 'BY')) {
      const by = exprList(this);
      plan = sort(repartition(plan, undefined, by), by.map(ascending), true);
    } else {
      if (tokens.accept('DISTRIBUTE', 'BY')) plan = repartition(plan, undefined, exprList(this));
      if (tokens.accept('SORT', 'BY')) plan = sort(plan, readSortOrders(this.exprs), true);
    }
    return this.limited(plan);
  }

  /** What follows ORDER BY: `ALL`, or expressions and positions. */
  orders(): SortOrder[] {
    const orders = readSortOrders(this.exprs);
    const setting = this.settings.config?.['spark.sql.orderByOrdinal'];
    return setting === 'false' ? orders : (ordinals(orders) as SortOrder[]);
  }

  limited(input: Plan): Plan {
    const { tokens } = this;
    let plan = input;
    const rows = tokens.accept('LIMIT') && !tokens.accept('ALL') ? this.exprs.expression() : undefined;
    const skipped = tokens.accept('OFFSET') ? this.exprs.expression() : undefined;
    if (skipped !== undefined) plan = limitBy(plan, 'offset', skipped);
    if (rows !== undefined) plan = limitBy(plan, 'limit', rows);
    return plan;
  }
}

const ascending = (input: SortOrder['input']): SortOrder => ({
  kind: 'sort_order',
  input,
  descending: false,
  nullsFirst: true,
});

/** What becomes of a name that WITH gives inside a query where it has a meaning already. */
const PRECEDENCE = 'spark.sql.legacy.ctePrecedencePolicy';

const ambiguousInside = (name: string): SparrowError =>
  new SparrowError('AMBIGUOUS_ALIAS_IN_NESTED_CTE', `the name \`${name}\` of WITH has a meaning around it, too`, {
    sqlState: '42KD0',
    parameters: { name: `\`${name}\``, config: `"${PRECEDENCE}"` },
  });

function duplicated(name: string): SparrowError {
  return new SparrowError('DUPLICATED_CTE_NAMES', `the name \`${name}\` is defined twice in WITH`, {
    sqlState: '42602',
    parameters: { duplicateNames: `\`${name}\`` },
  });
}
