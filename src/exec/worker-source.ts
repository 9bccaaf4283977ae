/**
 * The worker as one bundled script, for programs that bundle Sparrow into a single file and so lose `worker.js`.
 * In the source tree there is none; `npm run build` writes the bundle over the compiled copy of this file.
 */
export const workerSource: string | undefined = undefined;
