const MAGIC = 0xfd2fb528;
/** Frames with content that is to be skipped have 16 magic numbers, from this one on. */
const SKIPPABLE = 0x184d2a50;

/**
 * Passes compressed bytes on and throws when they end within a frame: Node 22 takes a file that was cut off for a whole
 * one. Only the headers of frames and blocks are read (RFC 8878, 3.1); what is in the blocks is the decoder's to check.
 */
export function* wholeFrames(chunks: Iterable<Uint8Array>): Generator<Uint8Array> {
  const frames = new Frames();
  for (const chunk of chunks) {
    frames.pass(chunk);
    yield chunk;
  }
  if (frames.isWithin) throw new Error('unexpected end of file');
}

type Part = 'magic' | 'skipped size' | 'frame flags' | 'block header' | 'content' | 'unknown';

class Frames {
  #part: Part = 'magic';
  /** The bytes of a header that were seen, and how many it has. */
  #header: number[] = [];
  #size = 4;
  #rest = 0;
  /** What follows the content that is passed over. */
  #then: Part = 'magic';
  #checksum = 0;

  get isWithin(): boolean {
    return this.#part !== 'unknown' && (this.#part !== 'magic' || this.#header.length > 0);
  }

  pass(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length && this.#part !== 'unknown'; ) {
      if (this.#part === 'content') {
        const some = Math.min(this.#rest, chunk.length - at);
        at += some;
        this.#rest -= some;
        if (this.#rest === 0) this.#begin(this.#then);
      } else {
        this.#header.push(chunk[at++] as number);
        if (this.#header.length === this.#size) this.#read(this.#part, Buffer.from(this.#header));
      }
    }
  }

  #begin(part: Part, size = part === 'block header' ? 3 : 4): void {
    this.#part = part;
    this.#header = [];
    this.#size = size;
  }

  #passOver(bytes: number, then: Part): void {
    this.#begin(bytes === 0 ? then : 'content');
    this.#rest = bytes;
    this.#then = then;
  }

  #read(part: Part, bytes: Buffer): void {
    if (part === 'magic') {
      const magic = bytes.readUInt32LE(0);
      if (magic === MAGIC) this.#begin('frame flags', 1);
      else this.#begin((magic & ~15) === SKIPPABLE ? 'skipped size' : 'unknown');
    } else if (part === 'skipped size') this.#passOver(bytes.readUInt32LE(0), 'magic');
    else if (part === 'frame flags') {
      const flags = bytes[0] as number;
      const isSingle = (flags & 32) !== 0;
      const size = [isSingle ? 1 : 0, 2, 4, 8][flags >>> 6] as number;
      this.#checksum = (flags & 4) === 0 ? 0 : 4;
      this.#passOver((isSingle ? 0 : 1) + ([0, 1, 2, 4][flags & 3] as number) + size, 'block header');
    } else {
      const header = bytes.readUIntLE(0, 3);
      const isLast = (header & 1) === 1;
      // A block that repeats one byte holds just that.
      const size = ((header >>> 1) & 3) === 1 ? 1 : header >>> 3;
      if (isLast) this.#passOver(size + this.#checksum, 'magic');
      else this.#passOver(size, 'block header');
    }
  }
}
