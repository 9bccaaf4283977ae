const FIRST_BYTES = 1 << 20;
const ZERO = 48;

/** Bytes of text under way to a file. */
export class TextOut {
  bytes = Buffer.allocUnsafe(FIRST_BYTES);
  length = 0;

  /** Makes room for so many more bytes. */
  reserve(more: number): void {
    if (this.length + more <= this.bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.length + more, this.bytes.length * 2));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }

  put(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    const { bytes: out } = this;
    for (let i = 0; i < bytes.length; i++) out[this.length++] = bytes[i] as number;
  }

  text(text: string): void {
    this.reserve(text.length * 3);
    this.length += this.bytes.write(text, this.length, 'utf8');
  }

  /** Text of single bytes; much faster than `text` where it is short. */
  ascii(text: string): void {
    this.reserve(text.length);
    const { bytes } = this;
    for (let i = 0; i < text.length; i++) bytes[this.length++] = text.charCodeAt(i);
  }

  /** A whole number below 2^53 in magnitude. */
  integer(value: number): void {
    this.reserve(24);
    if (value < 0) this.bytes[this.length++] = 45;
    this.digits(Math.abs(value), 1);
  }

  /** The digits of a number, with zeros before it up to `least` of them. Room must be there. */
  digits(value: number, least: number): void {
    const { bytes } = this;
    let count = 1;
    for (let rest = value; rest >= 10 && count < 20; count++)
      rest = rest < 2 ** 31 ? (rest / 10) | 0 : Math.floor(rest / 10);
    const width = Math.max(count, least);
    let at = this.length + width;
    this.length = at;
    let rest = value;
    // Doubles divide slowly: as soon as it is small enough, integers do.
    while (rest >= 2 ** 31) {
      const next = Math.floor(rest / 10);
      bytes[--at] = ZERO + (rest - next * 10);
      rest = next;
    }
    let small = rest | 0;
    for (let i = at; i > this.length - width; i--) {
      const next = (small / 10) | 0;
      bytes[i - 1] = ZERO + (small - next * 10);
      small = next;
    }
  }
}
