import type { namedTypes } from '../base/index.js';

export { parseFields, parseType } from '../base/index.js';

type NamedTypes = typeof namedTypes;

/** A type by Spark's name, as the compiler reads it: `'int'`, `'decimal(12,2)'`, `'array<string>'`. */
export type TypeByName<N extends string> =
  Lowercase<N> extends keyof NamedTypes
    ? NamedTypes[Lowercase<N>]
    : Lowercase<N> extends `decimal(${string})` | `dec(${string})` | `numeric(${string})`
      ? NamedTypes['decimal']
      : Lowercase<N> extends `${'varchar' | 'char'}(${string})`
        ? NamedTypes['string']
        : Lowercase<N> extends `${'array' | 'struct' | 'map'}<${string}>` | `interval ${string}` | `time(${string})`
          ? { readonly kind: 'unknown' }
          : string extends N
            ? { readonly kind: 'unknown' }
            : never;
