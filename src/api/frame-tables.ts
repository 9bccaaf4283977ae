import { SparrowError } from '../base/index.js';
import { translateRegex } from '../functions/java-regex.js';
import { aggregate, alias, call, column, filter, project, sample, sqlExpr, star, union } from '../plan/build.js';
import { eachColumn, summary, unpivot } from '../plan/build-relations.js';
import type { Expr } from '../plan/expr.js';
import type { Plan } from '../plan/node.js';
import { collectRows, rowsOf, runToEnd } from './actions.js';
import { aggregateExprs } from './aggregate-items.js';
import { Column } from './column.js';
import type { ActionOptions } from './engine.js';
import { type DropOptions, NullFunctions, type ReplaceArguments } from './frame-na.js';
import { planOf, RowVerbs } from './frame-rows.js';
import { type Asked, StatFunctions } from './frame-stat.js';
import type { FitsName } from './frame-types.js';
import { literalOf } from './literal.js';
import { itemExprs, quoted, theName } from './names.js';
import type { Observation } from './observation.js';
import type { Anything, Row, UnknownType, Values } from './row-types.js';
import { type SchemaInput, schemaOf } from './schema-input.js';
import { transposed } from './transpose.js';

/** The statistics of `describe`; `summary` has the quartiles, too. */
const DESCRIBED = ['count', 'mean', 'stddev', 'min', 'max'] as const;
const SUMMARIZED = ['count', 'mean', 'stddev', 'min', '25%', '50%', '75%', 'max'] as const;

type Stratum = string | number | boolean | null;

/** Verbs about a whole table: statistics of it, samples by strata, functions called with its rows. */
export abstract class TableVerbs<in out S = Anything, in out V extends Values = Anything> extends RowVerbs<S, V> {
  /** What a frame of other columns, not known to the compiler, is. */
  declare readonly '~other': Asked;
  protected abstract other(plan: Plan): this['~other'];

  /**
   * Count, mean, standard deviation, least and greatest value of these columns (of all without names) as text, a row
   * each. Columns that are neither numbers nor strings are left out; strings have a mean where they read as numbers.
   */
  describe<const A extends readonly string[]>(...columns: { [I in keyof A]: FitsName<S, A[I]> }): this['~other'] {
    const names = columns.map((name) => column(quoted(theName(name, 'a column'))));
    return this.other(summary(names.length === 0 ? this.running : project(this.running, names), DESCRIBED));
  }
  /**
   * These statistics of all columns of numbers and strings as text: `count`, `count_distinct`,
   * `approx_count_distinct`, `mean`, `stddev`, `min`, `max` and percentiles (`'25%'`). Without names, those of
   * `describe` and the quartiles.
   */
  summary(...statistics: readonly string[]): this['~other'] {
    return this.other(summary(this.running, statistics.length === 0 ? SUMMARIZED : statistics));
  }

  /**
   * A random part of each stratum (the rows with one value of the column): about the fraction given for the value,
   * nothing of values not given. The rows are read once for each stratum.
   */
  sampleBy<const N extends string>(
    name: FitsName<S, N>,
    fractions: ReadonlyMap<Stratum, number> | Readonly<Record<string, number>>,
    seed: number = this.context.seed(),
  ): this {
    const self = column(quoted(theName(name, 'a column')));
    const given: readonly (readonly [Stratum, number])[] =
      fractions instanceof Map ? [...fractions] : Object.entries(fractions);
    const parts = given.map(([value, fraction]) => {
      if (!(fraction >= 0 && fraction <= 1)) {
        throw new SparrowError('INVALID_FRACTION', `a stratum takes a fraction from 0 to 1, not ${String(fraction)}`);
      }
      return filter(sample(this.running, fraction, { seed }), call('<=>', self, literalOf(value)));
    });
    const [only] = parts;
    if (only === undefined) return this.same(filter(this.running, literalOf(false)));
    return this.same(parts.length === 1 ? only : union(parts));
  }

  /**
   * Columns to rows: each row once for each value column, with the column's name and its value. Without value columns:
   * all that are no id columns.
   */
  unpivot(
    ids: string | readonly string[],
    values: string | readonly string[] | null,
    variableColumnName: string,
    valueColumnName: string,
  ): this['~other'] {
    const list = (names: string | readonly string[]): Expr[] => itemExprs([names].flat());
    return this.other(
      unpivot(this.running, {
        ids: list(ids),
        ...(values === null ? {} : { values: list(values).map((expr) => ({ exprs: [expr] })) }),
        variableName: theName(variableColumnName, 'the variable column'),
        valueNames: [theName(valueColumnName, 'the value column')],
        includeNulls: true,
      }),
    );
  }
  /** Another name of `unpivot`. */
  melt(
    ids: string | readonly string[],
    values: string | readonly string[] | null,
    variableColumnName: string,
    valueColumnName: string,
  ): this['~other'] {
    return this.unpivot(ids, values, variableColumnName, valueColumnName);
  }
  /** Columns as SQL text: `selectExpr('origin', 'delay / 60 AS hours')`. */
  selectExpr(...texts: readonly (string | readonly string[])[]): this['~other'] {
    return this.other(
      project(
        this.running,
        texts.flat().map((text) => sqlExpr(theName(text, 'an expression'))),
      ),
    );
  }
  /** What to do about nulls. */
  get na(): NullFunctions<this> {
    return new NullFunctions({ plan: this.running, same: (plan) => this.same(plan) });
  }
  /** `na.fill`: values instead of nulls and NaN. */
  fillna(...given: Parameters<NullFunctions<this>['fill']>): this {
    return this.na.fill(...given);
  }
  /** `na.drop`: without rows that lack values. */
  dropna(
    how?: 'any' | 'all' | number | DropOptions,
    thresh?: number | null,
    subset?: string | readonly string[],
  ): this {
    return this.na.drop(how, thresh, subset);
  }
  /** `na.replace`: other values for values. */
  replace(...given: ReplaceArguments): this {
    return this.na.replace(...given);
  }
  /** Statistics of columns. */
  get stat(): StatFunctions<this['~other'], this> {
    return new StatFunctions({
      plan: this.running,
      same: (plan) => this.other(plan),
      sampleBy: this.sampleBy.bind(this),
    });
  }
  /** `stat.approxQuantile`: about the values below which these shares of a column's values lie. */
  approxQuantile(name: string, probabilities: readonly number[], relativeError?: number): Promise<number[]>;
  approxQuantile(
    names: readonly string[],
    probabilities: readonly number[],
    relativeError?: number,
  ): Promise<number[][]>;
  approxQuantile(names: string & readonly string[], probabilities: readonly number[], relativeError?: number): unknown {
    return this.stat.approxQuantile(names, probabilities, relativeError);
  }
  /** `stat.corr`: Pearson's correlation of two columns. */
  corr(a: string, b: string): Promise<number | null> {
    return this.stat.corr(a, b);
  }
  /** `stat.cov`: the sample covariance of two columns. */
  cov(a: string, b: string): Promise<number | null> {
    return this.stat.cov(a, b);
  }
  /** `stat.crosstab`: how often each pair of values occurs. */
  crosstab(a: string, b: string): Promise<this['~other']> {
    return this.stat.crosstab(a, b);
  }
  /** `stat.freqItems`: the values that at least this share of the rows has. */
  freqItems(names: readonly string[], support?: number): this['~other'] {
    return this.stat.freqItems(names, support);
  }
  /** The columns of a schema by name and in its order, cast to its types; a missing one is null where it may be. */
  to(schema: SchemaInput): this['~other'] {
    return this.other(eachColumn(this.running, { does: 'match', fields: schemaOf(schema).fields }));
  }
  /** Each row as a JSON text, in a column `value`. */
  toJSON(): this['~other'] {
    return this.other(project(this.running, [alias(call('to_json', call('struct', star())), 'value')]));
  }

  /** The columns whose whole names match a regular expression, for `select`; backquotes around it are left out. */
  colRegex(pattern: string): Column<UnknownType> {
    const text = theName(pattern, 'a regular expression').replace(/^`(.*)`$/s, '$1');
    return new Column(Object.freeze({ ...star(), pattern: translateRegex(text) }));
  }

  /**
   * Rows as columns and columns as rows, named by the values of the index column (the first without a name) in order.
   * Reads the rows at once; the other columns need a common type, and rows without an index are left out.
   */
  async transpose<const N extends string>(index?: FitsName<S, N>): Promise<this['~other']> {
    const { fields } = await this.context.engine.analyze(this.running, this.context.settings);
    const name = index === undefined ? fields[0]?.name : theName(index, 'the index column');
    if (name === undefined) return this.other(this.running);
    return this.other(await transposed(this.context, this.running, fields, name));
  }

  /** This frame; the observation gives these aggregates over its rows here: `await observation.get`. */
  observe(observation: Observation, ...metrics: readonly unknown[]): this {
    const plan = aggregate(this.running, [], aggregateExprs(metrics));
    observation.of(async () => (await collectRows(this.context, plan))[0] as Readonly<Record<string, unknown>>);
    return this;
  }

  /** Calls a function with every row, one after the other. */
  async foreach(use: (row: Row<S, V>) => unknown, options?: ActionOptions): Promise<void> {
    for await (const rows of rowsOf(this.context, this.running, options)) {
      for (const row of rows) {
        const made = use(row as Row<S, V>);
        if (made instanceof Promise) await made;
      }
    }
  }
  /** Calls a function with batch after batch of rows: here a partition is what arrives together. */
  async foreachPartition(use: (rows: readonly Row<S, V>[]) => unknown, options?: ActionOptions): Promise<void> {
    for await (const rows of rowsOf(this.context, this.running, options)) await use(rows as Row<S, V>[]);
  }
  /**
   * A frame of this one's rows, computed now (with `eager` false: when first asked for) and kept in memory: what it is
   * made of does not run again. `unpersist` of the new frame lets go of the rows.
   */
  async localCheckpoint(eager = true): Promise<this> {
    const kept = this.same(this.running).persist();
    if (eager) await runToEnd(this.context, planOf(kept));
    return kept;
  }
  /** As `localCheckpoint`: one machine has no more reliable place. */
  checkpoint(eager = true): Promise<this> {
    return this.localCheckpoint(eager);
  }
}
