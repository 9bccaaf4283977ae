import { aggregate, alias, call, column, literal } from '../plan/build.js';
import type { Expr } from '../plan/expr.js';
import type { FramePlan } from './frame-na.js';
import { literalOf } from './literal.js';
import { quoted } from './names.js';
import { t } from './types.js';

/** A frame whose rows can be asked for. */
interface Asked {
  collect(): Promise<readonly object[]>;
}

/** Statistics of columns: `df.stat`. */
export class StatFunctions<F extends Asked> {
  readonly #frame: FramePlan<F>;

  constructor(frame: FramePlan<F>) {
    this.#frame = frame;
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
  async approxQuantile(name: string, probabilities: readonly number[], relativeError = 0): Promise<number[]> {
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
  async #one(expr: Expr): Promise<number | null> {
    const { plan, same } = this.#frame;
    const [row] = await same(aggregate(plan, [], [alias(expr, 'value')])).collect();
    return (row as { readonly value: number | null } | undefined)?.value ?? null;
  }
}
