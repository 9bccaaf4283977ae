import { aggregate, distinct, filter, project } from '../plan/build.js';
import type { Expr, WindowSpec } from '../plan/expr.js';
import type { Plan } from '../plan/node.js';
import { mapSame } from '../plan/walk.js';
import { replaceExpr } from '../plan/walk-expr.js';
import { type Grouping, readGrouping } from './grouping-parser.js';
import { readHints, withHints } from './hint-parser.js';
import { oneRow } from './one-row.js';
import { type NamedWindows, type QueryContext, undefinedWindow } from './query-context.js';
import { readRelations } from './relation-parser.js';
import { readLateralViews } from './table-function-parser.js';
import { readWindow } from './window-parser.js';

/** `SELECT … [FROM …] [WHERE …] [GROUP BY …] [HAVING …] [WINDOW …] [QUALIFY …]`; `given` is a FROM that came first. */
export function readSelect(query: QueryContext, given?: Plan): Plan {
  const { tokens, exprs } = query;
  tokens.expect('SELECT');
  const hints = readHints(query);
  const isDistinct = tokens.accept('DISTINCT');
  if (!isDistinct && !(tokens.is('ALL') && isColumnAfterAll(query))) tokens.accept('ALL');
  const list: Expr[] = [];
  do list.push(exprs.named());
  while (tokens.accept(','));
  let input = given ?? (tokens.accept('FROM') ? readRelations(query) : oneRow());
  input = withHints(readLateralViews(query, input), hints);
  if (tokens.accept('WHERE')) input = filter(input, exprs.expression());
  const grouping = tokens.accept('GROUP', 'BY') ? readGrouping(query) : undefined;
  const having = tokens.accept('HAVING') ? exprs.expression() : undefined;
  const windows = readWindows(query);
  const qualify = tokens.accept('QUALIFY') ? exprs.expression() : undefined;
  const named = (expr: Expr): Expr => withWindows(expr, windows);
  const output = mapSame(list, named);
  let plan = selected(query, input, output, grouping, having);
  if (qualify !== undefined) plan = Object.freeze({ ...filter(plan, named(qualify)), qualify: true });
  return isDistinct ? distinct(plan) : plan;
}

function selected(
  { settings }: QueryContext,
  input: Plan,
  output: readonly Expr[],
  grouping: Grouping | undefined,
  having: Expr | undefined,
): Plan {
  if (grouping === undefined && having === undefined) return project(input, output);
  if (grouping === undefined && settings.config?.['spark.sql.legacy.parser.havingWithoutGroupByAsWhere'] === 'true') {
    return project(filter(input, having as Expr), output);
  }
  const plan = aggregate(input, grouping?.groupBy ?? [], output, having);
  return grouping?.sets === undefined ? plan : Object.freeze({ ...plan, sets: grouping.sets });
}

/** `SELECT all` may take a column of that name. */
const isColumnAfterAll = ({ tokens }: QueryContext): boolean =>
  ['FROM', ',', '.'].includes(tokens.peek(1).upper) || tokens.peek(1).kind === 'end';

/** `WINDOW w AS (…), v AS (…)`. */
export function readWindows(query: QueryContext): NamedWindows {
  const { tokens, exprs } = query;
  const windows = new Map<string, WindowSpec>();
  if (!(tokens.is('WINDOW') && tokens.peek(2).upper === 'AS')) return windows;
  tokens.next();
  do {
    const name = tokens.name('the name of a window').toLowerCase();
    tokens.expect('AS');
    const spec = readWindow(exprs);
    windows.set(name, spec.ref === undefined ? spec : specNamed(spec.ref, windows));
  } while (tokens.accept(','));
  return windows;
}

function specNamed(name: string, windows: NamedWindows): WindowSpec {
  const spec = windows.get(name.toLowerCase());
  if (spec === undefined) throw undefinedWindow(name, windows);
  return spec;
}

/** Puts the windows of the WINDOW clause where `OVER name` stands. */
export const withWindows = (expr: Expr, windows: NamedWindows): Expr =>
  replaceExpr(expr, (e) => {
    if (e.kind !== 'window_call' || e.spec.ref === undefined) return undefined;
    return Object.freeze({ ...e, spec: specNamed(e.spec.ref, windows) });
  });
