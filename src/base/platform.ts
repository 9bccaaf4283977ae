/** A file opened for reading. Synchronous: readers run in workers and fill shared memory directly. */
export interface ReadableFile {
  readonly path: string;
  readonly size: number;
  /** Milliseconds; with `size` it tells whether the file changed since it was planned. */
  readonly modifiedMs: number;
  /** Reads exactly `length` bytes at `position` into `target`; throws when the file is shorter. */
  readInto(target: Uint8Array, position: number, length: number): void;
  close(): void;
}

export interface WritableFile {
  write(bytes: Uint8Array): void;
  /** Makes what was written durable. */
  sync(): void;
  close(): void;
}

export interface FileInfo {
  readonly path: string;
  readonly size: number;
  readonly modifiedMs: number;
  readonly directory: boolean;
}

/** The engine's only way to files, injected so that tests can script faults. */
export interface FileSystem {
  open(path: string): ReadableFile;
  create(path: string): WritableFile;
  stat(path: string): FileInfo | undefined;
  list(directory: string): FileInfo[];
  /** What a directory holds, by name alone; empty when there is no such directory. */
  names(directory: string): string[];
  makeDirectory(path: string): void;
  rename(from: string, to: string): void;
  /** Gives a complete file a second name, in one step, unless something has that name: then it says false. */
  claim(from: string, to: string): boolean;
  /** Makes renames and new names in a directory durable, where the file system can. */
  syncDirectory(directory: string): void;
  remove(path: string): void;
}

export interface Clock {
  /** Milliseconds since the epoch, with fractions. */
  now(): number;
  /** Monotonic milliseconds, for durations. */
  monotonic(): number;
}

/** What the engine takes from outside, injected from the first day. */
export interface Platform {
  readonly files: FileSystem;
  readonly clock: Clock;
  /** A new seed; everything random derives from one. */
  seed(): number;
}
