import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Predicate, type Scalar, type ScanSplit, SparrowError, simpleString } from '../../src/base/index.js';
import { parquetFormat } from '../../src/io/parquet/index.js';
import type { ParquetSplit } from '../../src/io/parquet/split.js';
import {
  compareFile,
  duckdb,
  duckdbColumns,
  firstDifference,
  heap,
  openParquet,
  platform,
  readTable,
  taskContext,
} from './parquet-oracle.js';

let folder = '';
let connection: DuckDBConnection;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sparrow-parquet-'));
  connection = await duckdb();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
/** Has DuckDB write a query to a new file. */
async function write(query: string, options = ''): Promise<string> {
  const path = join(folder, `t${files++}.parquet`);
  await connection.run(`COPY (${query}) TO '${path}' (FORMAT parquet${options === '' ? '' : `, ${options}`})`);
  return path;
}

/** Every seventh row null, and the type's edges in front. */
const TYPES: Readonly<Record<string, { expression: string; edges: readonly string[] }>> = {
  boolean: { expression: '(i % 3 = 0)', edges: ['true', 'false'] },
  tinyint: { expression: '(i % 200 - 100)', edges: ['-128', '127'] },
  smallint: { expression: '(i % 60000 - 30000)', edges: ['-32768', '32767'] },
  integer: { expression: '(i * 7919 % 1000003 - 500000)', edges: ['-2147483648', '2147483647'] },
  bigint: { expression: '(i * 1000000007)', edges: ['-9223372036854775808', '9223372036854775807'] },
  utinyint: { expression: '(i % 256)', edges: ['0', '255'] },
  usmallint: { expression: '(i % 65536)', edges: ['0', '65535'] },
  uinteger: { expression: '(i * 4000)', edges: ['0', '4294967295'] },
  ubigint: { expression: '(i * 4000)', edges: ['0', '18446744073709551615'] },
  float: { expression: '(i / 7)', edges: ["'nan'", "'-inf'", "'-0'"] },
  double: { expression: '(i / 7)', edges: ["'nan'", "'inf'", "'-0'"] },
  'decimal(4,1)': { expression: '(i % 900) / 10', edges: ['-999.9', '999.9'] },
  'decimal(9,2)': { expression: 'i / 100', edges: ['-9999999.99', '9999999.99'] },
  'decimal(18,3)': { expression: 'i / 1000', edges: ['-999999999999999.999', '999999999999999.999'] },
  'decimal(38,10)': {
    expression: 'i * 1234567',
    edges: ['-9999999999999999999999999999.9999999999', '9999999999999999999999999999.9999999999'],
  },
  varchar: {
    expression: "'value ' || (i % 5000) || repeat('ü', (i % 9)::int)",
    edges: ["''", "'a'", `'${'x'.repeat(70)}'`],
  },
  blob: { expression: "encode('b' || i)", edges: ["''", "'\\x00\\xFF'"] },
  uuid: { expression: "lpad(printf('%x', i), 32, '0')::uuid", edges: ["'ffffffff-ffff-ffff-ffff-ffffffffffff'"] },
  date: { expression: "('1970-01-01'::date + (i % 40000)::int)", edges: ["'0001-01-01'", "'9999-12-31'"] },
  time: { expression: "('00:00:00'::time + to_microseconds(i * 1000003))", edges: ["'23:59:59.999999'"] },
  timestamp: {
    expression: "('1970-01-01'::timestamp + to_microseconds(i * 1000000007))",
    edges: ["'0001-01-01 00:00:00.000001'"],
  },
  timestamp_ms: {
    expression: "('1970-01-01'::timestamp + to_milliseconds(i * 1000007))",
    edges: ["'0001-01-01 00:00:00.001'"],
  },
  timestamp_ns: {
    expression: "('1970-01-01'::timestamp + to_microseconds(i * 1000000007))",
    edges: ["'1901-01-01 00:00:00.000000001'"],
  },
  timestamptz: {
    expression: "('1970-01-01'::timestamptz + to_microseconds(i * 1000000007))",
    edges: ["'1901-01-01 00:00:00.000001+00'"],
  },
};

function everyType(rows: number): string {
  const columns = Object.entries(TYPES).map(([type, { expression, edges }], c) => {
    const cases = edges.map((edge, e) => `WHEN ${e} THEN (${edge})::${type}`).join(' ');
    return `CASE WHEN i % 7 = ${c % 7} AND i > 8 THEN NULL ELSE CASE i ${cases} ELSE (${expression})::${type} END END AS "${type}"`;
  });
  return `SELECT ${columns.join(', ')} FROM range(${rows}) t(i)`;
}

describe('files that DuckDB writes', () => {
  const codecs = ['uncompressed', 'snappy', 'gzip', 'zstd', 'brotli', 'lz4_raw'];
  it.each(codecs.flatMap((codec) => ['V1', 'V2'].map((version) => [codec, version])))(
    'of every type, with nulls, %s, version %s, are read as they are',
    async (codec, version) => {
      const path = await write(everyType(2500), `CODEC ${codec}, PARQUET_VERSION ${version}, ROW_GROUP_SIZE 2048`);
      expect(await compareFile(connection, path)).toBeUndefined();
    },
    90_000,
  );

  it('of many rows, in several batches and pages, are read as they are', async () => {
    const path = await write(everyType(75_000), 'CODEC snappy, ROW_GROUP_SIZE 71680');
    expect(await compareFile(connection, path)).toBeUndefined();
  }, 180_000);

  it('with strings that a dictionary serves for a while, then no more, are read as they are', async () => {
    const query =
      "SELECT CASE WHEN i % 11 = 0 THEN NULL WHEN i < 60000 THEN 'few' || i % 10 ELSE 'many' || hash(i) END AS s FROM range(120000) t(i)";
    for (const size of ['1', '10000']) {
      const path = await write(query, `STRING_DICTIONARY_PAGE_SIZE_LIMIT ${Number(size) * 64}, PARQUET_VERSION V1`);
      expect(await compareFile(connection, path)).toBeUndefined();
    }
  });

  it('with nulls only, or none, or no rows, are read as they are', async () => {
    const queries = [
      'SELECT NULL::int AS a, NULL::varchar AS b, NULL::double AS c, NULL::int[] AS d FROM range(5000)',
      "SELECT i::int AS a, 'x' || i AS b FROM range(5000) t(i)",
      'SELECT 1 AS a, [1, 2] AS b WHERE false',
    ];
    for (const query of queries) expect(await compareFile(connection, await write(query))).toBeUndefined();
  });

  it('with lists, maps and structs in each other are read as they are', async () => {
    const query = `SELECT
      CASE WHEN i % 5 = 0 THEN NULL ELSE list_transform(range(i % 4), x -> CASE WHEN x = 2 THEN NULL ELSE x + i END) END AS a,
      CASE WHEN i % 6 = 0 THEN NULL ELSE {'x': i, 'y': CASE WHEN i % 2 = 0 THEN 'even' END, 'z': {'w': [i::double, NULL]}} END AS b,
      CASE WHEN i % 4 = 0 THEN NULL ELSE MAP {'k' || i: [i, i + 1], 'l': NULL} END AS c,
      [[], NULL, [NULL], ['deep' || i, '']] AS d,
      [{'t': '2020-01-01'::timestamp + to_days(i::int), 'd': (i / 100)::decimal(10, 2)}] AS e
      FROM range(5000) t(i)`;
    for (const version of ['V1', 'V2']) {
      const path = await write(query, `PARQUET_VERSION ${version}, ROW_GROUP_SIZE 2048`);
      expect(await compareFile(connection, path)).toBeUndefined();
    }
  });
});

describe('the flights file', () => {
  const flights = join(dirname(createRequire(import.meta.url).resolve('vega-datasets')), '../data/flights-3m.parquet');

  it('has 3,000,000 rows in 11 row groups, and every value is the one DuckDB reads', async () => {
    const table = await openParquet(flights);
    expect(table.statistics.rows).toBe(3_000_000);
    const { splits } = await table.plan({ columns: ['delay'] });
    expect(splits.length).toBe(11);
    expect(table.schema.fields.map((f) => `${f.name} ${simpleString(f.type)}`)).toEqual([
      'date timestamp_ntz',
      'delay bigint',
      'distance bigint',
      'origin string',
      'destination string',
    ]);
    const reader = await connection.runAndReadAll(
      `SELECT sum(epoch_us(date)::hugeint * (r % 977)), sum(delay * (r % 977)), sum(distance * (r % 977)),
         sum(length(origin) * (r % 977)), sum(ascii(origin) * (r % 977)), sum(ascii(destination) * (r % 977))
       FROM (SELECT *, row_number() OVER () AS r FROM '${flights}')`,
    );
    const expected = (reader.getRows()[0] ?? []).map((v) => BigInt(v as bigint));
    const { columns } = await readTable(table);
    const weigh = (values: readonly Scalar[] | undefined, number: (v: Scalar) => bigint) =>
      (values ?? []).reduce((sum: bigint, v, i) => sum + number(v) * BigInt((i + 1) % 977), 0n);
    const big = (v: Scalar) => v as bigint;
    const code = (v: Scalar) => BigInt((v as string).charCodeAt(0));
    const [date, delay, distance, origin, destination] = columns;
    expect([
      weigh(date, big),
      weigh(delay, big),
      weigh(distance, big),
      weigh(origin, (v) => BigInt((v as string).length)),
      weigh(origin, code),
      weigh(destination, code),
    ]).toEqual(expected);
  }, 120_000);

  it('keeps its airports as codes into a dictionary', async () => {
    const table = await openParquet(flights);
    const request = { columns: ['origin'] };
    const [split] = (await table.plan(request)).splits;
    const context = taskContext();
    for await (const { columns } of parquetFormat.reader.read(split as NonNullable<typeof split>, request, context)) {
      expect(columns[0]?.storage).toBe('u8');
      expect(columns[0]?.dictionary?.count).toBe(223);
    }
    expect(context.metrics).toMatchObject({ rowGroupsRead: 1, rowsRead: split?.rows });
    expect(context.metrics.bytesRead).toBeGreaterThan(0);
    context.arena.release();
  });
});

describe('statistics', () => {
  it('leave out the row groups that cannot match, and no others', async () => {
    const path = await write(
      `SELECT i AS n, (i / 10)::decimal(12,1) AS d, 'k' || lpad((i // 2048)::varchar, 3, '0') AS s, i::double AS f,
        '2020-01-01'::date + (i // 2048)::int AS day, CASE WHEN i < 2048 THEN NULL ELSE i END AS late
       FROM range(20480) t(i)`,
      'ROW_GROUP_SIZE 2048',
    );
    const table = await openParquet(path);
    expect(table.statistics.columns.n).toMatchObject({ min: 0n, max: 20479n, nullCount: 0 });
    expect(table.statistics.columns.d).toMatchObject({ min: 0n, max: 20479n });
    expect(table.statistics.columns.day).toMatchObject({ min: 18262, max: 18271 });
    const compare = (column: string, op: 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge', value: Scalar): Predicate => ({
      kind: 'compare',
      op,
      column,
      value,
    });
    const count = async (predicate: Predicate) => (await table.plan({ columns: ['n'], predicate })).splits.length;
    expect(await count(compare('n', 'lt', 2048n))).toBe(1);
    expect(await count(compare('n', 'le', 2048n))).toBe(2);
    expect(await count(compare('n', 'eq', 5000n))).toBe(1);
    expect(await count(compare('n', 'eq', 50000n))).toBe(0);
    expect(await count(compare('d', 'ge', 20000n))).toBe(1);
    expect(await count(compare('s', 'eq', 'k003'))).toBe(1);
    expect(await count(compare('s', 'gt', 'k007'))).toBe(2);
    expect(await count(compare('day', 'lt', 18264))).toBe(2);
    expect(await count(compare('f', 'lt', 100))).toBe(1);
    // A NaN would be larger than everything, and statistics do not tell of it.
    expect(await count(compare('f', 'gt', 1e9))).toBe(10);
    expect(await count({ kind: 'is_null', column: 'late' })).toBe(1);
    expect(await count({ kind: 'not', input: compare('n', 'ge', 2048n) })).toBe(1);
    expect(await count({ kind: 'not', input: compare('late', 'ge', 2048n) })).toBe(0);
    expect(await count({ kind: 'in', column: 'n', values: [1n, 3000n, 99999n] })).toBe(2);
    expect(await count({ kind: 'or', inputs: [compare('n', 'lt', 10n), compare('n', 'gt', 20470n)] })).toBe(2);
    expect(await count({ kind: 'and', inputs: [compare('n', 'lt', 10n), compare('s', 'gt', 'k007')] })).toBe(0);
    expect((await table.plan({ columns: ['n'], limit: 3000 })).splits.length).toBe(2);
  });
});

describe('several files', () => {
  it('of a directory with partitions become one table', async () => {
    const root = join(folder, 'partitioned');
    await connection.run(
      `COPY (SELECT i AS n, i % 3 AS k, CASE WHEN i % 2 = 0 THEN 'a b' ELSE 'c/d' END AS s FROM range(30) t(i))
       TO '${root}' (FORMAT parquet, PARTITION_BY (k, s))`,
    );
    const table = await openParquet(root);
    expect(table.schema.fields.map((f) => `${f.name} ${simpleString(f.type)}`)).toEqual([
      'n bigint',
      'k int',
      's string',
    ]);
    const { columns, rows } = await readTable(table);
    expect(rows).toBe(30);
    for (let i = 0; i < 30; i++) {
      const n = Number(columns[0]?.[i]);
      expect([columns[1]?.[i], columns[2]?.[i]]).toEqual([n % 3, n % 2 === 0 ? 'a b' : 'c/d']);
    }
    const predicate: Predicate = { kind: 'compare', op: 'eq', column: 'k', value: 1 };
    expect((await table.plan({ columns: ['n'], predicate })).splits.length).toBe(2);
    expect((await readTable(await openParquet(`${root}/k=1/**`))).rows).toBe(10);
    expect((await readTable(await openParquet(`${root}/k={0,2}/s=a*/*.parquet`))).rows).toBe(10);
  });

  it('with columns of different width or missing agree, others do not', async () => {
    const one = await write('SELECT i::int AS a, i AS b FROM range(3) t(i)');
    const two = await write('SELECT i::bigint AS a FROM range(3) t(i)');
    const bad = await write("SELECT 'x' AS a");
    const open = (paths: string[], options = {}) => parquetFormat.open({ format: 'parquet', paths, options }, platform);
    const wide = await open([two, one]);
    expect((await readTable(wide)).columns).toEqual([[0n, 1n, 2n, 0n, 1n, 2n]]);
    const merged = await open([one, two], { mergeSchema: 'true' });
    expect((await readTable(merged)).columns[1]).toEqual([0n, 1n, 2n, null, null, null]);
    await expect(open([one, bad])).rejects.toThrow(/column a is string in this file and int in the table/);
  });
});

describe('what cannot be read', () => {
  it('is told with file, row group and column', async () => {
    const path = await write("SELECT 'some text ' || i AS s, i AS n FROM range(1000) t(i)", 'CODEC snappy');
    const bytes = readFileSync(path);
    const broken = (name: string, content: Uint8Array) => {
      const to = join(folder, name);
      writeFileSync(to, content);
      return to;
    };
    await expect(openParquet(broken('empty', new Uint8Array()))).rejects.toThrow(/CANNOT_READ_FILE_FOOTER.*0 bytes/);
    await expect(openParquet(broken('text', Buffer.from('id,name\n1,Ada\n'.repeat(9))))).rejects.toThrow(
      /does not end with PAR1/,
    );
    await expect(openParquet(broken('cut', bytes.subarray(0, bytes.length - 20)))).rejects.toThrow(/PAR1/);
    await expect(openParquet(join(folder, 'nowhere.parquet'))).rejects.toThrow(/PATH_NOT_FOUND/);
    // Of the columns only what is read is parsed: the codec of the second one, which follows its name, is none.
    const codec = Buffer.from(bytes);
    codec[codec.lastIndexOf('n\x15', undefined, 'latin1') + 2] = 0x7e;
    const half = await openParquet(broken('codec', codec));
    expect((await half.plan({ columns: ['s'] })).splits).toHaveLength(1);
    await expect(half.plan({ columns: ['s', 'n'] })).rejects.toThrow(/CANNOT_READ_FILE_FOOTER.*no codec 63/);
    const zeros = Buffer.from(bytes);
    zeros.fill(0, 4, 300);
    const table = await openParquet(broken('zeros', zeros));
    await expect(readTable(table)).rejects.toThrow(/FAILED_READ_FILE.*file .*zeros, row group 0, column s/);
    const changed = await openParquet(path);
    writeFileSync(path, bytes.subarray(0, 100));
    await expect(readTable(changed)).rejects.toThrow(/FILE_CHANGED/);
  });

  it('is refused before memory is taken for rows that cannot be there', async () => {
    const path = await write("SELECT i AS n, 's' || i % 9 AS s FROM range(1000) t(i)");
    const table = await openParquet(path);
    const request = { columns: ['n', 's'] };
    const [split] = (await table.plan(request)).splits;
    const payload = split?.payload as ParquetSplit;
    for (const rows of [2 ** 28, 2 ** 29, 2 ** 30, 2 ** 40]) {
      const columns = payload.columns.map((c) => ({
        ...c,
        chunks: c.chunks.map((chunk) => ({ ...chunk, values: rows })),
      }));
      const hostile = { ...(split as ScanSplit), payload: { ...payload, rows, columns } };
      const context = taskContext();
      const read = async () => {
        for await (const _ of parquetFormat.reader.read(hostile, request, context)) expect.unreachable();
      };
      await expect(read()).rejects.toThrow(/MEMORY_LIMIT_EXCEEDED|UNSUPPORTED_PARQUET_FEATURE|FAILED_READ_FILE/);
      context.arena.release();
    }
  });

  it('never crashes or hangs, whatever bytes are changed', async () => {
    const query = `SELECT i AS n, 'text ' || i % 50 AS s, CASE WHEN i % 3 = 0 THEN NULL ELSE i / 3 END AS f, [i, i + 1] AS l,
      (i / 10)::decimal(20,1) AS d FROM range(400) t(i)`;
    let seed = 42;
    const random = (below: number) => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return Math.floor((seed / 2 ** 32) * below);
    };
    const outcomes = { read: 0, refused: 0 };
    for (const options of [
      'CODEC snappy',
      'CODEC uncompressed, PARQUET_VERSION V2',
      'CODEC zstd',
      'CODEC lz4_raw',
      'CODEC gzip',
    ]) {
      const original = readFileSync(await write(query, options));
      for (let round = 0; round < 150; round++) {
        const bytes = Buffer.from(original);
        const changes = 1 + random(4);
        for (let i = 0; i < changes; i++) {
          // Half of the changes hit the footer, where they hurt most.
          const at =
            random(2) === 0 ? random(bytes.length) : bytes.length - 9 - random(Math.min(1500, bytes.length - 9));
          bytes[at] = random(3) === 0 ? 255 : random(256);
        }
        const path = join(folder, 'mutant.parquet');
        writeFileSync(path, bytes);
        try {
          await readTable(await openParquet(path));
          outcomes.read++;
        } catch (error) {
          if (!(error instanceof SparrowError)) throw error;
          expect(error.code).not.toBe('INTERNAL_ERROR');
          outcomes.refused++;
        }
      }
    }
    expect(outcomes.read + outcomes.refused).toBe(750);
    expect(outcomes.refused).toBeGreaterThan(100);
    expect(heap.usedBytes).toBeLessThan(2 ** 20);
  }, 120_000);
});

describe('a table read in part', () => {
  it('gives the columns asked for, in their order, and rows without any', async () => {
    const path = await write('SELECT i AS a, i + 1 AS b, i + 2 AS c FROM range(70000) t(i)');
    const table = await openParquet(path);
    const picked = await readTable(table, { columns: ['c', 'a'] });
    const theirs = await duckdbColumns(
      connection,
      path,
      table.schema.fields.map((f) => f.type),
    );
    expect(firstDifference(['c', 'a'], picked.columns, [theirs[2] ?? [], theirs[0] ?? []])).toBeUndefined();
    expect((await readTable(table, { columns: [] })).rows).toBe(70000);
    await expect(table.plan({ columns: ['d'] })).rejects.toThrow(/UNRESOLVED_COLUMN/);
  });
});
