import { closeSync, openSync, readSync } from 'node:fs';
import type { Platform } from '../base/index.js';
import { nodeFiles } from './node-files.js';

/** 31 bits that nobody can guess. Node's crypto would take a tenth of the time in which a session is there. */
function unguessable(): number {
  const bytes = new Uint32Array(1);
  try {
    const file = openSync('/dev/urandom', 'r');
    try {
      readSync(file, bytes);
    } finally {
      closeSync(file);
    }
  } catch {
    // A system without such a file.
    process.getBuiltinModule('node:crypto').getRandomValues(bytes);
  }
  return (bytes[0] as number) >>> 1;
}

export const nodePlatform: Platform = {
  files: nodeFiles,
  clock: { now: () => performance.timeOrigin + performance.now(), monotonic: () => performance.now() },
  seed: unguessable,
};
