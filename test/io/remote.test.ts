import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { col, type DefaultValues, fn, lit, Session } from 'sparrow-df';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'sparrow-remote-test-'));
let session: Session<DefaultValues>;
let server: Server;
let address = '';
let body = Buffer.alloc(0);
let etag = '"1"';
let sent = 0;
let requests = 0;
/** What goes wrong with a request: by its number. */
let fault: (request: number, response: ServerResponse) => 'done' | 'cut' | undefined = () => undefined;
let knowsRanges = true;

beforeAll(async () => {
  session = await Session.create({ workers: 1, memory: '512MB' });
  const file = join(folder, 'facts.parquet');
  await session
    .range(400_000)
    .select('id', fn.concat(lit('row '), col('id').cast('string')).as('text'), col('id').mul(0.5).as('half'))
    .write.option('rowGroupRows', 50_000)
    .parquet(file);
  const [name] = (await session.read.binaryFile(file).select('path').collect()).map((row) => row.path);
  body = readFileSync(String(name).replace(/^file:(\/\/)?/, ''));
  server = createServer((request, response) => {
    const what = request.method === 'HEAD' ? undefined : fault(++requests, response);
    if (what === 'done') return;
    const [, from, to] = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? '') ?? [];
    if (request.headers['if-match'] !== undefined && request.headers['if-match'] !== etag) {
      response.writeHead(412).end();
      return;
    }
    const headers = { etag, 'accept-ranges': 'bytes' };
    if (request.method === 'HEAD') {
      response.writeHead(200, { ...headers, 'content-length': body.length }).end();
      return;
    }
    const [start, end] = from === undefined || !knowsRanges ? [0, body.length] : [Number(from), Number(to) + 1];
    const part = body.subarray(start, end);
    const range = knowsRanges ? { 'content-range': `bytes ${start}-${end - 1}/${body.length}` } : {};
    response.writeHead(knowsRanges ? 206 : 200, { ...headers, ...range, 'content-length': part.length });
    const given = what === 'cut' ? part.subarray(0, Math.ceil(part.length / 2)) : part;
    sent += given.length;
    response.write(given, () => (what === 'cut' ? response.destroy() : response.end()));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await session.stop();
  rmSync(folder, { recursive: true, force: true });
});
let files = 0;
let url = '';
beforeEach(() => {
  [sent, requests, knowsRanges, etag] = [0, 0, true, `"${Math.random()}"`];
  fault = () => undefined;
  url = `${address}/${++files}/facts.parquet?key=1`;
});

describe('Parquet over HTTP', () => {
  test('is fetched by footer and column chunks, once', async () => {
    const facts = session.read.parquet(url);
    expect(await facts.count()).toBe(400_000);
    const footer = sent;
    expect(footer).toBeLessThan(200_000);
    const some = await facts.filter(col('id').ge(390_000)).agg(fn.sum('half').as('s')).collect();
    expect(some).toEqual([{ s: (390_000 + 399_999) * 0.25 * 10_000 }]);
    // One row group of eight, two columns of three.
    expect(sent - footer).toBeLessThan(body.length / 8);
    const before = sent;
    await facts.filter(col('id').ge(390_000)).agg(fn.sum('half')).collect();
    expect(sent).toBe(before);
  });

  test('survives servers that are busy and connections that break', async () => {
    fault = (request, response) => {
      if (request % 3 === 0) {
        response.writeHead(503, { 'retry-after': '0' }).end();
        return 'done';
      }
      return request % 3 === 1 ? 'cut' : undefined;
    };
    expect(await session.read.parquet(url).agg(fn.sum('id').as('s')).collect()).toEqual([{ s: 79999800000 }]);
    expect(requests).toBeGreaterThan(2);
  });

  test('gives up with a clear error', async () => {
    fault = (_, response) => {
      response.writeHead(404).end();
      return 'done';
    };
    await expect(session.read.parquet(url).collect()).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' });
  });

  test('that changes meanwhile is refused', async () => {
    const facts = session.read.parquet(url);
    await facts.count();
    let now = 0;
    const known = etag;
    fault = () => {
      if (++now === 1) etag = '"other"';
      return undefined;
    };
    await expect(facts.agg(fn.max('text')).collect()).rejects.toMatchObject({ code: 'FILE_CHANGED' });
    fault = () => undefined;
    etag = known;
    expect(await facts.agg(fn.max('half').as('m')).collect()).toEqual([{ m: 199999.5 }]);
  });

  test('is read while more of it is fetched', async () => {
    const facts = session.read.parquet(url);
    const part = (n: number) =>
      facts.filter(
        col('id')
          .ge(n * 50_000)
          .and(col('id').lt((n + 1) * 50_000)),
      );
    const maxima = await Promise.all(
      [0, 1, 2, 3, 4, 5, 6, 7].map((n) => part(n).agg(fn.max('half').as('m'), fn.max('text').as('t')).collect()),
    );
    expect(maxima.map(([row]) => row?.m)).toEqual([0, 1, 2, 3, 4, 5, 6, 7].map((n) => ((n + 1) * 50_000 - 1) / 2));
  });

  test('comes whole from a server that knows no ranges', async () => {
    knowsRanges = false;
    expect(await session.read.parquet(url).agg(fn.max('id').as('m')).collect()).toEqual([{ m: 399999 }]);
  });
});

test('CSV and JSON over HTTP', async () => {
  const parquet = body;
  try {
    body = Buffer.from('id,name\n1,a\n2,"b\nc"\n');
    const csv = session.read.options({ header: true, inferSchema: true }).csv(`${address}/x/a.csv`);
    expect(await csv.collect()).toEqual([
      { id: 1, name: 'a' },
      { id: 2, name: 'b\nc' },
    ]);
    body = Buffer.from('{"id":1}\n{"id":2}\n');
    expect(await session.read.json(`${address}/x/a.json`).count()).toBe(2);
  } finally {
    body = parquet;
  }
});
