import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { col, type DefaultValues, fn, Session } from 'sparrow-df';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { child, randoms } from '../fault/harness.js';
import { root } from '../support/files.js';
import { pythonWithPackages } from './python.js';
import { answered, driverModule, freePort } from './servers.js';

/** More of them: SPARROW_KILLS=100. */
const KILLS = Number(process.env.SPARROW_KILLS ?? 10);
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

test('a job that is run again under its id writes once', async () => {
  const job = (mode: 'append' | 'overwrite', id: string) =>
    session.range(10).write.mode(mode).options(options).option('jobId', id).parquet('s3://lake/jobs');
  const count = () => session.read.options(options).parquet('s3://lake/jobs').count();
  expect(await job('append', 'a/1')).toMatchObject({ rows: 10 });
  expect(await job('append', 'a/1')).toMatchObject({ rows: 0 });
  expect(await job('append', 'a/2')).toMatchObject({ rows: 10 });
  expect(await count()).toBe(20);
  expect(await job('overwrite', 'a/3')).toMatchObject({ rows: 10 });
  expect(await job('append', 'a/1')).toMatchObject({ rows: 0 });
  expect(await count()).toBe(10);
  const both = await Promise.all([job('append', 'b'), job('append', 'b')]);
  expect(both.map(({ rows }) => rows).sort()).toEqual([0, 10]);
  expect(await count()).toBe(20);
});

/** The keys below a folder, as any program sees them. */
const keysBelow = async (folder: string): Promise<string[]> => {
  const answer = await fetch(`${options['fs.s3a.endpoint']}/lake?list-type=2&prefix=${folder}/`);
  return [...(await answer.text()).matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = '']) => key);
};

test(`a writer that is killed ${KILLS} times leaves the old rows or the new ones`, async () => {
  const random = randoms(Number(process.env.SPARROW_SEED ?? 5));
  /** Without a time: as soon as the commit is seen. */
  const body = (number: number, killAfter?: number) => `
    const session = await Session.create({ workers: 1 });
    const rows = session.range(300).select(col('id'), lit(${number}).as('number'), col('id').mod(lit(4)).as('part')).repartition(1);
    const kill = () => process.kill(process.pid, 'SIGKILL');
    ${killAfter === undefined ? `setInterval(async () => (await (await fetch('${options['fs.s3a.endpoint']}/lake?list-type=2&prefix=killed/_')).text()).includes('_sparrow_commit') && kill(), 5)` : `setTimeout(kill, ${killAfter})`};
    await rows.write.mode('overwrite').options(${JSON.stringify(options)}).partitionBy('part').parquet('s3://lake/killed');
    process.exit(0);`;
  const seen = { before: 0, amid: 0, after: 0 };
  let last = -1;
  for (let number = 0; number < KILLS; number++) {
    const { code } = await child(body(number, number % 3 === 2 ? undefined : 200 + random() * 900));
    const keys = await keysBelow('killed');
    const parts = keys.filter((key) => key.includes('part-'));
    const isAmid = keys.some((key) => key.includes('_sparrow_commit'));
    // Whoever lists the folder sees one whole write, unless it was cut off amid the last requests.
    const ids = new Set(parts.map((key) => /part-\d+-([a-z0-9]+)-/.exec(key)?.[1]));
    if (!isAmid) expect([ids.size <= 1, parts.length % 4]).toEqual([true, 0]);
    if (keys.length > 0) {
      const frame = session.read.options(options).parquet('s3://lake/killed');
      const found = await frame.groupBy('number').agg(fn.count().as('n')).collect();
      expect(found).toEqual([{ number: expect.any(Number), n: 300 }]);
      const now = Number(found[0]?.number);
      expect([last, number]).toContain(now);
      if (code === 0) expect(now).toBe(number);
      seen[isAmid ? 'amid' : now === number ? 'after' : 'before']++;
      last = now;
    } else seen.before++;
    expect((await keysBelow('killed')).filter((key) => key.includes('_sparrow_commit'))).toEqual([]);
  }
  console.info(`killed before the commit, amid it and after it: ${Object.values(seen).join(', ')}`);
}, 600_000);

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
