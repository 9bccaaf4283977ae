import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DefaultValues, Session, SparrowError } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { container, counted, double, everyType, list, long, record, text } from '../support/avro-files.js';

const folder = mkdtempSync(join(tmpdir(), 'sparrow-avro-'));
let session: Session<DefaultValues>;
beforeAll(async () => {
  session = await Session.create({ workers: 1, memory: '512MB' });
});
afterAll(async () => {
  await session.stop();
  rmSync(folder, { recursive: true, force: true });
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
    const { schema, value } = everyType();
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

  test('with values that their types have no room for are refused, as in Spark', async () => {
    const millis = record(['at', { type: 'long', logicalType: 'timestamp-millis' }]);
    const decimal = record(['n', { type: 'bytes', logicalType: 'decimal', precision: 3, scale: 1 }]);
    const held = await session.read.avro(write(container(decimal, [[counted(Buffer.from([0x03, 0xe7]))]]))).collect();
    expect(held).toEqual([{ n: '99.9' }]);
    for (const file of [
      container(millis, [[long(2n ** 62n)]]),
      container(decimal, [[counted(Buffer.from([0x03, 0xe8]))]]),
      container(record(['e', { type: 'enum', name: 'E', symbols: [1, 2] }]), [[long(0)]]),
      container(record(['x', 'toString']), [[long(0)]]),
    ]) {
      const code = expect.stringMatching(/^(FAILED_READ_FILE|AVRO_INVALID_SCHEMA)$/);
      await expect(session.read.avro(write(file)).collect()).rejects.toMatchObject({ code });
    }
  });

  test('that unpack to more than memory holds are refused', async () => {
    const small = await Session.create({ workers: 1, memory: '64MB' });
    try {
      const lists = record(['l', { type: 'array', items: { type: 'array', items: 'null' } }]);
      // So many nulls in lists of lists as their bytes allow, which is millions of them.
      const inner = Buffer.concat([...Array.from({ length: 400 }, () => long(40_000)), long(0)]);
      const nulls = Buffer.concat([long(100), ...Array.from({ length: 100 }, () => inner), long(0)]);
      const block = Buffer.alloc(100_000_000);
      for (const file of [
        container(lists, [[nulls]], 'null'),
        container(record(['b', 'boolean']), [[block]], 'deflate'),
      ]) {
        const read = small.read.avro(write(file)).collect();
        await expect(read).rejects.toThrow(/^\[FAILED_READ_FILE\].*(items in|cannot be unpacked)/);
      }
      expect(await small.range(10).count()).toBe(10);
    } finally {
      await small.stop();
    }
  });
});
