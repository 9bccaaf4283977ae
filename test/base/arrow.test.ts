import * as arrow from 'apache-arrow';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromArrowTable, toArrowTable } from '../../src/base/arrow.js';
import type { Batch, DataType, Field, Scalar } from '../../src/base/index.js';
import * as t from '../../src/base/index.js';
import { ALL_TYPES, LEAF_TYPES, nullableOf } from './support/arbitrary.js';

const heap = t.SharedHeap.create(128 * 2 ** 20);

function inArena<T>(use: (arena: t.Arena) => T): T {
  const arena = heap.newArena('test');
  try {
    return use(arena);
  } finally {
    arena.release();
  }
}

const valuesOf = (batches: readonly Batch[], column: number): Scalar[] =>
  batches.flatMap((batch) => t.readColumn(heap, batch.columns[column] as t.Column));

/** A table from the outside: one column from Arrow data. */
function tableOf(type: arrow.DataType, data: arrow.Data, nullable = true): arrow.Table {
  const schema = new arrow.Schema([new arrow.Field('c', type, nullable)]);
  const struct = arrow.makeData({
    type: new arrow.Struct(schema.fields),
    length: data.length,
    nullCount: 0,
    children: [data],
  });
  return new arrow.Table(schema, [new arrow.RecordBatch(schema, struct)]);
}

function comeIn(table: arrow.Table): { type: DataType; values: Scalar[] } {
  return inArena((arena) => {
    const { schema, batches } = fromArrowTable(table, arena);
    return { type: (schema.fields[0] as Field).type, values: valuesOf(batches, 0) };
  });
}

describe('through Arrow and back', () => {
  it.each(ALL_TYPES.map((type) => [t.simpleString(type).slice(0, 60), type] as const))('%s', (_, type) => {
    fc.assert(
      fc.property(fc.array(nullableOf(type), { maxLength: 30 }), fc.boolean(), (values, copy) =>
        inArena((arena) => {
          const schema = t.structType([t.field('c', type)]);
          const column = t.buildColumn(arena, type, values);
          const batches = [{ rows: values.length, columns: [column] }];
          const table = toArrowTable(heap, schema, batches, { copy });
          const inMemory = fromArrowTable(table, arena);
          expect(valuesOf(inMemory.batches, 0)).toEqual(values);
          expect(t.sameType(inMemory.schema, schema)).toBe(true);
          // Once more by way of apache-arrow's own writer and reader.
          const read = fromArrowTable(arrow.tableFromIPC(arrow.tableToIPC(table)), arena);
          expect(valuesOf(read.batches, 0)).toEqual(values);
          expect(t.sameType(read.schema, schema)).toBe(true);
        }),
      ),
      { numRuns: 30 },
    );
  });

  it('what apache-arrow reads is what was meant', () =>
    inArena((arena) => {
      const columns: Record<string, [DataType, readonly Scalar[], readonly unknown[]]> = {
        bool: [t.booleanType, [true, null, false], [true, null, false]],
        tiny: [t.int8Type, [-128, null, 127], [-128, null, 127]],
        big: [t.int64Type, [-(2n ** 63n), null, 2n ** 63n - 1n], [-(2n ** 63n), null, 2n ** 63n - 1n]],
        double: [t.float64Type, [-0, null, Number.NaN], [-0, null, Number.NaN]],
        text: [t.stringType, ['', null, '😀é'], ['', null, '😀é']],
        bytes: [t.binaryType, [Uint8Array.of(), null, Uint8Array.of(255)], [Uint8Array.of(), null, Uint8Array.of(255)]],
        list: [t.arrayType(t.int32Type), [[1, null], null, []], [[1, null], null, []]],
        date: [t.dateType, [-1, null, 19782], [-86_400_000, null, 1709164800000]],
        months: [t.yearMonthIntervalType, [14, null, -1], [Int32Array.of(1, 2), null, Int32Array.of(0, -1)]],
        span: [t.dayTimeIntervalType, [1n, null, -1n], [1n, null, -1n]],
        time: [t.timeType, [0n, null, 86_399_999_999n], [0n, null, 86_399_999_999n]],
      };
      const entries = Object.entries(columns);
      const schema = t.structType(entries.map(([name, [type]]) => t.field(name, type)));
      const built = entries.map(([, [type, values]]) => t.buildColumn(arena, type, values));
      const ours = toArrowTable(heap, schema, [{ rows: 3, columns: built }]);
      const table = arrow.tableFromIPC(arrow.tableToIPC(ours));
      for (const [name, [, , expected]] of entries) {
        const read = [...(table.getChild(name) as arrow.Vector)];
        expect(
          read.map((value) => (value instanceof arrow.Vector ? [...value] : value)),
          name,
        ).toEqual(expected);
      }
      expect(String(table.schema.fields.map((f) => f.type))).toBe(
        'Bool,Int8,Int64,Float64,Utf8,Binary,List<Int32>,Date32<DAY>,Interval<YEAR_MONTH>,Duration<MICROSECOND>,Time64<MICROSECOND>',
      );
    }));

  it('decimals, timestamps, structs and maps as apache-arrow reads them', () =>
    inArena((arena) => {
      const inner = t.structType([t.field('x', t.int32Type), t.field('s', t.stringType)]);
      const fields = [
        t.field('d', t.decimalType(12, 2)),
        t.field('at', t.timestampType),
        t.field('local', t.timestampNtzType),
        t.field('row', inner),
        t.field('map', t.mapType(t.stringType, t.int32Type)),
      ];
      const values: Scalar[] = [
        -12345n,
        1_500_000n,
        -1_000_000n,
        [1, 'a'],
        {
          entries: [
            ['k', 1],
            ['l', null],
          ],
        },
      ];
      const built = fields.map(({ type }, i) => t.buildColumn(arena, type, [values[i] as Scalar]));
      const ours = toArrowTable(heap, t.structType(fields), [{ rows: 1, columns: built }]);
      const table = arrow.tableFromIPC(arrow.tableToIPC(ours));
      expect(table.schema.fields.map((f) => String(f.type))).toEqual([
        'Decimal[12e+2]',
        'Timestamp<MICROSECOND, UTC>',
        'Timestamp<MICROSECOND>',
        'Struct<{x:Int32, s:Utf8}>',
        'Map<{key:Utf8, value:Int32}>',
      ]);
      const row = table.get(0)?.toJSON() as Record<string, unknown>;
      expect([...(row.d as Uint32Array)]).toEqual([0xffffcfc7, 0xffffffff, 0xffffffff, 0xffffffff]);
      expect(row.at).toBe(1500);
      expect(row.local).toBe(-1000);
      expect(JSON.parse(JSON.stringify(row.row))).toEqual({ x: 1, s: 'a' });
      expect(JSON.parse(JSON.stringify(row.map))).toEqual({ k: 1, l: null });
    }));

  it('dictionaries stay dictionaries, over batches too', () =>
    inArena((arena) => {
      const { offsets, data } = t.buildColumn(arena, t.stringType, ['x', 'yy']);
      const codes = arena.alloc(16);
      heap.u8.set([1, 0, 1, 1, 0, 0, 0, 0, 1, 9], codes);
      const validity = arena.allocZeroed(2);
      heap.u8.set([0xff, 0x01], validity);
      const dictionary = { id: 5, count: 2, offsets, data };
      const column: t.Column = {
        type: t.stringType,
        storage: 'u8',
        length: 10,
        nullCount: 1,
        validity,
        data: codes,
        offsets: 0,
        dictionary,
      };
      const schema = t.structType([t.field('c', t.stringType)]);
      const batches = t.sliceIntoBatches([column], 10, 8);
      const table = toArrowTable(heap, schema, batches);
      expect(String(table.schema.fields[0]?.type)).toBe('Dictionary<Int32, Utf8>');
      const expected = ['yy', 'x', 'yy', 'yy', 'x', 'x', 'x', 'x', 'yy', null];
      const viaIpc = arrow.tableFromIPC(arrow.tableToIPC(table));
      expect([...(viaIpc.getChild('c') as arrow.Vector)]).toEqual(expected);
      const back = fromArrowTable(viaIpc, arena);
      expect(valuesOf(back.batches, 0)).toEqual(expected);
      const ids = back.batches.map((batch) => batch.columns[0]?.dictionary?.id);
      expect(ids[0]).toBeDefined();
      expect(new Set(ids).size).toBe(1);
      // Batches with dictionaries of their own leave as plain text.
      const other = [batches[0] as Batch, { rows: 2, columns: [t.buildColumn(arena, t.stringType, ['a', 'b'])] }];
      const mixed = toArrowTable(heap, schema, other);
      expect([...(mixed.getChild('c') as arrow.Vector)]).toEqual([...expected.slice(0, 8), 'a', 'b']);
    }));

  it('a copy survives its arena, and an empty table keeps its schema', () => {
    const schema = t.structType(LEAF_TYPES.map((type, i) => t.field(`c${i}`, type)));
    const empty = toArrowTable(heap, schema, []);
    inArena((arena) => expect(fromArrowTable(empty, arena)).toEqual({ schema, batches: [] }));
    const table = inArena((arena) =>
      toArrowTable(heap, t.structType([t.field('n', t.int64Type)]), [
        { rows: 1, columns: [t.buildColumn(arena, t.int64Type, [7n])] },
      ]),
    );
    inArena((arena) => heap.u8.fill(0xff, arena.alloc(1000), 1000));
    expect(table.getChild('n')?.get(0)).toBe(7n);
  });

  it('more rows than a batch holds are cut', () =>
    inArena((arena) => {
      const data = arrow.makeData({ type: new arrow.Int32(), data: Int32Array.from({ length: 150_000 }, (_, i) => i) });
      const { batches } = fromArrowTable(tableOf(data.type, data), arena);
      expect(batches.map((batch) => batch.rows)).toEqual([65536, 65536, 18928]);
      expect(valuesOf(batches, 0)[149_999]).toBe(149_999);
      expect(batches[0]?.columns[0]?.stats).toEqual({ min: 0, max: 149_999 });
    }));
});

describe('other Arrow types come in', () => {
  const make = arrow.makeData;
  const cases: readonly (readonly [string, arrow.Data, string, readonly Scalar[]])[] = [
    ['uint8', make({ type: new arrow.Uint8(), data: Uint8Array.of(255) }), 'smallint', [255]],
    ['uint16', make({ type: new arrow.Uint16(), data: Uint16Array.of(65535) }), 'int', [65535]],
    ['uint32', make({ type: new arrow.Uint32(), data: Uint32Array.of(2 ** 32 - 1) }), 'bigint', [2n ** 32n - 1n]],
    [
      'uint64',
      make({ type: new arrow.Uint64(), data: BigUint64Array.of(2n ** 64n - 1n) }),
      'decimal(20,0)',
      [2n ** 64n - 1n],
    ],
    [
      'float16',
      make({ type: new arrow.Float16(), data: Uint16Array.of(0x3c00, 0xc000, 0x0001) }),
      'float',
      [1, -2, 2 ** -24],
    ],
    ['date64', make({ type: new arrow.DateMillisecond(), data: BigInt64Array.of(-86_400_000n) }), 'date', [-1]],
    [
      'date64 with times',
      make({ type: new arrow.DateMillisecond(), data: BigInt64Array.of(1n) }),
      'timestamp_ntz',
      [1000n],
    ],
    [
      'timestamp s',
      make({ type: new arrow.TimestampSecond('Europe/Rome'), data: BigInt64Array.of(-1n) }),
      'timestamp',
      [-1_000_000n],
    ],
    [
      'timestamp ns',
      make({ type: new arrow.TimestampNanosecond(), data: BigInt64Array.of(5000n) }),
      'timestamp_ntz',
      [5n],
    ],
    ['time s', make({ type: new arrow.TimeSecond(), data: Int32Array.of(1) }), 'time(6)', [1_000_000n]],
    ['time ms', make({ type: new arrow.TimeMillisecond(), data: Int32Array.of(1) }), 'time(6)', [1000n]],
    [
      'duration ms',
      make({ type: new arrow.DurationMillisecond(), data: BigInt64Array.of(3n) }),
      'interval day to second',
      [3000n],
    ],
    [
      'day-time',
      make({ type: new arrow.IntervalDayTime(), data: Int32Array.of(1, 5) }),
      'interval day to second',
      [86_400_005_000n],
    ],
    [
      'decimal256',
      make({ type: new arrow.Decimal(2, 38, 256), data: Uint32Array.of(5, 0, 0, 0, 0, 0, 0, 0) }),
      'decimal(38,2)',
      [5n],
    ],
    [
      'fixed bytes',
      make({ type: new arrow.FixedSizeBinary(2), data: Uint8Array.of(1, 2, 3, 4) }),
      'binary',
      [Uint8Array.of(1, 2), Uint8Array.of(3, 4)],
    ],
    ['null', make({ type: new arrow.Null(), length: 2 }), 'void', [null, null]],
  ];
  it.each(cases)('%s', (_, data, type, values) => {
    const table = tableOf(data.type, data);
    const got = comeIn(table);
    expect(t.simpleString(got.type)).toBe(type);
    expect(got.values).toEqual(values);
    // A slice starts within the buffers.
    const [first, ...rest] = values;
    if (rest.length > 0) expect(comeIn(tableOf(data.type, data.slice(1, rest.length))).values).toEqual(rest);
    expect(first).toBeDefined();
  });

  it.each([
    new arrow.LargeUtf8(),
    new arrow.Utf8View(),
    new arrow.Utf8(),
    new arrow.Dictionary(new arrow.Utf8(), new arrow.Int16()),
  ])('text as %s', (type) => {
    const texts = ['a', null, 'longer than twelve bytes', '', 'é', 'longer than twelve bytes'];
    const vector = arrow.vectorFromArray(texts, type);
    expect(comeIn(new arrow.Table({ c: vector })).values).toEqual(texts);
    expect(comeIn(new arrow.Table({ c: vector.slice(1, 5) })).values).toEqual(texts.slice(1, 5));
  });

  it('slices of booleans, lists, structs and numbers with nulls', () => {
    const numbers = Array.from({ length: 100 }, (_, i) => (i % 7 === 0 ? null : i));
    const vectors: Record<string, [arrow.Vector, (value: number | null) => Scalar]> = {
      n: [arrow.vectorFromArray(numbers, new arrow.Int32()), (value) => value],
      b: [
        arrow.vectorFromArray(
          numbers.map((v) => (v === null ? null : v % 2 === 0)),
          new arrow.Bool(),
        ),
        (v) => (v === null ? null : v % 2 === 0),
      ],
      l: [
        arrow.vectorFromArray(
          numbers.map((v) => (v === null ? null : [v, null])),
          new arrow.List(new arrow.Field('item', new arrow.Int32(), true)),
        ),
        (v) => (v === null ? null : [v, null]),
      ],
      f: [
        arrow.vectorFromArray(
          numbers.map((v) => (v === null ? null : [v, v])),
          new arrow.FixedSizeList(2, new arrow.Field('item', new arrow.Int32(), true)),
        ),
        (v) => (v === null ? null : [v, v]),
      ],
      s: [
        arrow.vectorFromArray(
          numbers.map((v) => (v === null ? null : { x: v })),
          new arrow.Struct([new arrow.Field('x', new arrow.Int32(), true)]),
        ),
        (v) => (v === null ? null : [v]),
      ],
    };
    for (const [name, [vector, expected]] of Object.entries(vectors)) {
      for (const [from, to] of [
        [0, 100],
        [3, 50],
        [8, 64],
        [13, 14],
      ] as const) {
        const got = comeIn(new arrow.Table({ c: vector.slice(from, to) }));
        expect(got.values, `${name} ${from}..${to}`).toEqual(numbers.slice(from, to).map(expected));
      }
    }
  });

  it('dictionaries of numbers, and of repeated text, become plain columns', () => {
    const int = arrow.vectorFromArray([10, 20, 10, null], new arrow.Dictionary(new arrow.Int32(), new arrow.Int8()));
    expect(comeIn(new arrow.Table({ c: int })).values).toEqual([10, 20, 10, null]);
    const repeated = arrow.vectorFromArray(['a', 'a', 'b'], new arrow.Utf8());
    const type = new arrow.Dictionary(new arrow.Utf8(), new arrow.Int32());
    const data = arrow.makeData({ type, data: Int32Array.of(0, 1, 2), dictionary: repeated });
    inArena((arena) => {
      const { batches } = fromArrowTable(tableOf(type, data), arena);
      expect(valuesOf(batches, 0)).toEqual(['a', 'a', 'b']);
      expect(batches[0]?.columns[0]?.dictionary).toBeUndefined();
    });
  });

  it('refuses what cannot be kept, with the column', () => {
    const nanos = arrow.makeData({ type: new arrow.TimestampNanosecond(), data: BigInt64Array.of(1n) });
    expect(() => comeIn(tableOf(nanos.type, nanos))).toThrow(/1 ns.*column c/);
    const far = arrow.makeData({ type: new arrow.TimestampSecond(), data: BigInt64Array.of(2n ** 62n) });
    expect(() => comeIn(tableOf(far.type, far))).toThrow(/DATETIME_OVERFLOW.*column c/);
    const union = new arrow.SparseUnion([0], [new arrow.Field('a', new arrow.Int32())]);
    const data = arrow.makeData({
      type: union,
      length: 1,
      typeIds: Int8Array.of(0),
      children: [arrow.makeData({ type: new arrow.Int32(), data: Int32Array.of(1) })],
    });
    expect(() => comeIn(tableOf(union, data))).toThrow(/UNSUPPORTED_ARROWTYPE.*column c/);
    const type = new arrow.Dictionary(new arrow.Utf8(), new arrow.Int32());
    const codes = arrow.makeData({
      type,
      data: Int32Array.of(5),
      dictionary: arrow.vectorFromArray(['a'], new arrow.Utf8()),
    });
    expect(() => comeIn(tableOf(type, codes))).toThrow(/INVALID_ARROW_DATA.*code 5/);
  });
});
