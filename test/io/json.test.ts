import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { Session, t } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'sparrow-json-'));
let session: Session<{ int64: 'bigint'; date: Date; decimal: string; timestamp: Date; map: 'map' }>;
beforeAll(async () => {
  session = (await Session.create({ workers: 2, memory: '1GB', int64: 'bigint' })) as unknown as typeof session;
});
afterAll(async () => {
  await session.stop();
  rmSync(folder, { recursive: true, force: true });
});

let files = 0;
function file(text: string | Uint8Array, extension = 'json'): string {
  const path = join(folder, `f${files++}.${extension}`);
  writeFileSync(path, text);
  return path;
}

const lines = (...records: unknown[]): string =>
  records.map((r) => (typeof r === 'string' ? r : JSON.stringify(r))).join('\n');

describe('inference', () => {
  test('objects without fields are text in the column for values', async () => {
    const options = { multiLine: true, valueColumn: 'json' };
    for (const [text, expected] of [
      ['{}', ['{}']],
      ['\ufeff{ }\n{}', ['{ }', '{}']],
      ['[null, 1, "1", {}]', [null, '1', '1', '{}']],
    ] as const) {
      const frame = session.read.options(options).json(file(text));
      expect(await frame.collect()).toEqual(expected.map((json) => ({ json })));
    }
    expect(await session.read.options(options).json(file('[{"a": 1}, 2, {}]')).collect()).toEqual([
      { a: 1n, json: null },
      { a: null, json: 2n },
      { a: null, json: null },
    ]);
  });

  test('types are widened as Spark widens them, fields in the order of their names', async () => {
    const path = file(
      lines(
        '{"b": 1, "a": null, "big": 9223372036854775808, "mixed": 1, "list": [1, 2.5]}',
        '{"b": 2.5, "s": {"x": true}, "big": 1, "mixed": "one", "list": []}',
        '{"s": {"y": "z"}, "flag": false}',
      ),
    );
    const frame = session.read.json(path);
    expect((await frame.schema()).simpleString()).toBe(
      'struct<a:string,b:double,big:decimal(20,0),flag:boolean,list:array<double>,mixed:string,s:struct<x:boolean,y:string>>',
    );
    expect(await frame.collect()).toEqual([
      { a: null, b: 1, big: '9223372036854775808', flag: null, list: [1, 2.5], mixed: '1', s: null },
      { a: null, b: 2.5, big: '1', flag: null, list: [], mixed: 'one', s: { x: true, y: null } },
      { a: null, b: null, big: null, flag: false, list: null, mixed: null, s: { x: null, y: 'z' } },
    ]);
  });

  test('integers keep all their digits, decimals too when preferred', async () => {
    const path = file(lines('{"i": 9007199254740993, "d": 12345678901234567890.123456789}'));
    expect(await session.read.option('prefersDecimal', true).json(path).collect()).toEqual([
      { i: 9007199254740993n, d: '12345678901234567890.123456789' },
    ]);
  });

  test('integers beyond 64 bits keep their digits beside fractions, unless 38 digits do not hold both', async () => {
    const wide = '123456789012345678901234567890';
    const path = file(
      lines(`{"v": ${wide}, "w": ${wide}, "e": ${wide}}`, '{"v": -1.5, "w": 0.1234567891, "e": 1e2}', '{"v": 7}'),
    );
    const frame = session.read.json(path);
    expect((await frame.schema()).simpleString()).toBe('struct<e:double,v:decimal(31,1),w:double>');
    expect((await frame.select('v').collect()).map(({ v }) => v)).toEqual([`${wide}.0`, '-1.5', '7.0']);
    expect((await session.read.json(file(lines('{"v": 7.5}', '{"v": 8}'))).schema()).simpleString()).toBe(
      'struct<v:double>',
    );
  });

  test('a structure where text was expected is kept as its text', async () => {
    const path = file(lines('{"v": {"a": [1,  2]}}', '{"v": "plain"}', '{"v": 1.50}'));
    expect(await session.read.json(path).collect()).toEqual([{ v: '{"a": [1,  2]}' }, { v: 'plain' }, { v: '1.50' }]);
  });

  test('what the sample did not show is an error, not a loss', async () => {
    const row = (i: number) => `{"i": ${i}, "text": "${'x'.repeat(2000)}"}`;
    const many = Array.from({ length: 10_000 }, (_, i) => row(i));
    // Between the first two pieces that are looked at.
    many[600] = '{"i": 1.5}';
    const path = file(many.join('\n'));
    await expect(session.read.json(path).collect()).rejects.toThrow(/another type.*samplingRatio/s);
    const whole = session.read.option('samplingRatio', 1).json(path);
    expect((await whole.schema()).simpleString()).toBe('struct<i:double,text:string>');
    const read = await session.read.schema({ i: t.int64 }).json(path).agg({ i: 'count' }).collect();
    expect(Object.values(read[0] as object)).toEqual([9999n]);
  });
});

describe('records', () => {
  test('blank lines, byte order mark, CRLF, arrays as lines', async () => {
    const path = file('\ufeff{"a": 1}\r\n\r\n  \n[{"a": 2}, {"a": 3}]\r\n{"a": 4}');
    expect(await session.read.json(path).collect()).toEqual([{ a: 1n }, { a: 2n }, { a: 3n }, { a: 4n }]);
  });

  test('documents over many lines, as one array or one after the other', async () => {
    const records = Array.from({ length: 5000 }, (_, i) => ({ i, text: `é\n${'y'.repeat(i % 700)}`, deep: [{ i }] }));
    const array = file(JSON.stringify(records, undefined, 2));
    const stream = file(records.map((r) => JSON.stringify(r, undefined, 1)).join('\n'));
    for (const path of [array, stream]) {
      const rows = await session.read.option('multiLine', true).json(path).collect();
      expect(rows).toEqual(records.map(({ i, text }) => ({ deep: [{ i: BigInt(i) }], i: BigInt(i), text })));
    }
  });

  test('escapes', async () => {
    const path = file('{"a": "\\u00e9\\n\\"\\\\\\/\\ud83d\\ude00\\ud800", "\\u0062": 1}');
    expect(await session.read.json(path).collect()).toEqual([{ a: 'é\n"\\/😀\ufffd', b: 1n }]);
  });

  test('the last of equal fields counts', async () => {
    const path = file(
      lines('{"a": "first", "b": [1]}', '{"a": "x", "a": "second", "b": [1], "b": [2, 3]}', '{"a": "z"}'),
    );
    expect(await session.read.json(path).collect()).toEqual([
      { a: 'first', b: [1n] },
      { a: 'second', b: [2n, 3n] },
      { a: 'z', b: null },
    ]);
  });

  test('values of a given schema', async () => {
    const path = file(
      lines(
        '{"d": "2024-02-29", "ts": "2024-02-29T12:00:00.5Z", "n": 1.25, "m": {"x": 1, "y": null}, "bin": "AQID", "f": "NaN", "i": 7}',
        '{"d": null, "n": "3.5", "f": -1e3, "i": -128}',
      ),
    );
    const schema = {
      d: t.date,
      ts: t.timestamp,
      n: t.decimal(5, 2),
      m: t.map(t.string, t.int32),
      bin: t.binary,
      f: t.float64,
      i: t.int8,
    };
    const rows = await session.read.schema(schema).json(path).collect();
    expect(rows).toEqual([
      {
        d: new Date('2024-02-29'),
        ts: new Date('2024-02-29T12:00:00.500Z'),
        n: '1.25',
        m: new Map([
          ['x', 1],
          ['y', null],
        ]),
        bin: new Uint8Array([1, 2, 3]),
        f: Number.NaN,
        i: 7,
      },
      { d: null, ts: null, n: '3.50', m: null, bin: null, f: -1000, i: -128 },
    ]);
  });
});

describe('modes', () => {
  const bad = () => file(lines('{"a": 1}', '{"a": "x"}', '{"a": 2', 'nonsense', '{"a": 3} x', '{"a": 4}'));

  test('PERMISSIVE keeps the text of malformed records', async () => {
    const rows = await session.read.schema({ a: t.int64, _corrupt_record: t.string }).json(bad()).collect();
    expect(rows).toEqual([
      { a: 1n, _corrupt_record: null },
      { a: null, _corrupt_record: '{"a": "x"}' },
      { a: null, _corrupt_record: '{"a": 2' },
      { a: null, _corrupt_record: 'nonsense' },
      { a: null, _corrupt_record: '{"a": 3} x' },
      { a: 4n, _corrupt_record: null },
    ]);
  });

  test('an inferred schema has the column for them', async () => {
    const frame = session.read.json(bad());
    expect((await frame.schema()).simpleString()).toBe('struct<_corrupt_record:string,a:string>');
  });

  test('DROPMALFORMED and FAILFAST', async () => {
    const read = session.read.schema({ a: t.int64 });
    expect(await read.option('mode', 'DROPMALFORMED').json(bad()).collect()).toEqual([{ a: 1n }, { a: 4n }]);
    await expect(read.option('mode', 'FAILFAST').json(bad()).collect()).rejects.toMatchObject({
      code: 'MALFORMED_RECORD_IN_PARSING',
    });
  });

  test('depth, cut text and invalid UTF-8 are malformed, and nothing more', async () => {
    const texts = ['[', '{"a":', '['].map((text) => text.repeat(100_000));
    for (const text of [...texts, Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])]) {
      for (const multiLine of [true, false]) {
        const read = session.read.option('mode', 'FAILFAST').option('multiLine', multiLine);
        await expect(read.json(file(text)).collect()).rejects.toMatchObject({ code: 'MALFORMED_RECORD_IN_PARSING' });
      }
    }
  });
});

describe('files', () => {
  test('one file is read in pieces, each line once', async () => {
    const count = 400_000;
    const path = file(Array.from({ length: count }, (_, i) => `{"i":${i},"s":"${'ab'.repeat(i % 50)}"}`).join('\n'));
    const frame = session.read.schema({ i: t.int64, s: t.string }).json(path);
    const rows = await frame.agg({ i: 'sum' }).collect();
    expect(Object.values(rows[0] as object)).toEqual([BigInt((count * (count - 1)) / 2)]);
    expect(await frame.count()).toBe(count);
  });

  test('gzip, other encodings, partition folders', async () => {
    const zipped = file(gzipSync('{"a": 1}\n{"a": 2}\n'), 'json.gz');
    expect(await session.read.json(zipped).count()).toBe(2);
    const wide = file(Buffer.from('{"a": "é"}', 'utf16le'));
    expect(await session.read.option('encoding', 'utf-16le').json(wide).collect()).toEqual([{ a: 'é' }]);
  });

  test('written and read back, and by DuckDB', async () => {
    const rows = [
      {
        id: 1n,
        text: 'a"b\\c\né\u0001',
        list: [1n, null],
        pair: { x: 1.5, y: 'z' },
        at: new Date('2024-02-29T12:00:00.123Z'),
      },
      { id: 2n, text: null, list: null, pair: null, at: null },
    ];
    const out = join(folder, 'out');
    await session.createDataFrame(rows).write.json(out);
    const [written = ''] = readdirSync(out).filter((name) => name.endsWith('.json'));
    expect(readFileSync(join(out, written), 'utf8').split('\n')[1]).toBe('{"id":2}');
    const back = session.read.schema({
      id: t.int64,
      text: t.string,
      list: t.array(t.int64),
      pair: t.struct({ x: t.float64, y: t.string }),
      at: t.timestamp,
    });
    expect(await back.json(out).collect()).toEqual(rows);
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    const reader = await connection.runAndReadAll(`SELECT id, text, pair.x FROM read_json('${join(out, written)}')`);
    expect(reader.getRowsJS()).toEqual([
      [1n, 'a"b\\c\né\u0001', 1.5],
      [2n, null, null],
    ]);
  });

  test('unknown options are refused', async () => {
    await expect(session.read.option('multiline2', true).json(file('{}')).collect()).rejects.toMatchObject({
      code: 'UNKNOWN_OPTION',
    });
  });
});
