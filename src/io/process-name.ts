import { readFileSync } from 'node:fs';

/* Apart from who needs more than this: every session begins with it. */

/** When a process began, in ticks since the system did; undefined where the system does not tell. */
function bornAt(pid: number): string | undefined {
  try {
    // Behind the name of the program, which may have blanks and brackets.
    return readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ')[19];
  } catch {
    return undefined;
  }
}

let name: string | undefined;

/** This process in a name: numbers of processes are given out again. */
export function processName(): string {
  if (name === undefined) {
    const born = bornAt(process.pid);
    name = born === undefined ? `${process.pid}` : `${process.pid}_${born}`;
  }
  return name;
}

/** Whether a process lives that had this number, and began then if that is known. */
export function isAlive(pid: number, born: string | undefined): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return born === undefined || (bornAt(pid) ?? born) === born;
}
