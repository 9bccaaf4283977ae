/** Bytes that values are collected in. */
export class GrowingBytes {
  buffer = Buffer.allocUnsafe(1 << 12);
  length = 0;

  /** Room for more; returns where. */
  take(bytes: number): number {
    const at = this.length;
    if (at + bytes > this.buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(at + bytes, this.buffer.length * 2));
      grown.set(this.buffer.subarray(0, at));
      this.buffer = grown;
    }
    this.length = at + bytes;
    return at;
  }
}
