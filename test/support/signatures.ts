import {
  arrayType,
  binaryType,
  booleanType,
  calendarIntervalType,
  carrierOf,
  type DataType,
  dateType,
  dayTimeIntervalType,
  decimalType,
  field,
  float32Type,
  float64Type,
  int8Type,
  int16Type,
  int32Type,
  int64Type,
  mapType,
  nullType,
  type Scalar,
  SparrowError,
  stringType,
  structType,
  timestampNtzType,
  timestampType,
  timeType,
  yearMonthIntervalType,
} from '../../src/base/index.js';
import type { ArgType, FunctionEntry, GeneratorFunction, Resolution } from '../../src/functions/define.js';
import { Random, randomScalar } from './random-scalars.js';

/** The types signatures are looked for among. */
export const pool: readonly DataType[] = [
  int32Type,
  stringType,
  float64Type,
  decimalType(9, 2),
  int64Type,
  booleanType,
  dateType,
  timestampType,
  binaryType,
  int8Type,
  int16Type,
  float32Type,
  decimalType(20, 4),
  decimalType(38, 10),
  timestampNtzType,
  yearMonthIntervalType,
  dayTimeIntervalType,
  timeType,
  calendarIntervalType,
  arrayType(int32Type),
  structType([field('a', int32Type), field('b', stringType)]),
  mapType(stringType, int32Type),
  nullType,
];

/** What only few functions take. */
const deeper: readonly DataType[] = [
  arrayType(arrayType(int32Type)),
  arrayType(arrayType(stringType)),
  arrayType(structType([field('k', stringType), field('v', int32Type)])),
  arrayType(mapType(int32Type, stringType)),
  structType([field('start', timestampType), field('end', timestampType)]),
];

export interface Sample {
  readonly resolution: Resolution;
  /** The constant of arguments that must be one. */
  readonly literals: readonly (Scalar | undefined)[];
}

/** Constants some functions ask for; undefined: any text. */
const WORDS = [undefined, 'month', 'yyyy-MM-dd', 'hour', 'b', '999.99', 'a int, b string', '$.a'];
const MOST_ARGUMENTS = 4;
const TRIES = 400;

/** Some ways an entry can be called: every one it accepts among few arguments, a sample of those among more. */
export function samplesOf(entry: Exclude<FunctionEntry, GeneratorFunction>, most: number, seed = 1): Sample[] {
  const random = new Random(seed);
  const found = new Map<string, Sample>();
  const attempt = (types: readonly DataType[]): void => {
    for (let round = 0; round < types.length * WORDS.length + 1; round++) {
      const constants = Math.ceil(round / WORDS.length);
      const word = WORDS[round % WORDS.length];
      const args = types.map<ArgType>((type, i) =>
        i < types.length - constants || type.kind === 'null'
          ? { type, nullable: true }
          : {
              type,
              nullable: false,
              literal: type.kind === 'string' && word !== undefined ? word : randomScalar(type, random, isLength(type)),
            },
      );
      const resolution = resolved(entry, args);
      if (resolution === undefined || 'mismatch' in resolution) continue;
      const key = JSON.stringify(resolution.args) + constants;
      // Constants are of the types given: where those are cast, the plan would fold them.
      if (constants > 0 && !resolution.args.every((type, i) => JSON.stringify(type) === JSON.stringify(types[i])))
        continue;
      if (!found.has(key)) found.set(key, { resolution, literals: args.map((arg) => arg.literal) });
      return;
    }
  };
  attempt([]);
  for (const a of [...pool, ...deeper]) attempt([a]);
  for (const a of pool) for (const b of pool) attempt([a, b]);
  const struct = structType([field('a', int32Type), field('b', stringType)]);
  attempt([struct, stringType, int32Type]);
  attempt([arrayType(int32Type), int32Type, int32Type]);
  for (let count = 3; count <= MOST_ARGUMENTS; count++) {
    for (let i = 0; i < TRIES; i++)
      attempt(Array.from({ length: count }, () => random.pick(random.below(2) === 0 ? pool : pool.slice(0, 6))));
  }
  for (const more of [[], [stringType]]) {
    const fields = [int32Type, int32Type, int32Type, int32Type, int32Type];
    for (const seconds of [int32Type, float64Type, decimalType(16, 6)]) attempt([...fields, seconds, ...more]);
    attempt([...fields, ...more]);
  }
  const floats = arrayType(float32Type);
  for (const more of [[], [floats], [float32Type]]) attempt([floats, ...more]);
  const all = [...found.values()];
  while (all.length > most) all.splice(random.below(all.length), 1);
  return all;
}

/** Undefined where a constant is refused, as one below zero may be. */
function resolved(entry: Exclude<FunctionEntry, GeneratorFunction>, args: readonly ArgType[]) {
  try {
    return entry.resolve(args, { ansi: true });
  } catch (error) {
    if (error instanceof SparrowError && error.sqlState === '22023') return undefined;
    throw error;
  }
}

const isLength = (type: DataType): boolean => carrierOf(type) === 'i32' || carrierOf(type) === 'i64';
