import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { col, type DefaultValues, Session } from 'sparrow-df';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { wholeFrames } from '../../src/io/zstd-frames.js';

const folder = mkdtempSync(join(tmpdir(), 'sparrow-text-'));
let session: Session<DefaultValues>;
beforeAll(async () => {
  session = await Session.create({ workers: 2, memory: '512MB' });
});
afterAll(async () => {
  await session.stop();
  rmSync(folder, { recursive: true, force: true });
});

function file(name: string, text: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const values = async (path: string, options = {}): Promise<unknown[]> =>
  (await session.read.text(path, options).collect()).map((row) => (row as { value: unknown }).value);

test('lines end with LF, CRLF or CR', async () => {
  expect(await values(file('a.txt', 'one\r\ntwo\rthree\n\nfive'))).toEqual(['one', 'two', 'three', '', 'five']);
  expect(await values(file('b.txt', ''))).toEqual([]);
  expect(await values(file('c.txt', '\n'))).toEqual(['']);
  expect(await values(file('d.txt', 'a;;b\n;;c'), { lineSep: ';;' })).toEqual(['a', 'b\n', 'c']);
});

test('whole files, gzip, encodings, bytes that are no text', async () => {
  expect(await values(file('e.txt', 'a\nb\n'), { wholetext: true })).toEqual(['a\nb\n']);
  expect(await values(file('f.txt.gz', gzipSync('x\ny')))).toEqual(['x', 'y']);
  expect(await values(file('g.txt', Buffer.from('é\nü', 'latin1')), { encoding: 'iso-8859-1' })).toEqual(['é', 'ü']);
  expect(await values(file('h.txt', Buffer.from([97, 0xff, 10, 98])))).toEqual(['a\ufffd', 'b']);
});

/** A zstd frame of one raw block (RFC 8878). */
function zstdFrame(text: string): Buffer {
  const body = Buffer.from(text, 'utf8');
  const block = (body.length << 3) | 1;
  const head = [0x28, 0xb5, 0x2f, 0xfd, 0x20, body.length, block & 255, block >> 8, block >> 16];
  return Buffer.concat([Buffer.from(head), body]);
}

test('zstd, with and without the help of Node.js', async () => {
  expect(await values(file('k.txt.zst', zstdFrame('first line\nsecond\n')))).toEqual(['first line', 'second']);
  const whole = zstdFrame('first line\n');
  for (let bytes = 1; bytes < whole.length; bytes++) {
    await expect(values(file('l.txt.zst', whole.subarray(0, bytes)))).rejects.toMatchObject({
      code: expect.stringMatching(/FAILED_READ_FILE|CODEC_NOT_AVAILABLE/),
    });
  }
});

test('a zstd file that ends within a frame is told from a whole one, wherever it is cut', () => {
  const skippable = Buffer.from([0x53, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 7, 7]);
  const parts = [zstdFrame('one'), skippable, zstdFrame(''), zstdFrame('three')];
  const ends = parts.map((_, i) => Buffer.concat(parts.slice(0, i + 1)).length);
  const all = Buffer.concat(parts);
  const isWhole = (bytes: Buffer, step: number): boolean => {
    const chunks = Array.from({ length: Math.ceil(bytes.length / step) }, (_, i) =>
      bytes.subarray(i * step, (i + 1) * step),
    );
    try {
      return Buffer.concat([...wholeFrames(chunks)]).equals(bytes);
    } catch {
      return false;
    }
  };
  for (const step of [1, 3, all.length]) {
    const whole = Array.from({ length: all.length }, (_, i) => i + 1).filter((n) => isWhole(all.subarray(0, n), step));
    expect(whole).toEqual(ends);
  }
});

test.each(['\n', '\r\n', '##'])('a large file in pieces has each line once (%j)', async (lineSep) => {
  const lines = Array.from({ length: 600_000 }, (_, i) => `${i}:${'x'.repeat(i % 97)}`);
  const path = file('large.txt', lines.join(lineSep));
  const frame = session.read.text(path, lineSep === '##' ? { lineSep } : {});
  expect(await frame.count()).toBe(lines.length);
  expect(await frame.distinct().count()).toBe(lines.length);
});

test('partition folders, writing, one column only', async () => {
  mkdirSync(join(folder, 'parts', 'day=3'), { recursive: true });
  file('parts/day=3/a.txt', 'x');
  expect(await session.read.text(join(folder, 'parts')).collect()).toEqual([{ value: 'x', day: 3 }]);
  const out = join(folder, 'out');
  await session.createDataFrame([{ value: 'a' }, { value: null }, { value: 'é' }]).write.text(out);
  const [name = ''] = readdirSync(out).filter((n) => n.endsWith('.txt'));
  expect(readFileSync(join(out, name), 'utf8')).toBe('a\n\né\n');
  await expect(session.createDataFrame([{ a: 1 }]).write.text(join(folder, 'no'))).rejects.toMatchObject({
    code: 'UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE',
  });
});

test('files as rows', async () => {
  const path = file('z.bin', new Uint8Array([1, 2, 3]));
  const frame = session.read.binaryFile(path);
  const [row] = await frame.collect();
  expect(row).toMatchObject({ path, length: 3, content: new Uint8Array([1, 2, 3]) });
  expect(await session.read.binaryFile(folder, { pathGlobFilter: '*.bin' }).filter(col('length').eq(3)).count()).toBe(
    1,
  );
});
