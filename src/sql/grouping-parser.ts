import type { Expr } from '../plan/expr.js';
import { ordinals } from './ordinals.js';
import type { QueryContext } from './query-context.js';

/** What follows GROUP BY. */
export interface Grouping {
  readonly groupBy: readonly Expr[];
  /** Positions in `groupBy`, for each set of ROLLUP, CUBE and GROUPING SETS. */
  readonly sets?: readonly (readonly number[])[];
}

/** One element of GROUP BY as the sets it stands for. */
type Sets = readonly (readonly Expr[])[];

/** `a, b`, `ROLLUP (a, b)`, `CUBE (a, b)`, `GROUPING SETS ((a), ())` and several of these, `a, b WITH ROLLUP`. */
export function readGrouping(query: QueryContext): Grouping {
  const { tokens, settings } = query;
  const elements: Sets[] = [];
  let plain = true;
  do {
    const sets = readSets(query);
    if (sets !== undefined) plain = false;
    elements.push(sets ?? [[query.exprs.expression()]]);
  } while (tokens.accept(','));
  const positions = (exprs: readonly Expr[]): readonly Expr[] =>
    settings.config?.['spark.sql.groupByOrdinal'] === 'false' ? exprs : ordinals(exprs);
  const list = elements.flatMap((element) => element.flat());
  if (tokens.accept('WITH', 'ROLLUP')) return combined([rollup(list.map((expr) => [expr]))], positions);
  if (tokens.accept('WITH', 'CUBE')) return combined([cube(list.map((expr) => [expr]))], positions);
  if (tokens.is('GROUPING', 'SETS')) {
    // `GROUP BY a, b GROUPING SETS ((a), (b))`: the list only names what the sets are made of.
    return combined([readSets(query) as Sets], positions, list);
  }
  return plain ? { groupBy: positions(list) } : combined(elements, positions);
}

function readSets(query: QueryContext): Sets | undefined {
  const { tokens } = query;
  if (tokens.is('ROLLUP', '(')) {
    tokens.next();
    return rollup(readGroups(query));
  }
  if (tokens.is('CUBE', '(')) {
    tokens.next();
    return cube(readGroups(query));
  }
  if (!tokens.is('GROUPING', 'SETS')) return undefined;
  tokens.next();
  tokens.next();
  tokens.expect('(');
  const sets: (readonly Expr[])[] = [];
  do sets.push(...(readSets(query) ?? [readGroup(query)]));
  while (tokens.accept(','));
  tokens.expect(')');
  return sets;
}

/** `(a, (b, c), d)`: what ROLLUP and CUBE take together or apart. */
function readGroups(query: QueryContext): Sets {
  const { tokens } = query;
  tokens.expect('(');
  const groups: (readonly Expr[])[] = [];
  if (tokens.accept(')')) return groups;
  do groups.push(readGroup(query));
  while (tokens.accept(','));
  tokens.expect(')');
  return groups;
}

function readGroup({ tokens, exprs }: QueryContext): readonly Expr[] {
  const place = tokens.place;
  if (!tokens.accept('(')) return [exprs.expression()];
  const group: Expr[] = [];
  if (tokens.accept(')')) return group;
  do group.push(exprs.expression());
  while (tokens.accept(','));
  tokens.expect(')');
  if (tokens.is(',') || tokens.is(')')) return group;
  // It was the beginning of an expression.
  tokens.back(place);
  return [exprs.expression()];
}

const rollup = (groups: Sets): Sets =>
  [...groups.keys(), groups.length].reverse().map((n) => groups.slice(0, n).flat());

/** As Spark orders them: all of the groups first, none last. */
function cube(groups: Sets): Sets {
  const [first, ...rest] = groups;
  if (first === undefined) return [[]];
  const others = cube(rest);
  return [...others.map((set) => [...first, ...set]), ...others];
}

/** Every way to take one set of each element. */
function combined(
  elements: readonly Sets[],
  positions: (exprs: readonly Expr[]) => readonly Expr[],
  given: readonly Expr[] = [],
): Grouping {
  const sets = elements.reduce<Sets>(
    (all, element) => all.flatMap((set) => element.map((more) => [...set, ...more])),
    [[]],
  );
  const groupBy: Expr[] = [];
  const keys: string[] = [];
  const indexOf = (expr: Expr): number => {
    const key = JSON.stringify(expr, (_, value: unknown) =>
      typeof value === 'bigint' ? `${value}n` : value,
    ).toLowerCase();
    const known = keys.indexOf(key);
    if (known >= 0) return known;
    keys.push(key);
    groupBy.push(expr);
    return groupBy.length - 1;
  };
  for (const expr of given) indexOf(expr);
  const indexes = sets.map((set) => [...new Set(set.map(indexOf))]);
  return { groupBy: positions(groupBy), sets: indexes };
}
