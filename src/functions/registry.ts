import { type DataType, engineBug, nearestNames, SparrowError, sameType, simpleString } from '../base/index.js';
import { aggregateFunctions } from './aggregate.js';
import { listAggregateFunctions } from './aggregate-lists.js';
import { arithmeticFunctions } from './arithmetic.js';
import { arrayFunctions } from './array.js';
import { arrayMoreFunctions } from './array-more.js';
import { castFunctions } from './cast.js';
import { compareFunctions } from './compare.js';
import { conditionalFunctions } from './conditional.js';
import { csvFunctions } from './csv.js';
import { datetimeFunctions } from './datetime.js';
import { datetimeMoreFunctions } from './datetime-more.js';
import type {
  AggregateFunction,
  ArgType,
  FunctionEntry,
  GeneratorFunction,
  GeneratorResolution,
  Mismatch,
  Resolution,
  ScalarFunction,
} from './define.js';
import { generatorFunctions } from './generators.js';
import { hashFunctions } from './hash.js';
import { jsFunctionEntry } from './js-function.js';
import { jsonFunctions } from './json.js';
import { jsonGeneratorFunctions } from './json-generators.js';
import { lambdaFunctions } from './lambda-functions.js';
import { lambdaMapFunctions } from './lambda-map-functions.js';
import { likeFunctions } from './like.js';
import { logicFunctions } from './logic.js';
import { mapFunctions } from './map.js';
import { mathFunctions } from './math.js';
import { miscFunctions } from './misc.js';
import { nestedAccessFunctions } from './nested-access.js';
import { nestedMakeFunctions } from './nested-make.js';
import { onlyRowFunctions } from './only-row.js';
import { orderingFunctions } from './ordering-bytes.js';
import { randomFunctions } from './random.js';
import { regexpFunctions } from './regexp.js';
import { sequenceFunctions } from './sequence.js';
import { stringFunctions } from './string.js';
import { stringCheckFunctions } from './string-checks.js';
import { stringEncodeFunctions } from './string-encode.js';
import { stringMoreFunctions } from './string-more.js';
import { timeFunctions } from './time.js';
import { formatFunctions } from './to-char.js';
import { urlFunctions } from './url.js';
import { variantFunctions } from './variant.js';
import { variantGeneratorFunctions } from './variant-generators.js';
import { windowFunctions } from './window.js';

/** Everything that can be computed, by API name. Families are merged here and nowhere else. */
export const functions = {
  ...arithmeticFunctions,
  ...compareFunctions,
  ...logicFunctions,
  ...conditionalFunctions,
  ...castFunctions,
  ...hashFunctions,
  ...mathFunctions,
  ...stringFunctions,
  ...stringMoreFunctions,
  ...stringEncodeFunctions,
  ...likeFunctions,
  ...regexpFunctions,
  ...datetimeFunctions,
  ...datetimeMoreFunctions,
  ...nestedAccessFunctions,
  ...orderingFunctions,
  ...nestedMakeFunctions,
  ...arrayFunctions,
  ...arrayMoreFunctions,
  ...sequenceFunctions,
  ...mapFunctions,
  ...jsonFunctions,
  ...csvFunctions,
  ...variantFunctions,
  ...lambdaFunctions,
  ...lambdaMapFunctions,
  ...generatorFunctions,
  ...jsonGeneratorFunctions,
  ...variantGeneratorFunctions,
  ...miscFunctions,
  ...randomFunctions,
  ...stringCheckFunctions,
  ...timeFunctions,
  ...formatFunctions,
  ...urlFunctions,
  ...aggregateFunctions,
  ...listAggregateFunctions,
  ...windowFunctions,
  ...onlyRowFunctions,
};

export type Functions = typeof functions;

const byKey: Readonly<Record<string, FunctionEntry | undefined>> = functions;
const byName = new Map<string, FunctionEntry>();
for (const entry of Object.values(functions) as FunctionEntry[]) {
  for (const name of entry.sql) byName.set(name.toLowerCase(), entry);
}
for (const [key, entry] of Object.entries(functions) as [string, FunctionEntry][]) {
  if (!byName.has(key.toLowerCase())) byName.set(key.toLowerCase(), entry);
}

/** The entry of an SQL name, alias or API name in any case, if there is one. */
export function findEntry(name: string): FunctionEntry | undefined {
  if (Object.hasOwn(functions, name)) return byKey[name];
  return byName.get(name.toLowerCase()) ?? jsFunctionEntry(name);
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

/** Every name a function can be called by in SQL text (operators left out). */
export function functionNames(): string[] {
  return [...byName.keys()].filter((name) => /^[a-z_]/.test(name));
}

/** The scalar function behind a resolved call. */
export function scalarFunction(key: string): ScalarFunction {
  const entry = byKey[key] ?? jsFunctionEntry(key);
  if (entry?.kind !== 'scalar') throw engineBug(`'${key}' is no scalar function of the registry`);
  return entry;
}

/** The aggregate behind a resolved call. */
export function aggregateFunction(key: string): AggregateFunction {
  const entry = byKey[key];
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
export function resolveCall(
  name: string,
  args: readonly ArgType[],
  settings: { readonly ansi: boolean },
): ResolvedCall {
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
  settings: { readonly ansi: boolean },
): GeneratorResolution {
  const resolution = entry.resolve(args, settings);
  if ('mismatch' in resolution) throw mismatchError(entry.sql[0] ?? entry.name, args, resolution, settings.ansi);
  return resolution;
}

/** The generator behind a resolved call. */
export function generatorFunction(key: string): GeneratorFunction {
  const entry = byKey[key];
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

const moments: ReadonlySet<string> = new Set(['date', 'timestamp', 'timestamp_ntz']);

/** Operators between two values say whether the types differ; sums with dates and instants are functions to Spark. */
function operatorCode(name: string, args: readonly ArgType[], ansi: boolean): string | undefined {
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
  const promoted = promotes && (ansi || !other.kind.startsWith('timestamp'));
  return `DATATYPE_MISMATCH.BINARY_OP_${promoted || sameType(a, b) ? 'WRONG_TYPE' : 'DIFF_TYPES'}`;
}
