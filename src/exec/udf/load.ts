import { type JsFunction, SparrowError } from '../../base/index.js';
import { AGGREGATOR, type Aggregator, foldWith, isAggregator } from './fold.js';

/** A user's function, ready to be called. */
export type Callable = (...args: readonly unknown[]) => unknown;

const loaded = new Map<string, Promise<Callable>>();

/** The function itself: modules are imported once a thread, by their address and never from text. */
export function loadFunction(fn: Loaded): Callable | Promise<Callable> {
  const { folds, nulls } = fn;
  if (folds === undefined) return loadExport(fn, 'function');
  return Promise.resolve(loadExport(fn, 'object')).then((found) =>
    foldWith(found as unknown as Aggregator, folds, nulls),
  );
}

type Loaded = Pick<JsFunction, 'source' | 'isolation' | 'folds'> & Partial<Pick<JsFunction, 'nulls'>>;

function loadExport(fn: Loaded, kind: 'function' | 'object'): Callable | Promise<Callable> {
  const { source } = fn;
  if (fn.isolation !== undefined)
    throw new SparrowError('UNSUPPORTED_FEATURE', 'functions in processes of their own are not interpreted');
  if (source.kind === 'local') return source.call as unknown as Callable;
  const key = `${kind} ${source.module}#${source.export}`;
  let found = loaded.get(key);
  if (found === undefined) {
    found = importExport(source.module, source.export, kind);
    loaded.set(key, found);
    // What failed may work the next time: the file was not there yet.
    found.catch(() => loaded.delete(key));
  }
  return found;
}

async function importExport(module: string, name: string, kind: 'function' | 'object'): Promise<Callable> {
  let exports: Readonly<Record<string, unknown>>;
  try {
    exports = (await import(module)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw cannotLoad(module, name, error instanceof Error ? error.message : String(error), error);
  }
  const found = exports[name];
  if (kind === 'function' ? typeof found === 'function' : isAggregator(found)) return found as Callable;
  const isGood = (key: string) => typeof exports[key] === kind;
  const names = Object.keys(exports).filter(isGood);
  throw cannotLoad(
    module,
    name,
    found === undefined ? 'there is no such export' : `it is not ${kind === 'object' ? AGGREGATOR : 'a function'}`,
    undefined,
    names,
  );
}

function cannotLoad(
  module: string,
  name: string,
  why: string,
  cause?: unknown,
  candidates: readonly string[] = [],
): SparrowError {
  return new SparrowError(
    'CANNOT_LOAD_FUNCTION_CLASS',
    `the function \`${name}\` of ${module} cannot be loaded: ${why}`,
    {
      sqlState: '46103',
      parameters: { className: module, functionName: name },
      candidates,
      hint: 'a worker imports the module by its address: give new URL("./functions.js", import.meta.url)',
      ...(cause === undefined ? {} : { cause }),
    },
  );
}
