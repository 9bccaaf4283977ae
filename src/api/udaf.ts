import { type DataType, type JsFunction, SparrowError } from '../base/index.js';
import type { JsOf } from './row-types.js';
import {
  describeFunction,
  type FunctionOptions,
  functionOf,
  moduleSource,
  type ReturnOf,
  type TypeFor,
  type TypeInput,
  type UserFunction,
} from './udf.js';

/**
 * How the rows of a group become one value, as Spark's `Aggregator`. There is no `merge`: a group's values come one after
 * the other, in the order of the rows.
 */
export interface Aggregator<V extends readonly unknown[], B, R> {
  /** What a group begins with, made anew for each. */
  readonly zero: () => B;
  /** What it becomes with a row more; it may change the buffer it is given and give that. */
  readonly reduce: (buffer: B, ...values: V) => B;
  /** The group's result; null or undefined is null. */
  readonly finish: (buffer: B) => R;
}

/** What is said of any aggregator. */
export interface AggregatorTypes<A extends readonly TypeInput[], R extends TypeInput>
  extends Omit<FunctionOptions, 'concurrency'> {
  /** The types its arguments are cast to. */
  readonly args: readonly [...A];
  /** The type of its result. */
  readonly returns: R;
}

/** An aggregator that a module exports: it is loaded in the workers and runs there. */
export interface ModuleAggregator<A extends readonly TypeInput[], R extends TypeInput> extends AggregatorTypes<A, R> {
  /** The module's address: `new URL('./aggregators.js', import.meta.url)`. */
  readonly module: URL;
  /** The name it exports the aggregator under. */
  readonly export: string;
}

type NonNull<A extends readonly unknown[]> = { [I in keyof A]: Exclude<JsOf<TypeFor<A[I]>>, null> };
type NullableValues<A extends readonly unknown[]> = { [I in keyof A]: JsOf<TypeFor<A[I]>> };
type Result<R> = JsOf<TypeFor<R>> | undefined;

/**
 * A JavaScript aggregate function for `agg`, with `over`, or by name in SQL text: by module and export, so that the workers
 * load and run it, or itself, when it closes over local state; then it runs on the calling thread. It gets and gives values
 * as `collect()` does. A row with a null argument is left out, or with `nulls: 'pass'` given as null. A group without rows
 * gives `finish(zero())`. The values of one group are held at once. Whatever it throws ends the query with
 * `FAILED_EXECUTE_UDF`; what is no aggregator is `INVALID_PARAMETER_VALUE` or `CANNOT_LOAD_FUNCTION_CLASS`.
 */
export function udaf<const A extends readonly TypeInput[], const R extends TypeInput>(
  source: ModuleAggregator<A, R>,
): UserFunction<ReturnOf<R>>;
export function udaf<const A extends readonly TypeInput[], const R extends TypeInput, B>(
  aggregator: Aggregator<NullableValues<A>, B, Result<R>>,
  types: AggregatorTypes<A, R> & { readonly nulls: 'pass' },
): UserFunction<ReturnOf<R>>;
export function udaf<const A extends readonly TypeInput[], const R extends TypeInput, B>(
  aggregator: Aggregator<NonNull<A>, B, Result<R>>,
  types: AggregatorTypes<A, R> & { readonly nulls?: 'skip' },
): UserFunction<ReturnOf<R>>;
export function udaf(
  source: ModuleAggregator<readonly TypeInput[], TypeInput> | Aggregator<never, unknown, unknown>,
  types?: AggregatorTypes<readonly TypeInput[], TypeInput>,
): UserFunction<DataType> {
  return functionOf(
    Object.freeze(
      source instanceof Object && 'module' in source
        ? describe(source, moduleSource(source, 'udaf'))
        : ofLocal(source, types),
    ),
  );
}

function ofLocal(
  call: Aggregator<never, unknown, unknown>,
  types: AggregatorTypes<readonly TypeInput[], TypeInput> | undefined,
): JsFunction {
  const missing = (['zero', 'reduce', 'finish'] as const).filter((part) => typeof call?.[part] !== 'function');
  if (missing.length > 0) {
    throw new SparrowError('INVALID_PARAMETER_VALUE', `an aggregator has no function ${missing.join(', ')}`, {
      hint: 'udaf({ zero: () => 0, reduce: (sum, x) => sum + x, finish: (sum) => sum }, { args: […], returns: … })',
    });
  }
  return describe(types, { kind: 'local', call });
}

function describe(
  types: AggregatorTypes<readonly TypeInput[], TypeInput> | undefined,
  source: JsFunction['source'],
): JsFunction {
  if (types?.args === undefined || types.returns === undefined || types.args.length === 0) {
    throw new SparrowError(
      'CANNOT_INFER_SCHEMA',
      'udaf() needs the types of the arguments, one at least, and the result',
      {
        hint: 'udaf(…, { args: [t.float64], returns: t.float64 })',
      },
    );
  }
  const name = types.name ?? (source.kind === 'module' ? source.export : 'aggregator');
  const described = describeFunction(types, name, types.returns, types.args);
  const folds = described.nulls === 'skip' && types.args.length === 1 ? 'values' : 'structs';
  return { ...described, source, folds, concurrency: source.kind === 'module' ? 0 : 1 };
}
