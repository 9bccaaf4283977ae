import { parentPort, threadId, workerData } from 'node:worker_threads';
import { expose } from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import { SharedHeap } from '../base/index.js';
import type { FamilyName } from '../functions/names-by-family.js';
import { nodePlatform } from '../io/node-platform.js';
import { formatNamed, splitReader } from '../io/registry.js';
import type { CancelToken } from './task/cancel.js';
import { type Answer, type HeapHandle, type Job, TaskThread } from './task/thread.js';

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

const { heap, flags } = workerData as WorkerData;
const formats = { reader: splitReader, format: formatNamed };
const thread = new TaskThread(SharedHeap.attach(heap), flags, nodePlatform, formats, threadId);
const api: WorkerApi = {
  run: (job, cancel, families) => thread.answer(job, cancel, families),
  ready: () => true,
};
if (parentPort !== null) expose(api, nodeEndpoint(parentPort));
