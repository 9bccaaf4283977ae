import {
  closeSync,
  constants,
  copyFileSync,
  fstatSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { type FileInfo, type FileSystem, type ReadableFile, SparrowError, type WritableFile } from '../base/index.js';
import { isMirror } from './remote/mirror.js';

/** Files of this machine, by synchronous calls: readers run in workers and fill shared memory directly. */
export const nodeFiles: FileSystem = {
  open: (path) => guard(path, 'opened', () => new NodeReadable(path)),
  create: (path) => guard(path, 'created', () => new NodeWritable(path)),
  stat(path) {
    const stat = guard(path, 'examined', () => statSync(path, { throwIfNoEntry: false }));
    return stat === undefined ? undefined : info(path, stat);
  },
  list(directory) {
    const names = guard(directory, 'listed', () => readdirSync(directory)).sort();
    const files: FileInfo[] = [];
    for (const name of names) {
      const path = join(directory, name);
      // A file that vanishes meanwhile, or a dangling link, is simply not there.
      const stat = statSync(path, { throwIfNoEntry: false });
      if (stat !== undefined) files.push(info(path, stat));
    }
    return files;
  },
  names(directory) {
    try {
      return readdirSync(directory).sort();
    } catch (error) {
      if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
      throw explain(directory, 'listed', error as NodeJS.ErrnoException);
    }
  },
  makeDirectory: (path) => void guard(path, 'created', () => mkdirSync(path, { recursive: true })),
  rename: (from, to) => guard(from, 'renamed', () => renameSync(from, to)),
  claim: (from, to) => guard(to, 'created', () => claim(from, to)),
  syncDirectory(directory) {
    // Windows does not open directories.
    if (process.platform === 'win32') return;
    const descriptor = guard(directory, 'opened', () => openSync(directory, 'r'));
    try {
      fsyncSync(descriptor);
    } catch (error) {
      // Some file systems do not sync directories; there is nothing better to do there.
      if (!['EINVAL', 'ENOTSUP', 'EISDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    } finally {
      closeSync(descriptor);
    }
  },
  remove: (path) => guard(path, 'removed', () => rmSync(path, { recursive: true, force: true })),
};

function info(path: string, stat: { size: number; mtimeMs: number; isDirectory(): boolean }): FileInfo {
  return { path, size: stat.size, modifiedMs: modifiedMs(path, stat), directory: stat.isDirectory() };
}

/** A copy of a remote file grows while others read what they asked for, which is no change of the file. */
const modifiedMs = (path: string, stat: { mtimeMs: number }): number => (isMirror(path) ? 0 : stat.mtimeMs);

function claim(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    // Without hard links (FAT, some network shares) the name is taken first, and what is in it follows.
    if (!['EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK'].includes(code ?? '')) throw error;
  }
  try {
    copyFileSync(from, to, constants.COPYFILE_EXCL);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

class NodeReadable implements ReadableFile {
  readonly size: number;
  readonly modifiedMs: number;
  readonly #descriptor: number;

  constructor(readonly path: string) {
    this.#descriptor = openSync(path, 'r');
    const stat = fstatSync(this.#descriptor);
    this.size = stat.size;
    this.modifiedMs = modifiedMs(path, stat);
  }

  readInto(target: Uint8Array, position: number, length: number): void {
    guard(this.path, 'read', () => {
      for (let done = 0; done < length; ) {
        const got = readSync(this.#descriptor, target, done, length - done, position + done);
        if (got === 0) throw this.#tooShort(position, length, done);
        done += got;
      }
    });
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #tooShort(position: number, length: number, done: number): SparrowError {
    return new SparrowError(
      'FAILED_READ_FILE',
      `${length} bytes were wanted at byte ${position}, the file ends after ${done} of them`,
      { where: `file ${this.path}`, hint: 'the file was changed or cut off while it was read' },
    );
  }
}

class NodeWritable implements WritableFile {
  readonly #descriptor: number;

  constructor(private readonly path: string) {
    this.#descriptor = openSync(path, 'w');
  }

  write(bytes: Uint8Array): void {
    guard(this.path, 'written', () => {
      for (let done = 0; done < bytes.length; ) {
        done += writeSync(this.#descriptor, bytes, done, bytes.length - done);
      }
    });
  }

  sync(): void {
    guard(this.path, 'made durable', () => fsyncSync(this.#descriptor));
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

function guard<T>(path: string, what: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof SparrowError) throw error;
    throw explain(path, what, error as NodeJS.ErrnoException);
  }
}

const REASONS: Readonly<Record<string, readonly [code: string, reason: string, hint: string]>> = {
  ENOENT: ['PATH_NOT_FOUND', 'there is no such file or directory', 'check the path'],
  ENOTDIR: ['PATH_NOT_FOUND', 'a part of its path is not a directory', 'check the path'],
  EACCES: ['FAILED_READ_FILE', 'permission is denied', 'check who may read and write it'],
  EPERM: ['FAILED_READ_FILE', 'the operation is not permitted', 'check who may read and write it'],
  ENOSPC: ['FAILED_WRITE_FILE', 'the disk is full', 'free some space, or choose another directory'],
  EDQUOT: ['FAILED_WRITE_FILE', 'the disk quota is used up', 'free some space, or choose another directory'],
  EMFILE: ['FAILED_READ_FILE', 'this process has too many open files', 'raise the limit (ulimit -n)'],
};

function explain(path: string, what: string, cause: NodeJS.ErrnoException): SparrowError {
  const [code, reason, hint] = REASONS[cause.code ?? ''] ?? ['FAILED_READ_FILE', cause.message, 'see the cause'];
  return new SparrowError(code, `${path} cannot be ${what}: ${reason}`, { where: `file ${path}`, hint, cause });
}
