import type { Batch, TaskMetrics, WrittenFile } from '../../base/index.js';
import type { JoinTable, PipelineSpec, RowChunk, SortedRun, StateCarriers, TaskInput } from './spec.js';
import type { SpilledRows } from './spilled.js';

/** The number of the thread that a session lives in, among the numbers of its workers. */
export const CALLERS_THREAD = 0;

/** One attempt at one piece of a stage: everything a thread needs to run it. */
export interface TaskRequest {
  readonly spec: PipelineSpec;
  /** The spec's planKey: made once a stage. */
  readonly specKey?: string;
  readonly input: TaskInput;
  readonly tables: readonly JoinTable[];
  /** Arena for what the task reads and scribbles: released when it ends. */
  readonly scratchArena: number;
  /** Arena for what it gives: released by the driver. */
  readonly outputArena: number;
  /** Arenas that the task frees and fills again as it goes: for a batch that is written, for pieces of a source. */
  readonly passingArenas: readonly number[];
  /** Number of the task within its query and of this try at it: they name what it writes. */
  readonly task: number;
  readonly attempt: number;
  /** Number of the task within its stage; absent for the first. */
  readonly place?: number;
  /** How many tasks its part of the stage has, itself one of them. */
  readonly siblings: number;
  readonly spill: SpillSettings;
  /** What the source's columns are called, for messages. Not part of what is compiled. */
  readonly names?: readonly string[];
  /** Rows after which a limit step lets nothing through. */
  readonly limit?: number;
  /** What it gives is taken part by part; else all at once. */
  readonly pauses?: Pauses;
  /** So many rows of what it gives were taken from an attempt before: they are left out. */
  readonly given?: number;
}

/** When a task that gives batches waits until those that it gave are taken. */
export interface Pauses {
  /** Bytes that it gives at a time … */
  readonly bytes: number;
  /** … while so much memory is in use. */
  readonly fromBytes: number;
  /** The arena for what it gives after its first pause. */
  readonly arena: number;
}

/** When and where tasks put rows on disk. */
export interface SpillSettings {
  /** The query's own folder; made when it is needed. */
  readonly directory: string;
  /** Memory in use from which on kept rows go to disk … */
  readonly fromBytes: number;
  /** … those that are sorted, and a join's held side: without it on disk the other side does not go there either, … */
  readonly heldFromBytes: number;
  /** … when a task keeps at least so much. */
  readonly leastBytes: number;
  /** Bytes of rows of a join that is on disk that may be in a table. */
  readonly tableBytes: number;
}

/** What a sink gives. */
export type TaskOutput =
  | { readonly kind: 'batches'; readonly batches: readonly Batch[]; readonly rows: number }
  | {
      readonly kind: 'groups';
      readonly carriers: StateCarriers;
      readonly rows: number;
      /** One list, or one a partition. */
      readonly chunks: readonly (readonly RowChunk[])[];
      /** For each partition what went to disk, in order, before what is in `chunks`. */
      readonly spilled?: readonly (readonly SpilledRows[])[];
      /** Rows on disk have numbers, in whose order they would be in memory. */
      readonly numbered?: boolean;
      /** Every group has exactly one row. */
      readonly unique: boolean;
    }
  | {
      readonly kind: 'rows';
      readonly chunks: readonly RowChunk[];
      readonly rows: number;
      /** Of join rows: for each partition what went to disk, in order, before what is in `chunks`. */
      readonly spilled?: readonly (readonly SpilledRows[])[];
      readonly keyMin: bigint;
      readonly keyMax: bigint;
      /** Of a sort: runs in the order of their rows, and samples of their prefixes. */
      readonly runs?: readonly SortedRun[];
      readonly splitters?: readonly bigint[];
    }
  /** The table of a stage's places from…to: where place 0 is, or would be. */
  | {
      readonly kind: 'totals';
      readonly table: number;
      readonly from: number;
      readonly to: number;
      readonly rows: number;
    }
  | { readonly kind: 'files'; readonly files: readonly WrittenFile[]; readonly rows: number }
  | { readonly kind: 'none' };

export interface TaskResult {
  readonly output: TaskOutput;
  /** Rows that entered the pipeline. */
  readonly inputRows: number;
  readonly milliseconds: number;
  /** The worker it ran in, or `CALLERS_THREAD`. */
  readonly thread: number;
  readonly metrics: TaskMetrics;
  /** There is more to come: the number by which its thread knows the task that waits. */
  readonly paused?: number;
}

/** A result with the arena its output lies in: released by whoever takes it. */
export interface DoneTask extends TaskResult {
  readonly arena: number;
}

/** A task before it is given memory to run in. */
export type TaskTemplate = Omit<
  TaskRequest,
  'scratchArena' | 'outputArena' | 'passingArenas' | 'task' | 'attempt' | 'spill' | 'pauses'
> & {
  /** Whoever asked takes its batches as they come. */
  readonly inParts?: boolean;
  /** Where and when rows go to disk, if not as the query says. */
  readonly spill?: SpillSettings;
  /** Pieces of the stage's source that statistics left out: said by its first task. */
  readonly skipped?: number;
};
