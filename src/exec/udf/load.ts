import { type JsFunction, SparrowError } from '../../base/index.js';

/** A user's function, ready to be called. */
export type Callable = (...args: readonly unknown[]) => unknown;

const loaded = new Map<string, Promise<Callable>>();

/** The function itself: modules are imported once a thread, by their address and never from text. */
export function loadFunction(fn: Pick<JsFunction, 'source' | 'isolation'>): Callable | Promise<Callable> {
  const { source } = fn;
  if (fn.isolation !== undefined)
    throw new SparrowError('UNSUPPORTED_FEATURE', 'functions in processes of their own are not interpreted');
  if (source.kind === 'local') return source.call as Callable;
  const key = `${source.module}#${source.export}`;
  let found = loaded.get(key);
  if (found === undefined) {
    found = importFunction(source.module, source.export);
    loaded.set(key, found);
    // What failed may work the next time: the file was not there yet.
    found.catch(() => loaded.delete(key));
  }
  return found;
}

async function importFunction(module: string, name: string): Promise<Callable> {
  let exports: Readonly<Record<string, unknown>>;
  try {
    exports = (await import(module)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw cannotLoad(module, name, error instanceof Error ? error.message : String(error), error);
  }
  const found = exports[name];
  if (typeof found === 'function') return found as Callable;
  const names = Object.keys(exports).filter((key) => typeof exports[key] === 'function');
  throw cannotLoad(
    module,
    name,
    found === undefined ? 'there is no such export' : 'it is not a function',
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
