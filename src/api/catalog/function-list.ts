import { nearestNames, SparrowError, withParts } from '../../base/index.js';
import { functionNames } from '../../functions/names.js';
import { findEntry } from '../../functions/registry.js';
import { fitsPattern } from './pattern.js';

export interface CatalogFunction {
  readonly name: string;
  readonly description: string | null;
  /** Whether it was registered in this session. */
  readonly isTemporary: boolean;
}

const describe = (name: string, isOwn: boolean): CatalogFunction => ({
  name,
  description: isOwn ? null : (findEntry(name)?.summary ?? null),
  isTemporary: isOwn,
});

/** The user's functions, which hide others of their names, and all others. */
export async function listFunctions(own: readonly string[], pattern?: string): Promise<CatalogFunction[]> {
  const all = [...new Set([...own, ...functionNames()])].filter((name) => fitsPattern(pattern, name));
  return withParts(() => all.map((name) => describe(name, own.includes(name))));
}

export async function getFunction(name: string, own: readonly string[]): Promise<CatalogFunction> {
  const key = name.toLowerCase();
  const names = functionNames();
  if (own.includes(key) || names.includes(key)) return withParts(() => describe(key, own.includes(key)));
  throw new SparrowError('UNRESOLVED_ROUTINE', `there is no function \`${name}\``, {
    candidates: nearestNames(name, [...own, ...names]),
    sqlState: '42883',
    parameters: { routineName: name },
  });
}
