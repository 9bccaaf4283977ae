import { basename, dirname, join } from 'node:path';
import { type FileSystem, SparrowError } from '../base/index.js';
import { beginStaging, endStaging, isAtWork, stagingPath, stagingsOf, targetOfStaging } from './write-owner.js';

/**
 * One step of a commit. `from` and `aside` are relative to the staging folder, `to` to the target (empty: the target
 * itself). What is at `to` is kept `aside` until the new file or directory is in its place.
 */
export interface Step {
  readonly from: string;
  readonly to: string;
  readonly aside?: string;
}

const JOURNAL = 'commit.json';
const WAIT_MS = 40;
const PAUSE_MS = 2;

/**
 * Takes the steps of a commit so that a process which dies among them has taken all or none: the list of steps becomes
 * a file in one step before the first is taken, and whoever reads or writes the target next takes those that are left.
 * `check` throws where the steps are not to be taken, when no other writer takes any.
 */
export function takeSteps(
  files: FileSystem,
  staging: string,
  target: string,
  steps: readonly Step[],
  check: () => void,
): void {
  begin(files, staging, target, writeDraft(files, staging, steps));
  const taken: Step[] = [];
  try {
    check();
    for (const step of steps) {
      taken.push(step);
      takeStep(files, staging, target, step);
    }
  } catch (error) {
    undo(files, staging, target, taken, error);
    files.remove(join(staging, JOURNAL));
    throw error;
  }
  for (const directory of new Set(steps.map(({ to }) => dirname(join(target, to))))) files.syncDirectory(directory);
}

/** Whether steps of a commit were taken and could not be taken back. */
export const isUnfinished = (files: FileSystem, staging: string): boolean =>
  files.stat(join(staging, JOURNAL)) !== undefined;

/**
 * Removes a staging folder; the list of steps goes first, as the rest means nothing without it. What cannot be removed is
 * left to the next write: this one is done, or its error is another.
 */
export function removeStaging(files: FileSystem, staging: string): void {
  try {
    files.remove(join(staging, JOURNAL));
    files.remove(staging);
  } catch (error) {
    if (!(error instanceof SparrowError)) throw error;
  } finally {
    endStaging(staging);
  }
}

/**
 * Finishes the commits of writers that died in one, so that a reader sees all of it. With `sweep` what other dead
 * writers left is removed too.
 */
export function settleWrites(files: FileSystem, target: string, sweep: boolean): void {
  for (const owner of stagingsOf(files, target)) {
    const commits = () => files.stat(join(owner.path, JOURNAL)) !== undefined;
    if (isAtWork(files, owner)) {
      for (let waited = 0; waited < WAIT_MS && commits(); waited += PAUSE_MS) pause();
    } else if (commits()) finish(files, owner.path, target);
    else if (sweep) files.remove(owner.path);
  }
}

/** As `settleWrites`, for whatever targets a directory that is listed holds; says whether there was one. */
export function settleWritesIn(files: FileSystem, directory: string, names: readonly string[]): boolean {
  const targets = new Set(names.map(targetOfStaging).filter((name) => name !== undefined));
  for (const name of targets) settleWrites(files, join(directory, name), false);
  return targets.size > 0;
}

/** One process alone finishes what a dead one began: that which manages to rename the folder. */
function finish(files: FileSystem, dead: string, target: string): void {
  const staging = stagingPath(target, basename(dead).replace(/^.*-/, ''));
  beginStaging(staging);
  try {
    files.rename(dead, staging);
  } catch (error) {
    endStaging(staging);
    if (files.stat(dead) === undefined) return;
    throw new SparrowError('FAILED_READ_FILE', `a write of ${target} was cut off and cannot be finished`, {
      where: `path ${target}`,
      hint: 'read it once as a user who may write there',
      cause: error,
    });
  }
  for (const step of readJournal(files, staging)) takeStep(files, staging, target, step);
  removeStaging(files, staging);
}

function takeStep(files: FileSystem, staging: string, target: string, { from, to, aside }: Step): void {
  const source = join(staging, from);
  if (files.stat(source) === undefined) return;
  const place = join(target, to);
  if (to !== '') files.makeDirectory(dirname(place));
  if (aside !== undefined && files.stat(place) !== undefined) {
    const kept = join(staging, aside);
    files.makeDirectory(dirname(kept));
    // Only after a crash: what is at the target then was put there by somebody else, after the former output left it.
    if (files.stat(kept) !== undefined) files.remove(kept);
    files.rename(place, kept);
  }
  files.rename(source, place);
}

function undo(files: FileSystem, staging: string, target: string, taken: readonly Step[], cause: unknown): void {
  for (const { from, to, aside } of [...taken].reverse()) {
    const [source, place] = [join(staging, from), join(target, to)];
    try {
      if (files.stat(source) === undefined && files.stat(place) !== undefined) files.rename(place, source);
      if (aside !== undefined && files.stat(join(staging, aside)) !== undefined) {
        files.rename(join(staging, aside), place);
      }
    } catch {
      throw new SparrowError('FAILED_WRITE_FILE', `${target} could not be replaced, nor put back as it was`, {
        where: `path ${target}`,
        hint: `once the cause is mended, the next read or write of it finishes the write; all files are in ${staging}`,
        cause,
      });
    }
  }
}

/**
 * Makes the list of steps count. Two writers do not take their steps at once: each looks for others after its own list is
 * there, takes it back when it finds one, and tries again a little later.
 */
function begin(files: FileSystem, staging: string, target: string, draft: string): void {
  const journal = join(staging, JOURNAL);
  for (let waited = 0; ; ) {
    files.claim(draft, journal);
    const others = stagingsOf(files, target).filter(
      ({ path }) => path !== staging && files.stat(join(path, JOURNAL)) !== undefined,
    );
    const busy = others.filter((other) => isAtWork(files, other));
    for (const other of others) if (!busy.includes(other)) finish(files, other.path, target);
    if (busy.length === 0) break;
    files.remove(journal);
    if (waited >= WAIT_MS) {
      throw new SparrowError('CONCURRENT_WRITE', `another process is putting its output at ${target}`, {
        where: `path ${target}`,
        hint: 'run the write again when the other is done',
      });
    }
    const pauseMs = 1 + Math.random() * 2 * PAUSE_MS;
    pause(pauseMs);
    waited += pauseMs;
  }
  files.syncDirectory(staging);
}

function pause(ms = PAUSE_MS): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

function writeDraft(files: FileSystem, staging: string, steps: readonly Step[]): string {
  const draft = join(staging, `${JOURNAL}.draft`);
  const file = files.create(draft);
  try {
    file.write(Buffer.from(JSON.stringify(steps)));
    file.sync();
  } finally {
    file.close();
  }
  return draft;
}

function readJournal(files: FileSystem, staging: string): Step[] {
  const file = files.open(join(staging, JOURNAL));
  try {
    const bytes = Buffer.alloc(file.size);
    file.readInto(bytes, 0, file.size);
    return JSON.parse(bytes.toString('utf8')) as Step[];
  } finally {
    file.close();
  }
}
