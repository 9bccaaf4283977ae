import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { fn, Session, SparrowError } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { formatScalar } from '../../src/base/index.js';
import { mix } from '../support/choices.js';
import { root } from '../support/files.js';

const FLIPS = Number(process.env.SPARROW_FLIPS ?? 50);
const folder = mkdtempSync(join(tmpdir(), 'sparrow-damage-'));
let session: Session;
beforeAll(async () => {
  session = (await Session.create({ workers: 1, memory: '256MB' })) as Session;
});
afterAll(async () => {
  await session.stop();
  rmSync(folder, { recursive: true, force: true });
});

const filesIn = (path: string): string[] =>
  statSync(path).isDirectory()
    ? readdirSync(path, { recursive: true, encoding: 'utf8' })
        .map((name) => join(path, name))
        .filter((name) => statSync(name).isFile())
    : [path];

/** Promise R3: what was written and damaged since is never read as if nothing had happened. */
test(`${FLIPS} bits turned in the pages of a Parquet file are noticed, or change nothing`, {
  timeout: 300_000,
}, async () => {
  const target = join(folder, 'whole');
  const frame = session
    .range(3000)
    .selectExpr('id', "concat('text ', id % 97) AS s", 'id / 7 AS x', 'CAST(id % 5 AS DECIMAL(9,2)) AS d');
  await frame.write.parquet(target);
  const [file] = filesIn(target).filter((name) => name.endsWith('.parquet')) as [string];
  const bytes = readFileSync(file);
  const damaged = join(folder, 'damaged.parquet');
  const sum = async (path: string): Promise<string> =>
    JSON.stringify(await session.read.parquet(path).orderBy('id').collect());
  const wanted = await sum(file);
  // The footer and its length stand behind the pages.
  const pages = bytes.length - 8 - bytes.readUInt32LE(bytes.length - 8);
  const silent: number[] = [];
  let noticed = 0;
  for (let n = 0; n < FLIPS; n++) {
    const bit = 32 + (mix(20_261_128, n) % ((pages - 4) * 8));
    const copy = Buffer.from(bytes);
    copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
    writeFileSync(damaged, copy);
    try {
      if ((await sum(damaged)) !== wanted) silent.push(bit);
    } catch (error) {
      if (!(error instanceof SparrowError) || error.code === 'INTERNAL_ERROR') throw error;
      noticed++;
    }
  }
  expect(silent).toEqual([]);
  expect(noticed).toBeGreaterThan(FLIPS * 0.95);
});

test('a variant without one of its parts is malformed', () => {
  const [metadata, value] = [new Uint8Array([1, 0, 0]), new Uint8Array([0])];
  for (const part of [{ metadata }, { value }, { metadata: null, value }])
    expect(() => formatScalar({ kind: 'variant' }, part as never, 'UTC')).toThrow(/malformed/);
});

/** Promise R6: a disk that takes no more bytes. The shell's limit of a file's size fails a write after so many. */
describe.runIf(process.platform !== 'win32')('a write that fails after some bytes', () => {
  const program = `
    import { Session } from ${JSON.stringify(pathToFileURL(join(root, 'dist', 'index.js')).href)};
    process.on('SIGXFSZ', () => {});
    const [format, target] = process.argv.slice(2);
    const session = await Session.create({ workers: 1, memory: '256MB' });
    const frame = session.range(40000).selectExpr('id', "concat('text ', hex(id * 7919)) AS s");
    let code = 'none';
    try { await frame.write.format(format).save(target); } catch (error) { code = error.code ?? String(error); }
    const again = await session.range(10).count();
    await session.stop();
    console.log(JSON.stringify({ code, again: Number(again) }));
  `;
  test.each(['parquet', 'csv', 'json', 'arrow'])('%s', { timeout: 120_000 }, async (format) => {
    const script = join(folder, 'write.mjs');
    writeFileSync(script, program);
    for (const blocks of [1, 200]) {
      const target = join(folder, `${format}-${blocks}`);
      const command = `ulimit -f ${blocks}; exec "$0" "$@"`;
      const { stdout } = await promisify(execFile)('/bin/sh', [
        '-c',
        command,
        process.execPath,
        script,
        format,
        target,
      ]);
      const { code, again } = JSON.parse(stdout) as { code: string; again: number };
      expect([format, blocks, again]).toEqual([format, blocks, 10]);
      expect(code, `${format} after ${blocks} blocks`).toMatch(/^[A-Z_.]{4,}$/);
      expect(existsSync(target) ? filesIn(target) : []).toEqual([]);
    }
  });
});

/** Promise R28: many queries at once. */
test('320 queries, 64 at once, a tenth of them cancelled', { timeout: 120_000 }, async () => {
  const rows = session.range(5000).selectExpr('id', 'id % 10 AS g').cache();
  await rows.count();
  let cancelled = 0;
  const stream = async (s: number): Promise<void> => {
    for (let n = 0; n < 5; n++) {
      const limit = 1 + ((s * 31 + n * 7) % 5000);
      const query = rows.filter(`id < ${limit}`).groupBy('g').agg(fn.sum('id').as('total'));
      if (mix(s, n) % 10 === 0) {
        const stop = new AbortController();
        const running = query.collect({ signal: stop.signal });
        setTimeout(() => stop.abort(), mix(n, s) % 4);
        await running.catch(() => cancelled++);
        continue;
      }
      const total = (await query.collect()).reduce((sum, row) => sum + Number((row as { total: number }).total), 0);
      expect(total).toBe((limit * (limit - 1)) / 2);
    }
  };
  await Promise.all(Array.from({ length: 64 }, (_, s) => stream(s)));
  expect(cancelled).toBeGreaterThanOrEqual(0);
});
