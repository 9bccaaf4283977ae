import { type Int64Type, SparrowError } from '../base/index.js';
import {
  aggregate,
  alias,
  call,
  column,
  drop,
  groupingSets,
  join,
  literal,
  project,
  rename,
  star,
  toNames,
  union,
  usingJoin,
  withColumns,
} from '../plan/build.js';
import { asOfJoin, lateralJoin } from '../plan/build-relations.js';
import type { Expr } from '../plan/expr.js';
import type { JoinType, Plan } from '../plan/node.js';
import { aggregateExprs } from './aggregate-items.js';
import { Column, ColumnBase } from './column.js';
import type { FrameContext } from './context.js';
import { planOf } from './frame-rows.js';
import { TableVerbs } from './frame-tables.js';
import type {
  AggregateItem,
  AggregateShape,
  AsOfOptions,
  AsOfShape,
  Dropped,
  FitsAggregates,
  FitsItems,
  FitsMade,
  FitsMadeMany,
  FitsName,
  FitsNumber,
  FitsOn,
  FitsUnion,
  Item,
  JoinHow,
  JoinOn,
  JoinShape,
  Made,
  MadeMany,
  NamesOnly,
  Padded,
  PlainItem,
  Put,
  PutMany,
  Renamed,
  RenamedAll,
  SelectShape,
  SummaryShape,
  UnionByNameShape,
  UnionShape,
} from './frame-types.js';
import { columnByName } from './functions.js';
import { asOfFields, joinCondition, joinType } from './join.js';
import { type ArrowMap, type BatchMap, mappedBatches, mappedInArrow } from './map-batches.js';
import {
  type ArrowCogroupMap,
  type ArrowGroupMap,
  cogroupsInArrow,
  type Grouping,
  type GroupMap,
  groupsInArrow,
  groupsInColumns,
} from './map-groups.js';
import { columnsOf, itemExprs, made, namedColumns, quoted, theColumn, theName } from './names.js';
import { PivotedData } from './pivoted-data.js';
import type { Anything, ColumnType, NotNull, Shape, ShapeOfRow, Unknown, Values } from './row-types.js';
import { type SchemaInput, type ShapeOfInput, schemaOf } from './schema-input.js';
import type { Lookup } from './type-algebra.js';
import { t } from './types.js';

/** Settles the new schema at once, so that a long chain stays cheap. The compiler follows about 95 steps of one chain. */
type Settled<S, V extends Values> = S extends infer T extends Shape ? DataFrame<T, V> : never;

/**
 * A lazy table: Spark's DataFrame. `S` are its columns, `V` the JavaScript types of its values. Verbs are
 * synchronous and give a new frame; actions (`collect`, `count`, `show`, `write`, `toArrow`, iteration) run the query.
 */
export class DataFrame<in out S = Anything, in out V extends Values = Anything> extends TableVerbs<S, V> {
  declare readonly '~other': DataFrame<Unknown, V>;
  protected override other(plan: Plan): this['~other'] {
    return this.#make(plan);
  }
  protected override same(plan: Plan): this {
    return new DataFrame<S, V>(this.context, plan) as this;
  }
  /**
   * The rows that a function makes of this frame's Arrow record batches: it gets all of them, one by one, and gives as
   * many as it likes, with the columns of `schema`. It runs on the calling thread when the rows are first asked for, and
   * what it gave is kept as long as the frame.
   */
  mapInArrow<const I extends SchemaInput>(map: ArrowMap, schema: I): DataFrame<ShapeOfInput<I>, V> {
    return this.#make(mappedInArrow(this.context, this.running, map, schemaOf(schema)));
  }
  /** As `mapInArrow`, for a function of one batch's columns: arrays and typed arrays by name, in and out. */
  mapBatches<const I extends SchemaInput>(map: BatchMap, schema: I): DataFrame<ShapeOfInput<I>, V> {
    return this.#make(mappedBatches(this.context, this.running, map, schemaOf(schema)));
  }

  #make<T>(plan: Plan): T {
    return new DataFrame(this.context, plan) as T;
  }

  /**
   * The given columns: names, columns, `{ newName: column }`, lists of these, or a function of the frame's columns.
   *
   * @example flights.select('origin', col('delay').div(60).as('hours'), ($) => $.distance)
   */
  select<const A extends readonly Item<S>[]>(...items: FitsItems<S, A>): Settled<SelectShape<S, A>, V> {
    return this.#make(project(this.running, items.length === 0 ? [star()] : itemExprs(items)));
  }

  /** Adds a column, or replaces the one of that name. */
  withColumn<const N extends string, C extends Made<S>>(name: N, value: FitsMade<S, C>): Settled<Put<S, N, C>, V> {
    const { expr } = theColumn(made(value), `column "${name}"`);
    return this.#make(withColumns(this.running, [{ name: theName(name, 'a column'), expr }]));
  }
  /** Adds or replaces columns: `{ name: column }` or a function giving it. They do not see one another. */
  withColumns<M extends MadeMany<S>>(columns: FitsMadeMany<S, M>): Settled<PutMany<S, M>, V> {
    return this.#make(withColumns(this.running, namedColumns(made(columns))));
  }
  /** Renames a column. */
  withColumnRenamed<const O extends string, const N extends string>(
    existing: FitsName<S, O>,
    name: N,
  ): Settled<Renamed<S, O, N>, V> {
    return this.#make(rename(this.running, { [theName(existing, 'a column')]: theName(name, 'the new name') }));
  }
  /** Renames columns: `{ old: 'new' }`. */
  withColumnsRenamed<const M extends { readonly [K in keyof S & string]?: string }>(
    names: M & { readonly [K in Exclude<keyof M, keyof S>]: never },
  ): Settled<RenamedAll<S, M>, V> {
    return this.#make(rename(this.running, names as Record<string, string>));
  }
  /** Without these columns. */
  drop<const A extends readonly PlainItem[]>(...columns: FitsItems<S, A>): Settled<Dropped<S, A[number]>, V> {
    const exprs = (columns as readonly unknown[]).map((c) =>
      c instanceof ColumnBase ? c.expr : column(quoted(theName(c, 'a column'))),
    );
    return this.#make(drop(this.running, exprs));
  }
  /** New names for all columns, in order. */
  toDF<const N extends readonly string[]>(...names: N): DataFrame<NamesOnly<N>, V> {
    return this.#make(toNames(this.running, names));
  }
  /**
   * The same frame with a schema you vouch for, as types of `t` or as a row type: `as<{ id: number }>()`. Nothing is
   * checked or converted.
   */
  as<T extends object>(): DataFrame<T extends { readonly [name: string]: ColumnType } ? T : ShapeOfRow<T>, V> {
    return this.#make(this.running);
  }
  /** This frame's column, which stays its own when frames are joined: `a.col('id').eq(b.col('id'))`. */
  col<const N extends string>(name: FitsName<S, N>): Column<Lookup<S, N>, N> {
    const text = theName(name, 'a column');
    return new Column(text === '*' ? star() : column(text, this.plan.planId));
  }
  /** The frame's columns, as `$` in functions. */
  get $(): ReturnType<typeof columnsOf<S>> {
    return columnsOf<S>(this.plan.planId);
  }

  /** Groups of rows with equal values in these columns; nulls are equal. Without columns: one group of everything. */
  groupBy<const A extends readonly Item<S>[]>(...columns: FitsItems<S, A>): GroupedData<S, SelectShape<S, A>, V> {
    return new GroupedData(this.context, this.running, itemExprs(columns));
  }
  /** PySpark's other spelling of `groupBy`. */
  groupby<const A extends readonly Item<S>[]>(...columns: FitsItems<S, A>): GroupedData<S, SelectShape<S, A>, V> {
    return new GroupedData(this.context, this.running, itemExprs(columns));
  }
  /** Groups by these columns, by all but the last, and so on down to one group of everything (`rollup`). */
  rollup<const A extends readonly Item<S>[]>(
    ...columns: FitsItems<S, A>
  ): GroupedData<S, Padded<SelectShape<S, A>>, V> {
    const groups = itemExprs(columns);
    const sets = groups.map((_, i) => range(groups.length - i));
    return new GroupedData(this.context, this.running, groups, [...sets, []]);
  }
  /** Groups by every combination of these columns. */
  cube<const A extends readonly Item<S>[]>(...columns: FitsItems<S, A>): GroupedData<S, Padded<SelectShape<S, A>>, V> {
    const groups = itemExprs(columns);
    const all = range(groups.length);
    const sets = range(2 ** groups.length).map((bits) => all.filter((i) => (bits & (1 << i)) === 0));
    return new GroupedData(this.context, this.running, groups, sets);
  }
  /** Groups by each of these sets of columns; what a set leaves out is null. Sets name columns of `columns`. */
  groupingSets<const A extends readonly (keyof S & string)[]>(
    sets: readonly (readonly A[number][])[],
    ...columns: A
  ): GroupedData<S, Padded<Pick<S, A[number]>>, V> {
    const positions = sets.map((set) => set.map((name) => columns.indexOf(name)));
    return new GroupedData(this.context, this.running, itemExprs(columns), positions);
  }
  /** Each row with the rows of `other`, which may read this frame's columns by `col('…')`. */
  lateralJoin<S2>(
    other: DataFrame<S2, V>,
    how: 'inner' | 'left' = 'inner',
  ): Settled<JoinShape<S, S2, never, 'cross'>, V> {
    return this.#make(lateralJoin(this.running, planOf(other), how));
  }
  /** Aggregates over all rows: one row. */
  agg<const A extends readonly AggregateItem<S>[]>(
    ...columns: FitsAggregates<S, A>
  ): Settled<AggregateShape<S, Record<never, never>, A>, V> {
    return this.#make(aggregate(this.running, [], aggregateExprs(columns)));
  }

  /**
   * Rows of both frames that belong together. `on` names columns that both have (and that appear once in the result),
   * or is a condition; `how` is Spark's name of the join. A null key meets nothing. Outer joins fill with nulls.
   *
   * @example flights.join(airports, 'origin', 'left'); flights.join(airports, (f, a) => f.origin.eq(a.iata))
   */
  join<S2, const On extends JoinOn<S, S2>, const H extends JoinHow = 'inner'>(
    other: DataFrame<S2, V>,
    on: FitsOn<S, S2, On>,
    how?: H,
  ): Settled<JoinShape<S, S2, On, H>, V>;
  join<S2>(other: DataFrame<S2, V>): Settled<JoinShape<S, S2, never, 'inner'>, V>;
  join(other: DataFrame<unknown, V>, on?: unknown, how: JoinHow = 'inner'): unknown {
    const right = planOf(other);
    const type = joinType(how);
    const names = typeof on === 'string' ? [on] : on;
    if (Array.isArray(names) && names.length > 0 && names.every((name) => typeof name === 'string')) {
      return this.#make(usingJoin(this.running, right, names, type));
    }
    if (typeof on !== 'function') return this.#make(join(this.running, right, type, joinCondition(on)));
    // Joined with itself, the right side gets an identity of its own, so that the function tells the two apart.
    const twin = other.plan.planId === this.plan.planId ? new DataFrame(this.context, right) : other;
    return this.#make(join(this.running, planOf(twin), type, joinCondition(on(this.$, twin.$))));
  }
  /**
   * Each row with the one row of `other` that is nearest in order: the last one not after it (`direction: 'backward'`),
   * the next one not before it (`'forward'`) or the nearer of the two (`'nearest'`; the earlier of equally near ones), of
   * those with equal `by` columns. Rows that meet nothing have nulls, or are left out with `how: 'inner'`.
   *
   * @example trades.joinAsOf(quotes, { on: 'at', by: 'symbol', tolerance: '5 minutes' })
   */
  joinAsOf<S2, const O extends AsOfOptions<S, S2>>(
    other: DataFrame<S2, V>,
    options: O,
  ): Settled<AsOfShape<S, S2, O>, V> {
    return this.#make(asOfJoin(this.running, planOf(other), asOfFields(options)));
  }
  /** Every row of one with every row of the other. */
  crossJoin<S2>(other: DataFrame<S2, V>): Settled<JoinShape<S, S2, never, 'cross'>, V> {
    return this.#make(join(this.running, planOf(other), 'cross' satisfies JoinType));
  }

  /** The rows of both, duplicates kept. Columns meet by position; names are the first frame's. */
  union<S2>(other: DataFrame<S2, V>): Settled<UnionShape<S, S2>, V> {
    return this.#make(union([this.running, planOf(other)]));
  }
  /** Another name of `union`. */
  unionAll<S2>(other: DataFrame<S2, V>): Settled<UnionShape<S, S2>, V> {
    return this.union(other);
  }
  /** The rows of both; columns meet by name. With `allowMissingColumns`, a column one side lacks is null there. */
  unionByName<S2, const M extends boolean = false>(
    other: FitsUnion<S, S2, DataFrame<S2, V>, M>,
    options?: M | { readonly allowMissingColumns: M },
  ): Settled<UnionByNameShape<S, S2>, V> {
    const allowMissing = typeof options === 'object' ? options.allowMissingColumns : options === true;
    return this.#make(union([this.running, planOf(other)], true, allowMissing));
  }
}

/** A frame cut into groups: `S` its columns, `G` those it is grouped by. */
export class GroupedData<in out S = Anything, in out G = Anything, in out V extends Values = Anything> {
  readonly #context: FrameContext;
  readonly #plan: Plan;
  readonly #groups: readonly Expr[];
  readonly #sets: readonly (readonly number[])[] | undefined;

  constructor(context: FrameContext, plan: Plan, groups: readonly Expr[], sets?: readonly (readonly number[])[]) {
    this.#context = context;
    this.#plan = plan;
    this.#groups = groups;
    this.#sets = sets;
  }

  /**
   * Turns the values of a column into columns, one for each aggregate that follows. Without values a query of its own
   * finds them. A combination without rows is null.
   */
  pivot(name: string, values?: readonly (string | number | boolean)[]): PivotedData<DataFrame<Unknown, V>> {
    const turned = columnByName(theName(name, 'a column'));
    const make = (plan: Plan): DataFrame<Unknown, V> => new DataFrame(this.#context, plan);
    return new PivotedData(this.#plan, this.#groups, turned, values, make);
  }

  /**
   * The rows that a function makes of each group: it gets the group's rows as an Arrow table and the values of the
   * grouping columns, and gives a table with the columns of `schema`. Groups come in the order of their keys and run on
   * the calling thread, when the rows are first asked for; a group is in memory as a whole.
   */
  applyInArrow<const I extends SchemaInput>(map: ArrowGroupMap, schema: I): DataFrame<ShapeOfInput<I>, V> {
    return new DataFrame(this.#context, groupsInArrow(this.#context, this['~grouping'], map, schemaOf(schema)));
  }
  /** As `applyInArrow`, for a function of the group's columns: arrays by name, in and out. */
  mapGroups<const I extends SchemaInput>(map: GroupMap, schema: I): DataFrame<ShapeOfInput<I>, V> {
    return new DataFrame(this.#context, groupsInColumns(this.#context, this['~grouping'], map, schemaOf(schema)));
  }
  /**
   * Both frames' groups of equal keys together, for `applyInArrow((left, right, key) => table, schema)`. A key that only
   * one of them has comes with a table without rows.
   */
  cogroup(other: { readonly '~grouping': Grouping }): {
    applyInArrow<const I extends SchemaInput>(map: ArrowCogroupMap, schema: I): DataFrame<ShapeOfInput<I>, V>;
  } {
    const both = [this['~grouping'], other['~grouping']] as const;
    return {
      applyInArrow: (map, schema) =>
        new DataFrame(this.#context, cogroupsInArrow(this.#context, both, map, schemaOf(schema))),
    };
  }
  /** What `cogroup` takes of groups. */
  get '~grouping'(): Grouping {
    if (this.#sets === undefined) return { plan: this.#plan, by: this.#groups };
    throw new SparrowError(
      'UNSUPPORTED_FEATURE',
      'functions of groups take groupBy, not rollup, cube or grouping sets',
    );
  }

  /**
   * One row for each group: its grouping columns, then these. Columns, `{ name: column }`, a function of the frame's
   * columns, or PySpark's dictionary `{ delay: 'avg' }`.
   */
  agg<const A extends readonly AggregateItem<S>[]>(
    ...columns: FitsAggregates<S, A>
  ): Settled<AggregateShape<S, G, A>, V> {
    return this.#make(aggregateExprs(columns));
  }
  /** The number of rows of each group, as column `count`. */
  count(): Settled<AggregateShape<S, G, readonly [{ readonly count: Column<NotNull<Int64Type>, 'count'> }]>, V> {
    return this.#make([alias(call('count', literal(t.int32, 1)), 'count')]);
  }
  /** Sums of these columns. */
  sum<const N extends readonly string[]>(
    ...names: { readonly [I in keyof N]: FitsNumber<S, 'sum', N[I]> }
  ): Settled<SummaryShape<S, G, 'sum', N>, V> {
    return this.#summary('sum', names);
  }
  /** Means of these columns. */
  avg<const N extends readonly string[]>(
    ...names: { readonly [I in keyof N]: FitsNumber<S, 'avg', N[I]> }
  ): Settled<SummaryShape<S, G, 'avg', N>, V> {
    return this.#summary('avg', names);
  }
  /** Another name of `avg`. */
  mean<const N extends readonly string[]>(
    ...names: { readonly [I in keyof N]: FitsNumber<S, 'avg', N[I]> }
  ): Settled<SummaryShape<S, G, 'avg', N>, V> {
    return this.#summary('avg', names);
  }
  /** The least values of these columns. */
  min<const N extends readonly string[]>(
    ...names: { readonly [I in keyof N]: FitsNumber<S, 'min', N[I]> }
  ): Settled<SummaryShape<S, G, 'min', N>, V> {
    return this.#summary('min', names);
  }
  /** The greatest values of these columns. */
  max<const N extends readonly string[]>(
    ...names: { readonly [I in keyof N]: FitsNumber<S, 'max', N[I]> }
  ): Settled<SummaryShape<S, G, 'max', N>, V> {
    return this.#summary('max', names);
  }

  #summary<T>(name: string, names: readonly unknown[]): T {
    if (names.length === 0) return this.#make([Object.freeze({ ...star(), totals: name })]);
    return this.#make(names.map((n) => call(name, columnByName(theName(n, 'a column')))));
  }

  #make<T>(columns: readonly Expr[]): T {
    const output = [...this.#groups, ...columns];
    const plan =
      this.#sets === undefined
        ? aggregate(this.#plan, this.#groups, output)
        : groupingSets(this.#plan, this.#groups, this.#sets, output);
    return new DataFrame(this.#context, plan) as T;
  }
}

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
