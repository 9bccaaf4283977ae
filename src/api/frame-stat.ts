import { SparrowError } from '../base/index.js';
import {
  aggregate,
  alias,
  call,
  cast,
  column,
  distinct,
  filter,
  join,
  literal,
  project,
  scalarSubquery,
  sort,
  sortOrder,
} from '../plan/build.js';
import type { Expr } from '../plan/expr.js';
import type { Plan } from '../plan/node.js';
import type { PlainValue } from '../plan/node-summary.js';
import type { FramePlan } from './frame-na.js';
import { literalOf } from './literal.js';
import { quoted } from './names.js';
import { t } from './types.js';

/** A frame whose rows can be asked for. */
export interface Asked {
  collect(): Promise<readonly object[]>;
}
type Fractions = ReadonlyMap<PlainValue | null, number> | Readonly<Record<string, number>>;
interface SampledFrame<F, D> extends FramePlan<F> {
  readonly sampleBy: (name: never, fractions: Fractions, seed?: number) => D;
}

/** Statistics of columns: `df.stat`. `F` are frames of other columns, `D` is the frame itself. */
export class StatFunctions<F extends Asked, D = unknown> {
  readonly #frame: SampledFrame<F, D>;

  constructor(frame: SampledFrame<F, D>) {
    this.#frame = frame;
  }

  /** The frame's `sampleBy`: a random part of each stratum. */
  sampleBy(name: string, fractions: Fractions, seed?: number): D {
    return this.#frame.sampleBy(name as never, fractions, seed);
  }

  /** Pearson's correlation of two columns; null without enough rows. */
  corr(a: string, b: string): Promise<number | null> {
    return this.#one(call('corr', column(quoted(a)), column(quoted(b))));
  }
  /** The sample covariance of two columns. */
  cov(a: string, b: string): Promise<number | null> {
    return this.#one(call('covar_samp', column(quoted(a)), column(quoted(b))));
  }
  /** About the values below which these shares of a column's values lie. */
  approxQuantile(name: string, probabilities: readonly number[], relativeError?: number): Promise<number[]>;
  approxQuantile(
    names: readonly string[],
    probabilities: readonly number[],
    relativeError?: number,
  ): Promise<number[][]>;
  async approxQuantile(
    name: string | readonly string[],
    probabilities: readonly number[],
    relativeError = 0,
  ): Promise<number[] | number[][]> {
    if (typeof name !== 'string') {
      return Promise.all(name.map((one) => this.approxQuantile(one, probabilities, relativeError)));
    }
    const accuracy = relativeError > 0 ? Math.round(1 / relativeError) : 10_000;
    const results: number[] = [];
    for (const p of probabilities) {
      const value = await this.#one(
        call('percentile_approx', column(quoted(name)), literal(t.float64, p), literalOf(accuracy)),
      );
      if (value !== null) results.push(value);
    }
    return results;
  }
  /**
   * How often each pair of values occurs: a row for each value of `a` (in the column `a_b`), a column for each of `b`
   * in the order of their texts. A missing value counts as the text `null`. Reads the values of `b` at once.
   */
  async crosstab(a: string, b: string): Promise<F> {
    const { plan, same } = this.#frame;
    const [rows, columns] = [asText(a), asText(b)];
    const found = distinct(project(plan, [alias(columns, 'value')]));
    const values = (await same(sort(found, [sortOrder(column('value'))])).collect()) as { readonly value: string }[];
    const key = alias(rows, `${a}_${b}`);
    const counts = values.map(({ value }) =>
      alias(call('count_if', call('=', columns, literalOf(value))), value.replaceAll('`', '')),
    );
    return same(aggregate(plan, [key], [key, ...counts]));
  }

  /**
   * The values that at least this share of the rows has, as one row with an array `<name>_freqItems` for each column.
   * They are counted exactly; nulls are left out.
   */
  freqItems(names: readonly string[], support = 0.01): F {
    if (!(support >= 1e-4 && support <= 1)) {
      throw new SparrowError('INVALID_PARAMETER_VALUE', `support is from 1e-4 to 1, not ${support}`);
    }
    const { plan, same } = this.#frame;
    const one = literal(t.int32, 1);
    const all = scalarSubquery(aggregate(plan, [], [alias(call('count', one), 'n')]));
    const least = call('*', literal(t.float64, support), all);
    const items = names.map((name) => {
      const value = alias(column(quoted(name)), 'value');
      const counted = aggregate(plan, [value], [value, alias(call('count', one), 'n')]);
      const frequent = filter(counted, call('>=', column('n'), least));
      return aggregate(frequent, [], [alias(call('collect_list', column('value')), `${name}_freqItems`)]);
    });
    const [first, ...others] = items;
    if (first === undefined) throw new SparrowError('CANNOT_BE_EMPTY', 'freqItems needs at least one column');
    return same(others.reduce<Plan>((left, right) => join(left, right, 'cross'), first));
  }
  async #one(expr: Expr): Promise<number | null> {
    const { plan, same } = this.#frame;
    const [row] = await same(aggregate(plan, [], [alias(expr, 'value')])).collect();
    return (row as { readonly value: number | null } | undefined)?.value ?? null;
  }
}

const asText = (name: string): Expr => call('coalesce', cast(column(quoted(name)), t.string), literalOf('null'));
