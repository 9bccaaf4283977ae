import { DEFAULT_VALUE_OPTIONS, nearestNames, SparrowError, type ValueOptions } from '../base/index.js';
import { describe } from './literal.js';

/** How a session is created; every option may be left out. */
export interface SessionOptions extends Partial<ValueOptions> {
  /** Worker threads; as many as there are processors by default. */
  readonly workers?: number;
  /** Memory for columns: bytes, or text such as `'4GB'`. Past it, operators write to disk. */
  readonly memory?: number | string;
  /** Folder for what does not fit the memory; the system's temporary folder by default. */
  readonly spillDirectory?: string;
  /** The session's time zone, `UTC` by default. */
  readonly timeZone?: string;
  /** Whether overflow, bad casts and division by zero are errors (the default) or null, as before Spark 4. */
  readonly ansi?: boolean;
  /** What `timestamp` means: an instant (`ltz`, the default) or a wall clock reading (`ntz`). */
  readonly timestampType?: 'ltz' | 'ntz';
  /** Settings by Spark's names: `{ 'spark.sql.shuffle.partitions': '8' }`. */
  readonly config?: Readonly<Record<string, string | number | boolean>>;
  /** Address of a Spark Connect server: `sc://host:15002`. */
  readonly remote?: string;
  /** Shown to a cluster. */
  readonly appName?: string;
}

type Choice<O, K extends keyof ValueOptions> = O extends { readonly [P in K]?: infer C }
  ? unknown extends C
    ? (typeof DEFAULT_VALUE_OPTIONS)[K]
    : C
  : never;
type Int64Of<C> = C extends 'bigint' ? bigint : C extends 'string' ? string : number;
type TimestampOf<C> = C extends 'string' ? string : C extends 'micros' ? bigint : Date;

/** The JavaScript types of values under session options `O`. */
export type ValuesOf<O> = keyof O & keyof ValueOptions extends never
  ? import('./row-types.js').DefaultValues
  : {
      readonly int64: 'int64' extends keyof O ? Int64Of<Choice<O, 'int64'>> : number;
      readonly decimal: 'decimal' extends keyof O ? (Choice<O, 'decimal'> extends 'number' ? number : string) : string;
      readonly date: 'date' extends keyof O ? (Choice<O, 'date'> extends 'string' ? string : Date) : Date;
      readonly timestamp: 'timestamp' extends keyof O ? TimestampOf<Choice<O, 'timestamp'>> : Date;
      readonly map: 'map' extends keyof O ? (Choice<O, 'map'> extends 'object' ? 'object' : 'map') : 'map';
    };

const choices: { readonly [K in keyof ValueOptions]: readonly ValueOptions[K][] } = {
  int64: ['number', 'bigint', 'string'],
  decimal: ['string', 'number'],
  date: ['date', 'string'],
  timestamp: ['date', 'string', 'micros'],
  map: ['map', 'object'],
};

const others = [
  'workers',
  'memory',
  'spillDirectory',
  'timeZone',
  'ansi',
  'timestampType',
  'config',
  'remote',
  'appName',
];

function invalid(name: string, value: unknown, wanted: string): SparrowError {
  return new SparrowError('INVALID_SESSION_OPTION', `the session option ${name} is ${wanted}, not ${describe(value)}`);
}

/** Refuses what is misspelled or out of range, before anything starts. */
export function checkOptions(options: SessionOptions): void {
  const names = [...Object.keys(choices), ...others];
  for (const name of Object.keys(options)) {
    if (names.includes(name)) continue;
    throw new SparrowError('INVALID_SESSION_OPTION', `there is no session option ${name}`, {
      candidates: nearestNames(name, names, 3),
    });
  }
  const { workers } = options;
  if (workers !== undefined && !(Number.isInteger(workers) && workers >= 1)) {
    throw invalid('workers', workers, 'a whole number of at least 1');
  }
}

/** The value options with defaults filled in. */
export function valueOptionsOf(options: SessionOptions): ValueOptions {
  const chosen: Record<string, string> = {};
  for (const [name, allowed] of Object.entries(choices)) {
    const given = options[name as keyof ValueOptions];
    if (given === undefined) continue;
    if (!(allowed as readonly string[]).includes(given)) {
      throw invalid(name, given, `one of ${allowed.map((a) => `'${a}'`).join(', ')}`);
    }
    chosen[name] = given;
  }
  return Object.freeze({ ...DEFAULT_VALUE_OPTIONS, ...chosen });
}

/** Options that are settings, by Spark's names. */
export function configOf(options: SessionOptions): Record<string, string> {
  const texts = Object.entries(options.config ?? {}).map(([name, value]) => [name, String(value)] as const);
  const { timeZone, ansi, timestampType } = options;
  return {
    ...Object.fromEntries(texts),
    ...(timeZone === undefined ? {} : { 'spark.sql.session.timeZone': timeZone }),
    ...(ansi === undefined ? {} : { 'spark.sql.ansi.enabled': String(ansi) }),
    ...(timestampType === undefined ? {} : { 'spark.sql.timestampType': `TIMESTAMP_${timestampType.toUpperCase()}` }),
  };
}

const units: Readonly<Record<string, number>> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

/** `'4GB'`, `'512m'`, `'1.5 GiB'` or a number of bytes. Units are powers of 1024, as in Spark. */
export function bytesOf(memory: number | string | undefined): number | undefined {
  if (memory === undefined) return undefined;
  const [, digits = '', unit = ''] = /^\s*(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?\s*$/i.exec(String(memory)) ?? [];
  const bytes = Math.floor(Number(digits) * (units[unit.toLowerCase()] ?? Number.NaN));
  if (digits !== '' && Number.isSafeInteger(bytes) && bytes > 0) return bytes;
  throw invalid('memory', memory, "a number of bytes, or text such as '4GB'");
}
