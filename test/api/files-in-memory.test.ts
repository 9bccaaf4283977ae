// Files that are no files: bytes, streams of Node.js and the web, iterables, `data:` addresses; and streams to write into.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable, Writable } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { tableFromIPC } from 'apache-arrow';
import { fn, Session } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { duckdb } from '../io/parquet-oracle.js';

const folder = mkdtempSync(join(tmpdir(), 'sparrow-memory-'));
let session: Session;
let parquet: Buffer;
beforeAll(async () => {
  session = await Session.create({ workers: 2 });
  const connection = await duckdb();
  await connection.run(`COPY (SELECT i AS id, md5(i::VARCHAR) AS t FROM range(50000) r(i)) TO '${folder}/a.parquet'`);
  connection.closeSync();
  parquet = readFileSync(join(folder, 'a.parquet'));
});
afterAll(async () => {
  await session.stop();
  rmSync(folder, { recursive: true, force: true });
});

const CSV = 'id,name\n1,Ada\n2,Grace\n';
const ROWS = [
  { id: '1', name: 'Ada' },
  { id: '2', name: 'Grace' },
];
async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

describe('read', () => {
  test.each([
    ['a buffer', () => Buffer.from(CSV)],
    ['an array buffer', () => new TextEncoder().encode(CSV).buffer as ArrayBuffer],
    ['a blob', () => new Blob([CSV])],
    ['a stream of Node.js', () => Readable.from([Buffer.from(CSV.slice(0, 9)), CSV.slice(9)])],
    ['a stream of the web', () => new Response(CSV).body as ReadableStream<Uint8Array>],
    ['an iterable', () => pieces(Buffer.from(CSV), 3)],
    ['packed bytes', () => gzipSync(CSV)],
    ['a data: address', () => `data:text/csv;base64,${Buffer.from(CSV).toString('base64')}`],
    ['a data: address of text', () => `data:text/csv,${encodeURIComponent(CSV)}`],
    ['a data: URL', () => new URL(`data:,${encodeURIComponent(CSV)}`)],
  ])('CSV of %s', async (_, content) => {
    const frame = session.read.option('header', true).csv(content());
    expect(await frame.collect()).toEqual(ROWS);
    // What was a stream is a file now.
    expect(await frame.count()).toBe(2);
  });

  test('Parquet in pieces, and several at once', async () => {
    const one = session.read.parquet(pieces(parquet, 1000));
    const sums = [fn.count().as('n'), fn.sum('id').as('s'), fn.countDistinct('t').as('t')];
    expect(await one.agg(...sums).collect()).toEqual([{ n: 50_000, s: 1_249_975_000, t: 50_000 }]);
    expect(await session.read.parquet(parquet, Readable.from([parquet]), join(folder, 'a.parquet')).count()).toBe(
      150_000,
    );
    expect(await session.read.json([Buffer.from('{"a":1}'), Buffer.from('{"a":2}')]).collect()).toEqual([
      { a: 1 },
      { a: 2 },
    ]);
  });

  test('what lies behind a frame goes with the frame, at the latest with its session', async () => {
    setFlagsFromString('--expose_gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const place = join(tmpdir(), `sparrow-remote-${process.pid}`);
    const kept = () => readdirSync(place).filter((name) => name.startsWith('content-')).length;
    const other = await Session.create({ workers: 1 });
    const held = other.read.option('header', true).csv(Buffer.from(CSV)).filter('id > 1');
    expect(await held.count()).toBe(1);
    const before = kept();
    // Frames that nothing holds, their plans in the caches of plans.
    const sums: unknown[] = [];
    for (let i = 0; i < 8; i++) sums.push(await other.read.parquet(parquet).agg(fn.sum('id').as('s')).collect());
    sums.push(await other.read.csv('data:,1').collect());
    expect(sums).toEqual([...Array(8).fill([{ s: 1_249_975_000 }]), [{ _c0: '1' }]]);
    expect(kept()).toBe(before + 9);
    for (let i = 0; i < 50 && kept() > before; i++) {
      collectGarbage();
      await new Promise((resume) => setTimeout(resume, 20));
    }
    expect(kept()).toBeLessThan(before + 3);
    expect(await held.collect()).toEqual([{ id: '2', name: 'Grace' }]);
    await other.stop();
    expect(kept()).toBeLessThan(before);
  });

  test('a stream is read no faster than it is written down', async () => {
    let given = 0;
    let most = 0;
    const source = new Readable({
      highWaterMark: 1 << 16,
      read() {
        given += 1 << 16;
        most = Math.max(most, this.readableLength);
        this.push(given > 32 << 20 ? null : Buffer.alloc(1 << 16, 'x\n'));
      },
    });
    expect(await session.read.text(source).count()).toBe(16 << 20);
    expect(most).toBeLessThan(1 << 20);
  });

  test('what fails, and what are no bytes, is an error with its cause', async () => {
    const broken = Readable.from(
      (async function* () {
        yield 'id\n';
        throw new Error('the line went dead');
      })(),
    );
    const frame = session.read.csv(broken);
    await expect(frame.collect()).rejects.toMatchObject({ code: 'FAILED_READ_FILE', message: /the line went dead/ });
    await expect(frame.collect()).rejects.toMatchObject({ code: 'FAILED_READ_FILE' });
    const objects = session.read.json(Readable.from([{ a: 1 }]));
    await expect(objects.collect()).rejects.toMatchObject({ code: 'INVALID_VALUE_FOR_TYPE', hint: /createDataFrame/ });
    await expect(session.read.csv('data:no-comma').collect()).rejects.toMatchObject({ code: 'INVALID_PATH' });
    expect(() => session.read.csv(42 as never)).toThrow(/a path/);
    await expect(session.read.csv('memory:999999').collect()).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' });
  });

  test('text that begins as a packed file does is text; no bytes are no rows', async () => {
    expect(await session.read.csv(Buffer.from('BZh,1\n')).collect()).toEqual([{ _c0: 'BZh', _c1: '1' }]);
    expect(await session.read.text(Buffer.alloc(0)).collect()).toEqual([]);
  });
});

describe('write', () => {
  const frame = () => session.read.parquet(join(folder, 'a.parquet')).repartition(7).selectExpr('id', 't');
  const collected = async (format: string, options: Record<string, string> = {}): Promise<Buffer> => {
    const chunks: Buffer[] = [];
    const sink = new Writable({
      write: (chunk: Buffer, _, done) => {
        chunks.push(chunk);
        setImmediate(done);
      },
    });
    const result = await frame().write.format(format).options(options).save(sink);
    expect(sink.writableFinished).toBe(true);
    const bytes = Buffer.concat(chunks);
    expect(result).toEqual({ files: 1, rows: 50_000, bytes: bytes.length });
    return bytes;
  };

  test('one file of every format, whatever the tasks are', async () => {
    const csv = (await collected('csv', { header: 'true' })).toString();
    expect(csv.startsWith('id,t\n')).toBe(true);
    expect(csv.split('\n').length).toBe(50_002);
    const json = (await collected('json')).toString().trim().split('\n');
    expect(json.reduce((sum, line) => sum + (JSON.parse(line) as { id: number }).id, 0)).toBe(1_249_975_000);
    expect(tableFromIPC(await collected('arrow')).numRows).toBe(50_000);
    writeFileSync(join(folder, 'back.parquet'), await collected('parquet'));
    const connection = await duckdb();
    const found = await connection.runAndReadAll(
      `SELECT sum(id)::INT8, count(DISTINCT t) FROM '${folder}/back.parquet'`,
    );
    expect(found.getRows()).toEqual([[1_249_975_000n, 50_000n]]);
    connection.closeSync();
  });

  test.each(['csv', 'json', 'arrow', 'parquet'])('no rows are a file of %s too', async (format) => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const nothing = session.sql('SELECT 1 AS a WHERE false').write.format(format).save(writable);
    expect(await session.read.schema('a int').format(format).load(readable).collect()).toEqual([]);
    expect(await nothing).toMatchObject({ files: 1, rows: 0 });
  });

  test('a stream of the web, and back again', async () => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const written = frame().write.parquet(writable);
    expect(await session.read.parquet(readable).count()).toBe(50_000);
    await written;
  });

  test('a query that fails gives no byte; streams that fail, folders and cancelling are told', async () => {
    const sink = new PassThrough();
    await expect(session.sql("SELECT raise_error('no') AS a").write.csv(sink)).rejects.toMatchObject({
      code: 'USER_RAISED_EXCEPTION',
    });
    expect(sink.readableLength).toBe(0);
    await expect(frame().write.csv(new URL('file:///a') as never)).rejects.toMatchObject({ code: 'NOT_STR' });
    const full = new Writable({ write: (_, __, done) => done(new Error('the pipe is shut')) });
    await expect(frame().write.csv(full)).rejects.toThrow(/the pipe is shut/);
    await expect(frame().write.partitionBy('id').csv(new PassThrough())).rejects.toMatchObject({
      code: 'UNSUPPORTED_FEATURE.WRITE',
    });
    const stuck = new Writable({ write: () => undefined });
    const signal = AbortSignal.timeout(2000);
    await expect(frame().write.csv(stuck, { signal })).rejects.toMatchObject({ code: 'OPERATION_CANCELED' });
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith('sparrow-stream-'))).toEqual([]);
  });
});
