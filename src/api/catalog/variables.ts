import { type DataType, SparrowError } from '../../base/index.js';
import { cast } from '../../plan/build.js';
import type { VariableLookup } from '../../plan/catalog.js';
import type { Expr, Literal } from '../../plan/expr.js';
import { nullOf } from '../../plan/logic.js';

/** An SQL variable. */
export interface SqlVariable {
  readonly type: DataType;
  /** What DEFAULT stands for, of the variable's type. */
  readonly initial: Expr;
  value: Literal;
}

/** Variables that were declared in one place, by name in any case. */
export class Variables {
  readonly #byName = new Map<string, SqlVariable>();

  get size(): number {
    return this.#byName.size;
  }
  names(): string[] {
    return [...this.#byName.keys()];
  }
  get(name: string): SqlVariable | undefined {
    return this.#byName.get(name.toLowerCase());
  }
  delete(name: string): boolean {
    return this.#byName.delete(name.toLowerCase());
  }

  /** Throws `VARIABLE_ALREADY_EXISTS`. */
  requireNew(name: string, hint?: string): void {
    if (!this.#byName.has(name.toLowerCase())) return;
    throw new SparrowError('VARIABLE_ALREADY_EXISTS', `there is a variable \`${name}\` already`, {
      sqlState: '42723',
      ...(hint === undefined ? {} : { hint }),
    });
  }

  set(name: string, value: Literal, initial?: Expr): void {
    const { type } = value;
    this.#byName.set(name.toLowerCase(), { type, initial: initial ?? cast(nullOf(type), type), value });
  }

  /** The variable that a name without qualifiers begins with. */
  find([first = '', ...fields]: readonly string[]): { variable: SqlVariable; fields: readonly string[] } | undefined {
    const variable = this.get(first);
    return variable && { variable, fields };
  }
}

/** Without the qualifiers of the session's variables. */
export function withoutSession(parts: readonly string[]): readonly string[] {
  const lower = parts.map((part) => part.toLowerCase());
  if (lower[0] === 'session' && parts.length > 1) return parts.slice(1);
  return lower[0] === 'system' && lower[1] === 'session' && parts.length > 2 ? parts.slice(2) : parts;
}

/** What names mean in queries. */
export const lookupIn =
  (find: Variables['find']): VariableLookup =>
  (parts) => {
    const found = find(parts);
    return found && { expr: found.variable.value, fields: found.fields };
  };
