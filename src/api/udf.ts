import { type DataType, SparrowError } from '../base/index.js';
import type { Column, Operand } from './column.js';
import type { JsOf, NotNull } from './row-types.js';

/** A function that a module exports: it is loaded in the workers and runs there. */
export interface ModuleFunction<R extends DataType> {
  /** The module's address: `new URL('./udfs.js', import.meta.url)`. */
  readonly module: URL;
  /** The name it exports the function under. */
  readonly export: string;
  /** The type of its result. */
  readonly returns: R;
}

/** What is said of a function that is given itself: it runs on the calling thread, in slices. */
export interface LocalFunction<A extends readonly DataType[], R extends DataType> {
  /** The types its arguments are cast to. */
  readonly args: readonly [...A];
  /** The type of its result. */
  readonly returns: R;
  readonly name?: string;
}

/** What a JavaScript function is for the engine. */
export type UdfDescriptor =
  | { readonly kind: 'module'; readonly module: string; readonly export: string; readonly returns: DataType }
  | {
      readonly kind: 'local';
      readonly name: string;
      readonly args: readonly DataType[];
      readonly returns: DataType;
      readonly call: (...args: never) => unknown;
    };

/** A JavaScript function as a function of columns. */
export interface UserFunction<R extends DataType> {
  (...args: readonly Operand[]): Column<R, string>;
  readonly descriptor: UdfDescriptor;
}

type ArgValues<A extends readonly DataType[]> = { [I in keyof A]: JsOf<NotNull<A[I]>> };

/**
 * A JavaScript function for queries: by module and export, so that the workers load it, or itself, when it closes
 * over local state. Running queries that call one is not there yet: calling it throws `UNSUPPORTED_FEATURE.UDF`.
 */
export function udf<R extends DataType>(source: ModuleFunction<R>): UserFunction<R>;
export function udf<const A extends readonly DataType[], R extends DataType>(
  call: (...args: ArgValues<A>) => JsOf<R> | Promise<JsOf<R>>,
  types: LocalFunction<A, R>,
): UserFunction<R>;
export function udf(
  source: ModuleFunction<DataType> | ((...args: never) => unknown),
  types?: LocalFunction<readonly DataType[], DataType>,
): UserFunction<DataType> {
  const descriptor = describeFunction(source, types);
  const name = descriptor.kind === 'local' ? descriptor.name : descriptor.export;
  const refuse = (): never => {
    throw new SparrowError('UNSUPPORTED_FEATURE.UDF', `the JavaScript function ${name} cannot run in a query yet`, {
      hint: 'express it with fn and columns, or apply it to the rows of collect()',
    });
  };
  return Object.assign(refuse, { descriptor: Object.freeze(descriptor) });
}

function describeFunction(
  source: ModuleFunction<DataType> | ((...args: never) => unknown),
  types: LocalFunction<readonly DataType[], DataType> | undefined,
): UdfDescriptor {
  if (typeof source !== 'function') {
    return { kind: 'module', module: source.module.href, export: source.export, returns: source.returns };
  }
  if (types === undefined) {
    throw new SparrowError('CANNOT_INFER_SCHEMA', 'udf() needs the types of a function it is given', {
      hint: 'udf((x) => …, { args: [t.float64], returns: t.float64 })',
    });
  }
  const name = types.name ?? (source.name || 'function');
  return { kind: 'local', name, args: types.args, returns: types.returns, call: source };
}
