import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Session } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ZSTDDecoder } from 'zstddec';
import { xxHash64 } from '../../src/io/parquet/bloom-filter.js';
import { readFooter } from '../../src/io/parquet/footer.js';
import { patternBytes } from '../../src/io/parquet/kernels/index.js';
import { parsePageHeader } from '../../src/io/parquet/page-header.js';
import { unpackZstd } from '../../src/io/zstd/decode.js';
import { SPACE } from '../../src/io/zstd/space.js';
import { unzstd } from '../../src/io/zstd/unpack-bytes.js';
import { duckdb, heap } from './parquet-oracle.js';

// Our decoder of Zstandard beside DuckDB's, over the public API, and beside zstddec, block by block, on damaged bytes too.
let folder = '';
const connection = duckdb();
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sparrow-zstd-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Text with far and near matches, numbers with runs, noise, one byte many times, nothing, and nulls. */
const query = (
  rows: number,
): string => `SELECT i AS n, (i * 7919 % 1000) / 8 AS f, hash(i)::varchar AS noise, hash(i) % 5 AS few,
  [chr((97 + hash(i) % 3)::int), chr((97 + hash(i, 1) % 20)::int), 'furiously', 'the', 'packages'][1 + (hash(i, 2) % 5)::int]
    || ' ' || (i % 97) || ' ' || repeat('ab', (hash(i, 3) % 30)::int) AS words,
  repeat('x', (i % 40)::int) AS runs, CASE WHEN i % 3 = 0 THEN NULL ELSE i * 1000003 END AS gaps, NULL::int AS none, '' AS empty,
  (hash(i) % 1000000)::decimal(15, 2) AS price, [i, i + 1, hash(i) % 100] AS list FROM range(${rows}) t(i)`;

async function write(name: string, options: string, select = query(20_000)): Promise<string> {
  const path = join(folder, `${name}.parquet`);
  await (await connection).run(`COPY (${select}) TO '${path}' (FORMAT parquet, CODEC zstd${options})`);
  return path;
}

const SUMS = `SELECT count(*) AS n, sum(n) AS a, sum(f) AS b, count(noise) AS c, max(noise) AS d, min(words) AS e, max(words) AS g,
  sum(length(words)) AS h, sum(length(runs)) AS i, sum(gaps) AS j, count(gaps) AS k, count(none) AS l, sum(length(empty)) AS m,
  sum(price) AS o, sum(few) AS p FROM `;
const plain = (rows: readonly object[]): unknown =>
  JSON.parse(JSON.stringify(rows, (_, v) => (typeof v === 'bigint' ? String(v) : v)));

describe('Parquet with ZSTD', () => {
  test.each([
    [', COMPRESSION_LEVEL 1'],
    [', COMPRESSION_LEVEL 3, ROW_GROUP_SIZE 2048'],
    [', COMPRESSION_LEVEL 9, PARQUET_VERSION V2'],
    [', COMPRESSION_LEVEL 12, DICTIONARY_SIZE_LIMIT 1'],
    [', COMPRESSION_LEVEL 19, ROW_GROUP_SIZE 60000'],
  ])('gives the values DuckDB gives%s', async (options) => {
    const path = await write(
      `levels-${options.replace(/\W+/g, '-')}`,
      options,
      query(options.includes('19') ? 2000 : 20_000),
    );
    const session = await Session.create({ workers: 2 });
    try {
      session.read.parquet(path).createOrReplaceTempView('t');
      const [ours] = await session.sql(`${SUMS} t`).collect();
      const theirs = (await (await connection).runAndReadAll(`${SUMS} '${path}'`)).getRowsJson()[0];
      const numbers = (values: readonly unknown[]): unknown[] =>
        values.map((v) => (Number.isNaN(Number(v)) ? v : Number(v)));
      expect(numbers(Object.values(ours as object))).toEqual(numbers(theirs as unknown[]));
      const words = 'SELECT words, noise, runs, gaps FROM ';
      const rows = await session.sql(`${words} t WHERE n % 61 = 7 ORDER BY n`).collect();
      const want = (
        await (await connection).runAndReadAll(`${words} '${path}' WHERE n % 61 = 7 ORDER BY n`)
      ).getRowObjectsJS();
      expect(plain(rows)).toEqual(
        plain(want.map((row) => ({ ...row, gaps: row.gaps === null ? null : Number(row.gaps) }))),
      );
    } finally {
      await session.stop();
    }
  });
});

interface Block {
  readonly bytes: Buffer;
  readonly size: number;
}

/** The compressed pages of a file. */
function blocksOf(path: string): Block[] {
  const bytes = readFileSync(path);
  const file = {
    path,
    size: bytes.length,
    modifiedMs: 0,
    readInto: (to: Uint8Array, at: number) => to.set(bytes.subarray(at, at + to.length)),
    close: () => undefined,
  };
  const blocks: Block[] = [];
  for (const group of readFooter(file as never).rowGroups) {
    for (let i = 0; i < group.chunks; i++) {
      const metadata = group.chunk(i)?.metadata;
      if (metadata === undefined) continue;
      const { dictionaryPageOffset = 0, dataPageOffset, compressedBytes } = metadata;
      let at = dictionaryPageOffset >= 4 ? Math.min(dictionaryPageOffset, dataPageOffset) : dataPageOffset;
      for (const end = at + compressedBytes; at < end; ) {
        const [header, from] = parsePageHeader(bytes, at, end);
        at = from + header.compressedBytes;
        blocks.push({ bytes: bytes.subarray(from, at), size: header.uncompressedBytes });
      }
    }
  }
  return blocks;
}

describe('frames of Zstandard', () => {
  const arena = heap.newArena('zstd');
  const GUARD = 128;
  const [source, target, space, patterns] = [1 << 21, 1 << 22, SPACE.BYTES, 4096].map((n) =>
    arena.alloc(n + 2 * GUARD),
  ) as [number, number, number, number];
  heap.u8.set(patternBytes(), patterns);
  const decoder = new ZSTDDecoder();

  function unpack({ bytes, size }: Block): Buffer {
    heap.u8.set(bytes, source);
    heap.u8.fill(0xa7, target + size + 64, target + size + GUARD);
    unpackZstd({ heap, source, sourceBytes: bytes.length, target, targetBytes: size, space, patterns });
    return Buffer.from(heap.u8.slice(target, target + size));
  }
  const isWithin = (size: number): boolean =>
    heap.u8.subarray(target + size + 64, target + size + GUARD).every((byte) => byte === 0xa7);

  test('are what zstddec makes of them, and damaged ones never write elsewhere', async () => {
    await decoder.init();
    const blocks: Block[] = [];
    for (const level of [1, 19])
      blocks.push(
        ...blocksOf(await write(`raw-${level}`, `, COMPRESSION_LEVEL ${level}`, query(level > 9 ? 2000 : 20_000))),
      );
    expect(blocks.length).toBeGreaterThan(20);
    let seed = 1;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
      return (seed >>> 8) % below;
    };
    let refused = 0;
    for (const block of blocks) {
      expect(unpack(block).equals(Buffer.from(decoder.decode(block.bytes, block.size)))).toBe(true);
      expect(() => unpack({ ...block, size: block.size + 1 })).toThrow();
      if (block.size > 0) expect(() => unpack({ ...block, size: block.size - 1 })).toThrow();
      for (let i = 0; i < 12; i++) {
        const bytes = Buffer.from(block.bytes.subarray(0, i === 0 ? random(block.bytes.length) : undefined));
        for (let k = random(3); k >= 0 && bytes.length > 0; k--)
          bytes[random(Math.min(bytes.length, 400))] = random(256);
        try {
          unpack({ ...block, bytes });
        } catch (error) {
          refused++;
          expect((error as Error).constructor.name).toMatch(/Zstd|Error/);
        }
        expect(isWithin(block.size)).toBe(true);
      }
    }
    expect(refused).toBeGreaterThan(blocks.length * 4);
  });

  test('may follow one another, with content to skip between them, and may be empty', async () => {
    const [block] = blocksOf(await write('small', '', 'SELECT i FROM range(3000) t(i)'));
    const { bytes, size } = block as Block;
    const skipped = Buffer.from([0x5e, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
    // A frame of one segment without content: its last block is raw and empty.
    const empty = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x20, 0, 1, 0, 0]);
    const once = unpack({ bytes, size });
    const both = unpack({ bytes: Buffer.concat([skipped, bytes, empty, skipped, bytes]), size: 2 * size });
    expect(both.equals(Buffer.concat([once, once]))).toBe(true);
    // One byte many times: a block of kind 1.
    const runs = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x20, 9, (9 << 3) | 3, 0, 0, 65]);
    expect(unpack({ bytes: runs, size: 9 }).toString()).toBe('AAAAAAAAA');
  });
});

describe('bytes in frames', () => {
  const content = Buffer.from('Sparrows build nests in hedges, and in what is left of walls.');
  const checksumOf = (bytes: Buffer): Buffer => {
    const out = Buffer.alloc(8);
    out.writeBigUInt64LE(xxHash64(bytes));
    return out.subarray(0, 4);
  };
  /** A frame of blocks as they are (RFC 8878, 3.1.1), with the checksum of what they hold. */
  const frameOf = (bytes: Buffer, checksum = checksumOf(bytes)): Buffer => {
    const half = bytes.length >>> 1;
    const block = (part: Buffer, isLast: boolean): Buffer => {
      const head = Buffer.alloc(3);
      head.writeUIntLE((part.length << 3) | (isLast ? 1 : 0), 0, 3);
      return Buffer.concat([head, part]);
    };
    const head = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x24, bytes.length]);
    return Buffer.concat([head, block(bytes.subarray(0, half), false), block(bytes.subarray(half), true), checksum]);
  };
  const skipped = Buffer.from([0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);

  test('are unpacked, frame by frame, and their checksums verified', async () => {
    const frame = frameOf(content);
    const decoder = new ZSTDDecoder();
    await decoder.init();
    expect(Buffer.from(decoder.decode(frame, content.length))).toEqual(content);
    expect(unzstd(frame, 1000)).toEqual(content);
    expect(unzstd(Buffer.concat([frame, skipped, frame]), 1000)).toEqual(Buffer.concat([content, content]));
    expect(unzstd(Buffer.alloc(0), 10)).toEqual(Buffer.alloc(0));
    const other = Buffer.from(content);
    other[7] = 0x20;
    expect(() => unzstd(frameOf(content, checksumOf(other)), 1000)).toThrow('checksum');
  });

  test('are refused when they are cut off, or more than they may be', () => {
    const frame = frameOf(content);
    for (let length = 1; length < frame.length; length++)
      expect(() => unzstd(frame.subarray(0, length), 1000)).toThrow();
    expect(() => unzstd(frame, content.length - 1)).toThrow();
  });
});
