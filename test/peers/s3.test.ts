import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { col, type DefaultValues, fn, Session } from 'sparrow-df';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root } from '../support/files.js';
import { pythonWithPackages } from './python.js';
import { answered, driverModule, freePort } from './servers.js';

let session: Session<DefaultValues>;
let server: ChildProcess;
let options: Record<string, string>;
const before = process.cwd();

beforeAll(async () => {
  const python = await pythonWithPackages();
  execFileSync(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', 'moto[server]']);
  const sdk = driverModule('@aws-sdk/client-s3', '3');
  driverModule('@aws-sdk/s3-request-presigner', '3');
  const port = await freePort();
  server = spawn(python, ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
  const endpoint = `http://127.0.0.1:${port}`;
  await answered(() => fetch(endpoint));
  options = {
    'fs.s3a.endpoint': endpoint,
    'fs.s3a.access.key': 'test',
    'fs.s3a.secret.key': 'test',
    'fs.s3a.endpoint.region': 'us-east-1',
  };
  await fetch(`${endpoint}/lake`, { method: 'PUT' });
  expect(sdk).toContain('client-s3');
  // The SDK is found from the program's folder.
  mkdirSync(join(root, 'build', 'peers', 'node'), { recursive: true });
  process.chdir(join(root, 'build', 'peers', 'node'));
  session = await Session.create({ workers: 1, memory: '512MB' });
}, 300_000);
afterAll(async () => {
  process.chdir(before);
  await session?.stop();
  server?.kill();
});

test('what is written to a bucket is read from it', async () => {
  const frame = session.range(20_000).select('id', col('id').mod(3).as('part'), fn.concat(col('id')).as('text'));
  const write = (mode: 'error' | 'overwrite' | 'append' | 'ignore') =>
    frame.write.mode(mode).options(options).partitionBy('part').parquet('s3://lake/numbers');
  expect(await write('error')).toMatchObject({ rows: 20_000 });
  const read = () => session.read.options(options).parquet('s3://lake/numbers');
  expect(await read().count()).toBe(20_000);
  const [sums] = await read().filter('part = 1').agg(fn.count().as('n'), fn.max('id').as('last')).collect();
  expect(sums).toEqual({ n: 6667, last: 19_999 });
  await expect(write('error')).rejects.toMatchObject({ code: 'PATH_ALREADY_EXISTS' });
  await write('ignore');
  await write('append');
  expect(await read().count()).toBe(40_000);
  await write('overwrite');
  expect(await read().count()).toBe(20_000);
  const one = session.read.options(options).parquet('s3://lake/num*/part=2/*.parquet');
  expect(await one.count()).toBe(6666);
});

test('other formats, and what is not there', async () => {
  await session
    .range(10)
    .write.options({ ...options, header: true })
    .csv('s3://lake/csv/ten');
  const ten = session.read.options({ ...options, header: true, inferSchema: true }).csv('s3://lake/csv/ten');
  expect((await ten.orderBy('id').collect()).map((row) => row.id)).toEqual([...Array(10).keys()]);
  const none = session.read.options(options).parquet('s3://lake/none');
  await expect(none.count()).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' });
  await expect(session.range(1).write.options(options).delta('s3://lake/t')).rejects.toMatchObject({
    code: 'UNSUPPORTED_FEATURE.S3',
  });
});
