import { Dice } from './dice.js';
import type { Expr, From, Query } from './expr.js';
import type { Both } from './fuzz-expressions.js';
import { drawTables, LISTS, OPTIONAL } from './fuzz-queries.js';
import { printExpr, printFrom } from './print.js';
import { QueryMaker } from './query-maker.js';
import { reportOf } from './report.js';
import { type Answer, rowDifference } from './rows.js';
import { namedOnly, shrink, smallerTables, smallerTrees } from './shrink.js';
import type { Table } from './tables.js';
import type { Type } from './values.js';

/*
 * Checks of our engine by itself. TLP (ternary logic partitioning; Rigger and Su, 2020): a condition is true, false or
 * null of each row, so the three parts together are the whole. NoREC (non-optimizing reference engine construction):
 * the rows that WHERE keeps are those of which the same condition, as a column, is true.
 */

export type SelfOracle = 'tlp' | 'norec';

interface SelfCase {
  readonly tables: readonly Table[];
  readonly from: From;
  readonly items: readonly Expr[];
  readonly condition: Expr;
}

/** What two ways to ask give. */
interface Sides {
  readonly whole: string;
  readonly parts: string;
  readonly types: readonly Type[];
  readonly inexact: readonly boolean[];
}

const part = (items: string, from: string, condition: string): string =>
  `SELECT ${items} FROM ${from} WHERE ${condition}`;

const partitions = (items: string, from: string, p: string): string =>
  [p, `NOT (${p})`, `(${p}) IS NULL`].map((condition) => part(items, from, condition)).join(' UNION ALL ');

const AGGREGATES = 'count(*) AS n, count(r0) AS c, min(r0) AS lo, max(r0) AS hi';

function sidesOf(oracle: SelfOracle, variant: number, { from, items, condition }: SelfCase): Sides {
  const source = printFrom(from, 'spark');
  const list = items.map((item, i) => `${printExpr(item, 'spark')} AS r${i}`).join(', ');
  const types = items.map((item) => item.type);
  const p = printExpr(condition, 'spark');
  if (oracle === 'norec') {
    const parts = `SELECT count(*) AS n FROM (SELECT ${p} AS p FROM ${source}) AS q WHERE CAST(p AS STRING) = 'true'`;
    return { whole: part('count(*) AS n', source, p), parts, types: ['bigint'], inexact: [false] };
  }
  const all = partitions(list, source, p);
  const none = items.map(() => false);
  if (variant === 1)
    return {
      whole: `SELECT DISTINCT ${list} FROM ${source}`,
      parts: `SELECT DISTINCT * FROM (${all}) AS u`,
      types,
      inexact: none,
    };
  if (variant === 2) {
    const [first] = types as [Type];
    return {
      whole: `SELECT ${AGGREGATES} FROM (SELECT ${list} FROM ${source}) AS u`,
      parts: `SELECT ${AGGREGATES} FROM (${all}) AS u`,
      types: ['bigint', 'bigint', first, first],
      inexact: [false, false, false, false],
    };
  }
  return { whole: `SELECT ${list} FROM ${source}`, parts: all, types, inexact: none };
}

export async function selfCase(
  { sparrow }: Both,
  oracle: SelfOracle,
  seed: number,
  number: number,
  tally: Record<string, number>,
): Promise<string | undefined> {
  const dice = new Dice(seed, number, 3);
  const wild = dice.chance(25);
  const tables = drawTables(dice, wild);
  const maker = new QueryMaker(dice, tables, wild);
  const { from, columns } = maker.source(3);
  const exact = columns.filter((column) => !column.inexact);
  const items = dice
    .shuffle(exact)
    .slice(0, 3)
    .map(({ name, type }): Expr => ({ kind: 'column', name, type }));
  const variant = dice.below(3);
  const drawn: SelfCase = { tables, from, items, condition: maker.condition(columns, 4) };
  const run = async (
    one: SelfCase,
  ): Promise<{ what: string; ours: Answer; theirs: Answer; sides: Sides } | undefined> => {
    for (const table of one.tables) sparrow.load(table);
    const sides = sidesOf(oracle, variant, one);
    const [ours, theirs] = [await sparrow.ask(sides.whole, sides.types), await sparrow.ask(sides.parts, sides.types)];
    if (ours.kind === 'rows' && theirs.kind === 'rows') {
      const what = rowDifference(ours.rows, theirs.rows, sides.inexact);
      return what === undefined ? undefined : { what, ours, theirs, sides };
    }
    const bug = [ours, theirs].find(
      (answer) => answer.kind === 'error' && /^(INTERNAL_ERROR|NO_SPARROW|TYPE)/.test(answer.code),
    );
    if (bug !== undefined) return { what: 'an error that nobody means', ours, theirs, sides };
    tally.errors = (tally.errors ?? 0) + 1;
    return undefined;
  };
  const found = await run(drawn);
  tally[`${oracle} ${variant}`] = (tally[`${oracle} ${variant}`] ?? 0) + 1;
  if (found === undefined) return undefined;
  const kind = found.what.slice(0, 4);
  const small = await shrink(drawn, smaller, async (one) => (await run(one))?.what.slice(0, 4) === kind);
  const { sides, ...rest } = (await run(small)) ?? found;
  const spark = `${sides.whole};\n-- beside\n${sides.parts}`;
  return reportOf({
    title: `${oracle} case ${number}, seed ${seed}`,
    ...rest,
    tables: namedOnly(small.tables, spark),
    spark,
  });
}

function* smaller(from: SelfCase): Iterable<SelfCase> {
  const query = { kind: 'select', items: from.items, from: from.from } satisfies Query;
  if (from.from.kind === 'join') yield { ...from, from: from.from.left };
  if (from.from.kind === 'explode') yield { ...from, from: from.from.input };
  for (const condition of smallerTrees(from.condition)) yield { ...from, condition };
  for (const inner of smallerTrees<Query>(query, OPTIONAL, LISTS))
    if (inner.kind === 'select' && inner.items.length > 0) yield { ...from, from: inner.from, items: inner.items };
  for (const tables of smallerTables(from.tables)) yield { ...from, tables };
}
