import { type FamilyName, namesByFamily } from './names-by-family.js';

/** Where a function is: its API name, its family, and what it is called in SQL, Spark's name first. */
export interface FunctionPlace {
  readonly key: string;
  readonly family: FamilyName;
  readonly sql: readonly string[];
}

/** The names of a family as one text, each function's between commas, and the same in lower case. */
interface FamilyText {
  readonly family: FamilyName;
  readonly names: string;
  readonly lower: string;
}

/* A program asks for few of many hundred functions: texts are searched, where tables of all would have to be made first. */
let texts: readonly FamilyText[] | undefined;

function familyTexts(): readonly FamilyText[] {
  texts ??= (Object.entries(namesByFamily) as [FamilyName, readonly string[]][]).map(([family, lines]) => {
    const names = `, ${lines.join(', ')},`;
    return { family, names, lower: names.toLowerCase() };
  });
  return texts;
}

function placeOf(family: FamilyName, names: string): FunctionPlace {
  const [key = '', ...sql] = names.split(' ');
  return { key, family, sql };
}

/** The functions of a family that have a name, given in lower case, as any of theirs. */
function placesIn({ family, names, lower }: FamilyText, name: string): FunctionPlace[] {
  const found: FunctionPlace[] = [];
  for (let at = lower.indexOf(` ${name}`); at >= 0; at = lower.indexOf(` ${name}`, at + 1)) {
    const after = lower[at + name.length + 1];
    if (after !== ' ' && after !== ',') continue;
    const start = names.lastIndexOf(', ', at) + 2;
    found.push(placeOf(family, names.slice(start, names.indexOf(',', start))));
  }
  return found;
}

function find(name: string): FunctionPlace | undefined {
  const lower = name.toLowerCase();
  if (lower === '' || /[ ,]/.test(lower)) return undefined;
  const all = familyTexts().flatMap((text) => placesIn(text, lower));
  return (
    all.find(({ key }) => key === name) ??
    all.findLast(({ sql }) => sql.some((one) => one.toLowerCase() === lower)) ??
    all[0]
  );
}

const known = new Map<string, FunctionPlace | undefined>();
const MOST_KNOWN = 10_000;

/** The function of an API name, or of an SQL name, alias or API name in any case, if there is one. */
export function functionPlace(name: string): FunctionPlace | undefined {
  let place = known.get(name);
  if (place === undefined && !known.has(name)) {
    if (known.size >= MOST_KNOWN) known.clear();
    place = find(name);
    known.set(name, place);
  }
  return place;
}

/** All functions, in the order of their families. */
export const functionPlaces = (): FunctionPlace[] =>
  familyTexts().flatMap(({ family, names }) =>
    names
      .slice(2, -1)
      .split(', ')
      .map((one) => placeOf(family, one)),
  );

/** Every name a function can be called by in SQL text (operators left out). */
export function functionNames(): string[] {
  const places = functionPlaces();
  const names = [...places.flatMap(({ sql }) => sql), ...places.map(({ key }) => key)];
  return [...new Set(names.map((name) => name.toLowerCase()))].filter((name) => /^[a-z_]/.test(name));
}
