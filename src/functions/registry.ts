import {
  type DataType,
  engineBug,
  nearestNames,
  PartNeeded,
  SparrowError,
  sameType,
  simpleString,
} from '../base/index.js';
import type {
  AggregateFunction,
  ArgType,
  FunctionEntry,
  GeneratorFunction,
  GeneratorResolution,
  Mismatch,
  Resolution,
  ScalarFunction,
  TypingSettings,
} from './define.js';
import { entries } from './entries.js';
import { coreFamily } from './families/core.js';
import { jsFunctionEntry } from './js-function.js';
import { functionNames, functionPlace } from './names.js';
import type { FamilyName } from './names-by-family.js';

type Family = Readonly<Record<string, FunctionEntry>>;

/** Where the families are that are loaded when one of their functions is first looked up. */
const laterFamilies: Readonly<Record<Exclude<FamilyName, 'core'>, () => Promise<Family>>> = {
  math: async () => (await import('./families/math.js')).mathFamily,
  text: async () => (await import('./families/text.js')).textFamily,
  time: async () => (await import('./families/time.js')).timeFamily,
  nested: async () => (await import('./families/nested.js')).nestedFamily,
  data: async () => (await import('./families/data.js')).dataFamily,
  analytic: async () => (await import('./families/analytic.js')).analyticFamily,
};

const loaded = new Set<FamilyName>(['core']);
Object.assign(entries, coreFamily);

/** The families that were needed so far: a thread that is given tasks of this one needs no others. */
export const loadedFamilies = (): readonly FamilyName[] => [...loaded];

/** Loads families of functions; all of them by default. */
export async function loadFamilies(
  names: readonly FamilyName[] = ['core', ...(Object.keys(laterFamilies) as FamilyName[])],
): Promise<void> {
  for (const name of names) {
    if (name === 'core' || loaded.has(name)) continue;
    Object.assign(entries, await laterFamilies[name]());
    loaded.add(name);
  }
}

/**
 * The entry of an SQL name, alias or API name in any case, if there is one. Throws `PartNeeded` when its family is not
 * loaded.
 */
export function findEntry(name: string): FunctionEntry | undefined {
  const place = functionPlace(name);
  if (place === undefined) return jsFunctionEntry(name);
  const entry = entries[place.key];
  if (entry === undefined) throw new PartNeeded(() => loadFamilies([place.family]));
  return entry;
}

/** The entry of an SQL name, alias or API name in any case. */
export function findFunction(name: string): FunctionEntry {
  const entry = findEntry(name);
  if (entry !== undefined) return entry;
  throw new SparrowError('UNRESOLVED_ROUTINE', `there is no function \`${name}\``, {
    candidates: nearestNames(name, functionNames()),
    sqlState: '42883',
    parameters: { routineName: name },
  });
}

/** The scalar function behind a resolved call. */
export function scalarFunction(key: string): ScalarFunction {
  const entry = entries[key] ?? findEntry(key);
  if (entry?.kind !== 'scalar') throw engineBug(`'${key}' is no scalar function of the registry`);
  return entry;
}

/** The aggregate behind a resolved call. */
export function aggregateFunction(key: string): AggregateFunction {
  const entry = entries[key] ?? findEntry(key);
  if (entry?.kind !== 'aggregate') throw engineBug(`'${key}' is no aggregate function of the registry`);
  return entry;
}

/** Everything that is called in an expression. */
export type ValueEntry = Exclude<FunctionEntry, GeneratorFunction>;

export interface ResolvedCall<E extends ValueEntry = ValueEntry> {
  readonly entry: E;
  /** Arguments are to be cast to `args`; the call gives `returns`. */
  readonly resolution: Resolution & { readonly nullable: boolean };
}

/** Types a call by name: which entry, what its arguments are cast to, what it gives. */
export function resolveCall(name: string, args: readonly ArgType[], settings: TypingSettings): ResolvedCall {
  const entry = findFunction(name);
  if (entry.kind === 'generator') {
    throw new SparrowError(
      'UNSUPPORTED_GENERATOR.OUTSIDE_SELECT',
      `\`${name}\` makes rows: it stands in a select list or LATERAL VIEW, not inside an expression`,
      { sqlState: '42K0E' },
    );
  }
  const resolution = entry.resolve(args, settings);
  if ('mismatch' in resolution) throw mismatchError(entry.sql[0] ?? entry.name, args, resolution, settings.ansi);
  const nullable = resolution.nullable ?? args.some((arg) => arg.nullable);
  return { entry, resolution: { ...resolution, nullable } };
}

/** Types a call of a generator: what its arguments are cast to, and the columns it makes. */
export function resolveGenerator(
  entry: GeneratorFunction,
  args: readonly ArgType[],
  settings: TypingSettings,
): GeneratorResolution {
  const resolution = entry.resolve(args, settings);
  if ('mismatch' in resolution) throw mismatchError(entry.sql[0] ?? entry.name, args, resolution, settings.ansi);
  return resolution;
}

/** The generator behind a resolved call. */
export function generatorFunction(key: string): GeneratorFunction {
  const entry = entries[key] ?? findEntry(key);
  if (entry?.kind !== 'generator') throw engineBug(`'${key}' is no generator of the registry`);
  return entry;
}

function mismatchError(
  name: string,
  args: readonly ArgType[],
  { mismatch, code: given }: Mismatch,
  ansi: boolean,
): SparrowError {
  const types = args.map((arg) => simpleString(arg.type).toUpperCase()).join(', ');
  // That values have no order is said of operators, too.
  const code = given === NO_ORDER ? given : (operatorCode(name, args, ansi) ?? given);
  return new SparrowError(
    code ?? 'DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE',
    `cannot call \`${name}\` with (${types}): ${mismatch}`,
    { sqlState: code?.startsWith('WRONG_NUM_ARGS') === true ? '42605' : '42K09' },
  );
}

const NO_ORDER = 'DATATYPE_MISMATCH.INVALID_ORDERING_TYPE';

/** Functions that give null where the operator fails. */
const TOLERANT: Readonly<Record<string, string>> = { try_add: '+', try_subtract: '-', try_multiply: '*', try_mod: '%' };

const moments: ReadonlySet<string> = new Set(['date', 'timestamp', 'timestamp_ntz']);

/** Operators between two values say whether the types differ; sums with dates and instants are functions to Spark. */
function operatorCode(called: string, args: readonly ArgType[], ansi: boolean): string | undefined {
  const name = TOLERANT[called] ?? called;
  const [a, b] = args.map((arg) => arg.type);
  if (a === undefined || b === undefined || args.length !== 2) return undefined;
  if (!/^(?:\W+|and|or|div|pmod)$/i.test(name)) return undefined;
  // Spark reads a sum with an interval of days and times as a date and time moved by it.
  const movesBy = (type: DataType): boolean => type.kind === 'interval_dt';
  if ((name === '+' && (movesBy(a) || movesBy(b))) || (name === '-' && movesBy(b))) return undefined;
  const sumOfDates = name === '+' && (a.kind === 'date' || b.kind === 'date');
  if (sumOfDates || (name === '-' && (moments.has(a.kind) || moments.has(b.kind)))) return undefined;
  // A string becomes what it is computed with, instants under ANSI only.
  const other = a.kind === 'string' ? b : b.kind === 'string' ? a : undefined;
  const promotes = /^[-+*/%]$|^(?:div|pmod)$/i.test(name) && other !== undefined && !other.kind.startsWith('interval');
  // Under ANSI NULL takes the type of what is no interval.
  const isNull = ansi && [a, b].some((t) => t.kind === 'null') && ![a, b].some((t) => t.kind.startsWith('interval'));
  const promoted = promotes && (ansi || !other.kind.startsWith('timestamp'));
  return `DATATYPE_MISMATCH.BINARY_OP_${promoted || isNull || sameType(a, b) ? 'WRONG_TYPE' : 'DIFF_TYPES'}`;
}
