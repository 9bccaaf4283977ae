import type { SharedHeap } from '../../base/index.js';
import { type PlainError, toPlainError } from '../../base/index.js';
import { type PackedInputs, unpackInputs } from './pack-inputs.js';
import { countPassing } from './passing-arenas.js';
import { runTask } from './run-task.js';
import type { TaskInput } from './spec.js';
import type { SpillSettings, TaskRequest, TaskResult, TaskTemplate } from './task.js';
import type { TaskEnvironment } from './task-environment.js';

/** What all tasks of a stage have in common. */
export type CommonRequest = Omit<TaskTemplate, 'input'>;

/**
 * A worker's share of a stage: whichever tasks it claims. A task belongs to the first that stores its own number in
 * the task's word of `claims`, so what a worker held when it died is known.
 */
export interface ShareRequest {
  /** Number of this share, greater than 0. */
  readonly id: number;
  /** Address of one word a task: 0 while nobody has it, else the number of the share that took it. */
  readonly claims: number;
  readonly common: CommonRequest;
  readonly inputs: PackedInputs;
  readonly firstTask: number;
  readonly spill: SpillSettings;
  /** Of each task the scratch arena, the one of its output, and those that pass. */
  readonly arenas: Float64Array;
  readonly tasks: number;
}

export interface ShareResult {
  readonly done: readonly { readonly index: number; readonly result: TaskResult }[];
  readonly failed?: { readonly index: number; readonly error: PlainError };
  /** The time was up before the tasks were: others want this thread too, and results are waited for. */
  readonly more: boolean;
}

/** Arenas that every task has; which of them is that of its output. */
export const ARENAS = 2;
export const OUTPUT = 1;

/** A claim by nobody: the task is not to be run any more. */
const NEVER = -1;
/** After this, a worker tells what it has and takes its turn again. */
const SHARE_MS = 50;

/** Runs tasks nobody has claimed yet, in their order, until there are none or time is up. */
export async function runShare(environment: TaskEnvironment, request: ShareRequest): Promise<ShareResult> {
  const { heap } = environment.programs;
  const { clock } = environment.platform;
  const until = clock.monotonic() + SHARE_MS;
  const inputOf = unpackInputs(request.inputs);
  const { tasks } = request;
  const done: { index: number; result: TaskResult }[] = [];
  for (let index = 0; index < tasks; index++) {
    if (Atomics.compareExchange(heap.i32, (request.claims >>> 2) + index, 0, request.id) !== 0) continue;
    const task = taskOfShare(request, index, inputOf(index));
    try {
      done.push({ index, result: await runTask(environment, task) });
    } catch (error) {
      refuseRest(heap, request.claims, tasks);
      return { done, failed: { index, error: toPlainError(error) }, more: false };
    } finally {
      for (const arena of [task.scratchArena, ...task.passingArenas]) heap.releaseArena(arena);
    }
    if (clock.monotonic() > until) return { done, more: true };
  }
  return { done, more: false };
}

/** The first attempt at task number `index` of a stage. */
export function taskOfShare(request: ShareRequest, index: number, input: TaskInput): TaskRequest {
  const { common, arenas, tasks, firstTask, spill } = request;
  const stride = arenas.length / tasks;
  const [scratchArena = 0, outputArena = 0, ...passingArenas] = arenas.subarray(index * stride, (index + 1) * stride);
  const own = { scratchArena, outputArena, passingArenas: passingArenas.slice(0, countPassing(common.spec, input)) };
  return { ...common, ...own, input, task: firstTask + index, place: index, attempt: 1, spill };
}

/** Tasks are claimed in order, so the first error in the order of tasks is among those that run now. */
function refuseRest(heap: SharedHeap, claims: number, tasks: number): void {
  for (let index = 0; index < tasks; index++) Atomics.compareExchange(heap.i32, (claims >>> 2) + index, 0, NEVER);
}
