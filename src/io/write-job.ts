import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { pid } from 'node:process';
import { type FileSystem, type Platform, SparrowError, type WrittenFile } from '../base/index.js';

/** What to do when the target is there already; Spark's names. */
export type SaveMode = 'append' | 'overwrite' | 'ignore' | 'error';

export interface WriteTarget {
  readonly path: string;
  readonly mode: SaveMode;
  /** `file`: one file at the path itself. Default: a directory of files, with a `_SUCCESS` marker. */
  readonly kind?: 'directory' | 'file';
}

/** Where the files of a write go. Plain data that travels to the tasks. */
export interface WritePlan {
  readonly target: string;
  readonly kind: 'directory' | 'file';
  readonly mode: SaveMode;
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
  /** Makes exactly these files the output. */
  commit(files: readonly WrittenFile[]): void;
  /** Removes everything written so far. */
  abort(): void;
}

const SUCCESS = '_SUCCESS';
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
export function prepareWrite(platform: Platform, { path, mode, kind = 'directory' }: WriteTarget): WriteJob {
  const { files } = platform;
  const target = resolve(path);
  if (target === dirname(target)) {
    throw new SparrowError('INVALID_PATH', `${path} cannot be written to: it is the root of a file system`, {
      where: `path ${path}`,
      hint: 'give the path of a directory below it',
    });
  }
  const found = files.stat(target);
  if (found !== undefined && mode === 'error') throw alreadyExists(path);
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
  const staging = join(dirname(target), `.${basename(target)}.tmp-${pid}-${id}`);
  const plan: WritePlan = { target, kind, mode, staging, id };
  const skip = found !== undefined && mode === 'ignore';
  if (!skip) files.makeDirectory(join(staging, 'tasks'));
  return new Job(plan, skip, files, path);
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
  const name = `part-${number}-${plan.id}-c${count}${safeExtension(file.extension)}`;
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
  ) {}

  commit(written: readonly WrittenFile[]): void {
    if (this.#ended || this.skip) return;
    try {
      const moves = written.map((file) => ({ from: file.temporaryPath, to: this.#relative(file) }));
      if (this.plan.kind === 'file') this.#commitFile(moves);
      else if (this.plan.mode === 'append' && this.files.stat(this.plan.target) !== undefined) this.#commitInto(moves);
      else this.#commitWhole(moves);
    } catch (error) {
      this.abort();
      throw error;
    }
    this.abort();
  }

  abort(): void {
    if (this.#ended) return;
    this.#ended = true;
    if (!this.skip) this.files.remove(this.plan.staging);
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
    if (found?.directory === true) this.#replace(only.from);
    else files.rename(only.from, plan.target);
  }

  /** A new directory is made ready aside and then takes the place of the target in one step. */
  #commitWhole(moves: readonly Move[]): void {
    const { plan, files } = this;
    const ready = join(plan.staging, 'ready');
    files.makeDirectory(ready);
    this.#move(moves, ready);
    this.#mark(ready);
    const found = files.stat(plan.target);
    if (found === undefined) files.rename(ready, plan.target);
    else if (plan.mode === 'overwrite') this.#replace(ready);
    else if (plan.mode === 'append') this.#commitInto(moves.map(({ to }) => ({ from: join(ready, to), to })));
    else throw alreadyExists(this.path);
  }

  /** What was there before is kept aside until the new one is in its place. */
  #replace(ready: string): void {
    const { plan, files } = this;
    const old = join(plan.staging, 'old');
    files.rename(plan.target, old);
    try {
      files.rename(ready, plan.target);
    } catch (error) {
      this.#restore(old, error);
      throw error;
    }
  }

  /** Puts the former output back; where even that fails, it stays aside and is not removed. */
  #restore(old: string, cause: unknown): void {
    try {
      this.files.rename(old, this.plan.target);
    } catch {
      this.#ended = true;
      throw new SparrowError(
        'FAILED_WRITE_FILE',
        `${this.path} could not be replaced, and what it held is now at ${old}`,
        {
          where: `path ${this.path}`,
          hint: 'move it back by hand',
          cause,
        },
      );
    }
  }

  /** Files join those of a directory one by one; when one fails, those before it are taken back. */
  #commitInto(moves: readonly Move[]): void {
    const { plan, files } = this;
    const done: string[] = [];
    try {
      this.#move(moves, plan.target, done);
      this.#mark(plan.target);
    } catch (error) {
      for (const path of done) files.remove(path);
      throw error;
    }
  }

  #move(moves: readonly Move[], into: string, done: string[] = []): void {
    const made = new Set<string>([into]);
    for (const { from, to } of moves) {
      const path = join(into, to);
      const directory = dirname(path);
      if (!made.has(directory)) this.files.makeDirectory(directory);
      made.add(directory);
      this.files.rename(from, path);
      done.push(path);
    }
  }

  #mark(directory: string): void {
    const marker = this.files.create(join(directory, SUCCESS));
    marker.sync();
    marker.close();
  }
}

interface Move {
  readonly from: string;
  /** Relative to the output. */
  readonly to: string;
}
