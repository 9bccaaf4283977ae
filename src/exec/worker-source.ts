/**
 * The worker as one script, for programs that bundle Sparrow into a single file and so lose the worker's.
 * In the source tree there is none; the build puts the script into the copy of this module that it bundles.
 */
export const workerSource: string | undefined = undefined;
