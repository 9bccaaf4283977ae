import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as zlib from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as base from '../../src/base/index.js';
import {
  type Batch,
  buildColumn,
  type Column,
  type DataType,
  type Field,
  field,
  type Scalar,
} from '../../src/base/index.js';
import { encodeHybrid, hybridBound } from '../../src/io/parquet/encode-hybrid.js';
import { encodeKernels } from '../../src/io/parquet/encode-kernels.js';
import { SNAPPY_TABLE_BYTES, snappyBound, snappyKernel } from '../../src/io/parquet/encode-snappy.js';
import { parquetFormat } from '../../src/io/parquet/index.js';
import { kernelsFor, PATTERN_BYTES, patternBytes } from '../../src/io/parquet/kernels/index.js';
import { createParquetWriter } from '../../src/io/parquet/write.js';
import { duckdb, duckdbColumns, firstDifference, heap, openParquet, readTable, taskContext } from './parquet-oracle.js';
import { flatTypes, maybe, nestedTypes } from './support/tables.js';

const folder = mkdtempSync(join(tmpdir(), 'sparrow-parquet-'));
/** The file written last. Each has a name of its own: DuckDB keeps the footers of files it knows. */
let path = '';
let written = 0;
function nextFile(): void {
  if (path !== '') rmSync(path, { force: true });
  path = join(folder, `${written++}.parquet`);
}
let connection: Awaited<ReturnType<typeof duckdb>>;
beforeAll(async () => {
  connection = await duckdb();
});
afterAll(() => {
  connection.closeSync();
  rmSync(folder, { recursive: true, force: true });
});

type Options = Record<string, string>;

function write(
  fields: readonly Field[],
  batches: (context: ReturnType<typeof taskContext>) => Iterable<Batch>,
  options: Options = {},
): { rows: number; bytes: number } {
  const context = taskContext();
  nextFile();
  try {
    const writer = createParquetWriter(path, fields, options, context);
    for (const batch of batches(context)) writer.write(batch);
    return writer.finish();
  } finally {
    context.arena.release();
  }
}

/** Columns of values, cut into batches. */
function writeValues(
  fields: readonly Field[],
  columns: readonly (readonly Scalar[])[],
  options: Options = {},
  batchRows = 1000,
): { rows: number; bytes: number } {
  return write(
    fields,
    function* (context) {
      const rows = columns[0]?.length ?? 0;
      for (let from = 0; from < rows; from += batchRows) {
        const length = Math.min(batchRows, rows - from);
        yield {
          rows: length,
          columns: fields.map((f, i) =>
            buildColumn(context.arena, f.type, (columns[i] ?? []).slice(from, from + length)),
          ),
        };
      }
    },
    options,
  );
}

async function difference(
  fields: readonly Field[],
  columns: readonly (readonly Scalar[])[],
): Promise<string | undefined> {
  const read = await duckdbColumns(
    connection,
    path,
    fields.map((f) => f.type),
  );
  return firstDifference(
    fields.map((f) => f.name),
    columns as Scalar[][],
    read,
  );
}

describe('files DuckDB reads', () => {
  const table = (types: readonly DataType[], most: number) =>
    fc.array(fc.tuple(fc.constantFrom(...types), fc.boolean()), { minLength: 1, maxLength: 5 }).chain((shapes) => {
      const fields = shapes.map(([type, nullable], i) => field(`c${i}`, type, nullable));
      const row = fc.tuple(...fields.map((f) => maybe(f.type, f.nullable)));
      return fc
        .array(row, { maxLength: most })
        .map((rows) => ({ fields, columns: fields.map((_, i) => rows.map((r) => r[i] as Scalar)) }));
    });
  const options = fc.record({
    compression: fc.constantFrom('snappy', 'none', 'gzip', 'brotli', 'lz4_raw'),
    'parquet.enable.dictionary': fc.constantFrom('true', 'false'),
    'parquet.page.size': fc.constantFrom('64', '1048576'),
    rowGroupRows: fc.constantFrom('3', '17', '1048576'),
  });

  it('random tables of flat columns have the values they had', async () => {
    await fc.assert(
      fc.asyncProperty(
        table(flatTypes, 60),
        options,
        fc.constantFrom(8, 1000),
        async ({ fields, columns }, chosen, batchRows) => {
          expect(writeValues(fields, columns, chosen, batchRows).rows).toBe(columns[0]?.length);
          expect(await difference(fields, columns)).toBeUndefined();
        },
      ),
      { numRuns: 150 },
    );
  });

  it('random tables of nested columns have the values they had', async () => {
    await fc.assert(
      fc.asyncProperty(table([...nestedTypes, base.int32Type], 25), options, async ({ fields, columns }, chosen) => {
        writeValues(fields, columns, chosen);
        expect(await difference(fields, columns)).toBeUndefined();
      }),
      { numRuns: 150 },
    );
  });

  it('long columns, with dictionaries that are kept, given up at once and given up later', async () => {
    const rows = 200_000;
    const fields = [
      field('few', base.stringType),
      field('unique', base.stringType),
      field('late', base.stringType),
      field('number', base.int64Type),
      field('gaps', base.int32Type),
      field('double', base.float64Type, false),
    ];
    const make: ((i: number) => Scalar)[] = [
      (i) => (i % 13 === 0 ? null : `value ${i % 50}`),
      (i) => `value ${i}`,
      (i) => (i < 70_000 ? 'same' : `a rather long value that is not like others ${i}`),
      (i) => BigInt(i % 1000) * 10n ** 12n,
      (i) => (i % 3 === 0 ? null : i),
      (i) => i / 3,
    ];
    const columns = make.map((f) => Array.from({ length: rows }, (_, i) => f(i)));
    writeValues(fields, columns, { 'parquet.page.size': '262144' }, 65536);
    expect(await difference(fields, columns)).toBeUndefined();
    const sql = `SELECT path_in_schema, encodings FROM parquet_metadata('${path}') WHERE row_group_id = 0`;
    const encodings = Object.fromEntries((await connection.runAndReadAll(sql)).getRows());
    expect(encodings).toMatchObject({
      few: 'RLE_DICTIONARY, PLAIN, RLE',
      unique: 'DELTA_BYTE_ARRAY, RLE',
      number: 'RLE_DICTIONARY, PLAIN, RLE',
      double: 'PLAIN, RLE',
    });
    const own = await readTable(await openParquet(path));
    expect(
      firstDifference(
        fields.map((f) => f.name),
        own.columns,
        columns,
      ),
    ).toBeUndefined();
  });

  it('row groups end at the rows and bytes asked for', async () => {
    const values = [Array.from({ length: 100_000 }, (_, i) => (BigInt(i) * 0x9e3779b97f4a7c15n) % 2n ** 63n)];
    const groups = async (options: Options) => {
      writeValues([field('a', base.int64Type)], values, { compression: 'none', ...options }, 65536);
      const sql = `SELECT DISTINCT row_group_num_rows::INT FROM parquet_metadata('${path}') ORDER BY row_group_id`;
      return (await connection.runAndReadAll(sql)).getRows().flat();
    };
    expect(await groups({ rowGroupRows: '40000' })).toEqual([40000, 20000]);
    expect((await groups({ 'parquet.block.size': '200000' })).length).toBeGreaterThan(1);
    expect(await groups({})).toEqual([100_000]);
  });

  it('statistics bound the values; those of NaN and of long texts are left out', async () => {
    const fields = [
      field('i', base.int32Type),
      field('l', base.int64Type),
      field('f', base.float64Type),
      field('n', base.float64Type),
      field('s', base.stringType),
      field('long', base.stringType),
      field('d', base.decimalType(20, 2)),
      field('b', base.booleanType),
    ];
    const columns: Scalar[][] = [
      [5, null, -3],
      [2n ** 40n, -(2n ** 33n), 1n],
      [0, 1.5, -0],
      [1, Number.NaN, 2],
      ['b', 'a', 'é'],
      ['z'.repeat(300), '', 'y'],
      [-(10n ** 18n), 5n, null],
      [true, true, null],
    ];
    for (const dictionary of ['true', 'false']) {
      writeValues(fields, columns, { 'parquet.enable.dictionary': dictionary });
      const sql = `SELECT path_in_schema, stats_min_value, stats_max_value, stats_null_count::INT FROM parquet_metadata('${path}') ORDER BY column_id`;
      expect((await connection.runAndReadAll(sql)).getRows()).toEqual([
        ['i', '-3', '5', 1],
        ['l', '-8589934592', '1099511627776', 0],
        ['f', '-0.0', '1.5', 0],
        ['n', null, null, 0],
        ['s', 'a', 'é', 0],
        ['long', null, null, 0],
        ['d', '-10000000000000000.00', '0.05', 1],
        ['b', 'true', 'true', 1],
      ]);
    }
  });

  it('an empty table, and one of nulls', async () => {
    const fields = [
      field('a', base.int32Type),
      field('s', base.stringType),
      field('l', base.arrayType(base.int32Type)),
      field('v', base.nullType),
    ];
    expect(writeValues(fields, [[], [], [], []]).rows).toBe(0);
    expect((await connection.runAndReadAll(`SELECT count(*)::INT FROM '${path}'`)).getRows()).toEqual([[0]]);
    const nulls = fields.map(() => [null, null, null]);
    writeValues(fields, nulls);
    expect(await difference(fields.slice(0, 3), nulls.slice(0, 3))).toBeUndefined();
    expect((await connection.runAndReadAll(`SELECT v FROM '${path}'`)).getRows()).toEqual([[null], [null], [null]]);
  });
});

describe('every way a column is stored', () => {
  const dictionaryColumn = (arena: base.Arena, storage: 'u8' | 'u16' | 'i32', codes: readonly number[]): Column => {
    const words = buildColumn(arena, base.stringType, ['red', '', 'green é']);
    const shift = storage === 'u8' ? 0 : storage === 'u16' ? 1 : 2;
    const data = arena.alloc(codes.length << shift);
    codes.forEach((code, i) => {
      heap[storage][(data >>> shift) + i] = code;
    });
    const dictionary = { id: 1, count: 3, offsets: words.offsets, data: words.data };
    return {
      type: base.stringType,
      storage,
      length: codes.length,
      nullCount: 0,
      validity: 0,
      data,
      offsets: 0,
      dictionary,
    };
  };

  it.each(['true', 'false'])('dictionary %s', async (dictionary) => {
    const n = 300;
    const numbers = Array.from({ length: n }, (_, i) => (i * 7) % 100);
    const longs = numbers.map((v) => BigInt(v));
    const context = taskContext();
    const { arena } = context;
    const narrow = (type: DataType, storage: 'i8' | 'u8' | 'i16' | 'u16' | 'i32', shift: number): Column => {
      const data = arena.alloc(n << shift);
      numbers.forEach((v, i) => {
        heap[storage][(data >>> shift) + i] = v;
      });
      return { type, storage, length: n, nullCount: 0, validity: 0, data, offsets: 0 };
    };
    const strings = buildColumn(
      arena,
      base.stringType,
      numbers.map((v) => `text ${v}`),
    );
    const view = arena.alloc(n * 8);
    for (let i = 0; i < n; i++) {
      const start = heap.i32[(strings.offsets >>> 2) + i] as number;
      heap.u32[(view >>> 2) + 2 * i] = strings.data + start;
      heap.u32[(view >>> 2) + 2 * i + 1] = (heap.i32[(strings.offsets >>> 2) + i + 1] as number) - start;
    }
    const codes = numbers.map((v) => v % 3);
    const words = codes.map((code) => ['red', '', 'green é'][code] as string);
    const cases: [DataType, Column, Scalar[]][] = [
      [base.int32Type, narrow(base.int32Type, 'i8', 0), numbers],
      [base.int64Type, narrow(base.int64Type, 'u16', 1), longs],
      [base.decimalType(9, 1), narrow(base.decimalType(9, 1), 'i16', 1), longs],
      [base.decimalType(9, 1), buildColumn(arena, base.decimalType(9, 1), longs), longs],
      [base.decimalType(15, 1), narrow(base.decimalType(15, 1), 'i32', 2), longs],
      [base.decimalType(30, 1), narrow(base.decimalType(30, 1), 'i32', 2), longs],
      [base.decimalType(30, 1), { ...buildColumn(arena, base.int64Type, longs), type: base.decimalType(30, 1) }, longs],
      [base.timestampType, narrow(base.timestampType, 'u8', 0), longs],
      [base.dateType, narrow(base.dateType, 'u8', 0), numbers],
      [base.stringType, { ...strings, storage: 'view', data: view, offsets: 0 }, numbers.map((v) => `text ${v}`)],
      [base.stringType, dictionaryColumn(arena, 'u8', codes), words],
      [base.stringType, dictionaryColumn(arena, 'u16', codes), words],
      [base.stringType, dictionaryColumn(arena, 'i32', codes), words],
    ];
    const fields = cases.map(([type], i) => field(`c${i}`, type));
    write(fields, () => [{ rows: n, columns: cases.map(([, column]) => column) }], {
      'parquet.enable.dictionary': dictionary,
    });
    arena.release();
    expect(
      await difference(
        fields,
        cases.map(([, , values]) => values),
      ),
    ).toBeUndefined();
  });
});

describe('other readers', () => {
  it('intervals and Spark’s own types are noted in the key-value metadata', () => {
    const fields = [
      field('ym', base.yearMonthIntervalType),
      field('dt', base.dayTimeIntervalType),
      field('m', base.mapType(base.stringType, base.decimalType(5, 2))),
    ];
    writeValues(fields, [[14], [5n], [{ entries: [] }]]);
    const text = readFileSync(path).toString('latin1');
    expect(text).toContain('"type":"interval year to month"');
    expect(text).toContain('"valueType":"decimal(5,2)"');
    expect(text).toContain('org.apache.spark.sql.parquet.row.metadata');
  });

  interface LiteReader {
    getCursor(): { next(): Promise<Record<string, unknown> | null> };
    close(): Promise<void>;
  }
  interface LiteWriter {
    appendRow(row: object): Promise<void>;
    close(): Promise<void>;
  }
  interface Lite {
    readonly ParquetReader: { openFile(path: string): Promise<LiteReader> };
    readonly ParquetWriter: { openFile(schema: unknown, path: string): Promise<LiteWriter> };
    readonly ParquetSchema: new (fields: object) => unknown;
  }
  const lite = createRequire(import.meta.url)('parquetjs-lite') as Lite;

  it.each(['none', 'snappy', 'gzip'])('parquetjs-lite reads what we write: %s', async (compression) => {
    const fields = [
      field('i', base.int32Type),
      field('l', base.int64Type, false),
      field('f', base.float64Type),
      field('b', base.booleanType),
      field('s', base.stringType),
      field('bin', base.binaryType),
      field('t', base.timestampType),
      field('d', base.dateType),
    ];
    const n = 5000;
    const make: ((i: number) => Scalar)[] = [
      (i) => (i % 5 === 0 ? null : i - 100),
      (i) => BigInt(i) * 1_000_000_007n,
      (i) => i / 7,
      (i) => i % 2 === 0,
      (i) => (i % 3 === 0 ? null : `text é ${i}`),
      (i) => Uint8Array.of(i & 255),
      (i) => BigInt(i) * 1_000_000n,
      (i) => i,
    ];
    writeValues(
      fields,
      make.map((f) => Array.from({ length: n }, (_, i) => f(i))),
      // It knows no newer encodings.
      { compression, 'parquet.enable.dictionary': 'false', 'parquet.writer.version': 'v1' },
    );
    const reader = await lite.ParquetReader.openFile(path);
    const cursor = reader.getCursor();
    for (let i = 0; i < n; i++) {
      const row = (await cursor.next()) as Record<string, unknown>;
      expect([
        row.i ?? null,
        BigInt(row.l as number),
        row.f,
        row.b,
        row.s ?? null,
        [...(row.bin as Uint8Array)],
      ]).toEqual([make[0]?.(i), make[1]?.(i), make[2]?.(i), make[3]?.(i), make[4]?.(i), [i & 255]]);
      expect([(row.t as Date).getTime(), (row.d as Date).getTime()]).toEqual([i * 1000, i * 86_400_000]);
    }
    expect(await cursor.next()).toBeNull();
    await reader.close();
  });

  it.each(['UNCOMPRESSED', 'SNAPPY', 'GZIP'])('we read what parquetjs-lite writes: %s', async (compression) => {
    const column = (type: string, optional = true) => ({ type, optional, compression });
    const schema = new lite.ParquetSchema({
      i: column('INT32'),
      l: column('INT64', false),
      f: column('DOUBLE'),
      s: column('UTF8'),
      b: column('BOOLEAN'),
      t: column('TIMESTAMP_MILLIS'),
      d: column('DATE'),
    });
    nextFile();
    const writer = await lite.ParquetWriter.openFile(schema, path);
    for (let i = 0; i < 3000; i++) {
      await writer.appendRow({
        ...(i % 4 === 0 ? {} : { i, s: `text ${i}` }),
        l: i * 1000,
        f: i / 3,
        b: i % 2 === 0,
        t: new Date(i * 1000),
        d: new Date(i * 86_400_000),
      });
    }
    await writer.close();
    const { rows, columns } = await readTable(await openParquet(path));
    expect(rows).toBe(3000);
    for (let i = 0; i < rows; i++) {
      expect(columns.map((values) => values[i])).toEqual([
        i % 4 === 0 ? null : i,
        BigInt(i * 1000),
        i / 3,
        i % 4 === 0 ? null : `text ${i}`,
        i % 2 === 0,
        BigInt(i) * 1_000_000n,
        i,
      ]);
    }
  });
});

describe('options', () => {
  const fields = [field('a', base.int32Type)];

  it('zstd where this Node.js has it, else an error that names the others', () => {
    if ('zstdCompressSync' in zlib) expect(writeValues(fields, [[1, 2]], { compression: 'zstd' }).rows).toBe(2);
    else
      expect(() => writeValues(fields, [[1]], { compression: 'zstd' })).toThrow(
        /Node.js 22.15.*snappy, .*gzip, brotli/,
      );
  });

  it('mistakes are refused by name, before a file is made', () => {
    expect(() => writeValues(fields, [[1]], { compresion: 'gzip' })).toThrow(/compression/);
    expect(() => writeValues(fields, [[1]], { compression: 'lzo' })).toThrow(/snappy/);
    expect(() => writeValues(fields, [[1]], { ROWGROUPROWS: '0' })).toThrow(/rowGroupRows is "0"/);
    expect(() => writeValues(fields, [[1]], { rowGroupRow: '5' })).toThrow(/"rowGroupRow".*Did you mean: rowGroupRows/);
    expect(() => writeValues(fields, [[1]], { rowGroupRows: '0' })).toThrow(/positive/);
    expect(() => writeValues([], [])).toThrow(/must have a column/);
    expect(() => writeValues([field('s', base.structType([]))], [[[]]])).toThrow(/without fields/);
  });

  it('a level of compression makes smaller files; others than the codec has are refused', () => {
    const rows = Array.from({ length: 20_000 }, (_, i) => `${(i * 7919) % 5000} some text ${i % 97}`);
    const texts = [field('s', base.stringType)];
    const bytes = (compression: string, level: string): number =>
      writeValues(texts, [rows], { compression, compressionLevel: level, 'parquet.enable.dictionary': 'false' }).bytes;
    expect(bytes('gzip', '9')).toBeLessThan(bytes('gzip', '1') * 0.97);
    expect(bytes('brotli', '9')).toBeLessThan(bytes('brotli', '1') * 0.97);
    expect(() => bytes('gzip', '10')).toThrow(/levels are 1 to 9/);
    expect(() => bytes('snappy', '1')).toThrow(/gzip, brotli and zstd have levels/);
  });

  it('is what the registry gives', () => expect(parquetFormat.createWriter).toBe(createParquetWriter));
});

describe('encodings', () => {
  const context = taskContext();
  const kernels = kernelsFor(heap);

  it('runs and packed groups decode to what they were', () => {
    const runs = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 40 })), { maxLength: 20 });
    fc.assert(
      fc.property(runs, fc.integer({ min: 1, max: 32 }), (parts, width) => {
        const values = Uint32Array.from(
          parts.flatMap(([value, count]) => new Array<number>(count).fill(value % 2 ** width)),
        );
        const bytes = encodeHybrid(values, values.length, width);
        const codes = context.arena.alloc(values.length * 4);
        heap.u32.set(values, codes >>> 2);
        const made = context.arena.alloc(hybridBound(values.length, width));
        const madeEnd = encodeKernels(heap).hybrid(codes, values.length, width, made) >>> 0;
        expect([...heap.u8.subarray(made, madeEnd)]).toEqual([...bytes]);
        const source = context.arena.alloc(bytes.length + 64);
        const target = context.arena.alloc(values.length * 4 + 64);
        heap.u8.set(bytes, source);
        const end = kernels[`hybrid_${width}`]?.(source, source + bytes.length, target, values.length);
        if (values.length > 0) expect(end).toBe(source + bytes.length);
        expect([...heap.u32.subarray(target >>> 2, (target >>> 2) + values.length)]).toEqual([...values]);
      }),
      { numRuns: 500 },
    );
  });

  it('bounds and widened numbers are those of the numbers', () => {
    const own = encodeKernels(heap);
    const [source, target] = [context.arena.alloc(1024), context.arena.alloc(1024)];
    const views = { i8: heap.i8, u8: heap.u8, i16: heap.i16, u16: heap.u16, i32: heap.i32 } as const;
    fc.assert(
      fc.property(
        fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), { minLength: 1, maxLength: 70 }),
        (all) => {
          const [at8, at4] = [source >>> 3, source >>> 2];
          const sorted = (some: readonly bigint[]) => [...some].sort((a, b) => (a < b ? -1 : 1));
          heap.i64.set(all, at8);
          own.bounds8(source, all.length, target);
          expect([heap.i64[target >>> 3], heap.i64[(target >>> 3) + 1]]).toEqual([sorted(all)[0], sorted(all).at(-1)]);
          const small = all.map((value) => Number(BigInt.asIntN(32, value)));
          heap.i32.set(small, at4);
          own.bounds4(source, small.length, target);
          const limits = [heap.i32[target >>> 2], heap.i32[(target >>> 2) + 1]];
          expect(limits).toEqual([Math.min(...small), Math.max(...small)]);
          for (const [storage, view] of Object.entries(views)) {
            const from = source / view.BYTES_PER_ELEMENT;
            view.set(small, from);
            const values = [...view.subarray(from, from + small.length)];
            own[`extend_${storage as keyof typeof views}_4`](source, small.length, target);
            expect([...heap.i32.subarray(target >>> 2, (target >>> 2) + small.length)]).toEqual(values);
            own[`extend_${storage as keyof typeof views}_8`](source, small.length, target);
            expect([...heap.i64.subarray(target >>> 3, (target >>> 3) + small.length)]).toEqual(values.map(BigInt));
          }
        },
      ),
    );
  });

  it('snappy decompresses to what it was, and is smaller where something repeats', () => {
    const patterns = context.arena.alloc(PATTERN_BYTES);
    heap.u8.set(patternBytes(), patterns);
    const table = context.arena.alloc(SNAPPY_TABLE_BYTES);
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 50 }),
      fc
        .tuple(fc.uint8Array({ minLength: 1, maxLength: 9 }), fc.integer({ min: 1, max: 3000 }))
        .map(([bytes, times]) => Buffer.concat(new Array<Uint8Array>(times).fill(bytes))),
    );
    const source = context.arena.alloc(400_000);
    const packed = context.arena.alloc(snappyBound(400_000));
    const target = context.arena.alloc(400_000 + 64);
    const check = (bytes: Uint8Array): number => {
      heap.u8.set(bytes, source);
      const end = snappyKernel(heap).compress(source, source + bytes.length, packed, table);
      expect(end - packed).toBeLessThanOrEqual(snappyBound(bytes.length));
      expect(kernels.snappy(packed, end, target, target + bytes.length, patterns)).toBe(1);
      expect(Buffer.from(heap.u8.subarray(target, target + bytes.length)).equals(Buffer.from(bytes))).toBe(true);
      return end - packed;
    };
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (parts) => void check(Buffer.concat(parts))),
      { numRuns: 300 },
    );
    expect(check(Buffer.from('abcdefgh'.repeat(40_000)))).toBeLessThan(20_000);
    context.arena.release();
  });
});
