import './all-functions.js';
import fc from 'fast-check';
import { isFloating, type Scalar, simpleString } from '../../src/base/index.js';
import type { PhysicalPlan } from '../../src/exec/physical.js';
import type { EvalSettings } from '../../src/functions/index.js';
import { Choices, mix } from './choices.js';
import { Engines, type Outcome } from './engines.js';
import { type Made, PlanMaker } from './random-plan.js';
import { type ColumnSpec, cell, type TableSpec } from './random-tables.js';
import { columnTypes, invalid, type Temper } from './random-values.js';
import { showPlan, showScalar } from './show-plan.js';
import { withoutUnread } from './unread.js';

/** One case, as plain numbers: it shrinks as they do. */
export interface Case {
  readonly tables: readonly {
    readonly columns: readonly {
      readonly type: number;
      readonly nulls: number;
      readonly seed: number;
      readonly spread: number;
    }[];
    readonly rows: readonly number[];
    readonly batchRows: number;
    readonly storage: number;
    readonly isLarge: number;
  }[];
  readonly plan: readonly number[];
  readonly settings: number;
}

const SPREADS = [0, 2, 5, 1, 12, 3];
const BATCH_ROWS = [1000, 8, 3, 1, 50, 65_536];
const NULLS = [15, 0, 50, 100, 0, 5];
const SHRINK_MS = 15_000;
/** One table of so many is large. */
const LARGE_ONE_IN = 200;
const MEDIUM_ONE_IN = 80;
const ZONES = ['UTC', 'Europe/Berlin', 'America/New_York', '+05:30'];

const small = fc.nat(0xffff);
export const cases: fc.Arbitrary<Case> = fc.record({
  tables: fc.array(
    fc.record({
      columns: fc.array(fc.record({ type: small, nulls: small, seed: small, spread: small }), {
        maxLength: 6,
        size: 'max',
      }),
      rows: fc.oneof(
        { arbitrary: fc.array(fc.nat(), { maxLength: 12, size: 'max' }), weight: 2 },
        { arbitrary: fc.array(fc.nat(), { maxLength: 200, size: 'max' }), weight: 2 },
        { arbitrary: fc.array(fc.nat(20), { maxLength: 60, size: 'max' }), weight: 1 },
      ),
      batchRows: small,
      storage: small,
      isLarge: small,
    }),
    { minLength: 1, maxLength: 3, size: 'max' },
  ),
  plan: fc.oneof(
    fc.array(small, { maxLength: 120, size: 'max' }),
    fc.array(small, { minLength: 60, maxLength: 600, size: 'max' }),
  ),
  settings: small,
});

function tableOf(table: Case['tables'][number]): TableSpec {
  const columns = table.columns.map(({ type, nulls, seed, spread }): ColumnSpec => {
    const nullShare = NULLS[nulls % NULLS.length] as number;
    return {
      // The first types of the list come twice as often.
      type: columnTypes[(type % 2 === 0 ? type >>> 1 : (type >>> 1) % 10) % columnTypes.length] as ColumnSpec['type'],
      nullable: nullShare > 0 || nulls % 7 === 0,
      temper: (['wild', 'tame', 'wild', 'positive'] as const satisfies readonly Temper[])[seed % 4] as Temper,
      distinct: SPREADS[spread % SPREADS.length] as number,
      nulls: nullShare,
      seed,
    };
  });
  const many = manyRows(table.isLarge);
  const rows = many === 0 ? table.rows : Array.from({ length: many }, (_, i) => mix(i, table.storage));
  const batchRows = many === 0 ? (BATCH_ROWS[table.batchRows % BATCH_ROWS.length] as number) : Math.ceil(many / 7);
  return { columns, rows, batchRows, storage: table.storage };
}

/** A few tables have more rows than a task keeps groups, fewer have more than a batch or a sort by one thread takes. */
function manyRows(n: number): number {
  if (n % LARGE_ONE_IN === LARGE_ONE_IN - 1) return 65_000 + (n % 70_000);
  return n % MEDIUM_ONE_IN === MEDIUM_ONE_IN - 1 ? 9_000 + (n % 20_000) : 0;
}

function settingsOf(n: number): EvalSettings {
  return { ansi: n % 5 !== 4, timeZone: ZONES[(n >>> 3) % ZONES.length] as string, nowMicros: 1_709_211_655_123_456n };
}

export const fuzzOracles = ['interpreter', 'self'] as const;
export type FuzzOracle = (typeof fuzzOracles)[number];

/** In these the same rows come, and in the same order. */
const OTHER_MODES = ['spill', 'tiny-batches'] as const;

export interface FuzzOptions {
  readonly seed: number;
  readonly cases: number;
  /** Goes straight to one case, as a failure's report names it. */
  readonly path?: string;
  /** What compiled results are held against: the interpreter, or they themselves in other modes (the interpreter too). */
  readonly oracle?: FuzzOracle;
  readonly onCase?: (number: number, kind: string) => void;
  /** Told every plan before it is compiled: for a case that never ends. */
  readonly onPlan?: (report: () => string) => void;
}

/** How many cases ended how. */
export type Tally = Record<string, number>;

/** Runs random plans both ways; throws with a readable report of the smallest disagreement. */
export async function fuzz(options: FuzzOptions): Promise<Tally> {
  const engines = new Engines();
  const tally: Tally = {};
  let number = 0;
  let firstFailure: number | undefined;
  const property = fc.asyncProperty(cases, async (drawn) => {
    // What fails longer ago is small enough.
    if (firstFailure !== undefined && performance.now() - firstFailure > SHRINK_MS) return;
    const run = await runCase(engines, drawn, options.onPlan, options.oracle);
    tally[run.kind] = (tally[run.kind] ?? 0) + 1;
    options.onCase?.(++number, run.kind);
    if (number % 500 === 0) engines.renew();
    if (run.difference === undefined) return;
    firstFailure ??= performance.now();
    throw new Error(run.difference);
  });
  const { seed, cases: numRuns, path } = options;
  const result = await fc.check(property, { seed, numRuns, ...(path === undefined ? {} : { path }) });
  if (!result.failed) return tally;
  const [smallest] = result.counterexample ?? [];
  const where = `SPARROW_FUZZ_SEED=${result.seed} SPARROW_FUZZ_PATH=${result.counterexamplePath}`;
  const report = smallest === undefined ? '' : (await runCase(engines, smallest, undefined, options.oracle)).report();
  throw new Error(
    `compiled and interpreted results differ (case ${result.numRuns}, ${result.numShrinks} shrinks; ${where})\n${report}`,
  );
}

interface CaseRun {
  readonly made: Made;
  readonly kind: string;
  readonly difference: string | undefined;
  readonly report: () => string;
}

export async function runCase(
  engines: Engines,
  drawn: Case,
  onPlan?: FuzzOptions['onPlan'],
  oracle: FuzzOracle = 'interpreter',
): Promise<CaseRun> {
  const settings = settingsOf(drawn.settings);
  const tables = drawn.tables.map(tableOf);
  const arena = engines.heap.newArena('tables');
  try {
    const measure = async (plan: PhysicalPlan): Promise<number | undefined> => {
      const outcome = await engines.interpreted(plan, settings);
      return outcome.kind === 'rows' ? outcome.rows.length : undefined;
    };
    const choices = new Choices(drawn.plan);
    const mayFail = drawn.settings % 4 === 3;
    const made = await new PlanMaker(choices, tables, arena, settings.ansi, measure, mayFail).make();
    const expected = await engines.interpretedBatches(made.plan, settings);
    onPlan?.(() => reportOf(made, tables, settings, 'none yet', expected, expected));
    const got = await engines.compiled(made.plan, settings);
    const difference =
      (await differ(engines, made, settings, expected, got)) ??
      (oracle === 'self' ? await differInModes(engines, made, settings, got) : undefined);
    const report = (): string => reportOf(made, tables, settings, difference, expected, got);
    return { made, kind: `${expected.kind} ${made.plan.kind}`, difference, report };
  } finally {
    arena.release();
  }
}

async function differ(
  engines: Engines,
  made: Made,
  settings: EvalSettings,
  expected: Outcome,
  got: Outcome,
): Promise<string | undefined> {
  const bug = [expected, got].find(
    (o) => o.kind === 'error' && (o.code === 'INTERNAL_ERROR' || o.code === 'NO_SPARROW_ERROR'),
  );
  if (bug !== undefined) return 'an error nobody means';
  const direct = await engines.interpreted(made.plan, settings);
  if (direct.kind !== expected.kind) return 'the interpreter gives batches and rows that differ';
  if (direct.kind === 'rows' && expected.kind === 'rows') {
    const wrong = invalidValue(made.plan, direct) ?? rowDifference(made.plan, direct, expected, true, false);
    if (wrong !== undefined) return `the interpreter by itself: ${wrong}`;
  }
  if (expected.kind === 'error' && got.kind === 'error') return undefined;
  if (expected.kind === 'rows' && got.kind === 'rows') {
    return invalidValue(made.plan, got) ?? rowDifference(made.plan, expected, got, made.ordered, made.approximate);
  }
  // Behind a limit either side may stop before the row that fails.
  if (hasLimit(made.plan)) {
    const whole = await engines.interpreted(withoutLimits(made.plan), settings);
    if (whole.kind === 'error') return undefined;
  }
  if (got.kind === 'rows') {
    const read = await engines.interpreted(withoutUnread(made.plan), settings);
    if (read.kind === 'rows') return rowDifference(made.plan, read, got, made.ordered, made.approximate);
  }
  return 'one gives rows, the other an error';
}

/** Compiled results against themselves in other modes: every row in its place. */
async function differInModes(
  engines: Engines,
  made: Made,
  settings: EvalSettings,
  got: Outcome,
): Promise<string | undefined> {
  const before = process.env.SPARROW_MODE;
  try {
    for (const mode of OTHER_MODES) {
      process.env.SPARROW_MODE = mode;
      const other = await engines.compiled(made.plan, settings);
      if (other.kind !== got.kind) {
        if (hasLimit(made.plan)) continue;
        return `in mode ${mode}: ${other.kind === 'error' ? String(other.error) : 'rows instead of an error'}`;
      }
      if (other.kind !== 'rows' || got.kind !== 'rows') continue;
      // Few groups are split by hash only on their way to disk.
      const ordered = made.ordered || !groups(made.plan);
      const wrong = rowDifference(made.plan, got, other, ordered, made.approximate);
      if (wrong !== undefined) return `in mode ${mode}: ${wrong}`;
    }
    return undefined;
  } finally {
    if (before === undefined) delete process.env.SPARROW_MODE;
    else process.env.SPARROW_MODE = before;
  }
}

const inputsOf = (plan: PhysicalPlan): readonly PhysicalPlan[] =>
  plan.kind === 'join'
    ? [plan.left, plan.right]
    : plan.kind === 'union'
      ? plan.inputs
      : 'input' in plan
        ? [plan.input]
        : [];

const groups = (plan: PhysicalPlan): boolean => plan.kind === 'aggregate' || inputsOf(plan).some(groups);

const hasLimit = (plan: PhysicalPlan): boolean => plan.kind === 'limit' || inputsOf(plan).some(hasLimit);

function withoutLimits(plan: PhysicalPlan): PhysicalPlan {
  if (plan.kind === 'limit') return withoutLimits(plan.input);
  if (plan.kind === 'join') return { ...plan, left: withoutLimits(plan.left), right: withoutLimits(plan.right) };
  if (plan.kind === 'union') return { ...plan, inputs: plan.inputs.map(withoutLimits) };
  return 'input' in plan ? { ...plan, input: withoutLimits(plan.input) } : plan;
}

type Rows = Extract<Outcome, { kind: 'rows' }>;

function invalidValue(plan: PhysicalPlan, { rows }: Rows): string | undefined {
  for (const [at, row] of rows.entries()) {
    for (const [i, column] of plan.columns.entries()) {
      const value = row[i] as Scalar;
      if (value === null && !column.nullable) return `row ${at}, column ${i} is null but may not be`;
      const wrong = invalid(column.type, value);
      if (wrong !== undefined) return `row ${at}, column ${i}: ${wrong}`;
    }
  }
  return undefined;
}

const rowText = (row: readonly Scalar[]): string => row.map(showScalar).join(' | ');

function rowDifference(
  plan: PhysicalPlan,
  a: Rows,
  b: Rows,
  ordered: boolean,
  approximate: boolean,
): string | undefined {
  if (a.rows.length !== b.rows.length) return `${a.rows.length} rows expected, ${b.rows.length} found`;
  const sort = (rows: Rows['rows']): Rows['rows'] =>
    ordered
      ? rows
      : [...rows]
          .map((row) => ({ row, text: rowText(row) }))
          .sort((x, y) => (x.text < y.text ? -1 : x.text > y.text ? 1 : 0))
          .map(({ row }) => row);
  const [left, right] = [sort(a.rows), sort(b.rows)];
  for (const [at, row] of left.entries()) {
    const other = right[at] as readonly Scalar[];
    const same = row.every((value, i) =>
      isSame(
        value,
        other[i] as Scalar,
        approximate && isFloating((plan.columns[i] as { type: ColumnSpec['type'] }).type),
      ),
    );
    if (!same)
      return `row ${at}${ordered ? '' : ' (sorted)'}:\n  expected ${rowText(row)}\n  found    ${rowText(other)}`;
  }
  return undefined;
}

function isSame(a: Scalar, b: Scalar, approximate: boolean): boolean {
  if (approximate && typeof a === 'number' && typeof b === 'number' && Number.isFinite(a) && Number.isFinite(b)) {
    return Math.abs(a - b) <= 1e-9 * (Math.abs(a) + Math.abs(b)) + 1e-6;
  }
  return Object.is(a, b) || showScalar(a) === showScalar(b);
}

function reportOf(
  made: Made,
  tables: readonly TableSpec[],
  settings: EvalSettings,
  difference: string | undefined,
  expected: Outcome,
  got: Outcome,
): string {
  const lines = [
    `difference: ${difference}`,
    `settings: ansi ${settings.ansi}, ${settings.timeZone}; ordered ${made.ordered}`,
    showPlan(made.plan),
  ];
  for (const [t, table] of tables.entries()) {
    lines.push(
      `table ${t}: batches of ${table.batchRows}, storage ${table.storage}, ${table.rows.length} rows of (${table.columns.map((c) => `${simpleString(c.type)}${c.nullable ? '?' : ''}`).join(', ')})`,
    );
    for (const row of table.rows.slice(0, 12)) lines.push(`  ${rowText(table.columns.map((c) => cell(c, row)))}`);
  }
  for (const [name, outcome] of [
    ['expected', expected],
    ['found', got],
  ] as const) {
    if (outcome.kind === 'error')
      lines.push(`${name}: ${outcome.error instanceof Error ? outcome.error.stack : String(outcome.error)}`);
    else
      lines.push(
        `${name}: ${outcome.rows.length} rows`,
        ...outcome.rows.slice(0, 12).map((row) => `  ${rowText(row)}`),
      );
  }
  return lines.join('\n');
}
