import { booleanType, int32Type } from '../../base/index.js';
import type { PhysicalExpr } from '../../functions/expression.js';
import { GROUP_PARTITIONS } from '../compile/merge.js';
import type { PhysicalJoin } from '../physical.js';
import { planKey } from '../task/programs.js';
import type {
  JoinedInput,
  JoinPartition,
  JoinPass,
  JoinPipeline,
  JoinSideRows,
  KeptLayoutSpec,
  ProbeStep,
  RowSourceSpec,
  SourceColumn,
  StepSpec,
} from '../task/spec.js';
import type { Flow, FlowPart } from './flow.js';
import { outputSink } from './flow.js';
import { type JoinForm, type JoinSide, keptRows } from './join-side.js';
import { inOrder, sortFlow } from './open-sort.js';
import type { Runner } from './runner.js';

/** Partitions are few for a task where memory is large: what each task gives takes at least a megabyte. */
const BYTES_PER_TASK = 8 << 20;
const LEAST_TASKS = 8;

type Output = readonly SourceColumn[];

/**
 * A join whose built side went to disk (Grace hash join: Kitsuregawa, Tanaka, Moto-oka 1983). The other side goes there
 * too, as far as memory is short; partitions of both by the hash of the keys are joined one by one. Rows then get the
 * order they would have had in memory, by the numbers of the rows that were looked up.
 */
export async function openSpilledJoin(
  executor: Runner,
  plan: PhysicalJoin,
  form: JoinForm,
  build: JoinSide,
): Promise<Flow> {
  executor.query.spillEarlier();
  const left = plan.build === 'left';
  const input = left ? plan.right : plan.left;
  const keepNullKeys = form.how === 'probe_outer' || form.how === 'anti' || form.how === 'exists';
  const { columns } = input;
  const { joinKeys } = build;
  const probe = await keptRows(executor, await executor.open(input), {
    isLeft: !left,
    columns,
    joinKeys,
    keepNullKeys,
  });
  const lists = executor.query.newArena('join');
  for (const side of [build, probe]) await side.split(executor, lists);
  const joiner = new Joiner(executor, plan, form, left ? [build, probe] : [probe, build]);
  const { query } = executor;
  const part: FlowPart = {
    source: { kind: 'batches', columns: joiner.columns, stable: false },
    inputs: joiner.inputs(query.heap.limitBytes, query.spill.tableBytes),
    steps: [],
    tables: [],
    columns: joiner.columns,
    small: false,
  };
  const number = joiner.columns.length - 1;
  const output = joiner.columns.slice(0, number).map(columnAt);
  if (executor.isOrderFree(plan)) return executor.project([part], output);
  const key: PhysicalExpr = { kind: 'column', index: number, type: int32Type, nullable: false };
  const sorted = await sortFlow(executor, [part], joiner.columns.map(named), [
    { expr: key, descending: false, nullsFirst: true },
  ]);
  for (const arena of [...build.arenas, ...probe.arenas, lists.id]) query.release(arena);
  const ordered = await inOrder(executor, sorted);
  return executor.project([ordered], output);
}

const named = (column: SourceColumn, i: number) => ({ name: `column ${i + 1}`, ...column });
const columnAt = ({ type, nullable }: SourceColumn, index: number): PhysicalExpr => {
  return { kind: 'column', index, type, nullable };
};

/** A side with the numbers of its rows. */
interface NumberedSide {
  readonly side: JoinSide;
  readonly rows: Omit<JoinSideRows, 'parts'>;
  readonly number: SourceColumn;
}

class Joiner {
  /** What comes out, and last the number that gives the order. */
  readonly columns: Output;
  readonly #sides: readonly [NumberedSide, NumberedSide];
  readonly #built: 0 | 1;

  constructor(
    private readonly executor: Runner,
    private readonly plan: PhysicalJoin,
    private readonly form: JoinForm,
    sides: readonly [JoinSide, JoinSide],
  ) {
    this.#built = plan.build === 'left' ? 0 : 1;
    const total = sides[0].rows + sides[1].rows;
    const range = [0n, BigInt(Math.max(1, Math.min(total, 2 ** 31 - 1)))] as const;
    const number: SourceColumn = { type: int32Type, nullable: false, range };
    const numbered = (side: JoinSide): NumberedSide => {
      const layout: KeptLayoutSpec = { ...side.layout, fields: [...side.layout.fields, number], numbered: true };
      return { side, rows: { layout }, number };
    };
    this.#sides = [numbered(sides[0]), numbered(sides[1])];
    this.columns = [...this.#output(), number];
  }

  /** Tasks over the partitions that may give something. Their number has no bearing on the result. */
  inputs(limitBytes: number, tableBytes: number): JoinedInput[] {
    const whole = this.#whole();
    const pieces = this.#pieces();
    const { built, probed } = { built: this.#built, probed: this.#built === 0 ? 1 : 0 } as const;
    // Rows of the built side that come out by themselves do so after all others.
    const behind = this.#sides[probed].side.rows;
    const partitions = Array.from({ length: GROUP_PARTITIONS }, (_, partition): JoinPartition => {
      const rowsOf = (side: 0 | 1): JoinSideRows => {
        const { side: kept, rows } = this.#sides[side];
        return { ...rows, parts: kept.partsOf(partition, side === built ? behind : 0) };
      };
      return { number: partition, sides: [rowsOf(0), rowsOf(1)] };
    }).filter(({ sides }) => sides.some(({ parts }) => parts.length > 0));
    const perTask = Math.ceil(GROUP_PARTITIONS / Math.max(LEAST_TASKS, Math.floor(limitBytes / BYTES_PER_TASK)));
    const tasks: JoinedInput[] = [];
    for (let from = 0; from < partitions.length; from += perTask) {
      const some = partitions.slice(from, from + perTask);
      tasks.push({ kind: 'joined', partitions: some, whole, pieces, tableBytes });
    }
    return tasks;
  }

  readonly #isRead = (column: number): boolean => this.executor.isRead(this.plan, column);

  #output(): SourceColumn[] {
    const { how } = this.plan;
    const [left, right] = [this.#sides[0].side.columns, this.#sides[1].side.columns];
    const outer = (columns: Output): Output => columns.map((c) => ({ ...c, nullable: true }));
    if (how === 'semi' || how === 'anti') return [...left];
    if (how === 'exists') return [...left, { type: booleanType, nullable: false }];
    const columns = [
      ...(how === 'right' || how === 'full' ? outer(left) : left),
      ...(how === 'left' || how === 'full' ? outer(right) : right),
    ];
    // Nulls in place of what nobody reads: it is neither copied nor sorted.
    return columns.map((column, i) => (this.#isRead(i) ? column : { ...column, nullable: true }));
  }

  /** The built side fits: as in memory. */
  #whole(): JoinPass {
    const { how, rest } = this.form;
    return {
      held: this.#built,
      stream: this.#stream(this.#built, how, rest !== undefined),
      rest: rest === undefined ? [] : [this.#rest(this.#built, rest)],
    };
  }

  /**
   * The built side does not fit. A row that was looked up in a piece of it without success may be found in another: where
   * that matters, the side that is looked up is the one that is held, and so knows at the end.
   */
  #pieces(): JoinPass[] {
    const { how, rest } = this.form;
    const built = this.#built;
    const probed = built === 0 ? 1 : 0;
    const pass = (held: 0 | 1, step: 'pairs' | 'mark', ...left: JoinPipeline[]): JoinPass => {
      return { held, stream: this.#stream(held, step, left.length > 0), rest: left };
    };
    switch (how) {
      case 'pairs':
      case 'mark':
        return [pass(built, how, ...(rest === undefined ? [] : [this.#rest(built, rest)]))];
      case 'probe_outer': {
        const pairs = pass(probed, 'pairs', this.#rest(probed, 'unmatched'));
        return rest === undefined ? [pairs] : [pairs, pass(built, 'mark', this.#rest(built, rest))];
      }
      case 'semi':
        return [pass(probed, 'mark', this.#rest(probed, 'matched'))];
      case 'anti':
        return [pass(probed, 'mark', this.#rest(probed, 'unmatched'))];
      case 'exists':
        return [pass(probed, 'mark', this.#rest(probed, 'matched', true), this.#rest(probed, 'unmatched', false))];
    }
  }

  /** Looks the rows of one side up in a table over the other's. */
  #stream(held: 0 | 1, how: ProbeStep['how'], marks: boolean): JoinPipeline {
    const [table, other] = [this.#sides[held], this.#sides[held === 0 ? 1 : 0]];
    const { residual } = this.plan;
    const leftWidth = this.#sides[0].side.columns.length;
    const keys = other.side.joinKeys.map((key) => (held === 0 ? key.right : key.left));
    const own = other.side.fieldOf.map((field) => columnAt(other.rows.layout.fields[field] as SourceColumn, field));
    const numberField = other.rows.layout.fields.length - 1;
    const step: ProbeStep = {
      kind: 'probe',
      table: 0,
      keys,
      nullSafe: other.side.joinKeys.map((key) => key.nullSafe),
      how,
      marks,
      probeColumns: own.length + 1,
      payload: [...table.side.fieldOf, table.rows.layout.fields.length - 1],
      buildFirst: held === 0,
      ...(residual === undefined ? {} : { residual: shifted(residual, leftWidth) }),
      layout: table.rows.layout,
      addressing: keys.length === 0 ? 'all' : 'hash',
      isHashed: true,
    };
    const before: StepSpec = { kind: 'project', exprs: [...own, columnAt(other.number, numberField)] };
    return this.#pipeline({ kind: 'kept', layout: other.rows.layout }, [before, step, this.#arranged(how)]);
  }

  /** What comes out of the probe, put into the order of the output. */
  #arranged(how: ProbeStep['how']): StepSpec {
    const [left, right] = this.#sides;
    const probed = this.#built === 0 ? right : left;
    const widths = [left.side.columns.length, right.side.columns.length] as const;
    const number = (index: number): PhysicalExpr => columnAt(probed.number, index);
    const columns = this.columns.slice(0, -1);
    if (how === 'mark') return { kind: 'project', exprs: [...columns.map(nothing), number(0)] };
    if (how === 'semi' || how === 'anti')
      return { kind: 'project', exprs: [...columns.map(columnAt), number(widths[0])] };
    if (how === 'exists') {
      const own = columns.slice(0, -1).map(columnAt);
      const found = columnAt({ type: booleanType, nullable: false }, widths[0] + 1);
      return { kind: 'project', exprs: [...own, found, number(widths[0])] };
    }
    const behind = widths[0] + 1;
    const exprs = columns.map((column, i) =>
      this.#isRead(i) ? columnAt(column, i < widths[0] ? i : i + 1) : nothing(column),
    );
    return { kind: 'project', exprs: [...exprs, number(probed === left ? widths[0] : behind + widths[1])] };
  }

  /** Rows of the side held that were (not) matched, as the output has them. */
  #rest(held: 0 | 1, only: 'matched' | 'unmatched', found?: boolean): JoinPipeline {
    const { side, rows, number } = this.#sides[held];
    const { how } = this.plan;
    const own = side.fieldOf.map((field) => columnAt(rows.layout.fields[field] as SourceColumn, field));
    const width = this.#sides[0].side.columns.length;
    const columns = this.columns.slice(0, -1);
    const exprs = columns.map((column, i): PhysicalExpr => {
      if (how === 'exists' && i === columns.length - 1) {
        return { kind: 'literal', type: booleanType, value: found === true };
      }
      if (how !== 'exists' && !this.#isRead(i)) return nothing(column);
      const mine = held === 0 ? i : i - width;
      return (held === 1 || i < width ? own[mine] : undefined) ?? nothing(column);
    });
    const last = columnAt(number, rows.layout.fields.length - 1);
    return this.#pipeline({ kind: 'kept', layout: rows.layout, only }, [{ kind: 'project', exprs: [...exprs, last] }]);
  }

  #pipeline(rows: RowSourceSpec, steps: readonly StepSpec[]): JoinPipeline {
    const { settings } = this.executor;
    // What they feed takes each batch while the rows are still there.
    const sink = { ...outputSink(this.columns), views: true };
    const spec = { source: { kind: 'rows', rows }, steps, sink, settings } as const;
    return { spec, specKey: planKey(spec) };
  }
}

const nothing = ({ type }: SourceColumn): PhysicalExpr => ({ kind: 'literal', type, value: null });

/** Behind the left side's columns stands the number of its row. */
function shifted(expr: PhysicalExpr, leftWidth: number): PhysicalExpr {
  if (expr.kind === 'column') return expr.index < leftWidth ? expr : { ...expr, index: expr.index + 1 };
  if (expr.kind === 'literal') return expr;
  return { ...expr, args: expr.args.map((arg) => shifted(arg, leftWidth)) };
}
