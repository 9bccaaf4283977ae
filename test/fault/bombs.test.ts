import { once } from 'node:events';
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGzip } from 'node:zlib';
import { type DefaultValues, Session } from 'sparrow-df';
import { afterAll, beforeAll, expect, test } from 'vitest';

const MIB = 1 << 20;
/** Several times the memory of the session. */
const UNPACKED = 300 * MIB;
const TIMEOUT_MS = 120_000;

const folder = mkdtempSync(join(tmpdir(), 'sparrow-bombs-'));
let session: Session<DefaultValues>;
beforeAll(async () => {
  session = await Session.create({ workers: 1, memory: '64MB' });
});
afterAll(async () => {
  await session.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A small file that unpacks to one endless record. */
async function bomb(name: string, head: string, filler: string): Promise<string> {
  const path = join(folder, name);
  const gzip = createGzip({ level: 1 });
  const written = once(gzip.pipe(createWriteStream(path)), 'close');
  gzip.write(head);
  const piece = Buffer.alloc(MIB, filler);
  for (let bytes = 0; bytes < UNPACKED; bytes += MIB) if (!gzip.write(piece)) await once(gzip, 'drain');
  gzip.end();
  await written;
  return path;
}

const CASES: readonly [name: string, format: string, head: string, filler: string, options?: Record<string, string>][] =
  [
    ['line.txt.gz', 'text', '', 'x'],
    ['quote.csv.gz', 'csv', 'a\n"', 'x', { header: 'true' }],
    ['quote-found.csv.gz', 'csv', 'a\n"', 'x', { header: 'auto', sep: 'auto', inferSchema: 'true' }],
    ['commas.csv.gz', 'csv', 'a\n', ',', { header: 'true' }],
    ['names.csv.gz', 'csv', '', ',', { header: 'true' }],
    ['line.json.gz', 'json', '{"a": "', 'x'],
    ['document.json.gz', 'json', '{"a": "', 'x', { multiLine: 'true' }],
    ['arrays.json.gz', 'json', '{"a": ', '[', { multiLine: 'true', mode: 'FAILFAST' }],
  ];

test.each(CASES)(
  '%s is refused before it fills the memory',
  async (name, format, head, filler, options = {}) => {
    const path = await bomb(name, head, filler);
    const { read } = session;
    const before = process.memoryUsage().rss;
    const known = name === 'names.csv.gz' || options.sep === 'auto' || format === 'text';
    const frame = (known ? read : read.schema('a STRING')).format(format).options(options).load(path);
    await expect(frame.count()).rejects.toMatchObject({
      code: expect.stringMatching(/^(MEMORY_LIMIT_EXCEEDED|MALFORMED_RECORD_IN_PARSING)$/),
    });
    expect(process.memoryUsage().rss - before).toBeLessThan(250 * MIB);
    expect(await session.range(10).count()).toBe(10);
  },
  TIMEOUT_MS,
);
