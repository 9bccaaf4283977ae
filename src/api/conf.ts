import { nearestNames, SparrowError, timeZone } from '../base/index.js';
import type { SessionNames, SessionSettings } from './engine.js';

/** The configuration names that mean something here: how their text becomes a setting. */
interface KnownSetting {
  readonly default: string;
  readonly read: (text: string, name: string) => Partial<SessionSettings>;
}

const known: Readonly<Record<string, KnownSetting>> = {
  'spark.sql.ansi.enabled': { default: 'true', read: (text, name) => ({ ansi: booleanOf(text, name) }) },
  'spark.sql.session.timeZone': { default: 'UTC', read: (text, name) => ({ timeZone: zoneOf(text, name) }) },
  'spark.sql.timestampType': {
    default: 'TIMESTAMP_LTZ',
    read: (text, name) => ({ timestampType: timestampTypeOf(text, name) }),
  },
  'spark.sql.caseSensitive': { default: 'false', read: (text, name) => ({ caseSensitive: booleanOf(text, name) }) },
  'spark.sql.decimalOperations.allowPrecisionLoss': {
    default: 'true',
    read: (text, name) => ({ exactDecimals: !booleanOf(text, name) }),
  },
  'spark.sql.shuffle.partitions': {
    default: '200',
    read: (text, name) => ({ shufflePartitions: countOf(text, name) }),
  },
};

const byLowerName = new Map(Object.keys(known).map((name) => [name.toLowerCase(), name]));

/** A session's configuration under Spark's names. */
export class RuntimeConfig {
  readonly #texts = new Map<string, string>();
  #settings: SessionSettings | undefined;
  #database = 'default';

  constructor(
    /** What the session was started with. */
    readonly initial: Readonly<Record<string, string>> = {},
    private readonly names?: SessionNames,
  ) {
    for (const [name, value] of Object.entries(initial)) this.set(name, value);
  }

  /**
   * The value of a name as text. Without a value and a default it throws `SQL_CONF_NOT_FOUND` with the nearest names.
   */
  get(name: string, defaultValue?: string | null): string | null {
    const key = canonical(name);
    const found = this.#texts.get(key) ?? known[key]?.default;
    if (found !== undefined) return found;
    if (defaultValue !== undefined) return defaultValue;
    throw new SparrowError('SQL_CONF_NOT_FOUND', `the configuration \`${name}\` is not set`, {
      candidates: nearestNames(name, Object.keys(known), 3),
      sqlState: '42K0I',
    });
  }

  /** Sets a value for the queries that start from now on; throws `INVALID_CONF_VALUE` for a value that cannot be. */
  set(name: string, value: string | number | boolean): void {
    const key = canonical(name);
    const text = String(value);
    known[key]?.read(text, key);
    this.#texts.set(key, text);
    this.#settings = undefined;
  }

  /** Back to the default. */
  unset(name: string): void {
    this.#texts.delete(canonical(name));
    this.#settings = undefined;
  }

  /** Tells the queries that start from now on what the current database is. */
  use(database: string): void {
    this.#database = database;
    this.#settings = undefined;
  }

  /** Whether `set` has an effect while the session runs. */
  isModifiable(name: string): boolean {
    return Object.hasOwn(known, canonical(name));
  }

  /** Everything that has a value. */
  getAll(): Record<string, string> {
    const defaults = Object.entries(known).map(([name, setting]) => [name, setting.default] as const);
    return { ...Object.fromEntries(defaults), ...Object.fromEntries(this.#texts) };
  }

  /** The settings as the engine takes them. */
  get settings(): SessionSettings {
    this.#settings ??= this.#read();
    return this.#settings;
  }

  #read(): SessionSettings {
    const parts = Object.entries(known).map(([name, setting]) =>
      setting.read(this.#texts.get(name) ?? setting.default, name),
    );
    const config = Object.freeze(Object.fromEntries(this.#texts));
    const names = this.names === undefined ? {} : { names: this.names };
    const database = this.#database === 'default' ? {} : { database: this.#database };
    return Object.freeze(Object.assign({ config, ...names, ...database }, ...parts)) as SessionSettings;
  }
}

const canonical = (name: string): string => byLowerName.get(name.toLowerCase()) ?? name;

function invalid(name: string, text: string, wanted: string): SparrowError {
  return new SparrowError('INVALID_CONF_VALUE', `'${text}' is no value for ${name}: ${wanted}`, { sqlState: '22022' });
}

function booleanOf(text: string, name: string): boolean {
  const word = text.trim().toLowerCase();
  if (word === 'true' || word === 'false') return word === 'true';
  throw invalid(name, text, 'it is true or false');
}

function zoneOf(text: string, name: string): string {
  try {
    timeZone(text);
    return text;
  } catch (cause) {
    if (cause instanceof SparrowError)
      throw invalid(name, text, "it is a zone such as 'Europe/Berlin', 'UTC' or '+02:00'");
    throw cause;
  }
}

function timestampTypeOf(text: string, name: string): 'ltz' | 'ntz' {
  const word = text.trim().toUpperCase();
  if (word === 'TIMESTAMP_LTZ' || word === 'TIMESTAMP_NTZ') return word === 'TIMESTAMP_LTZ' ? 'ltz' : 'ntz';
  throw invalid(name, text, 'it is TIMESTAMP_LTZ or TIMESTAMP_NTZ');
}

function countOf(text: string, name: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count > 0) return count;
  throw invalid(name, text, 'it is a whole number of at least 1');
}
