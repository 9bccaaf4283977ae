import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { Worker, type WorkerOptions } from 'node:worker_threads';
import { type Remote, releaseProxy, wrap } from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import { PAGE_BYTES, SparrowError } from '../../base/index.js';
import type { WorkerApi, WorkerData } from '../worker.js';

/** A worker thread and how to speak with it. */
export interface StartedWorker {
  readonly worker: Worker;
  readonly api: Remote<WorkerApi>;
  /** Ends the conversation with a thread that is gone. */
  readonly release: () => void;
}

export type StartWorker = (data: WorkerData) => StartedWorker;

/** How workers are started here. This module is loaded for the first job that no thread of its own can do. */
export async function workerStarter(): Promise<StartWorker> {
  const open = await workerProgram();
  return (data) => {
    const worker = open(data);
    const api = wrap<WorkerApi>(nodeEndpoint(worker));
    return { worker, api, release: () => void api[releaseProxy] };
  };
}

/** The built worker beside us; or, in a program that was bundled into one file, its text. */
async function workerProgram(): Promise<(workerData: WorkerData) => Worker> {
  // This module may lie in a folder of shared chunks.
  const file = workerFile();
  if (file !== undefined)
    return (workerData) => new Worker(file, { workerData, ...youngSpace(workerData), ...ownArguments() });
  const { workerSource } = await import('../worker-source.js');
  if (workerSource === undefined) throw new Error('worker threads need the built package: npm run build');
  return (workerData) =>
    new Worker(workerSource, { eval: true, workerData, ...youngSpace(workerData), ...ownArguments() });
}

const workerFile = (): URL | undefined => besideUs('../sparrow-worker.js') ?? besideUs('../exec/sparrow-worker.js');

/** How processes for functions apart are started: the program of the workers calls functions when it is no worker. */
export async function startProcess(): Promise<() => ChildProcess> {
  const file = workerFile();
  if (file === undefined) {
    throw new SparrowError('UNSUPPORTED_FEATURE', 'processes for functions need the files of the package', {
      hint: 'leave sparrow-df out of the bundle, or leave isolation out',
    });
  }
  const { fork } = await import('node:child_process');
  return () => fork(file, { serialization: 'advanced', ...ownArguments() });
}

/** Up to so much memory for columns, what a worker's own objects take beside it is worth a bound: a share of it. */
const SMALL_MB = 1024;
const YOUNG_SHARE = 1 / 32;
const LEAST_YOUNG_MB = 6;

/** Node lets the space for young objects grow to 48 MB in each worker before it looks which of them are still needed. */
function youngSpace({ heap }: WorkerData): WorkerOptions {
  const megabytes = (heap.limitPages * PAGE_BYTES) / 2 ** 20;
  if (megabytes >= SMALL_MB) return {};
  return { resourceLimits: { maxYoungGenerationSizeMb: Math.max(LEAST_YOUNG_MB, megabytes * YOUNG_SHARE) } };
}

/** A worker inherits how node was started; what says how to read the text of `node --eval` is not for our program. */
const ownArguments = (): { execArgv?: string[] } =>
  process.execArgv.some((argument) => argument.startsWith('--input-type')) ? { execArgv: [] } : {};

/** The address is put together in a way that no bundler takes for a file to bring along. */
function besideUs(name: string): URL | undefined {
  // A bundle in CommonJS has no address.
  const { url }: { readonly url?: string } = import.meta;
  if (url === undefined) return undefined;
  const file = new URL(name, url);
  return file.protocol === 'file:' && existsSync(file) ? file : undefined;
}
