import { EventEmitter } from 'node:events';
import type { Platform } from '../../../src/base/index.js';
import { SharedHeap } from '../../../src/base/index.js';
import type { StartedWorker, StartWorker } from '../../../src/exec/driver/worker-start.js';
import { type Answer, TaskThread } from '../../../src/exec/task/thread.js';
import type { WorkerApi, WorkerData } from '../../../src/exec/worker.js';
import { formatNamed, splitReader } from '../../../src/io/registry.js';
import { type Disk, SimulatedFiles } from './files.js';
import { Killed, type World } from './world.js';

/** Files, clock and chance of a simulated process, or of one of its threads, which `before` may end. */
export function platformOf(world: World, disk: Disk, before: () => void = () => undefined): Platform {
  const clock = {
    now: (): number => world.now,
    monotonic: (): number => {
      before();
      return world.tick();
    },
  };
  return { files: new SimulatedFiles(world, disk, before), clock, seed: () => world.below(2 ** 31) };
}

/** Starts workers that are no threads: their jobs run here, when their messages arrive. */
export function simulatedStarter(world: World, disk: Disk): () => Promise<StartWorker> {
  let workers = 0;
  return async () => (data) => new SimulatedWorker(world, disk, data, ++workers).started();
}

class SimulatedWorker extends EventEmitter {
  readonly threadId: number;
  readonly #thread: TaskThread;
  #isOver = false;
  /** When the last message each way arrives: they do not overtake each other. */
  #toWorker = 0;
  #fromWorker = 0;
  #ended: Promise<number> | undefined;

  constructor(
    private readonly world: World,
    disk: Disk,
    { heap, flags }: WorkerData,
    private readonly number: number,
  ) {
    super();
    this.threadId = number;
    const platform = platformOf(world, disk, () => this.#live());
    const formats = { reader: splitReader, format: formatNamed };
    this.#thread = new TaskThread(SharedHeap.attach(heap), flags, platform, formats, number);
  }

  started(): StartedWorker {
    const run = (...given: Parameters<WorkerApi['run']>): Promise<Answer> => this.#run(structuredClone(given));
    return {
      worker: this,
      api: { run, ready: async () => true },
      release: () => undefined,
    } as unknown as StartedWorker;
  }

  unref(): void {}

  terminate(): Promise<number> {
    this.#ended ??= new Promise((resolve) => {
      this.#isOver = true;
      this.#fromWorker = Math.max(this.#fromWorker, this.world.arrival());
      this.world.post(this.#fromWorker, `worker ${this.number} is gone`, () => {
        this.emit('exit', 1);
        resolve(1);
      });
    });
    return this.#ended;
  }

  /** Called whenever its code asks for something of the world. */
  #live(): void {
    if (!this.#isOver && this.world.strikes('kill')) void this.terminate();
    if (this.#isOver) throw new Killed();
  }

  #run(given: Parameters<WorkerApi['run']>): Promise<Answer> {
    const [job] = given;
    const name = job.kind === 'task' ? `task ${job.request.task} attempt ${job.request.attempt}` : job.kind;
    return new Promise((resolve) => {
      this.#toWorker = Math.max(this.#toWorker, this.world.arrival());
      this.world.post(this.#toWorker, `worker ${this.number} gets ${name}`, async () => {
        const answer = this.#isOver ? undefined : await this.#thread.answer(...given);
        if (answer === undefined || this.#isOver) return;
        const told = structuredClone(answer);
        this.#fromWorker = Math.max(this.#fromWorker, this.world.arrival());
        this.world.post(this.#fromWorker, `worker ${this.number} answers ${name}`, () => resolve(told));
      });
    });
  }
}
