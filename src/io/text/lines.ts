import { SparrowError } from '../../base/index.js';

const LF = 10;
const CR = 13;

/** Cuts chunks of a file into the lines that begin in `start`…`end`. */
export class LineCutter {
  done = false;
  #rest: Uint8Array = new Uint8Array(0);
  /** What follows it and was not looked at. */
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  /** Of `rest`, in the file. */
  #position: number;
  #skipping: boolean;

  constructor(
    private readonly path: string,
    private readonly start: number,
    private readonly end: number,
    private readonly separator: readonly number[],
    private readonly mostBytes: number,
  ) {
    this.#position = this.firstByte;
    this.#skipping = start > 0;
  }

  /** Where reading begins: a separator that ends right at the start of the range belongs to the line before. */
  get firstByte(): number {
    return Math.max(0, this.start - Math.max(1, this.separator.length));
  }

  /** The lines that are whole now, each as bytes with where it begins and ends. Undefined: there are no more chunks. */
  *feed(
    chunk: Uint8Array | undefined,
  ): Generator<{ readonly bytes: Buffer; readonly from: number; readonly to: number }> {
    const rest = this.#rest;
    if (chunk !== undefined) {
      this.#waiting.push(chunk);
      this.#waitingBytes += chunk.length;
      // With twice the bytes each time, a long line is copied few times.
      if (this.#waitingBytes < rest.length) return;
    }
    const bytes = Buffer.concat([rest, ...this.#waiting]);
    this.#waiting = [];
    this.#waitingBytes = 0;
    // Nothing ends in what was there before, but a separator may begin there.
    let look = Math.max(0, rest.length - Math.max(1, this.separator.length - 1));
    let from = 0;
    for (;;) {
      const stop = this.#stop(bytes, look, chunk === undefined);
      if (stop === undefined) break;
      const [to, next] = stop;
      if (this.#skipping) this.#skipping = this.#position + next < this.start;
      else if (this.#position + from >= this.end) {
        this.done = true;
        return;
      } else yield { bytes, from, to };
      from = next;
      look = next;
    }
    if (chunk === undefined && from < bytes.length && !this.#skipping && this.#position + from < this.end)
      yield { bytes, from, to: bytes.length };
    if (bytes.length - from > this.mostBytes) {
      throw new SparrowError('MEMORY_LIMIT_EXCEEDED', `a line of more than ${this.mostBytes >> 20} MiB`, {
        where: `file ${this.path}, byte ${this.#position + from}`,
        hint: 'check the option lineSep, and that the file is text',
      });
    }
    this.#rest = bytes.subarray(from);
    this.#position += from;
  }

  /** The end of the next line and the start of the one after it. */
  #stop(bytes: Buffer, look: number, isLast: boolean): readonly [number, number] | undefined {
    const { separator } = this;
    if (separator.length > 0) {
      const at = bytes.indexOf(Buffer.from(separator), look);
      return at < 0 ? undefined : [at, at + separator.length];
    }
    for (let i = look; i < bytes.length; i++) {
      const byte = bytes[i];
      if (byte === LF) return [i, i + 1];
      if (byte !== CR) continue;
      if (bytes[i + 1] === LF) return [i, i + 2];
      // A line feed may follow in the next chunk.
      return i + 1 < bytes.length || isLast ? [i, i + 1] : undefined;
    }
    return undefined;
  }
}
