import { randomInt } from 'node:crypto';
import type { Platform } from '../base/index.js';
import { nodeFiles } from './node-files.js';

/** The platform of a Node process. */
export const nodePlatform: Platform = {
  files: nodeFiles,
  clock: { now: () => performance.timeOrigin + performance.now(), monotonic: () => performance.now() },
  seed: () => randomInt(2 ** 31),
};
