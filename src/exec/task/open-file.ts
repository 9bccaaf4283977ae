import type { FileSystem, ReadableFile } from '../../base/index.js';

/** A task's pieces are mostly of one file, one after the other: it stays open until another is, or the task ends. */
export class OpenFile {
  #file: ReadableFile | undefined;

  constructor(private readonly files: Pick<FileSystem, 'open'>) {}

  open(path: string): ReadableFile {
    if (this.#file?.path !== path) {
      this.close();
      this.#file = this.files.open(path);
    }
    const file = this.#file as ReadableFile;
    return {
      path,
      size: file.size,
      modifiedMs: file.modifiedMs,
      readInto: (target, position, length) => file.readInto(target, position, length),
      close: () => undefined,
    };
  }

  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }
}
