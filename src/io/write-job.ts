import { dirname, join, relative, resolve, sep } from 'node:path';
import { pid } from 'node:process';
import { type FileSystem, type Platform, SparrowError, type WrittenFile } from '../base/index.js';
import { isUnfinished, removeStaging, type Step, settleWrites, takeSteps } from './write-journal.js';
import { beginStaging, endStaging, stagingPath } from './write-owner.js';

/** What to do when the target is there already; Spark's names. */
export type SaveMode = 'append' | 'overwrite' | 'ignore' | 'error';

export interface WriteTarget {
  readonly path: string;
  readonly mode: SaveMode;
  /** `file`: one file at the path itself. Default: a directory of files, with a `_SUCCESS` marker. */
  readonly kind?: 'directory' | 'file';
  /** With mode overwrite: only the partitions that rows are written to are replaced. */
  readonly dynamic?: boolean;
  /** A name of this write, kept at the target: when it is there already, nothing is written. */
  readonly once?: string;
  /** With mode overwrite: only this partition, and those in it, are replaced, also when no rows are written. */
  readonly within?: readonly (readonly [column: string, value: string | null])[];
}

/** Where the files of a write go. Plain data that travels to the tasks. */
export interface WritePlan {
  readonly target: string;
  readonly kind: 'directory' | 'file';
  readonly mode: SaveMode;
  readonly dynamic: boolean;
  /** Next to the target, so that a rename moves a file without copying it. */
  readonly staging: string;
  /** Unique to the write; part of every file's name. */
  readonly id: string;
}

/** One file of a task's output. */
export interface TaskFile {
  readonly task: number;
  /** Which try of the task; each has temporary files of its own. */
  readonly attempt: number;
  /** Counts the files of a task. */
  readonly file?: number;
  /** The bucket that all rows of the file are of. */
  readonly bucket?: number;
  /** With its dot: `.snappy.parquet`. */
  readonly extension: string;
  /** Values as text, outermost first; null for SQL NULL. */
  readonly partitions?: readonly (readonly [name: string, value: string | null])[];
}

/** A write between its preparation and its end; nothing is seen at the target before `commit`. */
export interface WriteJob {
  readonly plan: WritePlan;
  /** The target is there and mode `ignore` says to leave it: write nothing. */
  readonly skip: boolean;
  /** Makes exactly these files the output; false where a write of the same name did so meanwhile. */
  commit(files: readonly WrittenFile[]): boolean;
  /** Removes everything written so far. */
  abort(): void;
}

const SUCCESS = '_SUCCESS';
/** Below the staging folder: the whole output, and what it replaces. */
const READY = 'ready';
const OLD = 'old';
/** In the target: the names of writes that are done once. */
const DONE = '_done';
/** What a write is told when another one was there first. */
const RACES: readonly string[] = ['CONCURRENT_WRITE', 'PATH_ALREADY_EXISTS'];
const NULL_PARTITION = '__HIVE_DEFAULT_PARTITION__';
const MAX_NAME_BYTES = 255;

/** The mode of a user's word, as Spark reads it. */
export function saveMode(word: string): SaveMode {
  const mode = word.toLowerCase();
  if (mode === 'append' || mode === 'overwrite' || mode === 'ignore' || mode === 'error') return mode;
  if (mode === 'errorifexists' || mode === 'default') return 'error';
  throw new SparrowError('INVALID_SAVE_MODE', `there is no save mode ${JSON.stringify(word)}`, {
    candidates: ['append', 'overwrite', 'ignore', 'error', 'errorifexists'],
  });
}

/** Checks the target against the mode and makes a place for temporary files. */
export function prepareWrite(
  platform: Platform,
  { path, mode, kind = 'directory', dynamic = false, once, within = [] }: WriteTarget,
): WriteJob {
  const { files } = platform;
  const target = resolve(path);
  if (target === dirname(target)) {
    throw new SparrowError('INVALID_PATH', `${path} cannot be written to: it is the root of a file system`, {
      where: `path ${path}`,
      hint: 'give the path of a directory below it',
    });
  }
  settleWrites(files, target, true);
  const found = files.stat(target);
  const isDone = once !== undefined && files.stat(join(target, DONE, once)) !== undefined;
  if (found !== undefined && mode === 'error' && !isDone) throw alreadyExists(path);
  if (found !== undefined && mode === 'append' && found.directory !== (kind === 'directory')) {
    throw new SparrowError(
      'PATH_ALREADY_EXISTS',
      `${path} is ${found.directory ? 'a directory' : 'a file'}, so nothing can be appended to it`,
      {
        where: `path ${path}`,
        hint: 'choose another path, or mode overwrite',
      },
    );
  }
  if (kind === 'file' && mode === 'append') {
    throw new SparrowError('UNSUPPORTED_SAVE_MODE', 'a single file cannot be appended to', {
      where: `path ${path}`,
      hint: 'write a directory of files, or use mode overwrite',
    });
  }
  const id = `${platform.seed().toString(36)}${Math.floor(platform.clock.now()).toString(36)}`.replace(
    /[^a-z0-9]/g,
    '',
  );
  const staging = stagingPath(target, id);
  const place = join(...within.map(([column, value]) => partitionDirectory(column, value)), '.');
  const plan: WritePlan = { target, kind, mode, dynamic, staging, id };
  const skip = isDone || (found !== undefined && mode === 'ignore');
  if (!skip) {
    beginStaging(staging);
    files.makeDirectory(join(staging, 'tasks'));
  }
  return new Job(plan, skip, files, path, once, place === '.' ? undefined : place);
}

function alreadyExists(path: string): SparrowError {
  return new SparrowError('PATH_ALREADY_EXISTS', `${path} already exists`, {
    where: `path ${path}`,
    hint: 'set the mode to "overwrite" to replace it, or to "append" to add to it',
    sqlState: '42K04',
    parameters: { outputPath: path },
  });
}

/** Where a task writes a file, and where it goes on commit. */
export function taskPath(
  plan: WritePlan,
  file: TaskFile,
): { readonly temporaryPath: string; readonly finalPath: string } {
  const number = String(file.task).padStart(5, '0');
  const count = String(file.file ?? 0).padStart(3, '0');
  const { bucket } = file;
  // Spark tells a file's bucket by these digits before the first dot.
  const between = bucket === undefined ? '-' : `_${String(bucket).padStart(5, '0')}.`;
  const name = `part-${number}-${plan.id}${between}c${count}${safeExtension(file.extension)}`;
  const temporaryPath = join(plan.staging, 'tasks', `.${name}.tmp-${pid}-${file.attempt}`);
  if (plan.kind === 'file') return { temporaryPath, finalPath: plan.target };
  const directories = (file.partitions ?? []).map(([column, value]) => partitionDirectory(column, value));
  return { temporaryPath, finalPath: join(plan.target, ...directories, name) };
}

function safeExtension(extension: string): string {
  if (/^(\.[A-Za-z0-9_-]+)*$/.test(extension)) return extension;
  throw new SparrowError('INVALID_PATH', `${JSON.stringify(extension)} is no file extension`, {
    hint: 'use one such as .csv',
  });
}

/** `name=value` as Hive escapes it: one directory name whatever the value is, which never leads elsewhere. */
export function partitionDirectory(column: string, value: string | null): string {
  const name = `${escapePath(column)}=${value === null || value === '' ? NULL_PARTITION : escapePath(value)}`;
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) {
    throw new SparrowError(
      'INVALID_PARTITION_VALUE',
      `a value of ${Buffer.byteLength(name)} bytes is too long for a directory name`,
      {
        where: `partition column ${column}, value ${JSON.stringify(value?.slice(0, 60))}…`,
        hint: 'partition by a shorter column',
      },
    );
  }
  return name;
}

/** Characters that mean something to a shell, a path or Hive; as in Spark, and NUL besides. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is escaped.
const ESCAPED = /[\u0000-\u001f"#%'*/:=?\\\u007f{[\]^}]/g;

function escapePath(text: string): string {
  return text.replace(ESCAPED, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
}

class Job implements WriteJob {
  #ended = false;

  constructor(
    readonly plan: WritePlan,
    readonly skip: boolean,
    private readonly files: FileSystem,
    private readonly path: string,
    private readonly once?: string,
    /** The folder below the target that is replaced, where not all of it is. */
    private readonly within?: string,
  ) {}

  commit(written: readonly WrittenFile[]): boolean {
    if (this.#ended || this.skip) return false;
    try {
      const moves = written.map((file) => ({ from: file.temporaryPath, to: this.#relative(file) }));
      for (const name of this.#names()) moves.push(this.#note(name));
      if (this.plan.kind === 'file') this.#commitFile(moves);
      else this.#commitDirectory(moves);
    } catch (error) {
      this.abort();
      if (RACES.includes((error as SparrowError).code) && this.#isDone()) return false;
      throw error;
    }
    this.#ended = true;
    removeStaging(this.files, this.plan.staging);
    return true;
  }

  #isDone(): boolean {
    return this.once !== undefined && this.files.stat(join(this.plan.target, DONE, this.once)) !== undefined;
  }

  /** The names of writes that the target will hold: what takes another's place knows the writes before, too. */
  #names(): Iterable<string> {
    const { plan, once, within } = this;
    const isWhole = plan.mode === 'overwrite' && !plan.dynamic && within === undefined;
    const known = isWhole ? this.files.names(join(plan.target, DONE)) : [];
    return new Set(once === undefined ? known : [...known, once]);
  }

  abort(): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.skip) return;
    if (isUnfinished(this.files, this.plan.staging)) endStaging(this.plan.staging);
    else removeStaging(this.files, this.plan.staging);
  }

  /** The name of the write goes to the target with its files, in the same step. */
  #note(name: string): Move {
    const from = join(this.plan.staging, 'tasks', name);
    const note = this.files.create(from);
    note.sync();
    note.close();
    return { from, to: join(DONE, name) };
  }

  /** The place of a file below the target; refuses files that are not this write's. */
  #relative(file: WrittenFile): string {
    const { target, staging, kind } = this.plan;
    const below = relative(target, file.finalPath);
    const inside =
      kind === 'file'
        ? below === ''
        : below !== '' && !below.split(sep).includes('..') && resolve(target, below) === file.finalPath;
    if (inside && dirname(file.temporaryPath) === join(staging, 'tasks')) return below;
    throw new SparrowError('INVALID_PATH', `${file.finalPath} is outside of what is written`, {
      where: `path ${this.path}`,
    });
  }

  #commitFile(moves: readonly Move[]): void {
    const { plan, files } = this;
    const [only] = moves;
    if (only === undefined || moves.length > 1) {
      throw new SparrowError('INVALID_PATH', `${moves.length} files were written for one`, {
        where: `path ${this.path}`,
      });
    }
    const found = files.stat(plan.target);
    if (found !== undefined && plan.mode !== 'overwrite') throw alreadyExists(this.path);
    if (found?.directory === true) this.#take([{ from: relative(plan.staging, only.from), to: '', aside: OLD }]);
    else files.rename(only.from, plan.target);
    files.syncDirectory(dirname(plan.target));
  }

  #commitDirectory(moves: readonly Move[]): void {
    const { plan, files } = this;
    const found = files.stat(plan.target);
    if (found === undefined) this.#appear(this.#ready(moves));
    else if (plan.mode === 'append') this.#add(moves);
    else if (plan.mode === 'overwrite' && this.within !== undefined) this.#replaceFolder(moves, this.within);
    else if (plan.mode === 'overwrite' && plan.dynamic) this.#replacePartitions(moves);
    else if (plan.mode === 'overwrite') {
      this.#take([{ from: relative(plan.staging, this.#ready(moves)), to: '', aside: OLD }]);
    } else throw alreadyExists(this.path);
  }

  /** The output as a directory of its own beside the target. */
  #ready(moves: readonly Move[]): string {
    const ready = join(this.plan.staging, READY);
    this.files.makeDirectory(ready);
    const made = new Set<string>([ready]);
    for (const { from, to } of moves) {
      const path = join(ready, to);
      const directory = dirname(path);
      if (!made.has(directory)) this.files.makeDirectory(directory);
      made.add(directory);
      this.files.rename(from, path);
    }
    this.#mark(ready);
    for (const directory of made) this.files.syncDirectory(directory);
    return ready;
  }

  /** The output takes a place that nobody has, in one step. */
  #appear(ready: string): void {
    const { plan, files } = this;
    try {
      files.rename(ready, plan.target);
    } catch (error) {
      if (files.stat(plan.target) === undefined) throw error;
      throw plan.mode === 'error' ? alreadyExists(this.path) : appearedMeanwhile(this.path);
    }
    files.syncDirectory(dirname(plan.target));
  }

  /** Files join those of a directory. */
  #add(moves: readonly Move[]): void {
    this.#take(moves.map(({ from, to }) => ({ from: relative(this.plan.staging, from), to })));
    this.#mark(this.plan.target);
  }

  /** Each partition that was written takes the place of what was there; the others stay. */
  #replacePartitions(moves: readonly Move[]): void {
    const { plan } = this;
    const ready = relative(plan.staging, this.#ready(moves));
    const partitions = new Set(moves.map(({ to }) => dirname(to)));
    partitions.delete(DONE);
    const steps = [...partitions].map((to) => ({ from: join(ready, to), to, aside: join(OLD, to) }));
    this.#take([...steps, ...notesOf(moves, ready)]);
    this.#mark(plan.target);
  }

  /** What was written takes the place of one folder, be it empty. */
  #replaceFolder(moves: readonly Move[], folder: string): void {
    const { plan, files } = this;
    const path = this.#ready(moves);
    const ready = relative(plan.staging, path);
    files.makeDirectory(join(path, folder));
    this.#take([{ from: join(ready, folder), to: folder, aside: join(OLD, folder) }, ...notesOf(moves, ready)]);
    this.#mark(plan.target);
  }

  #take(steps: readonly Step[]): void {
    const { plan, files, path } = this;
    takeSteps(files, plan.staging, plan.target, steps, () => {
      if (this.#isDone()) throw appearedMeanwhile(path);
    });
  }

  #mark(directory: string): void {
    const marker = this.files.create(join(directory, SUCCESS));
    marker.sync();
    marker.close();
  }
}

function appearedMeanwhile(path: string): SparrowError {
  return new SparrowError('CONCURRENT_WRITE', `${path} was made by somebody else meanwhile`, {
    where: `path ${path}`,
    hint: 'run the write again',
  });
}

interface Move {
  readonly from: string;
  /** Relative to the output. */
  readonly to: string;
}

/** The steps that take the names of writes from the folder of the new output to the target, beside those there. */
const notesOf = (moves: readonly Move[], ready: string): readonly Step[] =>
  moves.filter(({ to }) => dirname(to) === DONE).map(({ to }) => ({ from: join(ready, to), to }));
