import { type MessagePort, parentPort, threadId, Worker, workerData } from 'node:worker_threads';
import { expose } from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import { SharedHeap } from '../base/index.js';
import type { FamilyName } from '../functions/names-by-family.js';
import { nodePlatform } from '../io/node-platform.js';
import { formatNamed, splitReader } from '../io/registry.js';
import type { CancelToken } from './task/cancel.js';
import { type Answer, type HeapHandle, type Job, TaskThread } from './task/thread.js';
import { serveCalls, watchParent } from './udf/child.js';

/** What a worker is started with. */
export interface WorkerData {
  readonly heap: HeapHandle;
  readonly flags: SharedArrayBuffer;
}

/** What the session may ask of a worker. */
export interface WorkerApi {
  run(job: Job, cancel: CancelToken, families: readonly FamilyName[]): Promise<Answer>;
  /** Resolves when the worker is ready. */
  ready(): boolean;
}

function serveTasks(port: MessagePort, { heap, flags }: WorkerData): void {
  const formats = { reader: splitReader, format: formatNamed };
  const thread = new TaskThread(SharedHeap.attach(heap), flags, nodePlatform, formats, threadId);
  const api: WorkerApi = {
    run: (job, cancel, families) => thread.answer(job, cancel, families),
    ready: () => true,
  };
  expose(api, nodeEndpoint(port));
}

const given = workerData as WorkerData | { readonly parent: number } | null;
if (parentPort === null || given === null) {
  // A process for functions that are to be apart.
  serveCalls();
  new Worker(new URL(import.meta.url), { workerData: { parent: process.ppid } }).unref();
} else if ('parent' in given) watchParent(given.parent);
else serveTasks(parentPort, given);
