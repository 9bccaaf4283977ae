import { engineBug } from '../../base/index.js';
import type { TaskResult } from './task.js';

/** Gives what a task has made so far, and waits: resolves with the arena for what it makes after the next time. */
export type Pause = (result: TaskResult) => Promise<number>;

/** Whoever waits for a task's answer: each time another one. */
interface Asker {
  resolve: (result: TaskResult) => void;
  reject: (error: unknown) => void;
}

/** Tasks of one thread that wait until somebody wants more of them; other tasks run meanwhile. */
export class PausedTasks {
  readonly #waiting = new Map<number, (arena: number) => Promise<TaskResult>>();
  #next = 1;

  /** Runs a task up to its first pause, or to its end. */
  begin(run: (pause: Pause) => Promise<TaskResult>): Promise<TaskResult> {
    return new Promise((resolve, reject) => {
      const asker: Asker = { resolve, reject };
      run((result) => this.#pause(asker, result)).then(
        (result) => asker.resolve(result),
        (error: unknown) => asker.reject(error),
      );
    });
  }

  /** Lets a task go on, up to its next pause or to its end. */
  resume(id: number, arena: number): Promise<TaskResult> {
    const goOn = this.#waiting.get(id);
    if (goOn === undefined) throw engineBug(`no task ${id} waits in this thread`);
    this.#waiting.delete(id);
    return goOn(arena);
  }

  #pause(asker: Asker, result: TaskResult): Promise<number> {
    const paused = this.#next++;
    return new Promise((goOn) => {
      this.#waiting.set(
        paused,
        (arena) =>
          new Promise((resolve, reject) => {
            Object.assign(asker, { resolve, reject });
            goOn(arena);
          }),
      );
      asker.resolve({ ...result, paused });
    });
  }
}
