import { type Arena, SparrowError } from '../../base/index.js';
import { asBytes, type Bytes } from './bytes.js';

const LINE_FEED = 10;

/** A file, and the bytes that a record of it may have: it is held whole. */
export interface RecordSource {
  readonly path: string;
  readonly mostBytes: number;
}

function tooLong({ path, mostBytes }: RecordSource, position: number): SparrowError {
  return new SparrowError('MEMORY_LIMIT_EXCEEDED', `a record of more than ${mostBytes >> 20} MiB`, {
    where: `file ${path}, byte ${position}`,
    hint: 'set the option multiLine if records take many lines, or check that the file is JSON',
  });
}

/** Collects chunks; keeps what no record has used. */
export class Window {
  bytes: Bytes = asBytes(new Uint8Array(0));
  position: number;

  constructor(
    private readonly source: RecordSource,
    start: number,
  ) {
    this.position = start;
  }

  /** Drops the bytes before `used` and adds more. */
  add(used: number, chunk: Uint8Array): void {
    const rest = this.bytes.length - used;
    if (rest + chunk.length > this.source.mostBytes) throw tooLong(this.source, this.position + used);
    this.position += used;
    this.bytes = rest === 0 ? asBytes(chunk) : asBytes(Buffer.concat([this.bytes.subarray(used), chunk]));
  }
}

/** Text up to this size lies in the heap. */
const MAX_HEAP_BYTES = 32 << 20;
const SLACK = 64;

/** Collects chunks of lines in one place, which grows where a line is long. */
export class LineWindow {
  bytes: Bytes = asBytes(new Uint8Array(0));
  /** Of the first byte in the heap; 0 for text that lies elsewhere. */
  address = 0;
  #room: Bytes = asBytes(new Uint8Array(0));

  constructor(
    private readonly source: RecordSource,
    public position: number,
    private readonly arena: Arena | undefined,
  ) {}

  /** Drops the bytes before `used` and adds what `write` puts in a place of so many; a line feed comes to stand behind. */
  add(used: number, more: number, write: (place: Uint8Array) => void): void {
    const rest = this.bytes.length - used;
    const length = rest + more;
    if (length > this.source.mostBytes) throw tooLong(this.source, this.position + used);
    this.position += used;
    const room = length + SLACK > this.#room.length ? this.#make(length) : this.#room;
    this.bytes.copy(room, 0, used);
    write(room.subarray(rest, length));
    room[length] = LINE_FEED;
    this.#room = room;
    this.bytes = asBytes(room.subarray(0, length));
  }

  #make(length: number): Bytes {
    const bytes = length + Math.max(length >> 1, SLACK);
    const { arena } = this;
    this.address = arena === undefined || bytes > MAX_HEAP_BYTES ? 0 : arena.alloc(bytes);
    if (this.address === 0) return asBytes(Buffer.allocUnsafeSlow(bytes));
    return asBytes((arena as Arena).heap.buffer.subarray(this.address, this.address + bytes));
  }
}
