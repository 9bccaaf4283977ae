import { type Arena, type Platform, part } from '../../base/index.js';
import { joinProbe } from '../compile/pipeline.js';
import type { RowUnspiller } from './row-spill.js';

/*
 * Parts of running tasks that few queries need. On the caller's thread the one that is missing is loaded, and the task
 * begins again; a worker has them all before its first task.
 */

export const rowSpill = part(() => import('./row-spill.js'));
export const writeRunner = part(() => import('./write-runner.js'));

export const loadTaskParts = (): Promise<unknown> =>
  Promise.all([rowSpill, writeRunner, joinProbe].map((each) => each.load()));

/** Reads rows from disk, if there are any. */
export function spillReader(
  scratch: Arena,
  platform: Platform,
  room?: (bytes: number) => number,
): Pick<RowUnspiller, 'read'> {
  let reader: RowUnspiller | undefined;
  return {
    read: (...spilled) => {
      const { RowUnspiller: Reader } = rowSpill();
      reader ??= new Reader(scratch, platform, room);
      return reader.read(...spilled);
    },
  };
}
