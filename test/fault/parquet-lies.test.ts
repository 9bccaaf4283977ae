import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { col, expr, fn, Session } from 'sparrow-df';
import { afterAll, beforeAll, expect, test } from 'vitest';

// Plans rely on the statistics of a file: where they are false, queries fail and say so, and answer nothing.
let session: Session;
let folder = '';
beforeAll(async () => {
  session = await Session.create({ workers: 2 });
  folder = mkdtempSync(join(tmpdir(), 'sparrow-lies-'));
});
afterAll(async () => {
  await session.stop();
  rmSync(folder, { recursive: true, force: true });
});

const bytesOf = (value: bigint, width: number, bigEndian = false): Buffer => {
  const bytes = Buffer.from(Array.from({ length: width }, (_, i) => Number(BigInt.asUintN(8, value >> BigInt(8 * i)))));
  return bigEndian ? bytes.reverse() : bytes;
};

/** Writes one file of these columns and puts other bytes into its footer, which are there as often as they are found. */
async function lie(name: string, columns: readonly string[], rows: number, from: Buffer, to: Buffer) {
  const path = join(folder, name);
  const of = session
    .range(0, rows)
    .coalesce(1)
    .select(...columns.map((c) => expr(c)));
  await of.write.parquet(path);
  let found = 0;
  for (const file of readdirSync(path).filter((f) => f.endsWith('.parquet'))) {
    const bytes = readFileSync(join(path, file));
    const end = bytes.length - 8;
    const start = end - bytes.readUInt32LE(end);
    for (let at = bytes.indexOf(from, start); at >= 0 && at < end; at = bytes.indexOf(from, at)) {
      to.copy(bytes, at);
      at += from.length;
      found++;
    }
    writeFileSync(join(path, file), bytes);
  }
  expect(found).toBeGreaterThan(0);
  return session.read.parquet(path);
}

const refused = /\[FAILED_READ_FILE\] the Parquet file is damaged: a value lies outside .*row group 0, column k\)/;
async function refuses(frame: { collect(): Promise<unknown> }, message = refused, what = ''): Promise<void> {
  await expect(frame.collect(), what).rejects.toThrow(message);
  // The session is none the worse for it.
  expect(await session.range(0, 1000).agg(fn.sum('id').as('s')).collect()).toEqual([{ s: 499500 }]);
}

const queries: readonly [string, (t: ReturnType<Session['sql']>) => { collect(): Promise<unknown> }][] = [
  ['groups', (t) => t.groupBy('k').agg(fn.count().as('n'), fn.sum('v').as('s'))],
  ['groups by sums', (t) => t.groupBy(expr('k + 1')).agg(fn.sum('v').as('s'))],
  ['a join', (t) => t.join(session.range(0, 2000).select(col('id').as('k')), 'k').agg(fn.count().as('n'))],
  ['a join of two', (t) => t.join(t.select(col('k'), col('v').as('w')), 'k').agg(fn.sum('w').as('n'))],
  ['a sort', (t) => t.orderBy('k', 'v')],
  ['the best rows', (t) => t.orderBy(col('k').desc()).limit(5)],
  ['a sum', (t) => t.agg(fn.sum('k').as('s'))],
  ['a sum of products', (t) => t.agg(fn.sum(expr('k * k')).as('s'))],
  ['a filter with a cast', (t) => t.filter(expr('cast(k as smallint) > -1')).agg(fn.sum('v').as('s'))],
  ['a window', (t) => t.select(expr('sum(v) over (partition by k) as s'))],
  ['rows', (t) => t.select('k')],
];

for (const [type, width, bigEndian] of [
  ['int', 4, false],
  ['bigint', 8, false],
  ['decimal(12, 0)', 8, false],
  ['decimal(30, 0)', 13, true],
] as const) {
  const columns = [`cast(id % 300000 + 1 as ${type}) as k`, 'cast(id % 7 as int) as v'];
  const bytes = (value: bigint) => bytesOf(value, width, bigEndian);
  test(`values of ${type} above their maximum`, { timeout: 60_000 }, async () => {
    const t = await lie(`above ${type}`, columns, 400_000, bytes(300_000n), bytes(1000n));
    for (const [what, query] of queries) await refuses(query(t), refused, what);
  });

  test(`values of ${type} below their minimum, in pages of values`, async () => {
    const far = [`cast(id * 3 - 123456789 as ${type}) as k`, 'cast(id % 7 as int) as v'];
    const t = await lie(`below ${type}`, far, 100_000, bytes(-123_456_789n), bytes(-123_400_000n));
    for (const [, query] of queries.slice(0, 2)) await refuses(query(t));
  });
}

test('dates beyond their maximum', async () => {
  const columns = ["date_add(date'2000-01-01', cast(id % 9000 as int)) as k", 'cast(id % 7 as int) as v'];
  const t = await lie('dates', columns, 50_000, bytesOf(10_957n + 8999n, 4), bytesOf(11_000n, 4));
  await refuses(t.groupBy('k').agg(fn.count().as('n')));
});

test('nulls that are not counted', async () => {
  // 5000 as a zigzag varint, and a 0 of as many bytes.
  const [from, to] = [Buffer.from([0x90, 0x4e]), Buffer.from([0x80, 0x00])];
  const columns = ['if(id % 20 = 0, null, cast(id % 90 as int)) as k', 'cast(id % 7 as int) as v'];
  const t = await lie('nulls', columns, 100_000, from, to);
  await refuses(t.groupBy('k').agg(fn.sum('v').as('s')), /FAILED_READ_FILE.*it has nulls.*column k/);
});

test('true statistics are no lie', async () => {
  const columns = ['cast(id % 300000 + 1 as int) as k', 'cast(id % 7 as int) as v'];
  const t = await lie('truth', columns, 400_000, bytesOf(300_000n, 4), bytesOf(300_000n, 4));
  const [row] = await t.groupBy('k').agg(fn.sum('v').as('s')).agg(fn.count().as('n'), fn.sum('s').as('s')).collect();
  expect(row).toEqual({ n: 300_000, s: [...Array(400_000).keys()].reduce((s, i) => s + (i % 7), 0) });
});

test('nulls in a column that the given schema has without are read, as in Spark', async () => {
  const path = join(folder, 'required');
  await session.range(0, 1000).select(expr('if(id % 20 = 0, null, cast(id % 90 as int)) as k')).write.parquet(path);
  const schema = 'k int not null';
  const t = session.read.schema(schema).parquet(path);
  const rows = await t.groupBy('k').agg(fn.count().as('n')).filter('k is null').collect();
  expect(rows).toEqual([{ k: null, n: 50 }]);
});
