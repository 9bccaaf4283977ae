import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as arrow from 'apache-arrow';
import { col, fn, Session, SparrowError, t } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'sparrow-arrow-'));
const create = () =>
  Session.create({ workers: 2, memory: '512MB', int64: 'bigint', timestamp: 'micros', date: 'string' });
let session: Awaited<ReturnType<typeof create>>;
beforeAll(async () => {
  session = await create();
});
afterAll(async () => {
  await session.stop();
  rmSync(folder, { recursive: true, force: true });
});

let files = 0;
function file(bytes: Uint8Array): string {
  const path = join(folder, `f${files++}.arrow`);
  writeFileSync(path, bytes);
  return path;
}

const rows = (path: string): Promise<unknown[]> => session.read.arrow(path).collect();

test('files and streams that apache-arrow writes', async () => {
  const table = new arrow.Table({
    i: arrow.vectorFromArray([1, null, -3], new arrow.Int32()),
    u: arrow.vectorFromArray([1, 4294967295, null], new arrow.Uint32()),
    f: arrow.vectorFromArray([1.5, null, Number.NaN], new arrow.Float64()),
    s: arrow.vectorFromArray(['a', null, 'é'], new arrow.Utf8()),
    d: arrow.vectorFromArray(['x', 'y', 'x'], new arrow.Dictionary(new arrow.Utf8(), new arrow.Int8())),
    b: arrow.vectorFromArray([true, null, false], new arrow.Bool()),
    l: arrow.vectorFromArray([[1, 2], null, []], new arrow.List(new arrow.Field('item', new arrow.Int32()))),
  });
  const expected = [
    { i: 1, u: 1n, f: 1.5, s: 'a', d: 'x', b: true, l: [1, 2] },
    { i: null, u: 4294967295n, f: null, s: null, d: 'y', b: null, l: null },
    { i: -3, u: null, f: Number.NaN, s: 'é', d: 'x', b: false, l: [] },
  ];
  expect(await rows(file(arrow.tableToIPC(table, 'file')))).toEqual(expected);
  expect(await rows(file(arrow.tableToIPC(table, 'stream')))).toEqual(expected);
  const path = file(arrow.tableToIPC(table, 'file'));
  expect(await session.read.arrow(path).filter(col('d').eq('x')).select('s', 'i').collect()).toEqual([
    { s: 'a', i: 1 },
    { s: 'é', i: -3 },
  ]);
  expect(await session.read.arrow(path).count()).toBe(3);
});

test('written and read back, by apache-arrow too', async () => {
  const data = Array.from({ length: 150_000 }, (_, i) => ({ i, s: i % 7 === 0 ? null : `v${i % 100}`, l: [i, null] }));
  const frame = session.createDataFrame(data, { i: t.int32, s: t.string, l: t.array(t.int32) });
  for (const format of ['file', 'stream']) {
    const out = join(folder, `out-${format}`);
    await frame.write.option('format', format).arrow(out);
    const back = session.read.arrow(out);
    expect(await back.count()).toBe(data.length);
    expect(await back.orderBy('i').limit(9).collect()).toEqual(data.slice(0, 9));
    const names = readdirSync(out).filter((name) => name.endsWith('.arrow'));
    const tables = names.map((name) => arrow.tableFromIPC(readFileSync(join(out, name))));
    expect(tables.reduce((sum, table) => sum + table.numRows, 0)).toBe(data.length);
    expect(tables[0]?.get(1)?.toJSON()).toMatchObject({ i: 1, s: 'v1' });
  }
  const empty = join(folder, 'empty');
  await frame.filter(col('i').lt(0)).write.arrow(empty);
  expect((await session.read.arrow(empty).schema()).simpleString()).toBe('struct<i:int,s:string,l:array<int>>');
});

test('cut and changed bytes are errors, and nothing more', async () => {
  const table = new arrow.Table({
    i: arrow.vectorFromArray([1, 2, 3], new arrow.Int32()),
    s: arrow.vectorFromArray(['a', 'bb', 'ccc'], new arrow.Utf8()),
    l: arrow.vectorFromArray([[1], [2, 3], []], new arrow.List(new arrow.Field('item', new arrow.Int32()))),
  });
  let seed = 7;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return seed % below;
  };
  for (const format of ['file', 'stream'] as const) {
    const bytes = arrow.tableToIPC(table, format);
    for (let i = 0; i < 150; i++) {
      const changed = i % 3 === 0 ? bytes.slice(0, random(bytes.length)) : bytes.slice();
      for (let n = 0; n < 4 && changed.length > 0; n++) changed[random(changed.length)] = random(256);
      const path = file(changed);
      await rows(path).catch((error: unknown) => {
        expect(error).toBeInstanceOf(SparrowError);
        expect((error as SparrowError).code).not.toBe('INTERNAL_ERROR');
      });
    }
  }
  expect(await session.range(3).count()).toBe(3);
});

test('values that their types cannot have are damage, but where they are null', async () => {
  const of = (type: arrow.DataType, values: Uint32Array | BigInt64Array, nullBitmap?: Uint8Array) =>
    new arrow.Table({ x: new arrow.Vector([arrow.makeData({ type, length: 2, data: values, nullBitmap } as never)]) });
  const decimals = (...words: number[]) => Uint32Array.of(99999, 0, 0, 0, ...words);
  const small = new arrow.Decimal(2, 5, 128);
  const cases: [arrow.Table, unknown][] = [
    [of(small, decimals(0xffffffff, 0xffffffff, 0xffff, 0)), undefined],
    [of(small, decimals(0xffffffff, 0x7fffffff, 0, 0)), ['999.99', '92233720368547758.07']],
    [of(small, decimals(0, 0x80000000, 0, 0)), undefined],
    [of(small, decimals(-99999, -1, -1, -1)), ['999.99', '-999.99']],
    [of(small, decimals(0, 0, 1, 0), Uint8Array.of(1)), ['999.99', null]],
    [of(new arrow.TimestampSecond(), BigInt64Array.of(1n, 9223372036855n)), undefined],
    [of(new arrow.TimestampSecond(), BigInt64Array.of(1n, 9223372036854n)), [1_000_000n, 9223372036854_000_000n]],
    [of(new arrow.DateMillisecond(), BigInt64Array.of(0n, 2n ** 62n)), undefined],
  ];
  for (const [table, expected] of cases) {
    for (const form of ['file', 'stream'] as const) {
      const found = rows(file(arrow.tableToIPC(table, form))).then((all) =>
        all.map((row) => (row as { x: unknown }).x),
      );
      if (expected === undefined) await expect(found).rejects.toMatchObject({ code: 'FAILED_READ_FILE' });
      else expect(await found).toEqual(expected);
    }
  }
});

test('decimals beyond their precision, which the format allows, are grouped, counted and summed', async () => {
  for (const precision of [2, 3, 9, 18, 20]) {
    const values = Array.from({ length: 20_000 }, (_, i) => (i * 7919) % 1_000_003);
    const words = new Uint32Array(values.length * 4);
    for (const [i, value] of values.entries()) words[4 * i] = value;
    const type = new arrow.Decimal(0, precision, 128);
    const data = arrow.makeData({ type, length: values.length, nullCount: 0, data: words });
    const frame = session.read.arrow(file(arrow.tableToIPC(new arrow.Table({ d: new arrow.Vector([data]) }), 'file')));
    const different = BigInt(new Set(values).size);
    expect(await frame.groupBy('d').count().count()).toBe(Number(different));
    expect(await frame.distinct().count()).toBe(Number(different));
    const [row] = await frame.agg(fn.sum('d').as('s'), fn.countDistinct('d').as('n'), fn.max('d').as('m')).collect();
    const sum = values.reduce((all, value) => all + value, 0);
    expect(row).toEqual({ s: String(sum), n: different, m: String(Math.max(...values)) });
    const top = await frame.orderBy(col('d').desc()).limit(2).collect();
    expect(top.map(({ d }) => Number(d))).toEqual(values.toSorted((a, b) => b - a).slice(0, 2));
  }
});

test('decimals inside others are held to their precision, in files and tables', async () => {
  const type = new arrow.Decimal(0, 3, 128);
  const nested = (value: number) => {
    const child = arrow.makeData({ type, length: 1, nullCount: 0, data: Uint32Array.of(value, 0, 0, 0) });
    const of = new arrow.Field('d', type, true);
    const list = { type: new arrow.List(of), length: 1, nullCount: 0, valueOffsets: Int32Array.of(0, 1), child };
    const struct = { type: new arrow.Struct([of]), length: 1, nullCount: 0, children: [child] };
    return [list, struct].map((data) => new arrow.Table({ x: new arrow.Vector([arrow.makeData(data as never)]) }));
  };
  const tooWide = { code: 'NUMERIC_VALUE_OUT_OF_RANGE' };
  for (const table of nested(1000)) {
    await expect(rows(file(arrow.tableToIPC(table, 'file')))).rejects.toMatchObject(tooWide);
    await expect((async () => (await session.createDataFrame(table)).collect())()).rejects.toMatchObject(tooWide);
  }
  for (const table of nested(999)) {
    const found = [
      await rows(file(arrow.tableToIPC(table, 'file'))),
      await (await session.createDataFrame(table)).collect(),
    ];
    for (const all of found) expect(JSON.stringify(all)).toContain('"999"');
  }
});

test('columns and fields of one name get their position; decimals of more digits than Spark has are texts', async () => {
  const field = (name: string, type: arrow.DataType) => new arrow.Field(name, type, true);
  const wide = new arrow.Decimal(2, 60, 256);
  const inner = new arrow.Struct([field('', new arrow.Int32()), field('', new arrow.Int32())]);
  const ints = (...values: number[]) => arrow.vectorFromArray(values, new arrow.Int32()).data[0] as arrow.Data;
  const words = new Uint32Array(24);
  const values = [10n ** 59n - 1n, -5n, 123n];
  values.forEach((value, row) => {
    for (let i = 0; i < 8; i++) words[row * 8 + i] = Number(BigInt.asUintN(32, value >> BigInt(32 * i)));
  });
  const schema = new arrow.Schema([field('col_a', new arrow.Int32()), field('b', wide), field('col_c', inner)]);
  const children = [
    ints(1, 2, 3),
    new arrow.Data(wide, 0, 3, 1, { [arrow.BufferType.DATA]: words, [arrow.BufferType.VALIDITY]: new Uint8Array([3]) }),
    new arrow.Data(inner, 0, 3, 0, {}, [ints(4, 5, 6), ints(7, 8, 9)]),
  ];
  const type = new arrow.Struct(schema.fields);
  const table = new arrow.Table([new arrow.RecordBatch(schema, new arrow.Data(type, 0, 3, 0, {}, children))]);
  for (const format of ['file', 'stream'] as const) {
    // apache-arrow makes one column of those with one name.
    const bytes = Buffer.from(arrow.tableToIPC(table, format)).toString('latin1').replaceAll('col_c', 'col_a');
    const path = file(Buffer.from(bytes, 'latin1'));
    expect((await session.read.arrow(path).schema()).simpleString()).toBe(
      'struct<col_a0:int,b:string,col_a2:struct<0:int,1:int>>',
    );
    expect(await rows(path)).toEqual([
      { col_a0: 1, b: `${'9'.repeat(57)}.99`, col_a2: { 0: 4, 1: 7 } },
      { col_a0: 2, b: '-0.05', col_a2: { 0: 5, 1: 8 } },
      { col_a0: 3, b: null, col_a2: { 0: 6, 1: 9 } },
    ]);
    expect(await session.read.arrow(path).filter('col_a0 > 2').select('col_a2').collect()).toEqual([
      { col_a2: { 0: 6, 1: 9 } },
    ]);
  }
});

const corpus = join(process.env.SPARROW_CORPORA ?? '', 'arrow-testing/data/arrow-ipc-stream/integration');
const isThere = process.env.SPARROW_CORPORA !== undefined && existsSync(corpus);
if (!isThere) console.warn('SPARROW_CORPORA is not set: about 180 Arrow integration files are left out');

describe.skipIf(!isThere)('the integration files', () => {
  test('are read, the file and the stream of each alike', async () => {
    const names = (readdirSync(corpus, { recursive: true }) as string[]).filter((n) =>
      /\.(arrow_file|stream)$/.test(n),
    );
    const problems: string[] = [];
    const seen = new Map<string, string>();
    for (const name of names.sort()) {
      try {
        const read = await rows(join(corpus, name));
        const text = JSON.stringify(read, (_, v) =>
          typeof v === 'bigint' ? `${v}n` : v instanceof Map ? [...v] : v instanceof Uint8Array ? [...v] : v,
        );
        const key = name.replace(/\.(arrow_file|stream)$/, '');
        const other = seen.get(key);
        if (other !== undefined && other !== text) problems.push(`${name}: differs from its file`);
        seen.set(key, text);
      } catch (error) {
        problems.push(`${name}: ${error}`);
      }
    }
    expect(names.length).toBeGreaterThan(100);
    expect(problems).toEqual([]);
  }, 300_000);
});

test('batches of few rows, with and without nulls by turns, take no more room than they need', async () => {
  const batches = Array.from({ length: 40 }, (_, b) => {
    const cells = Array.from({ length: 40 }, (_, c) => [
      `c${c}`,
      arrow.vectorFromArray([b % (c + 2) === 0 ? null : b], new arrow.Float64()),
    ]);
    return new arrow.Table(Object.fromEntries(cells) as Record<string, arrow.Vector<arrow.Float64>>);
  });
  const path = file(
    arrow.tableToIPC(
      batches.reduce((all, one) => all.concat(one)),
      'stream',
    ),
  );
  const small = await Session.create({ workers: 2, memory: '64MB' });
  try {
    const rows = await small.read.arrow(path).collect();
    expect(rows.map((row) => Object.values(row)[1])).toEqual(batches.map((_, b) => (b % 3 === 0 ? null : b)));
  } finally {
    await small.stop();
  }
});

test.each([
  ['a number', arrow.vectorFromArray([1, null], new arrow.Int32())],
  [
    'a struct',
    arrow.vectorFromArray([{ a: 1 }, null], new arrow.Struct([new arrow.Field('a', new arrow.Int32(), true)])),
  ],
])('%s that is null where the schema says that none is', async (_, vector) => {
  const wrong = new arrow.Schema([new arrow.Field('x', vector.type, false)]);
  const [batch] = new arrow.Table({ x: vector as arrow.Vector }).batches as [arrow.RecordBatch];
  const table = new arrow.Table(wrong, [new arrow.RecordBatch(wrong, batch.data)]);
  await expect(rows(file(arrow.tableToIPC(table, 'file')))).rejects.toThrow(/row 1 of x is null/);
});
