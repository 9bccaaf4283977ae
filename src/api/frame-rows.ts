import { SparrowError, stringType } from '../base/index.js';
import {
  cached,
  column,
  distinct,
  dropDuplicates,
  filter,
  limit,
  literal,
  repartition,
  sample,
  setOperation,
  sort,
  sqlExpr,
  subqueryAlias,
} from '../plan/build.js';
import { hint } from '../plan/build-relations.js';
import type { Expr, SortOrder } from '../plan/expr.js';
import type { Plan } from '../plan/node.js';
import type { CacheLevel } from './engine.js';
import { FrameBase } from './frame-base.js';
import type { Condition, FitsCondition, FitsItems, FitsName, Item } from './frame-types.js';
import { itemExprs, made, theColumn, theName, wholeNumber } from './names.js';
import { repeatedSample } from './repeated-sample.js';
import type { Anything, Values } from './row-types.js';
import { StorageLevel } from './storage-level.js';
import { DataStreamWriter } from './stream/writer.js';
import { asOrder } from './window.js';

/** Which way to sort: one answer for all columns, or one for each. */
export interface SortOptions {
  readonly ascending?: boolean | readonly (boolean | 0 | 1)[];
}

/** What `sample` takes, by PySpark's names. */
export interface SampleOptions {
  readonly withReplacement?: boolean;
  readonly fraction: number;
  readonly seed?: number;
}

type AnyFrame = { readonly plan: Plan };

/** The verbs that keep a frame's columns. Each gives a new frame; nothing runs. */
export abstract class RowVerbs<in out S = Anything, in out V extends Values = Anything> extends FrameBase<S, V> {
  #cached: { readonly id: number; readonly plan: Plan; readonly level: CacheLevel } | undefined;

  /** A frame of the same columns over another plan. */
  protected abstract same(plan: Plan): this;

  protected override get running(): Plan {
    return this.#cached?.plan ?? this.plan;
  }

  /**
   * Only the rows for which the condition is true (not null). SQL text, a column, or a function of the frame's
   * columns: `filter('delay > 15')`, `filter(col('delay').gt(15))`, `filter(($) => $.delay.gt(15))`.
   */
  filter<C extends Condition<S>>(condition: FitsCondition<S, C>): this {
    const given = made(condition);
    if (typeof given === 'string') return this.same(filter(this.running, sqlExpr(given)));
    return this.same(filter(this.running, theColumn(given, 'a condition').expr));
  }
  /** Another name of `filter`. */
  where<C extends Condition<S>>(condition: FitsCondition<S, C>): this {
    return this.filter(condition);
  }

  /** Runs a frame of `session.readStream`: `frame.writeStream.option('checkpointLocation', 's/').start('out/')`. */
  get writeStream(): DataStreamWriter<this> {
    return new DataStreamWriter(this.context, this.running, (plan) => this.same(plan));
  }

  /** Each different row once. Nulls equal nulls. */
  distinct(): this {
    return this.same(distinct(this.running));
  }
  /** One row for each combination of values of these columns, the first in order; of all columns without an argument. */
  dropDuplicates<const N extends string>(subset?: readonly FitsName<S, N>[]): this {
    if (subset === undefined) return this.distinct();
    if (!Array.isArray(subset)) {
      throw new SparrowError('NOT_LIST_OF_STR', 'dropDuplicates takes a list of names', {
        hint: "dropDuplicates(['id'])",
      });
    }
    return this.same(
      dropDuplicates(
        this.running,
        subset.map((name) => theName(name, 'a column')),
      ),
    );
  }
  /** PySpark's other spelling of `dropDuplicates`. */
  drop_duplicates<const N extends string>(subset?: readonly FitsName<S, N>[]): this {
    return this.dropDuplicates(subset);
  }
  /**
   * Says how late rows of a stream may be: times more than `delay` ('10 minutes') before the latest one that was read are
   * over, so that groups by them are finished and forgotten. Without meaning for frames that do not stream.
   */
  withWatermark<const N extends string>(eventTime: FitsName<S, N>, delay: string): this {
    return this.same(
      hint(this.running, 'watermark', [column(theName(eventTime, 'a column')), literal(stringType, delay)]),
    );
  }
  /** The rows that both have, each once; columns meet by position. */
  intersect(other: AnyFrame): this {
    return this.same(setOperation(this.running, planOf(other), 'intersect'));
  }
  /** The rows that both have, as often as both have them. */
  intersectAll(other: AnyFrame): this {
    return this.same(setOperation(this.running, planOf(other), 'intersect', true));
  }
  /** The rows that only this frame has, each once. */
  subtract(other: AnyFrame): this {
    return this.same(setOperation(this.running, planOf(other), 'except'));
  }
  /** The rows of this frame, each as many times less as the other has it. */
  exceptAll(other: AnyFrame): this {
    return this.same(setOperation(this.running, planOf(other), 'except', true));
  }

  /**
   * Rows in order: names (ascending), or columns with `asc()` and `desc()`. Ascending puts nulls first, descending
   * last. `{ ascending: [true, false] }` as last argument decides for all.
   */
  orderBy<const A extends readonly Item<S>[]>(...columns: FitsItems<S, A>): this;
  orderBy<const A extends readonly Item<S>[]>(...columns: [...FitsItems<S, A>, SortOptions]): this;
  orderBy(...columns: readonly unknown[]): this {
    return this.same(sort(this.running, sortOrders(columns)));
  }
  /** Another name of `orderBy`. */
  sort<const A extends readonly Item<S>[]>(...columns: FitsItems<S, A>): this;
  sort<const A extends readonly Item<S>[]>(...columns: [...FitsItems<S, A>, SortOptions]): this;
  sort(...columns: readonly unknown[]): this {
    return this.same(sort(this.running, sortOrders(columns)));
  }
  /** As `orderBy`, inside each partition only. */
  sortWithinPartitions<const A extends readonly Item<S>[]>(...columns: FitsItems<S, A>): this {
    return this.same(sort(this.running, sortOrders(columns), true));
  }

  /** At most this many rows. */
  limit(rows: number): this {
    return this.same(limit(this.running, wholeNumber(rows, 'the limit')));
  }
  /** Without the first rows. */
  offset(rows: number): this {
    return this.same(limit(this.running, undefined, wholeNumber(rows, 'the offset')));
  }

  /**
   * A random part of the rows, about `fraction` of them; the same seed gives the same rows. With replacement a row
   * comes as often as a Poisson distribution of that mean draws; the rows are read once for each number of copies.
   */
  sample(fraction: number, seed?: number): this;
  sample(withReplacement: boolean, fraction: number, seed?: number | undefined): this;
  sample(options: SampleOptions): this;
  sample(...given: readonly unknown[]): this {
    const [named] = given;
    if (typeof named === 'object' && named !== null && 'fraction' in named) {
      const { withReplacement = false, fraction, seed } = named as SampleOptions;
      return this.sample(withReplacement, fraction, seed);
    }
    const replaces = typeof given[0] === 'boolean' ? given[0] : undefined;
    const [fraction, seed] = (replaces === undefined ? given : given.slice(1)) as [unknown, number | undefined];
    const most = replaces === true ? Number.POSITIVE_INFINITY : 1;
    if (typeof fraction !== 'number' || !(fraction >= 0 && fraction <= most)) {
      throw new SparrowError('INVALID_FRACTION', `a sample takes a fraction from 0 to 1, not ${String(fraction)}`);
    }
    const options = { seed: seed ?? this.context.seed() };
    if (replaces === true) return this.same(repeatedSample(this.running, fraction, options.seed));
    return this.same(sample(this.running, fraction, options));
  }

  /**
   * The rows shared out at random over frames, in proportion to the weights; the same seed shares them out the same
   * way, and every row is in exactly one.
   */
  randomSplit(weights: readonly number[], seed: number = this.context.seed()): this[] {
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    if (!(total > 0) || weights.some((weight) => !(weight >= 0))) {
      throw new SparrowError('INVALID_PARAMETER_VALUE', 'weights are not negative, and one is above 0');
    }
    let from = 0;
    return weights.map((weight) => {
      const lowerBound = from / total;
      from += weight;
      return this.same(sample(this.running, from / total - lowerBound, { seed, lowerBound }));
    });
  }

  /** The rows spread over so many partitions, by the values of these columns when there are any. */
  repartition<const A extends readonly Item<S>[]>(partitions: number, ...columns: FitsItems<S, A>): this;
  repartition<const A extends readonly Item<S>[]>(...columns: FitsItems<S, A>): this;
  repartition(...given: readonly unknown[]): this {
    const [first, ...rest] = given;
    if (typeof first !== 'number') return this.same(repartition(this.running, undefined, itemExprs(given)));
    return this.same(repartition(this.running, atLeastOne(first), itemExprs(rest)));
  }
  /**
   * The rows in order of these columns, cut into so many partitions. Unlike Spark's, equal values may stand on both
   * sides of a cut.
   */
  repartitionByRange<const A extends readonly Item<S>[]>(partitions: number, ...columns: FitsItems<S, A>): this;
  repartitionByRange<const A extends readonly Item<S>[]>(...columns: FitsItems<S, A>): this;
  repartitionByRange(...given: readonly unknown[]): this {
    const [first, ...rest] = given;
    const partitions = typeof first === 'number' ? atLeastOne(first) : undefined;
    const ordered = sort(this.running, sortOrders(partitions === undefined ? given : rest));
    return this.same(repartition(ordered, partitions, []));
  }
  /** At most so many partitions, made by merging; rows stay where they are. */
  coalesce(partitions: number): this {
    return this.same(repartition(this.running, atLeastOne(partitions), [], false));
  }

  /** A name for this frame's columns in expressions: `a.alias('a').join(…, col('a.id').eq(col('b.id')))`. */
  alias(name: string): this {
    return this.same(subqueryAlias(this.running, theName(name, 'an alias')));
  }
  /** Hints change how a query runs, never what it gives; this engine decides by itself and keeps none. */
  hint(_name: string, ..._parameters: readonly (string | number)[]): this {
    return this;
  }
  /** `change(this)`: lets a chain go through a function of your own. */
  transform<R, A extends readonly unknown[]>(change: (frame: this, ...args: A) => R, ...args: A): R {
    return change(this, ...args);
  }

  /**
   * Keeps the rows in memory from the first action on. As in Spark, marks this frame itself and returns it: every
   * frame made from it afterwards reads the cache.
   */
  cache(): this {
    return this.persist();
  }
  /** As `cache`, at a storage level. A frame that is cached already keeps its level. */
  persist(level: CacheLevel = StorageLevel.MEMORY_AND_DISK): this {
    if (this.#cached === undefined && (level.useDisk || level.useMemory)) {
      const id = this.context.engine.cache(level);
      this.#cached = { id, plan: { ...cached(this.plan, id), planId: this.plan.planId ?? 0 }, level };
    }
    return this;
  }
  /** Gives the kept rows back. The frame stays usable and is computed again when asked. */
  async unpersist(): Promise<this> {
    const entry = this.#cached;
    this.#cached = undefined;
    if (entry !== undefined) await this.context.engine.uncache(entry.id);
    return this;
  }
  /** Whether `cache` or `persist` marked this frame. */
  get isCached(): boolean {
    return this.#cached !== undefined;
  }
  /** The level the frame is kept at; `StorageLevel.NONE` when it is not cached. */
  get storageLevel(): CacheLevel {
    return this.#cached?.level ?? StorageLevel.NONE;
  }
}

/** The plan of another frame; names the mistake when something else was given. */
export function planOf(frame: unknown): Plan {
  if (frame instanceof RowVerbs) return runningPlan(frame);
  throw new SparrowError('NOT_DATAFRAME', 'a DataFrame is needed here', {
    hint: 'rows become one with session.createDataFrame(rows)',
  });
}

const runningPlan = (frame: RowVerbs): Plan => (frame as unknown as { readonly running: Plan }).running;

function atLeastOne(value: number): number {
  if (wholeNumber(value, 'the number of partitions') > 0) return value;
  throw new SparrowError('INVALID_PARTITION_COUNT', 'a frame has at least 1 partition, not 0');
}

function sortOrders(given: readonly unknown[]): SortOrder[] {
  const last = given.at(-1);
  const options = isSortOptions(last) ? last : undefined;
  const orders = itemExprs(options === undefined ? given : given.slice(0, -1)).map((expr: Expr) => asOrder(expr));
  if (orders.length === 0) throw new SparrowError('CANNOT_BE_EMPTY', 'sorting needs at least one column');
  const ascending = options?.ascending;
  if (ascending === undefined) return orders;
  return orders.map((order, i) => {
    const up = typeof ascending === 'boolean' ? ascending : Boolean(ascending[i] ?? true);
    return { ...order, descending: !up, nullsFirst: up };
  });
}

function isSortOptions(value: unknown): value is SortOptions {
  if (typeof value !== 'object' || value === null || !('ascending' in value)) return false;
  return typeof value.ascending === 'boolean' || Array.isArray(value.ascending);
}
