import { SparrowError } from '../base/index.js';
import { call, column, filter, withColumns } from '../plan/build.js';
import type { Expr } from '../plan/expr.js';
import type { Plan } from '../plan/node.js';
import { knownFields } from './known-schema.js';
import { literalOf } from './literal.js';
import { quoted, theName } from './names.js';

type Value = string | number | boolean;
/** A frame as the helpers see it: its plan, and the way back to a frame of the same columns. */
export interface FramePlan<F> {
  readonly plan: Plan;
  readonly same: (plan: Plan) => F;
}

/** What to do about nulls: `df.na`. */
export class NullFunctions<F> {
  readonly #frame: FramePlan<F>;

  constructor(frame: FramePlan<F>) {
    this.#frame = frame;
  }

  /**
   * Values instead of nulls (and of NaN): `{ column: value }`, or one value for the columns of its kind — among
   * `subset`, else among all, which then must be known without reading.
   */
  fill(value: Value | Readonly<Record<string, Value>>, subset?: readonly string[]): F {
    const { plan, same } = this.#frame;
    const values =
      typeof value === 'object' ? Object.entries(value) : this.#names(value, subset).map((n) => [n, value] as const);
    if (values.length === 0) return same(plan);
    return same(
      withColumns(
        plan,
        values.map(([name, v]) => ({ name: theName(name, 'a column'), expr: filled(name, v) })),
      ),
    );
  }

  /** Without rows that have a null (`any`), only nulls (`all`), or fewer than `thresh` values in these columns. */
  drop(how: 'any' | 'all' | number = 'any', subset?: readonly string[]): F {
    const { plan, same } = this.#frame;
    const names = subset ?? this.#known().map((f) => f.name);
    const present = names.map((name) => call('isnotnull', column(quoted(name))));
    const [first, ...others] = present;
    if (first === undefined) return same(plan);
    if (how === 'any' || how === 'all') {
      const fn = how === 'any' ? 'and' : 'or';
      return same(
        filter(
          plan,
          others.reduce<Expr>((a, b) => call(fn, a, b), first),
        ),
      );
    }
    const counts = present.map((p) => call('if', p, literalOf(1), literalOf(0)));
    const total = counts.reduce<Expr>((a, b) => call('+', a, b), literalOf(0));
    return same(filter(plan, call('>=', total, literalOf(how))));
  }

  /** Other values for values: `replace({ 'N/A': null, none: 'nobody' }, ['name'])`. */
  replace(
    values: ReadonlyMap<Value, Value | null> | Readonly<Record<string, Value | null>>,
    subset: readonly string[],
  ): F {
    const { plan, same } = this.#frame;
    const pairs = values instanceof Map ? [...values] : Object.entries(values);
    const replaced = (name: string): Expr => {
      const self = column(quoted(name));
      const branches = pairs.flatMap(([from, to]) => [call('=', self, literalOf(from)), literalOf(to)]);
      return call('when', ...branches, self);
    };
    return same(
      withColumns(
        plan,
        subset.map((name) => ({ name, expr: replaced(name) })),
      ),
    );
  }

  #known() {
    const fields = knownFields(this.#frame.plan);
    if (fields !== undefined) return fields;
    throw new SparrowError(
      'CANNOT_BE_EMPTY',
      'the columns of this frame are not known yet: name those that are meant',
      {
        hint: "na.drop('any', ['price'])",
      },
    );
  }

  /** Spark fills numbers into numeric columns, text into strings, booleans into booleans. */
  #names(value: Value, subset: readonly string[] | undefined): readonly string[] {
    const fields = knownFields(this.#frame.plan);
    if (fields === undefined && subset !== undefined) return subset;
    const kinds =
      typeof value === 'number' ? /^(int|float|decimal)/ : typeof value === 'string' ? /^string$/ : /^boolean$/;
    return this.#known()
      .filter((f) => kinds.test(f.type.kind) && (subset === undefined || subset.includes(f.name)))
      .map((f) => f.name);
  }
}

function filled(name: string, value: Value): Expr {
  const self = column(quoted(name));
  return call('coalesce', self, literalOf(value));
}
