import { basename, dirname } from 'node:path';
import {
  type FileInfo,
  type FileSystem,
  type ReadableFile,
  SparrowError,
  type WritableFile,
} from '../../../src/base/index.js';
import type { World } from './world.js';

interface Content {
  bytes: Buffer;
  size: number;
  modifiedMs: number;
}

/** Files and folders in memory, by path: what outlives a simulated process. */
export class Disk {
  readonly files = new Map<string, Content>();
  readonly folders = new Set<string>(['/']);

  /** A disk with the same on it. */
  copy(): Disk {
    const disk = new Disk();
    for (const [path, { bytes, size, modifiedMs }] of this.files)
      disk.files.set(path, { bytes: Buffer.from(bytes.subarray(0, size)), size, modifiedMs });
    for (const folder of this.folders) disk.folders.add(folder);
    return disk;
  }

  /** The paths of all files below a folder. */
  below(folder: string): string[] {
    return [...this.files.keys()].filter((path) => path.startsWith(`${folder}/`)).sort();
  }
}

/** A disk as the engine sees it. `before` is called first of all by every call, and may throw. */
export class SimulatedFiles implements FileSystem {
  constructor(
    private readonly world: World,
    private readonly disk: Disk,
    private readonly before: () => void,
  ) {}

  open(path: string): ReadableFile {
    this.#step(`open ${basename(path)}`);
    const content = this.#content(path, 'opened');
    const { size, modifiedMs } = content;
    const close = (): void => undefined;
    return { path, size, modifiedMs, readInto: (...given) => this.#read(path, content, ...given), close };
  }

  create(path: string): WritableFile {
    this.#step(`create ${basename(path)}`);
    if (!this.disk.folders.has(dirname(path))) throw missing(path, 'created');
    const content: Content = { bytes: Buffer.alloc(1 << 12), size: 0, modifiedMs: Math.floor(this.world.now) };
    this.disk.files.set(path, content);
    return {
      write: (bytes) => this.#write(path, content, bytes),
      sync: () => this.#step('sync'),
      close: () => undefined,
    };
  }

  stat(path: string): FileInfo | undefined {
    this.#step('stat');
    return this.#info(path);
  }

  list(directory: string): FileInfo[] {
    if (!this.disk.folders.has(directory)) throw missing(directory, 'listed');
    return this.names(directory).flatMap(
      (name) => this.#info(directory === '/' ? `/${name}` : `${directory}/${name}`) ?? [],
    );
  }

  names(directory: string): string[] {
    this.#step('list');
    const paths = [...this.disk.files.keys(), ...this.disk.folders];
    return paths
      .filter((path) => path !== '/' && dirname(path) === directory)
      .map((path) => basename(path))
      .sort();
  }

  makeDirectory(path: string): void {
    this.#step('folder');
    for (let folder = path; !this.disk.folders.has(folder); folder = dirname(folder)) this.disk.folders.add(folder);
  }

  rename(from: string, to: string): void {
    this.#step('rename');
    if (from === to) return;
    const content = this.disk.files.get(from);
    if (content !== undefined) {
      this.disk.files.delete(from);
      this.disk.files.set(to, content);
      return;
    }
    if (!this.disk.folders.delete(from)) throw missing(from, 'renamed');
    this.disk.folders.add(to);
    const moved = (path: string): string => to + path.slice(from.length);
    for (const path of this.disk.below(from)) {
      this.disk.files.set(moved(path), this.disk.files.get(path) as Content);
      this.disk.files.delete(path);
    }
    for (const folder of [...this.disk.folders].filter((path) => path.startsWith(`${from}/`))) {
      this.disk.folders.delete(folder);
      this.disk.folders.add(moved(folder));
    }
  }

  claim(from: string, to: string): boolean {
    this.#step('claim');
    if (this.disk.files.has(to)) return false;
    this.disk.files.set(to, this.#content(from, 'opened'));
    return true;
  }

  syncDirectory(): void {
    this.#step('sync folder');
  }

  remove(path: string): void {
    this.#step('remove');
    this.disk.files.delete(path);
    for (const file of this.disk.below(path)) this.disk.files.delete(file);
    for (const folder of [...this.disk.folders])
      if (folder === path || folder.startsWith(`${path}/`)) this.disk.folders.delete(folder);
  }

  #step(what: string): void {
    this.before();
    this.world.note(what);
    if (this.world.strikes('refused'))
      throw new SparrowError('FAILED_READ_FILE', `${what}: the operation is not permitted`);
  }

  #content(path: string, what: string): Content {
    const content = this.disk.files.get(path);
    if (content === undefined) throw missing(path, what);
    return content;
  }

  #info(path: string): FileInfo | undefined {
    const content = this.disk.files.get(path);
    if (content !== undefined) return { path, size: content.size, modifiedMs: content.modifiedMs, directory: false };
    return this.disk.folders.has(path) ? { path, size: 0, modifiedMs: 0, directory: true } : undefined;
  }

  #read(path: string, { bytes, size }: Content, target: Uint8Array, position: number, length: number): void {
    this.#step(`read ${length} at ${position}`);
    const isShort = this.world.strikes('short');
    if (isShort || position + length > size)
      throw new SparrowError('FAILED_READ_FILE', 'the file ends too early', { where: `file ${path}` });
    target.set(bytes.subarray(position, position + length));
    if (path.endsWith('.rows') && length > 0 && this.world.strikes('flip')) {
      const at = this.world.below(length);
      target[at] = (target[at] as number) ^ (1 << this.world.below(8));
    }
  }

  #write(path: string, content: Content, bytes: Uint8Array): void {
    this.#step(`write ${bytes.length}`);
    const isFull = this.world.isFull();
    // A part of it still fits.
    const fits = isFull ? this.world.below(bytes.length) : bytes.length;
    if (content.size + fits > content.bytes.length) {
      const more = Buffer.alloc(Math.max(content.bytes.length * 2, content.size + fits));
      content.bytes.copy(more);
      content.bytes = more;
    }
    content.bytes.set(bytes.subarray(0, fits), content.size);
    content.size += fits;
    content.modifiedMs = Math.floor(this.world.now);
    if (isFull)
      throw new SparrowError('FAILED_WRITE_FILE', `${path} cannot be written: the disk is full`, {
        where: `file ${path}`,
      });
  }
}

const missing = (path: string, what: string): SparrowError =>
  new SparrowError('PATH_NOT_FOUND', `${path} cannot be ${what}: there is no such file or directory`, {
    where: `file ${path}`,
  });
