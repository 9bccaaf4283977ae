import { type Arena, type Batch, engineBug, type Format, type TaskContext } from '../../base/index.js';
import type { SinkForm } from '../compile/sink-form.js';
import type { StateLayout } from '../compile/state-layout.js';
import type { OutputParts } from './output-parts.js';
import type { Programs } from './programs.js';
import type { TaskOutput, TaskRequest } from './task.js';
import type { GroupPlan } from './variant.js';

/** The running half of a sink: gives compiled code memory and makes the task's result of what it wrote. */
export interface SinkRunner {
  /** Before a run: the form of its program and, where it reads one, the batch. */
  use(form: SinkForm, batch: Batch | undefined): void;
  more(what: number, detail: number): void;
  startGroups(plan: GroupPlan): void;
  /** Takes a batch as it is, without compiled code; false where it cannot. */
  pass?(batch: Batch): boolean;
  finish(): TaskOutput;
  /** Throws for a failure that replaying single rows does not show. */
  explainFailure(): never;
  /** Called between calls of compiled code: kept rows may go to disk when memory is short. */
  relieve?(): void;
  /** The task ends without a result: nothing half-done may stay behind. Harmless after `finish`. */
  abandon?(): void;
}

/** The task that an inner pipeline feeds. */
export interface OuterTask {
  readonly take: (batch: Batch) => void;
  /** Rows of a batch that is taken, at most. */
  readonly mostRows: number;
  /** Bytes of texts in a column of it, about. */
  readonly mostBytes?: number | undefined;
  readonly done: () => boolean;
  /** The task may wait now and then. */
  readonly mayRest: boolean;
  /** Waits, where the task has given so much that it has to be taken first. */
  readonly rest: () => Promise<void> | undefined;
}

/** What a sink runs with. */
export interface SinkEnvironment {
  readonly programs: Programs;
  readonly request: TaskRequest;
  readonly layout: StateLayout;
  readonly state: number;
  readonly scratch: Arena;
  readonly output: Arena;
  readonly context: TaskContext;
  /** The format that a write sink writes. */
  readonly writes: Format | undefined;
  /** Takes the batches of an output sink as they come, instead of the task's result. */
  readonly outer?: OuterTask;
  /** Where the batches of an output sink are taken part by part. */
  readonly parts?: OutputParts;
}

export const unexplained = (): never => {
  throw engineBug('compiled code reported a failure that its replay does not show');
};
