import { type FamilyName, namesByFamily } from './names-by-family.js';

/** Where a function is: its API name, its family, and what it is called in SQL, Spark's name first. */
export interface FunctionPlace {
  readonly key: string;
  readonly family: FamilyName;
  readonly sql: readonly string[];
}

const byKey = new Map<string, FunctionPlace>();
const byName = new Map<string, FunctionPlace>();
for (const [family, lines] of Object.entries(namesByFamily) as [FamilyName, readonly string[]][]) {
  for (const names of lines.join(', ').split(', ')) {
    const [key = '', ...sql] = names.split(' ');
    const place = { key, family, sql };
    byKey.set(key, place);
    for (const name of sql) byName.set(name.toLowerCase(), place);
  }
}
for (const [key, place] of byKey) {
  if (!byName.has(key.toLowerCase())) byName.set(key.toLowerCase(), place);
}

/** All functions, in the order of their families. */
export const functionPlaces = (): Iterable<FunctionPlace> => byKey.values();

/** The function of an API name, or of an SQL name, alias or API name in any case, if there is one. */
export const functionPlace = (name: string): FunctionPlace | undefined =>
  byKey.get(name) ?? byName.get(name.toLowerCase());

/** Every name a function can be called by in SQL text (operators left out). */
export const functionNames = (): string[] => [...byName.keys()].filter((name) => /^[a-z_]/.test(name));
