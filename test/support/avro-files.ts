import { crc32, deflateRawSync } from 'node:zlib';

// A writer of Avro files by the letter of the specification (avro.apache.org/docs/1.12.0/specification).
export const long = (value: number | bigint): Buffer => {
  let n = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n));
  const out: number[] = [];
  do {
    out.push(Number(n & 0x7fn) | (n > 0x7fn ? 0x80 : 0));
    n >>= 7n;
  } while (n > 0n);
  return Buffer.from(out);
};
export const counted = (bytes: Uint8Array): Buffer => Buffer.concat([long(bytes.length), Buffer.from(bytes)]);
export const text = (value: string): Buffer => counted(Buffer.from(value));
export const double = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes;
};
export const list = (...items: readonly Buffer[]): Buffer =>
  items.length === 0 ? long(0) : Buffer.concat([long(items.length), ...items, long(0)]);
const pack: Record<string, (bytes: Buffer) => Buffer> = {
  null: (bytes) => bytes,
  deflate: (bytes) => deflateRawSync(bytes),
  // One literal after the other, and the checksum.
  snappy: (bytes) => {
    const size: number[] = [];
    for (let n = bytes.length; ; n >>>= 7) {
      size.push(n > 0x7f ? (n & 0x7f) | 0x80 : n);
      if (n <= 0x7f) break;
    }
    const parts: Buffer[] = [Buffer.from(size)];
    for (let at = 0; at < bytes.length; at += 60) {
      const some = bytes.subarray(at, at + 60);
      parts.push(Buffer.from([(some.length - 1) << 2]), Buffer.from(some));
    }
    const sum = Buffer.alloc(4);
    sum.writeUInt32BE(crc32(Uint8Array.from(bytes)));
    return Buffer.concat([...parts, sum]);
  },
};
const sync = Buffer.from('0123456789abcdef');
export const container = (schema: unknown, blocks: readonly (readonly Buffer[])[], codec = 'null'): Buffer =>
  Buffer.concat([
    Buffer.from('Obj\x01', 'latin1'),
    list(
      Buffer.concat([text('avro.schema'), text(JSON.stringify(schema))]),
      Buffer.concat([text('avro.codec'), text(codec)]),
    ),
    sync,
    ...blocks.flatMap((values) => {
      const bytes = (pack[codec] as (b: Buffer) => Buffer)(Buffer.concat(values));
      return [long(values.length), long(bytes.length), bytes, sync];
    }),
  ]);
export const record = (...fields: readonly (readonly [string, unknown])[]) => ({
  type: 'record',
  name: 'R',
  fields: fields.map(([name, type]) => ({ name, type })),
});

/** A record with a field of every type, and a value of it. */
export function everyType(): { readonly schema: unknown; readonly value: Buffer } {
  const schema = record(
    ['b', 'boolean'],
    ['i', 'int'],
    ['f', 'float'],
    ['d', 'double'],
    ['bytes', 'bytes'],
    ['e', { type: 'enum', name: 'E', symbols: ['x', 'y'] }],
    ['e2', 'E'],
    ['fixed', { type: 'fixed', name: 'F', size: 2 }],
    ['day', { type: 'int', logicalType: 'date' }],
    ['ms', { type: 'long', logicalType: 'timestamp-millis' }],
    ['us', { type: 'long', logicalType: 'local-timestamp-micros' }],
    ['dec', { type: 'bytes', logicalType: 'decimal', precision: 10, scale: 2 }],
    ['list', { type: 'array', items: ['null', 'int'] }],
    ['map', { type: 'map', values: 'long' }],
    ['inner', record(['x', 'int'])],
    ['wide', ['int', 'long', 'null']],
    ['either', ['null', 'string', 'int']],
  );
  (schema.fields[14]?.type as { name: string }).name = 'Inner';
  const single = Buffer.alloc(4);
  single.writeFloatLE(1.5);
  const value = Buffer.concat([
    Buffer.from([1]),
    long(-2147483648),
    single,
    double(-0.1),
    counted(Buffer.from([0, 255])),
    long(1),
    long(0),
    Buffer.from([7, 8]),
    long(-1),
    long(1_700_000_000_123),
    long(-1),
    counted(Buffer.from([0xff, 0x85])),
    list(Buffer.concat([long(1), long(5)]), long(0)),
    list(Buffer.concat([text('k'), long(2n ** 50n)])),
    long(9),
    Buffer.concat([long(1), long(7)]),
    Buffer.concat([long(2), long(4)]),
  ]);
  return { schema, value };
}
