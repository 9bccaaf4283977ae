import type { FunctionEntry } from './define.js';
import { functionPlace } from './names.js';

/** The entries of the families that are loaded, by API name. */
export const entries: Record<string, FunctionEntry | undefined> = Object.create(null);

/** The entry of a name, as far as it is known already: for texts. */
export function knownEntry(name: string): FunctionEntry | undefined {
  const place = functionPlace(name);
  return place === undefined ? undefined : entries[place.key];
}
