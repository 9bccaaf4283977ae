import { SparrowError } from '../base/index.js';
import { aggregate, filter, project, repartition, sort, star, subqueryAlias, withColumn } from '../plan/build.js';
import type { Expr } from '../plan/expr.js';
import type { Plan } from '../plan/node.js';
import { quoteName } from '../plan/resolve/names.js';
import { someExpr } from '../plan/walk-expr.js';
import { ordinals } from './ordinals.js';
import { exprList, type QueryContext } from './query-context.js';
import { readExtensions, readSample } from './relation-parser.js';
import { readSelect } from './select-parser.js';
import { combineSets, isSetOperation } from './set-operations.js';
import { readSortOrders } from './window-parser.js';

/** `|> WHERE … |> AGGREGATE …`: each operator reads what the one before gave. */
export function readPipes(query: QueryContext, input: Plan): Plan {
  const { tokens } = query;
  let plan = input;
  while (tokens.acceptPipe()) plan = readOperator(query, plan);
  return plan;
}

function readOperator(query: QueryContext, input: Plan): Plan {
  const { tokens, exprs } = query;
  if (tokens.is('SELECT')) return readSelect(query, input);
  if (tokens.accept('WHERE')) return filter(closed(input), exprs.expression());
  if (tokens.accept('EXTEND'))
    return Object.freeze({ ...project(input, [star(), ...extensions(query)]), extends: true });
  if (tokens.accept('SET')) return assignments(query, input);
  if (tokens.accept('DROP')) return project(input, [dropped(query)]);
  if (tokens.accept('AS')) return subqueryAlias(input, aliasName(query));
  if (tokens.accept('AGGREGATE')) return readAggregate(query, input);
  if (tokens.is('TABLESAMPLE')) return readSample(query, input);
  if (isSetOperation(tokens)) return combineSets(query, input, () => query.primary());
  if (tokens.is('ORDER', 'BY') || tokens.is('SORT', 'BY') || tokens.is('DISTRIBUTE', 'BY'))
    return ordered(query, closed(input));
  if (tokens.is('CLUSTER', 'BY')) return ordered(query, closed(input));
  if (tokens.is('LIMIT') || tokens.is('OFFSET')) return query.limited(input);
  return oneExtension(query, input);
}

/** As Spark: only the columns of the input can be named, not those that it left out. */
const closed = (input: Plan): Plan =>
  input.kind === 'subquery_alias' || input.kind === 'view' ? input : subqueryAlias(input, '');

function oneExtension(query: QueryContext, input: Plan): Plan {
  const { tokens } = query;
  const before = tokens.place;
  const isPivot = tokens.is('PIVOT') || tokens.is('UNPIVOT');
  const plan = readExtensions(query, input, 1);
  if (tokens.place === before) throw tokens.unexpected();
  if (isPivot && (tokens.is('PIVOT') || tokens.is('UNPIVOT'))) {
    throw tokens.error(
      'PIVOT and UNPIVOT cannot follow each other in one operator',
      undefined,
      'NOT_ALLOWED_IN_FROM.UNPIVOT_WITH_PIVOT',
    );
  }
  return plan;
}

function extensions({ tokens, exprs }: QueryContext): Expr[] {
  const list: Expr[] = [];
  do {
    const expr = exprs.named();
    if (expr.kind === 'unresolved_star') {
      throw tokens.error('EXTEND takes no star', undefined, 'INVALID_USAGE_OF_STAR_OR_REGEX');
    }
    list.push(expr);
  } while (tokens.accept(','));
  return list;
}

function assignments({ tokens, exprs }: QueryContext, input: Plan): Plan {
  let plan = input;
  do {
    const name = tokens.name('a column');
    if (tokens.is('.')) throw tokens.error('SET takes names of columns', undefined, '_LEGACY_ERROR_TEMP_0035');
    tokens.expect('=');
    plan = withColumn(plan, name, exprs.expression());
  } while (tokens.accept(','));
  return plan;
}

function dropped({ tokens }: QueryContext): Expr {
  const names: string[] = [];
  do names.push(quoteName(tokens.name('a column')));
  while (tokens.accept(','));
  return star(undefined, names);
}

function aliasName({ tokens }: QueryContext): string {
  const name = tokens.name('an alias');
  if (tokens.is('-')) {
    throw new SparrowError('INVALID_IDENTIFIER', `\`${name}-…\` needs backquotes`, {
      sqlState: '42602',
      parameters: { ident: `${name}-${tokens.peek(1).text}` },
    });
  }
  return name;
}

function ordered(query: QueryContext, input: Plan): Plan {
  const { tokens, exprs } = query;
  let plan = input;
  const isSort = tokens.is('ORDER', 'BY');
  if (tokens.accept('ORDER', 'BY')) {
    plan = sort(plan, query.orders());
  } else if (tokens.accept('CLUSTER', 'BY')) plan = repartition(plan, undefined, exprList(query));
  else if (tokens.accept('DISTRIBUTE', 'BY')) plan = repartition(plan, undefined, exprList(query));
  else {
    tokens.expect('SORT', 'BY');
    plan = sort(plan, readSortOrders(exprs), true);
  }
  if (isSort && startsOrder(tokens) && !tokens.is('ORDER', 'BY'))
    throw tokens.error(
      'one of ORDER BY, SORT BY, …',
      undefined,
      'UNSUPPORTED_FEATURE.COMBINATION_QUERY_RESULT_CLAUSES',
    );
  if (tokens.is('LIMIT') || tokens.is('OFFSET')) {
    throw tokens.error(
      'one pipe operator takes ORDER BY or LIMIT, not both',
      undefined,
      'MULTIPLE_QUERY_RESULT_CLAUSES_WITH_PIPE_OPERATORS',
    );
  }
  if (tokens.is('SORT', 'BY') || tokens.is('CLUSTER', 'BY') || tokens.is('DISTRIBUTE', 'BY'))
    return ordered(query, plan);
  return plan;
}

const startsOrder = (tokens: QueryContext['tokens']): boolean =>
  ['ORDER', 'SORT', 'CLUSTER', 'DISTRIBUTE'].some((word) => tokens.is(word, 'BY'));

const refusedGrouping: Readonly<Record<string, string>> = {
  ALL: 'GROUP BY ALL',
  ROLLUP: 'GROUP BY ROLLUP',
  CUBE: 'GROUP BY CUBE',
  GROUPING: 'GROUPING SETS',
};

/** `AGGREGATE sum(a) AS s GROUP BY b AS c`: the groups come first in the output. */
function readAggregate(query: QueryContext, input: Plan): Plan {
  const { tokens, exprs } = query;
  const list: Expr[] = [];
  if (!tokens.is('GROUP')) {
    do list.push(exprs.named());
    while (tokens.accept(','));
  }
  for (const expr of list) refuseIn(expr, query);
  const groups: Expr[] = [];
  if (tokens.accept('GROUP', 'BY')) {
    const refused = refusedGrouping[tokens.peek().upper];
    if (refused !== undefined) throw unsupportedAggregate(query, refused);
    do groups.push(exprs.named());
    while (tokens.accept(','));
    if (tokens.is('GROUPING', 'SETS') || tokens.is('SETS', '(')) throw unsupportedAggregate(query, 'GROUPING SETS');
  }
  const keys = ordinals(groups.map((group) => (group.kind === 'alias' ? group.input : group)));
  // A position is one of the input's columns, and so is the group in the output.
  const meant = keys.map((key): Expr => (key.kind === 'ordinal' ? { ...key, ofInput: true } : key));
  const shown = groups.map((group, i) => (meant[i]?.kind === 'ordinal' ? (meant[i] as Expr) : group));
  return Object.freeze({ ...aggregate(input, meant, [...shown, ...list]), pipedGroups: shown.length });
}

function refuseIn(expr: Expr, query: QueryContext): void {
  if (someExpr(expr, (e) => e.kind === 'window_call')) throw unsupportedAggregate(query, 'window functions');
  for (const name of ['grouping', 'grouping_id']) {
    const found = someExpr(expr, (e) => e.kind === 'unresolved_call' && e.name.toLowerCase() === name);
    if (found) throw unsupportedAggregate(query, name.toUpperCase());
  }
}

const unsupportedAggregate = ({ tokens }: QueryContext, what: string): SparrowError =>
  tokens.error(
    `the pipe operator AGGREGATE does not take ${what}`,
    undefined,
    'UNSUPPORTED_FEATURE.PIPE_OPERATOR_AGGREGATE_UNSUPPORTED_CASE',
  );
