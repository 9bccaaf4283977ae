import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';
import { type DefaultValues, Session, SparrowError } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'sparrow-avro-'));
let session: Session<DefaultValues>;
beforeAll(async () => {
  session = await Session.create({ workers: 1, memory: '512MB' });
});
afterAll(async () => {
  await session.stop();
  rmSync(folder, { recursive: true, force: true });
});

// A writer by the letter of the specification (avro.apache.org/docs/1.12.0/specification).
const long = (value: number | bigint): Buffer => {
  let n = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n));
  const out: number[] = [];
  do {
    out.push(Number(n & 0x7fn) | (n > 0x7fn ? 0x80 : 0));
    n >>= 7n;
  } while (n > 0n);
  return Buffer.from(out);
};
const counted = (bytes: Uint8Array): Buffer => Buffer.concat([long(bytes.length), Buffer.from(bytes)]);
const text = (value: string): Buffer => counted(Buffer.from(value));
const double = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes;
};
const list = (...items: readonly Buffer[]): Buffer =>
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
const container = (schema: unknown, blocks: readonly (readonly Buffer[])[], codec = 'null'): Buffer =>
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
const record = (...fields: readonly (readonly [string, unknown])[]) => ({
  type: 'record',
  name: 'R',
  fields: fields.map(([name, type]) => ({ name, type })),
});
let files = 0;
const write = (bytes: Buffer): string => {
  const path = join(folder, `${++files}.avro`);
  writeFileSync(path, bytes);
  return path;
};

describe('Avro files', () => {
  test.each(['null', 'deflate', 'snappy'])('with blocks of codec %s', async (codec) => {
    const schema = record(['id', 'long'], ['name', ['null', 'string']]);
    const row = (id: number): Buffer =>
      Buffer.concat([long(id), id % 3 ? Buffer.concat([long(1), text(`n${id}`)]) : long(0)]);
    const numbers = Array.from({ length: 20_000 }, (_, i) => i);
    const path = write(
      container(schema, [numbers.slice(0, 15_000).map(row), [], numbers.slice(15_000).map(row)], codec),
    );
    const frame = session.read.avro(path);
    expect((await frame.schema()).simpleString()).toBe('struct<id:bigint,name:string>');
    const rows = await frame.orderBy('id').collect();
    expect(rows).toEqual(numbers.map((id) => ({ id, name: id % 3 ? `n${id}` : null })));
    expect(await frame.select('name').limit(5).count()).toBe(5);
  });

  test('of every type', async () => {
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
    const frame = session.read.format('avro').load(write(container(schema, [[value]])));
    expect((await frame.schema()).simpleString()).toBe(
      'struct<b:boolean,i:int,f:float,d:double,bytes:binary,e:string,e2:string,fixed:binary,day:date,ms:timestamp,' +
        'us:timestamp_ntz,dec:decimal(10,2),list:array<int>,map:map<string,bigint>,inner:struct<x:int>,wide:bigint,' +
        'either:struct<member0:string,member1:int>>',
    );
    expect(await frame.collect()).toEqual([
      {
        b: true,
        i: -2147483648,
        f: 1.5,
        d: -0.1,
        bytes: Uint8Array.of(0, 255),
        e: 'y',
        e2: 'x',
        fixed: Uint8Array.of(7, 8),
        day: new Date('1969-12-31'),
        ms: new Date(1_700_000_000_123),
        us: new Date(-1),
        dec: '-1.23',
        list: [5, null],
        map: new Map([['k', 2 ** 50]]),
        inner: { x: 9 },
        wide: 7,
        either: { member0: null, member1: 4 },
      },
    ]);
  });

  test('of one table may differ: columns go by name, numbers widen, missing ones are null', async () => {
    const a = write(container(record(['id', 'long'], ['x', 'string']), [[Buffer.concat([long(1), text('a')])]]));
    const b = write(container(record(['y', 'double'], ['id', 'int']), [[Buffer.concat([double(1), long(2)])]]));
    expect(await session.read.avro(a, b).orderBy('id').collect()).toEqual([
      { id: 1, x: 'a' },
      { id: 2, x: null },
    ]);
    const c = write(container(record(['id', 'string']), [[text('three')]]));
    await expect(session.read.avro(a, c).collect()).rejects.toMatchObject({ code: 'CANNOT_MERGE_SCHEMAS' });
  });

  test('that are damaged are refused, and never hang', async () => {
    const schema = record(['id', 'long'], ['tags', { type: 'array', items: 'string' }]);
    const row = (i: number): Buffer => Buffer.concat([long(i), list(text('a'), text('b'.repeat(i % 9)))]);
    const sound = container(schema, [Array.from({ length: 50 }, (_, i) => row(i))], 'deflate');
    let random = 7;
    const next = (limit: number): number => {
      random = (random * 1103515245 + 12345) % 2147483648;
      return Math.floor((random / 2147483648) * limit);
    };
    for (let i = 0; i < 300; i++) {
      const bytes = Buffer.from(i % 3 === 0 ? sound.subarray(0, next(sound.length)) : sound);
      for (let k = 0; k <= next(3) && bytes.length > 0; k++) bytes[next(bytes.length)] = next(256);
      const path = write(bytes);
      const found = await session.read
        .avro(path)
        .collect()
        .catch((error) => error);
      if (!Array.isArray(found)) expect(found).toBeInstanceOf(SparrowError);
      if (!Array.isArray(found)) expect(found.code).not.toBe('INTERNAL_ERROR');
    }
    const other = container(schema, [], 'null').toString('latin1').replace('\bnull', '\bxzxz');
    await expect(session.read.avro(write(Buffer.from(other, 'latin1'))).collect()).rejects.toMatchObject({
      code: 'UNSUPPORTED_FEATURE.AVRO_CODEC',
    });
  });
});
