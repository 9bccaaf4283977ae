import type { Carrier, DataType, Field, Scalar } from '../base/index.js';
import type { Call, Range } from './resolved-call.js';
import type { Emitter, StateAccess, Thunk, Value } from './value.js';

export type { Call, LambdaFunction, Range } from './resolved-call.js';

/** What is known of an argument while a call is resolved. */
export interface ArgType {
  readonly type: DataType;
  readonly nullable: boolean;
  /** The value, when the argument is a literal (or folded to one). */
  readonly literal?: Scalar;
  /** What the argument is called, when it is a column, a field or has an alias. */
  readonly name?: string;
}

/** What a lambda function is given: its parameters' types; those beyond `least` may be left out. */
export interface LambdaParams {
  readonly params: readonly ArgType[];
  readonly least: number;
}

/** How a call is typed: the types its arguments are cast to, and what it gives. */
export interface Resolution {
  readonly args: readonly DataType[];
  readonly returns: DataType;
  /** Whether the result can be null; by default when any argument can (`propagate`). */
  readonly nullable?: boolean;
  /** Strings that do not cast to their argument's type are null. */
  readonly tolerant?: boolean;
}

/** Why a call does not type: becomes a DATATYPE_MISMATCH error naming call and argument types. */
export interface Mismatch {
  readonly mismatch: string;
  /** Spark's error condition; DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE by default. */
  readonly code?: string;
}

export interface FunctionDocs {
  /** API name, camelCase: `dateTrunc`. The key of the registry. */
  readonly name: string;
  /** SQL names, Spark's first: `['date_trunc']`, `['+']`. snake_case aliases of `name` come from here. */
  readonly sql: readonly string[];
  /** One sentence: what it does, null behaviour when not "null in, null out", errors. */
  readonly summary: string;
  readonly since?: string;
  /** Those of the SQL names that Spark keeps in the name of an unnamed column; for the others it has the first one. */
  readonly kept?: readonly string[];
  /** How Spark writes the call in the name of an unnamed column, where it is not `name(arguments)`. */
  readonly shown?: (args: readonly string[], returns?: DataType) => string;
  /** SQL text with its Spark answer as `cast(… as string)` prints it (null for SQL NULL): `['upper("a")', 'A']`. Each runs as a test. */
  readonly examples: readonly (readonly [sql: string, result: string | null])[];
}

/** What of the session's settings types depend on. */
export interface TypingSettings {
  readonly ansi: boolean;
  /** What TIMESTAMP means. */
  readonly timestampType?: 'ltz' | 'ntz';
  /** Results of decimals keep all digits behind the point (Spark's allowPrecisionLoss off). */
  readonly exactDecimals?: boolean;
  readonly config?: Config;
}

/** What was set by Spark's configuration names, as text. */
export type Config = Readonly<Record<string, string>>;

/** Whether a setting of Spark is on. */
export const isOn = (settings: { readonly config?: Config }, name: string, byDefault = false): boolean =>
  (settings.config?.[name] ?? String(byDefault)).trim().toLowerCase() === 'true';

/** A function of one row: one entry of the registry. */
export interface ScalarFunction extends FunctionDocs {
  readonly kind: 'scalar';
  readonly resolve: (args: readonly ArgType[], settings: TypingSettings) => Resolution | Mismatch;
  /** `propagate`: null when any argument is, `eval` and `emit` then never see a null. `custom`: they handle nulls themselves. */
  readonly nulls: 'propagate' | 'custom';
  /** The second of two arguments is evaluated first, as Spark's divisions do. */
  readonly rightFirst?: true;
  /** A null that the query says itself does not go before what is evaluated before it: that may raise an error. */
  readonly inOrder?: true;
  /** Whether it can raise an error on some input; then it is never evaluated early or on null rows. */
  readonly fails?: boolean | ((call: Call, ranges: readonly (Range | undefined)[]) => boolean);
  /** Arguments are evaluated only when the function asks (conditionals, AND, OR): `emitLazy`/`evalLazy` instead. */
  readonly lazy?: boolean;
  readonly deterministic?: boolean;
  /** Bounds of the result from those of the arguments, where they follow: lets the compiler compute in narrower words and drop overflow checks. */
  readonly range?: (ranges: readonly (Range | undefined)[], call: Call) => Range | undefined;
  /** The reference meaning. Raises SparrowError for bad input (ANSI). */
  readonly eval: (args: readonly Scalar[], call: Call) => Scalar;
  readonly evalLazy?: (args: readonly (() => Scalar)[], call: Call) => Scalar;
  /** For what remembers from row to row: the meaning over the rows of one task, by its place in its stage. See `over-rows.ts`. */
  readonly perTask?: (call: Call, place: number) => (args: readonly Scalar[]) => Scalar;
  /** Wasm; undefined (or returning undefined for these types) when a JS call per row serves: say why in `compiled`. */
  readonly emit?: (e: Emitter, args: readonly Value[], call: Call) => Value | undefined;
  readonly emitLazy?: (e: Emitter, args: readonly Thunk[], call: Call) => Value | undefined;
  /** `emit` takes arguments in narrower carriers than their types' own (see emit.ts); otherwise they are widened first. */
  readonly narrow?: boolean;
  /** Why there is no Wasm form (for the docs table). */
  readonly compiled?: string;
  /**
   * The lambda function that stands at this position, from what is known of the other arguments; undefined where none
   * does. `resolve` then gets what the body gives; `eval` gets the other arguments, and `call.apply`.
   */
  readonly lambda?: (
    position: number,
    args: readonly (ArgType | undefined)[],
    count: number,
  ) => LambdaParams | Mismatch | undefined;
}

/** A function of many rows: one entry of the registry. State fields are never null; keep a flag or count for "nothing yet". */
export interface AggregateFunction extends FunctionDocs {
  readonly kind: 'aggregate';
  readonly resolve: (
    args: readonly ArgType[],
    settings: TypingSettings,
  ) => (Resolution & { readonly state: readonly DataType[] }) | Mismatch;
  /** Narrower carriers for the state of one task, when `rows` values within `ranges` cannot overflow them. */
  readonly narrowState?: (
    ranges: readonly (Range | undefined)[],
    rows: bigint,
    call: Call,
  ) => readonly Carrier[] | undefined;
  /** The result depends on the order of rows (first, last, collect_list). */
  readonly ordered?: boolean;
  /** What the state fields of the compiled form refer to in memory, as bytes to finish. */
  readonly stateBytes?: (memory: Uint8Array, fields: readonly Scalar[], call: Call) => Uint8Array;
  /** Finishes bytes that the compiled form kept as its state. */
  readonly finishBytes?: (bytes: Uint8Array, call: Call) => Scalar;
  /** The aggregate keeps the rows of its arguments and makes the result of all of them (see aggregate-collect.ts). */
  readonly collect?: {
    readonly finish: (rows: Scalar[][], call: Call) => Scalar;
    /** Rows where one of these arguments is null are not kept. */
    readonly required: readonly number[];
  };
  readonly eval: {
    init(call: Call): Scalar[];
    update(state: Scalar[], args: readonly Scalar[], call: Call): void;
    /** Adds what came later (`other`) to what came earlier (`state`). */
    merge(state: Scalar[], other: readonly Scalar[], call: Call): void;
    finish(state: readonly Scalar[], call: Call): Scalar;
  };
  readonly emit?: {
    init(e: Emitter, state: StateAccess, call: Call): void;
    update(e: Emitter, state: StateAccess, args: readonly Value[], call: Call): void;
    merge(e: Emitter, state: StateAccess, other: readonly Value[], call: Call): void;
    finish(e: Emitter, state: readonly Value[], call: Call): Value;
  };
}

/** A function over a window's ordered rows that is not an aggregate (row_number, lag, …). */
export interface WindowFunction extends FunctionDocs {
  readonly kind: 'window';
  readonly resolve: (args: readonly ArgType[], settings: TypingSettings) => Resolution | Mismatch;
  /**
   * Values for every row of one partition. `args[a][row]` are the evaluated arguments; `peers[row]` is the index
   * of the first row with the same ordering key.
   */
  readonly eval: (
    args: readonly (readonly Scalar[])[],
    peers: Int32Array,
    rows: number,
    call: Call,
    /** The rows from…to (exclusive) that a row's frame holds. */
    frameOf: (row: number) => readonly [from: number, to: number],
  ) => Scalar[];
}

/** A function that makes rows of one row: one entry of the registry. The operator that runs it is Generate. */
export interface GeneratorFunction extends FunctionDocs {
  readonly kind: 'generator';
  /** What the arguments are cast to, and the columns that are made, by Spark's names. */
  readonly resolve: (args: readonly ArgType[], settings: TypingSettings) => GeneratorResolution | Mismatch;
  /** The rows made of one row, in order; none when there is nothing to take apart (null arguments included). */
  readonly eval: (args: readonly Scalar[], call: Call) => readonly (readonly Scalar[])[];
}

export interface GeneratorResolution {
  readonly args: readonly DataType[];
  readonly columns: readonly Field[];
  /** A row of nulls stands for no rows (`explode_outer`), as LATERAL VIEW OUTER asks of any generator. */
  readonly outer?: boolean;
}

export type FunctionEntry = ScalarFunction | AggregateFunction | WindowFunction | GeneratorFunction;

/** What types say of an entry: its names, and what an editor shows. The rest would only be repeated in declarations. */
interface Known<N extends string, S extends readonly string[], D extends string> {
  readonly name: N;
  readonly sql: S;
  readonly summary: D;
}
type Given<E extends FunctionEntry, N extends string, S extends readonly string[], D extends string> = Omit<
  E,
  'kind' | keyof Known<N, S, D>
> &
  Known<N, S, D>;

export interface ScalarEntry<N extends string, S extends readonly string[], D extends string> extends ScalarFunction {
  readonly name: N;
  readonly sql: S;
  readonly summary: D;
}
export interface AggregateEntry<N extends string, S extends readonly string[], D extends string>
  extends AggregateFunction {
  readonly name: N;
  readonly sql: S;
  readonly summary: D;
}
export interface WindowEntry<N extends string, S extends readonly string[], D extends string> extends WindowFunction {
  readonly name: N;
  readonly sql: S;
  readonly summary: D;
}
export interface GeneratorEntry<N extends string, S extends readonly string[], D extends string>
  extends GeneratorFunction {
  readonly name: N;
  readonly sql: S;
  readonly summary: D;
}

/** Identity with inference: what every entry is written in. */
export const scalar = <const N extends string, const S extends readonly string[], const D extends string>(
  entry: Given<ScalarFunction, N, S, D>,
): ScalarEntry<N, S, D> => ({ ...entry, kind: 'scalar' });
export const aggregate = <const N extends string, const S extends readonly string[], const D extends string>(
  entry: Given<AggregateFunction, N, S, D>,
): AggregateEntry<N, S, D> => ({ ...entry, kind: 'aggregate' });
export const windowFunction = <const N extends string, const S extends readonly string[], const D extends string>(
  entry: Given<WindowFunction, N, S, D>,
): WindowEntry<N, S, D> => ({ ...entry, kind: 'window' });
export const generator = <const N extends string, const S extends readonly string[], const D extends string>(
  entry: Given<GeneratorFunction, N, S, D>,
): GeneratorEntry<N, S, D> => ({ ...entry, kind: 'generator' });
