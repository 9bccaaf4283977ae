import './all-functions.js';
import { type Arena, isFloating } from '../../src/base/index.js';
import type {
  AggregateSpec,
  JoinKey,
  PhysicalColumn,
  PhysicalJoinType,
  PhysicalPlan,
  SortKey,
  WindowSpecCall,
} from '../../src/exec/physical.js';
import { isNullable, type PhysicalExpr } from '../../src/functions/index.js';
import type { Choices } from './choices.js';
import { aggregateCall, windowCall } from './random-calls.js';
import { ExprMaker, type InputColumn } from './random-exprs.js';
import { type TableSpec, tablePlan } from './random-tables.js';
import type { Temper } from './random-values.js';

/** A plan and what is known of its rows. */
export interface Made {
  readonly plan: PhysicalPlan;
  /** Their order is defined: rows may be compared one by one, and what depends on order may follow. */
  readonly ordered: boolean;
  /** What may be summed, by column. */
  readonly tempers: readonly Temper[];
  /** Floats are sums of floats, right to some digits only: nothing may follow. */
  readonly approximate: boolean;
  /** How many there are. */
  readonly rows: number;
}

/** What a plan gives: how many rows, or undefined for an error. */
export type Measure = (plan: PhysicalPlan) => Promise<number | undefined>;

/** A join that gives more rows than this, or looks at more pairs, is not made. */
const MOST_JOINED = 4000;
const MOST_PAIRS = 2_000_000;
/** Sliding frames are computed anew for each row. */
const MOST_WINDOWED = 3000;
const MOST_DEPTH = 5;
const EXPR_DEPTH = 3;

/** Builds plans over tables from choices. */
export class PlanMaker {
  constructor(
    private readonly choices: Choices,
    private readonly tables: readonly TableSpec[],
    private readonly arena: Arena,
    private readonly ansi: boolean,
    private readonly measure: Measure,
    /** Errors are welcome; else what raises one is tried anew. */
    private readonly mayFail: boolean,
  ) {}

  async make(depth = MOST_DEPTH): Promise<Made> {
    const { choices } = this;
    if (depth <= 1 || choices.isExhausted || choices.chance(15)) return this.#leaf();
    const kind = choices.pick([
      'project',
      'filter',
      'aggregate',
      'join',
      'sort',
      'limit',
      'union',
      'window',
      'sample',
      'repartition',
      'project',
      'aggregate',
      'join',
    ] as const);
    const input = await this.make(depth - 1);
    if (input.approximate) return input;
    const other = kind === 'join' || kind === 'union' ? await this.make(depth - 1 - choices.below(depth - 1)) : input;
    for (let attempt = 0; attempt < 3; attempt++) {
      const made = this.#over(kind, input, other.approximate ? input : other);
      if (made === undefined) continue;
      const rows = await this.measure(made.plan);
      if (rows === undefined ? this.mayFail : rows <= MOST_JOINED || kind !== 'join')
        return { ...made, rows: rows ?? 0 };
    }
    return input;
  }

  #over(kind: PhysicalPlan['kind'], input: Made, other: Made): Made | undefined {
    switch (kind) {
      case 'filter':
        return {
          ...input,
          plan: {
            kind: 'filter',
            columns: input.plan.columns,
            input: input.plan,
            condition: this.#exprs(input).condition(EXPR_DEPTH),
          },
        };
      case 'project':
        return this.#project(input);
      case 'aggregate':
        return this.#aggregate(input);
      case 'join':
        return this.#join(input, other);
      case 'sort':
        return this.#sort(input);
      case 'limit':
        return this.#limit(input);
      case 'union':
        return this.#union(input, other);
      case 'window':
        return this.#window(input);
      case 'sample':
        return this.#sample(input);
      default:
        return {
          ...input,
          plan: {
            kind: 'repartition',
            columns: input.plan.columns,
            input: input.plan,
            partitions: 1 + this.choices.below(5),
          },
        };
    }
  }

  #leaf(): Made {
    const table = this.choices.pick(this.tables);
    const plan = tablePlan(this.arena, table, this.choices.chance(30));
    return {
      plan,
      ordered: true,
      tempers: table.columns.map((c) => c.temper),
      approximate: false,
      rows: table.rows.length,
    };
  }

  #exprs(...inputs: readonly Made[]): ExprMaker {
    const columns = inputs.flatMap((input) => input.plan.columns);
    return new ExprMaker(this.choices, inputColumns(columns), this.ansi);
  }

  #project(input: Made): Made {
    const { choices } = this;
    const maker = this.#exprs(input);
    const exprs = Array.from({ length: choices.below(6) }, () => maker.any(choices.below(EXPR_DEPTH + 1)));
    const tempers = exprs.map((expr) => (expr.kind === 'column' ? (input.tempers[expr.index] ?? 'wild') : 'wild'));
    return { ...input, tempers, plan: { kind: 'project', columns: exprs.map(columnOf), input: input.plan, exprs } };
  }

  #sortKeys(input: Made, count: number): SortKey[] {
    const maker = this.#exprs(input);
    return Array.from({ length: count }, () => this.#sortKey(maker.any(this.choices.below(2))));
  }

  #sortKey(expr: PhysicalExpr): SortKey {
    return { expr, descending: this.choices.chance(40), nullsFirst: !this.choices.chance(50) };
  }

  /** Keys, and behind them sometimes (for rows without an order: always) every column, so that ties are equal rows. */
  #ordering(input: Made, least: number): { keys: SortKey[]; ordered: boolean } {
    const { columns } = input.plan;
    const keys = this.#sortKeys(input, least + this.choices.below(3));
    // 0.0 and -0.0 are ties that differ.
    const canBeTotal = !columns.some((c) => isFloating(c.type));
    if (canBeTotal && (!input.ordered || this.choices.chance(20))) {
      keys.push(...inputColumns(columns).map((c) => this.#sortKey({ kind: 'column', ...c })));
    }
    return { keys, ordered: input.ordered || canBeTotal };
  }

  #sort(input: Made): Made | undefined {
    const { choices } = this;
    const { keys, ordered } = this.#ordering(input, 1);
    const isTop = choices.chance(50);
    if (isTop && !ordered) return undefined;
    const cut = isTop ? { limit: choices.below(20), offset: choices.chance(30) ? choices.below(6) : 0 } : { offset: 0 };
    return { ...input, ordered, plan: { kind: 'sort', columns: input.plan.columns, input: input.plan, keys, ...cut } };
  }

  #limit(input: Made): Made | undefined {
    const { choices } = this;
    if (!input.ordered) return undefined;
    const limit = choices.chance(80) ? { limit: choices.below(30) } : {};
    return {
      ...input,
      plan: { kind: 'limit', columns: input.plan.columns, input: input.plan, ...limit, offset: choices.below(8) },
    };
  }

  #sample(input: Made): Made | undefined {
    const { choices } = this;
    if (!input.ordered) return undefined;
    const lowerBound = choices.below(5) / 10;
    const upperBound = lowerBound + choices.below(6) / 10;
    return {
      ...input,
      plan: {
        kind: 'sample',
        columns: input.plan.columns,
        input: input.plan,
        lowerBound,
        upperBound,
        seed: choices.next(),
      },
    };
  }

  #union(a: Made, b: Made): Made {
    const maker = this.#exprs(b);
    const exprs = a.plan.columns.map(({ type }) => maker.of(type, 1));
    const second: PhysicalPlan = { kind: 'project', columns: exprs.map(columnOf), input: b.plan, exprs };
    const columns = a.plan.columns.map((column, i) => ({
      ...column,
      nullable: column.nullable || second.columns[i]?.nullable !== false,
    }));
    const tempers = exprs.map((expr, i): Temper => {
      const own = expr.kind === 'column' ? b.tempers[expr.index] : undefined;
      return own === a.tempers[i] ? (own ?? 'wild') : 'wild';
    });
    return {
      plan: { kind: 'union', columns, inputs: [a.plan, second] },
      ordered: a.ordered && b.ordered,
      tempers,
      approximate: false,
      rows: 0,
    };
  }

  #join(left: Made, right: Made): Made | undefined {
    const { choices } = this;
    if (left.rows * right.rows > MOST_PAIRS) return undefined;
    const [l, r] = [this.#exprs(left), this.#exprs(right)];
    const keys = Array.from({ length: choices.chance(10) ? 0 : 1 + choices.below(2) }, (): JoinKey => {
      const key = l.any(choices.below(2));
      return { left: key, right: r.of(key.type, 1), nullSafe: choices.chance(25) };
    });
    const how = choices.pick<PhysicalJoinType>(['inner', 'left', 'right', 'full', 'semi', 'anti']);
    const residual = choices.chance(30) ? { residual: this.#exprs(left, right).condition(EXPR_DEPTH) } : {};
    const one = how === 'semi' || how === 'anti';
    const outer = (columns: readonly PhysicalColumn[], by: PhysicalJoinType): PhysicalColumn[] =>
      columns.map((c) => (how === by || how === 'full' ? { ...c, nullable: true } : c));
    const columns = one
      ? left.plan.columns
      : [...outer(left.plan.columns, 'right'), ...outer(right.plan.columns, 'left')];
    return {
      plan: {
        kind: 'join',
        columns: renamed(columns),
        left: left.plan,
        right: right.plan,
        how,
        keys,
        ...residual,
        build: choices.pick(['right', 'left'] as const),
      },
      ordered: left.ordered && right.ordered,
      tempers: one ? left.tempers : [...left.tempers, ...right.tempers],
      approximate: false,
      rows: 0,
    };
  }

  #aggregate(input: Made): Made | undefined {
    const { choices } = this;
    const maker = this.#exprs(input);
    const keys = Array.from({ length: choices.below(4) }, () => maker.any(choices.below(2)));
    const aggregates: AggregateSpec[] = [];
    let approximate = false;
    for (let n = choices.below(5); n > 0; n--) {
      const made = aggregateCall({ choices, maker, ansi: this.ansi }, input);
      if (made === undefined) continue;
      const filter = choices.chance(20) ? { filter: maker.condition(2) } : {};
      aggregates.push({ ...made.spec, ...filter });
      approximate ||= made.approximate;
    }
    const groups = [...keys, ...aggregates].map(
      (c, i): PhysicalColumn => ({ name: `g${i}`, type: c.type, nullable: 'kind' in c ? isNullable(c) : c.nullable }),
    );
    const passed = inputColumns(groups).map((c): PhysicalExpr => ({ kind: 'column', ...c }));
    const over = new ExprMaker(choices, inputColumns(groups), this.ansi);
    const more = approximate || choices.chance(70) ? [] : [over.any(2)];
    const output = [...passed, ...more];
    const plan: PhysicalPlan = {
      kind: 'aggregate',
      columns: output.map(columnOf),
      input: input.plan,
      keys,
      aggregates,
      output,
    };
    return { plan, ordered: keys.length === 0, tempers: output.map(() => 'wild'), approximate, rows: 0 };
  }

  #window(input: Made): Made | undefined {
    const { choices } = this;
    const maker = this.#exprs(input);
    const partitionBy = Array.from({ length: choices.below(3) }, () => maker.any(choices.below(2)));
    const { keys: orderBy, ordered } = this.#ordering(input, 0);
    if (!ordered || input.rows > MOST_WINDOWED) return undefined;
    const calls: WindowSpecCall[] = [];
    for (let n = 1 + choices.below(3); n > 0; n--) {
      const made = windowCall({ choices, maker, ansi: this.ansi }, orderBy);
      if (made !== undefined) calls.push(made);
    }
    const added = calls.map(({ type, nullable }, i): PhysicalColumn => ({ name: `w${i}`, type, nullable }));
    const columns = renamed([...input.plan.columns, ...added]);
    const plan: PhysicalPlan = { kind: 'window', columns, input: input.plan, partitionBy, orderBy, calls };
    return {
      plan,
      ordered: true,
      tempers: [...input.tempers, ...calls.map((): Temper => 'wild')],
      approximate: false,
      rows: 0,
    };
  }
}

const columnOf = (expr: PhysicalExpr, i: number): PhysicalColumn => ({
  name: `c${i}`,
  type: expr.type,
  nullable: isNullable(expr),
});

const renamed = (columns: readonly PhysicalColumn[]): PhysicalColumn[] =>
  columns.map((c, i) => ({ ...c, name: `c${i}` }));

const inputColumns = (columns: readonly PhysicalColumn[]): InputColumn[] =>
  columns.map(({ type, nullable }, index) => ({ index, type, nullable }));
