import { SparrowError } from '../../base/index.js';
import type { VariableLookup } from '../../plan/catalog.js';
import type { ExceptionHandler } from '../../sql/script.js';
import { lookupIn, Variables } from './variables.js';

/** An error that no handler of the script is for. */
export class Unhandled extends Error {
  constructor(cause: unknown) {
    super('', { cause });
  }
}

/** What is declared in a block while it runs, and in the blocks around it. */
export class Scope {
  readonly variables = new Variables();

  constructor(
    private readonly label: string | undefined,
    private readonly around: Scope | undefined,
    readonly handlers: readonly ExceptionHandler[] = [],
    /** Whether this is where a handler of the block around runs: that block's handlers are not for what fails in it. */
    private readonly isHandler = false,
  ) {}

  /** Where handlers are looked for next. */
  get handlersAround(): Scope | undefined {
    return this.isHandler ? this.around?.handlersAround : this.around;
  }

  /** The scope of a handler of this block: it sees the block's variables, but no handler of it. */
  forHandler(): Scope {
    return new Scope(undefined, this, [], true);
  }

  readonly find: Variables['find'] = (parts) => {
    const isQualified = parts.length > 1 && parts[0]?.toLowerCase() === this.label;
    return (
      this.variables.find(parts) ??
      (isQualified ? this.variables.find(parts.slice(1)) : undefined) ??
      this.around?.find(parts)
    );
  };

  readonly lookup: VariableLookup = lookupIn(this.find);
}

/** The innermost handler for an error, and the scope of its block. */
export function handlerFor(error: unknown, scope: Scope): { handler: ExceptionHandler; owner: Scope } | undefined {
  if (!(error instanceof SparrowError) || error.code === 'INTERNAL_ERROR') return undefined;
  for (let owner: Scope | undefined = scope; owner !== undefined; owner = owner.handlersAround) {
    const handler = best(owner.handlers, error);
    if (handler !== undefined) return { handler, owner };
  }
  return undefined;
}

/** A named condition goes before an SQLSTATE, and that before what stands for many. */
function best(handlers: readonly ExceptionHandler[], error: SparrowError): ExceptionHandler | undefined {
  const { code, condition, sqlState = '' } = error;
  const names = [condition, code, code.split('.')[0] as string];
  const byName = names.map((name) => handlers.find((handler) => handler.names.includes(name)));
  return (
    byName.find((handler) => handler !== undefined) ??
    handlers.find((handler) => handler.states.includes(sqlState)) ??
    handlers.find((handler) => (sqlState.startsWith('02') ? handler.notFound : handler.any))
  );
}
