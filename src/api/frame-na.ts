import { SparrowError } from '../base/index.js';
import { eachColumn } from '../plan/build-relations.js';
import type { Plan } from '../plan/node.js';
import type { ColumnChange, PlainValue } from '../plan/node-summary.js';
import { describe } from './literal.js';
import { theName } from './names.js';

type Value = PlainValue;
type Names = string | readonly string[];
/** Values to be replaced, and by what. */
type Pairs = ReadonlyMap<Value, Value | null> | Readonly<Record<string, Value | null>>;
/** What `drop` asks for, by PySpark's names. */
export interface DropOptions {
  readonly how?: 'any' | 'all';
  /** Rows with fewer values than this are left out; `how` is then without meaning. */
  readonly thresh?: number;
  readonly subset?: Names;
}
/** What `replace` takes: pairs, one value and another, or lists of values. */
export type ReplaceArguments =
  | readonly [values: Pairs, subset?: Names]
  | readonly [from: Value | readonly Value[], to: Value | null | readonly (Value | null)[], subset?: Names];

/** A frame as the helpers see it: its plan, and the way back to a frame of the same columns. */
export interface FramePlan<F> {
  readonly plan: Plan;
  readonly same: (plan: Plan) => F;
}

/** What to do about nulls: `df.na`. Without `subset` all columns are meant; names that are not there are errors. */
export class NullFunctions<F> {
  readonly #frame: FramePlan<F>;

  constructor(frame: FramePlan<F>) {
    this.#frame = frame;
  }

  /**
   * Values instead of nulls (and of NaN): `{ column: value }`, or one value for the columns of its kind. Values become
   * the column's type.
   */
  fill(value: Value | Readonly<Record<string, Value>>, subset?: Names): F {
    if (typeof value !== 'object') return this.#each({ does: 'fill', value: plain(value), ...only(subset) });
    const values = Object.entries(value).map(([name, v]) => [theName(name, 'a column'), plain(v)] as const);
    return this.#each({ does: 'fill each', values });
  }

  /**
   * Without rows that have a null or NaN (`any`), nothing else (`all`), or fewer than `thresh` values in these columns:
   * `drop('any', ['price'])`, `drop({ thresh: 2 })`, or PySpark's `drop(how, thresh, subset)`.
   */
  drop(how: 'any' | 'all' | number | DropOptions = 'any', thresh?: number | Names | null, subset?: Names): F {
    if (typeof how === 'object') return this.drop(how.thresh ?? how.how ?? 'any', how.subset);
    const isCount = typeof thresh === 'number';
    const least = isCount ? thresh : how;
    if (typeof least !== 'number' && least !== 'any' && least !== 'all') {
      throw new SparrowError('VALUE_NOT_ANY_OR_ALL', `rows are dropped for 'any' or 'all', not ${describe(least)}`);
    }
    return this.#each({ does: 'drop', least, ...only(isCount ? subset : (thresh ?? subset)) });
  }

  /**
   * Other values for values, in the columns of their kind: `replace({ 'N/A': null, none: 'nobody' }, ['name'])`, or
   * PySpark's `replace(1, 10)`, `replace(['a', 'b'], ['x', 'y'], ['name'])`.
   */
  replace(...given: ReplaceArguments): F {
    const [from, to, subset] = given;
    if (typeof from === 'object' && !Array.isArray(from)) {
      const chosen = only((to ?? subset) as Names | undefined);
      const pairs: [Value, Value | null][] = from instanceof Map ? [...from] : Object.entries(from);
      if (from instanceof Map || !pairs.every(readsAsNumber)) return this.#each({ does: 'replace', pairs, ...chosen });
      // Keys of an object are texts; what they become tells which columns are meant.
      const numbers = pairs.map(([old, now]) => [Number(old), now] as const);
      const inNumbers = { does: 'replace', pairs: numbers, ...chosen } as const;
      if (pairs.some(([, now]) => now !== null)) return this.#each(inNumbers);
      return this.#frame.same(
        eachColumn(eachColumn(this.#frame.plan, inNumbers), { does: 'replace', pairs, ...chosen }),
      );
    }
    const olds = [from].flat() as Value[];
    const news = Array.isArray(to) ? (to as (Value | null)[]) : olds.map(() => (to ?? null) as Value | null);
    if (olds.length !== news.length) {
      throw new SparrowError('LENGTH_SHOULD_BE_THE_SAME', `${olds.length} values cannot become ${news.length}`);
    }
    const kinds = new Set([...olds, ...news].flatMap((value) => (value === null ? [] : kindOf(value))));
    if (kinds.size > 1) {
      throw new SparrowError(
        'MIXED_TYPE_REPLACEMENT',
        `values cannot become others of another type: ${[...kinds].join(', ')}`,
      );
    }
    return this.#each({ does: 'replace', pairs: olds.map((old, i) => [old, news[i] ?? null]), ...only(subset) });
  }

  #each(change: ColumnChange): F {
    return this.#frame.same(eachColumn(this.#frame.plan, Object.freeze(change)));
  }
}

const kindOf = (value: Value): string => (typeof value === 'bigint' ? 'number' : typeof value);
const readsAsNumber = ([from, to]: readonly [Value, Value | null]): boolean =>
  String(from).trim() !== '' && Number.isFinite(Number(from)) && (to === null || typeof to === 'number');

const only = (subset: Names | undefined): { subset?: readonly string[] } =>
  subset === undefined ? {} : { subset: [subset].flat().map((name) => theName(name, 'a column')) };

function plain(value: unknown): Value {
  if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean') return value;
  throw new SparrowError('NOT_BOOL_OR_FLOAT_OR_INT_OR_STR', `nulls are filled with a value, not ${describe(value)}`);
}
