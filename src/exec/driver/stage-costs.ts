import type { TaskInput } from '../task/spec.js';
import { readsDisk } from '../task/spec.js';
import type { TaskTemplate } from '../task/task.js';

/** Where the tasks of a stage run: in this thread, in this one and workers, or in workers. */
export type WorkPlace = 'here' | 'both' | 'workers';

/** Telling workers of a stage and hearing from them takes about so long: less work than that stays here. */
const SHORT_MS = 1;
/** A single task gains nothing elsewhere, and this thread can spare so much. */
const SHORT_TASK_MS = 3;
/** Less work than this is worth the help of this thread, which begins before any worker can, … */
const SHARED_MS = 12;
/** … if it can be stopped often enough. */
const MOST_TASK_MS = 4;
/** A stage that was quick once, by luck or with a warm cache, is believed to be slower by so much each time. */
const DOUBT = 1.25;
const MOST_KEPT = 1_024;

/**
 * How long stages took, by the form of their pipeline: a session's queries come again, and rows alone do not tell whether
 * a stage is worth the way to other threads.
 */
export class StageCosts {
  /** Milliseconds a row of the input, all threads together. */
  readonly #costs = new Map<string, number>();

  /** Where these tasks are done soonest, as far as is known. */
  place(tasks: readonly TaskTemplate[]): WorkPlace {
    const cost = this.#costs.get(tasks[0]?.specKey ?? '');
    const rows = cost === undefined ? undefined : rowsOfTasks(tasks);
    if (cost === undefined || rows === undefined) return 'workers';
    const ms = cost * rows;
    if (ms < (tasks.length === 1 ? SHORT_TASK_MS : SHORT_MS)) return 'here';
    return tasks.length > 1 && ms < SHARED_MS && ms / tasks.length < MOST_TASK_MS ? 'both' : 'workers';
  }

  /** What the stage took, to be asked for next time. */
  learn(tasks: readonly TaskTemplate[], milliseconds: number): void {
    const key = tasks[0]?.specKey;
    const rows = rowsOfTasks(tasks);
    if (key === undefined || rows === undefined || rows === 0) return;
    const cost = milliseconds / rows;
    const before = this.#costs.get(key) ?? cost;
    this.#costs.delete(key);
    this.#costs.set(key, Math.min(cost, before * DOUBT));
    if (this.#costs.size <= MOST_KEPT) return;
    const [oldest] = this.#costs.keys();
    if (oldest !== undefined) this.#costs.delete(oldest);
  }
}

/** Rows that are in memory; undefined where they are not, or where a user's function waits for them. */
function rowsOfTasks(tasks: readonly TaskTemplate[]): number | undefined {
  let rows = 0;
  for (const { input, spec } of tasks) {
    const some = spec.sink.kind === 'write' || readsDisk(input) ? undefined : rowsOf(input);
    if (some === undefined) return undefined;
    rows += some;
  }
  return rows;
}

function rowsOf(input: TaskInput): number | undefined {
  switch (input.kind) {
    case 'batches':
      return input.batches.reduce((rows, batch) => rows + batch.rows, -input.skip);
    case 'kept':
      return input.chunks.reduce((rows, chunk) => rows + chunk.rows, 0);
    case 'groups':
      return input.merge.parts.reduce((rows, part) => rows + part.chunks.reduce((n, chunk) => n + chunk.rows, 0), 0);
    case 'totals':
      return (input.to - input.from) * input.tables.length;
    default:
      return undefined;
  }
}
