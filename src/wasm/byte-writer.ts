const text = new TextEncoder();
const float64 = new Float64Array(1);
const float32 = new Float32Array(1);
const float64Bytes = new Uint8Array(float64.buffer);
const float32Bytes = new Uint8Array(float32.buffer);
// JS does not say which bits a NaN written to memory has; equal programs must have equal bytes.
const nan32 = [0, 0, 0xc0, 0x7f];
const nan64 = [0, 0, 0, 0, 0, 0, 0xf8, 0x7f];

/** A growing buffer with the number encodings of the Wasm binary format. */
export class ByteWriter {
  private buffer: Uint8Array<ArrayBuffer>;
  private end = 0;

  constructor(capacity = 512) {
    this.buffer = new Uint8Array(capacity);
  }

  get length(): number {
    return this.end;
  }

  /** What was written so far, not copied: valid until the next write. */
  view(): Uint8Array<ArrayBuffer> {
    return this.buffer.subarray(0, this.end);
  }

  byte(value: number): void {
    if (this.end === this.buffer.length) this.grow(1);
    this.buffer[this.end++] = value;
  }

  bytes(values: ArrayLike<number>): void {
    if (this.end + values.length > this.buffer.length) this.grow(values.length);
    this.buffer.set(values, this.end);
    this.end += values.length;
  }

  /** Unsigned LEB128. */
  u32(value: number): void {
    let rest = value >>> 0;
    while (rest >= 0x80) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    this.byte(rest);
  }

  /** Signed LEB128 of a 32-bit value given signed. */
  s32(value: number): void {
    let rest = value;
    while (rest < -0x40 || rest > 0x3f) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>= 7;
    }
    this.byte(rest & 0x7f);
  }

  /** Signed LEB128 of a 64-bit value given signed. */
  s64(value: bigint): void {
    let rest = value;
    while (rest < -0x40n || rest > 0x3fn) {
      this.byte(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    this.byte(Number(rest & 0x7fn));
  }

  f32(value: number): void {
    float32[0] = value;
    this.bytes(Number.isNaN(value) ? nan32 : float32Bytes);
  }

  f64(value: number): void {
    float64[0] = value;
    this.bytes(Number.isNaN(value) ? nan64 : float64Bytes);
  }

  /** A length and UTF-8 bytes. */
  name(value: string): void {
    this.sized(text.encode(value));
  }

  /** A length and that many bytes. */
  sized(bytes: Uint8Array): void {
    this.u32(bytes.length);
    this.bytes(bytes);
  }

  private grow(needed: number): void {
    const grown = new Uint8Array(Math.max(this.buffer.length * 2, this.end + needed));
    grown.set(this.buffer);
    this.buffer = grown;
  }
}
