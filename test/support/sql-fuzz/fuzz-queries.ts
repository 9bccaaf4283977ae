import { Dice } from './dice.js';
import type { Query } from './expr.js';
import { type Both, loadBoth } from './fuzz-expressions.js';
import { printQuery } from './print.js';
import { outputsOf, QueryMaker } from './query-maker.js';
import { reportOf } from './report.js';
import { type Answer, rowDifference } from './rows.js';
import { namedOnly, shrink, smallerTables, smallerTrees } from './shrink.js';
import { drawTable, type Table } from './tables.js';

export interface QueryCase {
  readonly tables: readonly Table[];
  readonly query: Query;
}

/** One set of tables serves so many queries. */
export const QUERIES = 10;
/** Parts of a query that may go, and lists that may lose all but one. */
export const OPTIONAL: ReadonlySet<string> = new Set(
  'where having distinct order limit offset filter on frame'.split(' '),
);
export const LISTS: ReadonlySet<string> = new Set(['items', 'keys', 'partitionBy', 'orderBy']);
const REFUSALS = /^(Binder|Parser|Catalog|Internal)/;
const UNSUPPORTED = /Not implemented|FULL.*join|only equality|Unsupported|non-integer literal/i;
const BUGS = new Set(['INTERNAL_ERROR', 'NO_SPARROW_ERROR', 'TYPE']);

export function drawTables(dice: Dice, wild: boolean): Table[] {
  return ['t0', 't1', 't2'].map((name) => drawTable(dice, name, { columns: 2 + dice.below(4), wild }));
}

interface Judged {
  readonly kind: string;
  readonly what: string;
  readonly ours: Answer;
  readonly theirs: Answer;
}

async function judge(both: Both, query: Query, tally: Record<string, number>): Promise<Judged | undefined> {
  const count = (name: string): undefined => {
    tally[name] = (tally[name] ?? 0) + 1;
    return undefined;
  };
  const outputs = outputsOf(query);
  const ours = await both.sparrow.ask(
    printQuery(query, 'spark'),
    outputs.map((column) => column.type),
  );
  const theirs = await both.duck.ask(printQuery(query, 'duck'));
  const inexact = outputs.map((column) => column.inexact === true);
  const inOrder = query.kind === 'select' && query.order !== undefined;
  if (ours.kind === 'rows' && theirs.kind === 'rows') {
    const what = rowDifference(ours.rows, theirs.rows, inexact, inOrder);
    if (what === undefined) return count(ours.rows.length > 0 ? 'rows' : 'empty');
    const again = await both.duck.askPlainly(printQuery(query, 'duck'));
    if (again.kind !== 'rows' || rowDifference(ours.rows, again.rows, inexact, inOrder) !== undefined)
      return { kind: 'rows', what, ours, theirs };
    both.rules.hit(45);
    return count('waived');
  }
  if (theirs.kind === 'error') {
    if (UNSUPPORTED.test(theirs.message)) {
      both.rules.hit(41);
      return count('refused by DuckDB');
    }
    if (REFUSALS.test(theirs.code)) return { kind: 'refused', what: 'DuckDB refuses the question', ours, theirs };
  }
  if (ours.kind === 'error' && BUGS.has(ours.code))
    return { kind: ours.code, what: 'an error that nobody means', ours, theirs };
  if (ours.kind === 'error' && theirs.kind === 'error') return count('errors');
  if (ours.kind === 'rows') {
    both.rules.hit(42);
    return count('waived');
  }
  const again = await both.duck.askPlainly(printQuery(query, 'duck'));
  if (again.kind === 'rows') return { kind: 'error', what: 'only we raise an error', ours, theirs };
  both.rules.hit(43);
  return count('waived');
}

/** The query without one of its sources: from the inner ones outwards. */
function* smallerFrom(query: Query): Iterable<Query> {
  if (query.kind === 'set') {
    yield query.left;
    yield query.right;
    for (const left of smallerFrom(query.left)) yield { ...query, left };
    for (const right of smallerFrom(query.right)) yield { ...query, right };
    return;
  }
  const { from } = query;
  if (from.kind === 'query')
    for (const inner of smallerFrom(from.query)) yield { ...query, from: { ...from, query: inner } };
  if (from.kind === 'join') {
    yield { ...query, from: from.left };
    yield { ...query, from: from.right };
    if (from.left.kind === 'query')
      for (const inner of smallerFrom(from.left.query))
        yield { ...query, from: { ...from, left: { ...from.left, query: inner } } };
  }
  if (from.kind === 'explode') yield { ...query, from: from.input };
}

export function* smallerQueries(from: QueryCase): Iterable<QueryCase> {
  for (const query of smallerFrom(from.query)) yield { ...from, query };
  for (const query of smallerTrees(from.query, OPTIONAL, LISTS)) yield { ...from, query };
  for (const tables of smallerTables(from.tables)) yield { ...from, tables };
}

/** Tables and queries over them; a report when the engines differ, after making the case small. */
export async function queryCase(
  both: Both,
  seed: number,
  number: number,
  tally: Record<string, number>,
): Promise<string | undefined> {
  const dice = new Dice(seed, number, 1);
  const wild = dice.chance(25);
  const tables = drawTables(dice, wild);
  const asFile = number % 2 === 1;
  const load = async (all: readonly Table[]): Promise<void> => {
    for (const table of all) await loadBoth(both, table, asFile);
  };
  await load(tables);
  for (let n = 0; n < QUERIES; n++) {
    const query = new QueryMaker(new Dice(seed, number, n, 2), tables, wild).query(3);
    const found = await judge(both, query, tally);
    if (found === undefined) continue;
    const run = async (small: QueryCase): Promise<Judged | undefined> => {
      await load(small.tables);
      return judge(both, small.query, {});
    };
    const fails = async (small: QueryCase): Promise<boolean> => {
      const again = await run(small);
      return again?.kind === found.kind && again.ours.kind === found.ours.kind;
    };
    const small = await shrink({ tables, query }, smallerQueries, fails);
    const used = small.tables.filter((table) => printQuery(small.query, 'spark').includes(`${table.name} `));
    const named = { ...small, tables: namedOnly(used, printQuery(small.query, 'spark')) };
    const last = (await fails(named)) ? named : small;
    return reportOf({
      title: `query ${n} of case ${number}, seed ${seed}`,
      ...((await run(last)) ?? found),
      tables: last.tables,
      spark: printQuery(last.query, 'spark'),
      duck: printQuery(last.query, 'duck'),
    });
  }
  return undefined;
}
