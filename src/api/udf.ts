import { type DataType, type JsFunction, SparrowError } from '../base/index.js';
import { jsFunctionKey } from '../functions/js-function.js';
import { jsCall } from '../plan/build.js';
import { Column, columnExpr, type Operand } from './column.js';
import { columnByName } from './functions.js';
import type { JsOf } from './row-types.js';
import { parseType, type TypeByName } from './type-text.js';

/** What may be said of any function. */
export interface FunctionOptions {
  /** What column names and messages call it. */
  readonly name?: string;
  /** `skip` (the default): a null argument gives null without a call. `pass`: the function gets null. */
  readonly nulls?: 'skip' | 'pass';
  /** False when the same arguments may give other results (random numbers, a counter): calls are then never shared. */
  readonly deterministic?: boolean;
  /** Promises that may be under way at once, by default 16. */
  readonly concurrency?: number;
}

/** A type, or Spark's name of it: `t.int64`, `'bigint'`. */
export type TypeInput = DataType | string;
export type TypeFor<T> = T extends string ? TypeByName<T> : T;
export type ReturnOf<T> = [TypeFor<T>] extends [never] ? DataType : TypeFor<T>;

/** A function that a module exports: it is loaded in the workers and runs there. */
export interface ModuleFunction<R extends TypeInput> extends FunctionOptions {
  /** The module's address: `new URL('./udfs.js', import.meta.url)`. */
  readonly module: URL;
  /** The name it exports the function under. */
  readonly export: string;
  /** The type of its result. */
  readonly returns: R;
  /** The types its arguments are cast to; without them it takes what it is given. */
  readonly args?: readonly TypeInput[];
  /** It gives promises: they are awaited on the calling thread. */
  readonly async?: boolean;
  /** Run it in processes of its own: a crash, a full heap or an endless loop harms nobody else. */
  readonly isolation?: 'process';
}

/** What is said of a function that is given itself: it runs on the calling thread, in slices. */
export interface LocalFunction<A extends readonly TypeInput[], R extends TypeInput> extends FunctionOptions {
  /** The types its arguments are cast to. */
  readonly args: readonly [...A];
  /** The type of its result. */
  readonly returns: R;
}

/** A JavaScript function as a function of columns; strings name columns. */
export interface UserFunction<R> {
  (...args: readonly Operand[]): Column<R, string>;
  readonly descriptor: JsFunction;
}

type ArgValues<A extends readonly unknown[]> = { [I in keyof A]: Exclude<JsOf<TypeFor<A[I]>>, null> };
type NullableArgValues<A extends readonly unknown[]> = { [I in keyof A]: JsOf<TypeFor<A[I]>> };
type Result<R> = JsOf<TypeFor<R>> | undefined;

/**
 * A JavaScript function for queries: by module and export, so that the workers load and run it, or itself, when it
 * closes over local state; then it runs on the calling thread, in slices between which the event loop turns, and may
 * give promises. It gets and gives values as `collect()` does; null and undefined are null. Whatever it throws ends the
 * query with `FAILED_EXECUTE_UDF`.
 */
export function udf<const R extends TypeInput>(source: ModuleFunction<R>): UserFunction<ReturnOf<R>>;
export function udf<const A extends readonly TypeInput[], const R extends TypeInput>(
  call: (...args: NullableArgValues<A>) => Result<R> | Promise<Result<R>>,
  types: LocalFunction<A, R> & { readonly nulls: 'pass' },
): UserFunction<ReturnOf<R>>;
export function udf<const A extends readonly TypeInput[], const R extends TypeInput>(
  call: (...args: ArgValues<A>) => Result<R> | Promise<Result<R>>,
  types: LocalFunction<A, R> & { readonly nulls?: 'skip' },
): UserFunction<ReturnOf<R>>;
export function udf(
  source: ModuleFunction<TypeInput> | ((...args: never) => unknown),
  types?: LocalFunction<readonly TypeInput[], TypeInput>,
): UserFunction<DataType> {
  return functionOf(
    Object.freeze(typeof source === 'function' ? describeLocal(source, types) : describeModule(source)),
  );
}

/** What makes columns of a function's calls. */
export function functionOf(descriptor: JsFunction): UserFunction<DataType> {
  const call = (...args: readonly Operand[]): Column<DataType, string> =>
    new Column(
      jsCall(
        descriptor,
        args.map((arg) => columnExpr(arg, columnByName)),
      ),
    );
  return Object.assign(call, { descriptor });
}

let made = 0;

const CONCURRENCY = 16;
/** Rows that are with other processes at once. */
const ROWS_APART = 4096;

function describeModule(source: ModuleFunction<TypeInput>): JsFunction {
  return {
    ...describeFunction(source, source.name ?? source.export, source.returns, source.args),
    source: moduleSource(source, 'udf'),
    ...(source.isolation === 'process'
      ? { isolation: source.isolation, concurrency: ROWS_APART }
      : { concurrency: source.async === true ? (source.concurrency ?? CONCURRENCY) : 0 }),
  };
}

/** Where a module's function is. */
export function moduleSource(
  { module, export: exported }: Pick<ModuleFunction<TypeInput>, 'module' | 'export'>,
  made: 'udf' | 'udaf',
): JsFunction['source'] {
  if (module instanceof URL && typeof exported === 'string' && exported !== '')
    return { kind: 'module', module: module.href, export: exported };
  throw new SparrowError('INVALID_PARAMETER_VALUE', `${made}() takes a module by its URL and the name of an export`, {
    hint: `${made}({ module: new URL('./functions.js', import.meta.url), export: 'twice', args: [t.float64], returns: t.float64 })`,
  });
}

function describeLocal(
  call: (...args: never) => unknown,
  types: LocalFunction<readonly TypeInput[], TypeInput> | undefined,
): JsFunction {
  if (types?.args === undefined || types.returns === undefined) {
    throw new SparrowError('CANNOT_INFER_SCHEMA', 'udf() needs the types of a function it is given', {
      hint: 'udf((x) => …, { args: [t.float64], returns: t.float64 })',
    });
  }
  return {
    ...describeFunction(types, types.name ?? (call.name || 'function'), types.returns, types.args),
    source: { kind: 'local', call },
    concurrency: types.concurrency ?? CONCURRENCY,
  };
}

/** What is common to all that users write in JavaScript; each has a key of its own. */
export function describeFunction(
  options: FunctionOptions,
  name: string,
  returns: TypeInput,
  args: readonly TypeInput[] | undefined,
) {
  const { nulls = 'skip', deterministic = true, concurrency = 1 } = options;
  if (!Number.isInteger(concurrency) || concurrency < 1) {
    throw new SparrowError('INVALID_PARAMETER_VALUE', `the concurrency of ${name} is a whole number of at least 1`);
  }
  return {
    name,
    key: jsFunctionKey(name, ++made, deterministic),
    returns: typeOf(returns),
    nulls,
    deterministic,
    ...(args === undefined ? {} : { args: args.map(typeOf) }),
  };
}

const typeOf = (type: TypeInput): DataType => (typeof type === 'string' ? parseType(type) : type);

/** The registry of functions by name, for SQL text: `session.udf`. */
export class UdfRegistration {
  readonly #functions = new Map<string, JsFunction>();

  /**
   * Makes a function callable from SQL text by a name, in any case; it hides a built-in function of that name. Frames
   * that were made from text before keep what the name meant when they were first planned.
   */
  register<F extends { readonly descriptor: JsFunction }>(name: string, fn: F): F;
  /** As PySpark's: a plain function with its types, `register('plus', (x) => x + 1, { args: ['int'], returns: 'int' })`. */
  register<const A extends readonly TypeInput[], const R extends TypeInput>(
    name: string,
    fn: (...args: ArgValues<A>) => Result<R> | Promise<Result<R>>,
    types: LocalFunction<A, R>,
  ): UserFunction<ReturnOf<R>>;
  register(name: string, given: unknown, types?: unknown): unknown {
    const fn = (
      typeof given === 'function' && !('descriptor' in given) ? udf(given as never, types as never) : given
    ) as UserFunction<DataType> | undefined;
    if (fn?.descriptor === undefined) {
      throw new SparrowError('NOT_CALLABLE', 'register() takes a name and a function', {
        hint: "udf.register('plus', udf((x) => x + 1, { args: [t.int32], returns: t.int32 }))",
      });
    }
    if (!/^[A-Za-z_]\w*$/.test(name)) {
      throw new SparrowError('INVALID_PARAMETER_VALUE', `'${name}' is not a name a function can have in SQL`, {
        hint: 'use letters, digits and _',
      });
    }
    const { deterministic } = fn.descriptor;
    const key = jsFunctionKey(name, ++made, deterministic);
    this.#functions.set(name.toLowerCase(), { ...fn.descriptor, name, key });
    return fn;
  }

  names(): string[] {
    return [...this.#functions.keys()];
  }
  /** The function registered under a name. */
  find(name: string): JsFunction | undefined {
    return this.#functions.get(name.toLowerCase());
  }
}
