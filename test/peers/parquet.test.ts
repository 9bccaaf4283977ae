// Parquet files as we write them, every encoding among them, beside pyarrow and hyparquet.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DefaultValues, Session } from 'sparrow-df';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { askPython } from './python.js';
import { driverModule } from './servers.js';

const folder = mkdtempSync(join(tmpdir(), 'sparrow-peers-parquet-'));
const ROWS = 30_000;
let session: Session<DefaultValues>;
beforeAll(async () => {
  session = await Session.create({ workers: 1 });
}, 300_000);
afterAll(async () => {
  await session?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const written = async (name: string, options: Record<string, string>): Promise<string> => {
  const path = join(folder, name);
  await session
    .range(ROWS)
    .coalesce(1)
    .selectExpr(
      'id',
      '9000000000000000000 - id * 3 AS down',
      'CAST(id div 4 AS int) AS steps',
      'CASE WHEN id % 5 = 0 THEN NULL ELSE id * 7 END AS gaps',
      "concat('/var/log/service-', CAST(1000000 + id AS string), '.log') AS path",
      'substr(md5(CAST(id AS string)), 1, CAST(4 + id % 3 AS int)) AS hex',
      'CAST(id AS double) / 7 AS part',
      'CASE WHEN id % 9 = 0 THEN NULL ELSE array(id, NULL, id + 1) END AS list',
      "named_struct('a', id, 'b', CAST(id AS string)) AS st",
    )
    .write.options(options)
    .parquet(path);
  return join(path, readdirSync(path).find((file) => file.startsWith('part-')) as string);
};

const PYARROW = `
import sys, json, hashlib, pyarrow.parquet as pq
t = pq.read_table(sys.argv[1])
bad = 0
for r in t.to_pylist():
    i = r['id']
    hex = hashlib.md5(str(i).encode()).hexdigest()[: 4 + i % 3]
    want = (9000000000000000000 - i * 3, i // 4, None if i % 5 == 0 else i * 7, f'/var/log/service-{1000000 + i}.log', hex, i / 7,
            None if i % 9 == 0 else [i, None, i + 1], {'a': i, 'b': str(i)})
    bad += want != (r['down'], r['steps'], r['gaps'], r['path'], r['hex'], r['part'], r['list'], r['st'])
encodings = {c.path_in_schema: list(c.encodings) for c in (pq.ParquetFile(sys.argv[1]).metadata.row_group(0).column(i) for i in range(7))}
print(json.dumps({'rows': t.num_rows, 'bad': bad, 'encodings': encodings}))
`;

const cases: readonly (readonly [string, Record<string, string>])[] = [
  ['usual', {}],
  ['split', { 'parquet.enable.bytestreamsplit': 'true', 'parquet.page.row.count.limit': '777', compression: 'gzip' }],
  ['lz4', { compression: 'lz4' }],
  ['lz4 raw', { compression: 'lz4raw', 'parquet.enable.dictionary': 'false' }],
];

test.each(cases)('pyarrow: %s', async (name, options) => {
  const { rows, bad, encodings } = (await askPython(PYARROW, await written(name, options))) as {
    rows: number;
    bad: number;
    encodings: Record<string, string[]>;
  };
  expect([rows, bad]).toEqual([ROWS, 0]);
  expect(encodings.down).toContain('DELTA_BINARY_PACKED');
  expect(encodings.path).toContain('DELTA_BYTE_ARRAY');
  expect(encodings.hex).toContain('DELTA_LENGTH_BYTE_ARRAY');
  expect(encodings.part?.includes('BYTE_STREAM_SPLIT')).toBe(name === 'split');
});

test.each(cases)('hyparquet: %s', async (name, options) => {
  const { parquetReadObjects, asyncBufferFromFile } = await import(driverModule('hyparquet', '1'));
  const file = await asyncBufferFromFile(await written(`hyparquet-${name}`, { ...options, compression: 'snappy' }));
  const rows = (await parquetReadObjects({ file })) as readonly Record<string, unknown>[];
  expect(rows.length).toBe(ROWS);
  const wrong = rows.filter(({ id, down, steps, gaps, path, part, st }) => {
    const i = id as bigint;
    return (
      down !== 9000000000000000000n - i * 3n ||
      steps !== Number(i / 4n) ||
      gaps !== (i % 5n === 0n ? null : i * 7n) ||
      path !== `/var/log/service-${1000000n + i}.log` ||
      part !== Number(i) / 7 ||
      (st as { a: bigint }).a !== i
    );
  });
  expect(wrong).toEqual([]);
});
