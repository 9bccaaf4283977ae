import type { Batch, JsFunction, Schema, SharedHeap } from '../base/index.js';
import type { EvalSettings } from '../functions/expression.js';
import type { VariableLookup } from './catalog.js';
import type { Plan, ResolvedPlan } from './node.js';
import type { SqlRoutine } from './routine.js';

/** What holds for every query of a session at the moment it starts. */
export interface SessionSettings {
  /** Spark's ANSI mode: overflow, bad casts and division by zero are errors. */
  readonly ansi: boolean;
  /** Results of decimals keep all digits behind the point, as Spark's allowPrecisionLoss does when it is off. */
  readonly exactDecimals?: boolean;
  /** Names a zone or an offset: `UTC`, `Europe/Berlin`, `+02:00`. */
  readonly timeZone: string;
  /** What `TIMESTAMP` in SQL and inferred timestamps mean. */
  readonly timestampType: 'ltz' | 'ntz';
  readonly caseSensitive: boolean;
  readonly shufflePartitions: number;
  /** The current database, where it is not `default`. */
  readonly database?: string;
  /** Everything set by Spark's configuration names, as text. */
  readonly config: Readonly<Record<string, string>>;
  /** The local variables of a script, where it runs one. */
  readonly variable?: VariableLookup;
  /** What names mean, where the session shares its engine with the one that started it. */
  readonly names?: SessionNames;
}

/** What names mean in a session. */
export interface SessionNames {
  /** The temporary view of this name (any case), when there is one. */
  readonly view: (name: string) => Plan | undefined;
  readonly viewNames: () => readonly string[];
  /** The session's SQL variable that a name begins with. */
  readonly variable?: VariableLookup;
  /** Whether there are SQL variables: a name of a column may then mean one. */
  readonly hasVariables?: () => boolean;
  /** The user's own function registered under this name (any case). */
  readonly userFunction?: (name: string) => JsFunction | undefined;
  /** The SQL function of this name. */
  readonly routine?: (name: string) => SqlRoutine | undefined;
}

const configTexts = new WeakMap<object, string>();

/** A session's configuration and database as one text, by which what depends on them is kept. */
export function configKey({ config, database = '' }: Partial<Pick<SessionSettings, 'config' | 'database'>>): string {
  if (config === undefined) return database;
  let text = configTexts.get(config);
  if (text === undefined) {
    text = JSON.stringify(config);
    configTexts.set(config, text);
  }
  return database + text;
}

/** How far a query is. Counts grow; totals are estimates until the last task is planned. */
export interface Progress {
  readonly tasksDone: number;
  readonly tasksTotal: number;
  readonly rowsRead: number;
  readonly bytesRead: number;
  readonly elapsedMs: number;
}

/** What every action takes. */
export interface ActionOptions {
  /** Aborting it ends the query with `OPERATION_CANCELED`. */
  readonly signal?: AbortSignal;
  /** Called now and then while the query runs, and once when it is done. */
  readonly onProgress?: (progress: Progress) => void;
}

/** What a write made. */
export interface WriteResult {
  readonly files: number;
  readonly rows: number;
  /** Of the files, as they are compressed. */
  readonly bytes: number;
}

export interface RunOptions extends ActionOptions {
  readonly settings: SessionSettings;
  /** Of a plan that writes: called when its output is in place. */
  readonly onWritten?: (result: WriteResult) => void;
  /** Changes the plan once its names and types are settled: for streams, whose operators read what earlier batches left. */
  readonly rewrite?: (resolved: ResolvedPlan, settings: EvalSettings) => ResolvedPlan;
}

export type ExplainMode = 'simple' | 'extended' | 'formatted' | 'cost' | 'codegen' | 'analyze';

/** Where a cached frame is kept: Spark's flags. Partitions that do not fit are written to disk or computed again. */
export interface CacheLevel {
  readonly useDisk: boolean;
  readonly useMemory: boolean;
}

/** A query whose plan is resolved. Nothing is computed before `batches` is iterated, and it can be iterated once. */
export interface RunningQuery {
  readonly schema: Schema;
  /**
   * Rows in order. Each batch is valid until the next one is asked for; leaving the loop early ends the query and
   * frees what it held.
   */
  readonly batches: AsyncIterable<Batch>;
}

/** What a session tells its engine once. */
export interface EngineOptions extends SessionNames {
  readonly workers?: number;
  /** Bytes of column memory. */
  readonly memoryBytes?: number;
  readonly spillDirectory?: string;
}

/** What a plan reads. */
export interface InputFiles {
  readonly files: readonly string[];
  readonly isStreaming: boolean;
}

/** Runs plans. Implemented by `src/exec`, and by `src/connect` for a cluster. */
export interface QueryEngine {
  /** The memory the batches of `run` lie in. */
  readonly heap: SharedHeap;
  /** The columns a plan gives: reads metadata of sources, computes nothing. */
  analyze(plan: Plan, settings: SessionSettings): Promise<Schema>;
  /** Resolves and optimizes a plan; a `write` plan has no columns and gives no batches, but runs when iterated. */
  run(plan: Plan, options: RunOptions): Promise<RunningQuery>;
  explain(plan: Plan, mode: ExplainMode, settings: SessionSettings): Promise<string>;
  /** The files that a plan would read: metadata only. */
  inputFiles(plan: Plan, settings: SessionSettings): Promise<InputFiles>;
  /** A new cache entry, empty until a query first runs through a `cached` plan with this id. */
  cache(level: CacheLevel): number;
  /** Drops an entry; `cached` plans that still name it compute their input again, without keeping it. */
  uncache(cacheId: number): Promise<void>;
  /** Ends every query and worker. Safe to call twice. */
  stop(): Promise<void>;
}

export type CreateEngine = (options: EngineOptions) => QueryEngine | Promise<QueryEngine>;
