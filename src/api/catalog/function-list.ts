import { nearestNames, SparrowError, withParts } from '../../base/index.js';
import { functionNames } from '../../functions/names.js';
import { findEntry } from '../../functions/registry.js';
import { fitsPattern } from './pattern.js';

export interface CatalogFunction {
  readonly name: string;
  readonly description: string | null;
  /** Whether it is of this session only. */
  readonly isTemporary: boolean;
}

const describe = (name: string): CatalogFunction => ({
  name,
  description: findEntry(name)?.summary ?? null,
  isTemporary: false,
});

/** The user's functions, which hide others of their names, and all others. */
export async function listFunctions(own: readonly CatalogFunction[], pattern?: string): Promise<CatalogFunction[]> {
  const hidden = new Set(own.map(({ name }) => name.toLowerCase()));
  const fits = (name: string): boolean => fitsPattern(pattern, name);
  const others = functionNames().filter((name) => !hidden.has(name) && fits(name));
  return withParts(() => [...own.filter(({ name }) => fits(name)), ...others.map(describe)]);
}

export async function getFunction(name: string, own: readonly CatalogFunction[]): Promise<CatalogFunction> {
  const key = name.toLowerCase();
  const known = own.find((f) => f.name.toLowerCase() === key);
  if (known !== undefined) return known;
  const names = functionNames();
  if (names.includes(key)) return withParts(() => describe(key));
  throw new SparrowError('UNRESOLVED_ROUTINE', `there is no function \`${name}\``, {
    candidates: nearestNames(name, [...own.map((f) => f.name), ...names]),
    sqlState: '42883',
    parameters: { routineName: name },
  });
}
