import { Dice } from './dice.js';
import type { Duck } from './duck.js';
import { type Expr, ExprMaker, hasNull, isInexact, rulesOf } from './expr.js';
import { printExpr, printLazily } from './print.js';
import { reportOf } from './report.js';
import { type Answer, rowDifference } from './rows.js';
import type { RuleCounts } from './rules.js';
import { namedOnly, shrink, smallerTables, smallerTrees } from './shrink.js';
import type { Sparrow } from './sparrow.js';
import { drawTable, type Table } from './tables.js';

/** So many expressions are asked in one query. */
export const EXPRESSIONS = 16;
const MOST_COLUMNS = 9;

export interface Both {
  readonly sparrow: Sparrow;
  readonly duck: Duck;
  readonly rules: RuleCounts;
  /** A folder for files that one engine writes and the other reads. */
  readonly folder: string;
}

interface Case {
  readonly tables: readonly Table[];
  readonly exprs: readonly Expr[];
}

interface Judged {
  readonly what: string;
  readonly ours: Answer;
  readonly theirs: Answer;
}

const query = (exprs: readonly Expr[], dialect: 'spark' | 'duck'): string =>
  `SELECT id, ${exprs.map((expr, i) => `${printExpr(expr, dialect)} AS e${i}`).join(', ')} FROM t`;

/** Loads a table into both engines. */
export async function loadBoth(both: Both, table: Table, asFile: boolean): Promise<void> {
  await both.duck.load(table);
  if (!asFile) return both.sparrow.load(table);
  const file = `${both.folder}/${table.name}.parquet`;
  await both.duck.run(`COPY ${table.name} TO '${file}' (FORMAT parquet)`);
  both.sparrow.load(table, file);
}

/** What is wrong with some expressions over the table that is loaded; undefined when both engines agree. */
async function judge(both: Both, exprs: readonly Expr[], tally: Record<string, number>): Promise<Judged | undefined> {
  const types = ['int' as const, ...exprs.map((expr) => expr.type)];
  const inexact = [false, ...exprs.map(isInexact)];
  const [ours, theirs] = [
    await both.sparrow.ask(query(exprs, 'spark'), types),
    await both.duck.ask(query(exprs, 'duck')),
  ];
  if (ours.kind === 'rows' && theirs.kind === 'rows') {
    const what = rowDifference(ours.rows, theirs.rows, inexact);
    if (what === undefined) {
      tally.rows = (tally.rows ?? 0) + exprs.length;
      return undefined;
    }
    if (exprs.length === 1) {
      const again = await both.duck.askPlainly(query(exprs, 'duck'));
      if (again.kind !== 'rows' || rowDifference(ours.rows, again.rows, inexact) !== undefined)
        return { what, ours, theirs };
      both.rules.hit(45);
      tally.waived = (tally.waived ?? 0) + 1;
      return undefined;
    }
  }
  if (exprs.length > 1) {
    const half = exprs.length >> 1;
    return (await judge(both, exprs.slice(0, half), tally)) ?? (await judge(both, exprs.slice(half), tally));
  }
  return judgeError(both, exprs[0] as Expr, ours, theirs, tally);
}

const REFUSALS = /^(Binder|Parser|Catalog|Not implemented|Internal)/;
const BUGS = new Set(['INTERNAL_ERROR', 'NO_SPARROW_ERROR', 'TYPE']);

/** The rule that explains an error on one side only; 0 for none. */
function waiverOf(expr: Expr, ours: Answer, theirs: Answer): number {
  const branches = rulesOf(expr).has(40);
  if (
    ours.kind === 'error' &&
    theirs.kind === 'rows' &&
    theirs.rows.every(([, value]) => value === null) &&
    hasNull(expr)
  )
    return 50;
  if (ours.kind === 'rows') return branches ? 40 : hasNull(expr) ? 44 : 0;
  if (/ IS NULL OR |>= 0 THEN /.test(query([expr], 'duck'))) return 46;
  return branches && hasNull(expr) ? 40 : 0;
}

async function judgeError(
  both: Both,
  expr: Expr,
  ours: Answer,
  theirs: Answer,
  tally: Record<string, number>,
): Promise<Judged | undefined> {
  if (theirs.kind === 'error' && REFUSALS.test(theirs.code))
    return { what: 'DuckDB refuses the question', ours, theirs };
  if (ours.kind === 'error' && BUGS.has(ours.code)) return { what: 'an error that nobody means', ours, theirs };
  if (ours.kind === 'error' && theirs.kind === 'error') {
    tally.errors = (tally.errors ?? 0) + 1;
    return undefined;
  }
  const again = await both.duck.askPlainly(query([expr], 'duck'));
  const waiver = again.kind === ours.kind ? 43 : waiverOf(expr, ours, again);
  if (waiver > 0) {
    const isRows = ours.kind === 'rows' && again.kind === 'rows';
    const what = isRows ? rowDifference(ours.rows, again.rows, [false, isInexact(expr)]) : undefined;
    if (what !== undefined) return { what, ours, theirs: again };
    both.rules.hit(waiver);
    tally.waived = (tally.waived ?? 0) + 1;
    return undefined;
  }
  if (ours.kind === 'rows') {
    const lazily = await both.duck.askPlainly(`SELECT id, ${printLazily(expr)} FROM t`);
    if (lazily.kind === 'rows' && rowDifference(ours.rows, lazily.rows, [false, isInexact(expr)]) === undefined) {
      both.rules.hit(49);
      tally.waived = (tally.waived ?? 0) + 1;
      return undefined;
    }
  }
  return { what: ours.kind === 'error' ? 'only we raise an error' : 'only DuckDB raises an error', ours, theirs };
}

function draw(seed: number, number: number): Case {
  const dice = new Dice(seed, number);
  const wild = dice.chance(60);
  const table = drawTable(dice, 't', { columns: 2 + dice.below(MOST_COLUMNS - 1), wild });
  const maker = new ExprMaker(dice, table.columns, wild);
  return { tables: [table], exprs: Array.from({ length: EXPRESSIONS }, () => maker.any(1 + dice.below(4), true)) };
}

/** One table and its expressions; a report when the engines differ, after making the case small. */
export async function expressionCase(
  both: Both,
  seed: number,
  number: number,
  tally: Record<string, number>,
): Promise<string | undefined> {
  const drawn = draw(seed, number);
  const asFile = number % 2 === 1;
  const run = async ({ tables, exprs }: Case, into: Record<string, number>): Promise<Judged | undefined> => {
    for (const table of tables) await loadBoth(both, table, asFile);
    return judge(both, exprs, into);
  };
  for (const expr of drawn.exprs) for (const rule of rulesOf(expr)) if (rule !== 40) both.rules.hit(rule);
  const found = await run(drawn, tally);
  if (found === undefined) return undefined;
  const kind = found.what.replace(/row .*/s, 'row');
  const fails = async (candidate: Case): Promise<boolean> =>
    (await run(candidate, {}))?.what.replace(/row .*/s, 'row') === kind;
  let single: Case | undefined;
  for (const expr of drawn.exprs) {
    const alone = { ...drawn, exprs: [expr] };
    if (await fails(alone)) {
      single = alone;
      break;
    }
  }
  const small = await shrink(single ?? drawn, smallerCases, fails);
  const named = { ...small, tables: namedOnly(small.tables, query(small.exprs, 'spark')) };
  const last = (await fails(named)) ? named : small;
  const judged = (await run(last, {})) ?? found;
  return reportOf({
    title: `expression of case ${number}, seed ${seed}`,
    ...judged,
    tables: last.tables,
    spark: query(last.exprs, 'spark'),
    duck: query(last.exprs, 'duck'),
  });
}

function* smallerCases(from: Case): Iterable<Case> {
  for (const exprs of smallerTrees(from.exprs)) yield { ...from, exprs };
  for (const tables of smallerTables(from.tables)) yield { ...from, tables };
}
