import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DataType, Scalar, ValueOptions } from '../../src/base/index.js';
import * as t from '../../src/base/index.js';
import { ALL_TYPES, nullableOf } from './support/arbitrary.js';

const corpora = process.env.SPARROW_CORPORA;
const heap = t.SharedHeap.create(64 * 2 ** 20);
const arena = heap.newArena('test');

function rowsOf(columns: Record<string, [DataType, readonly Scalar[]]>, options: Partial<ValueOptions> = {}): object[] {
  const entries = Object.entries(columns);
  const schema = t.structType(entries.map(([name, [type]]) => t.field(name, type)));
  const built = entries.map(([, [type, values]]) => t.buildColumn(arena, type, values));
  const batch = { rows: built[0]?.length ?? 0, columns: built };
  return t.rowsFromBatch(heap, schema, batch, { ...t.DEFAULT_VALUE_OPTIONS, ...options });
}

const one = (type: DataType, value: Scalar, options: Partial<ValueOptions> = {}) =>
  (rowsOf({ c: [type, [value]] }, options)[0] as { c: unknown }).c;

describe('values as the user gets them', () => {
  it('by default', () => {
    expect(one(t.int64Type, 9007199254740991n)).toBe(9007199254740991);
    expect(one(t.decimalType(38, 2), 123n)).toBe('1.23');
    expect(one(t.dateType, 19782)).toEqual(new Date('2024-02-29T00:00:00Z'));
    expect(one(t.timestampType, -1n)).toEqual(new Date(-1));
    expect(one(t.timestampNtzType, 1_500_001n)).toEqual(new Date(1500));
    expect(one(t.timeType, 3_723_500_000n)).toBe('01:02:03.5');
    expect(one(t.yearMonthIntervalType, 14)).toBe('P1Y2M');
    expect(one(t.yearMonthIntervalType, -11)).toBe('-P11M');
    expect(one(t.dayTimeIntervalType, 93_784_500_000n)).toBe('P1DT2H3M4.5S');
    expect(one(t.dayTimeIntervalType, -1n)).toBe('-PT0.000001S');
    expect(one(t.dayTimeIntervalType, 0n)).toBe('PT0S');
    expect(one(t.binaryType, Uint8Array.of(1, 2))).toEqual(Uint8Array.of(1, 2));
    expect(one(t.arrayType(t.int64Type), [1n, null])).toEqual([1, null]);
    expect(one(t.mapType(t.stringType, t.int64Type), { entries: [['a', 1n]] })).toEqual(new Map([['a', 1]]));
    expect(one(t.structType([t.field('__proto__', t.int32Type)]), [7])).toHaveProperty('__proto__', 7);
  });

  it('by option', () => {
    expect(one(t.int64Type, 2n ** 63n - 1n, { int64: 'bigint' })).toBe(2n ** 63n - 1n);
    expect(one(t.int64Type, -(2n ** 63n), { int64: 'string' })).toBe('-9223372036854775808');
    expect(one(t.int64Type, 12n, { int64: 'string' })).toBe('12');
    expect(one(t.decimalType(38, 2), 123n, { decimal: 'number' })).toBe(1.23);
    expect(one(t.dateType, 2 ** 31 - 1, { date: 'string' })).toBe('+5881580-07-11');
    expect(one(t.timestampType, -1n, { timestamp: 'string' })).toBe('1969-12-31T23:59:59.999999Z');
    expect(one(t.timestampNtzType, 0n, { timestamp: 'string' })).toBe('1970-01-01T00:00:00');
    expect(one(t.timestampType, 5n, { timestamp: 'micros' })).toBe(5n);
    const map = t.mapType(t.stringType, t.int32Type);
    expect(Object.entries(one(map, { entries: [['__proto__', 1]] }, { map: 'object' }) as object)).toEqual([
      ['__proto__', 1],
    ]);
  });

  it('what does not fit is refused, with the column and the option', () => {
    expect(() => one(t.int64Type, 2n ** 53n)).toThrow(/9007199254740992 .*column c.*int64: 'bigint'/);
    expect(() => one(t.int64Type, -(2n ** 53n))).toThrow(/NUMERIC_VALUE_OUT_OF_RANGE/);
    expect(() => one(t.arrayType(t.int64Type), [2n ** 60n])).toThrow(/column c\[\]/);
    expect(() => one(t.dateType, 2 ** 31 - 1)).toThrow(/column c.*date: 'string'/);
    expect(() => one(t.timestampType, 2n ** 63n - 1n)).toThrow(/timestamp: 'string'/);
    // Not under a null.
    const column = t.buildColumn(arena, t.int64Type, [2n ** 60n]);
    const validity = arena.allocZeroed(1);
    const schema = t.structType([t.field('c', t.int64Type)]);
    expect(t.rowsFromBatch(heap, schema, { rows: 1, columns: [{ ...column, nullCount: 1, validity }] })).toEqual([
      { c: null },
    ]);
  });

  it('decimals in bulk read like decimals one by one', () => {
    const value = fc.bigInt({ min: -(10n ** 18n) + 1n, max: 10n ** 18n - 1n });
    fc.assert(
      fc.property(
        fc.array(fc.oneof(value, fc.bigInt({ min: -1000n, max: 1000n })), { minLength: 1 }),
        fc.integer({ min: 0, max: 18 }),
        (values, scale) => {
          const rows = rowsOf({ c: [t.decimalType(18, scale), values] });
          expect(rows).toEqual(values.map((unscaled) => ({ c: t.formatDecimal(unscaled, scale) })));
        },
      ),
    );
    expect(t.formatSafeDecimals([0, -7, 123456789, 9007199254740991], 3)).toEqual([
      '0.000',
      '-0.007',
      '123456.789',
      '9007199254740.991',
    ]);
  });

  it.each(ALL_TYPES.map((type) => [t.simpleString(type).slice(0, 60), type] as const))(
    '%s in a batch as alone',
    (_, type) => {
      const options: ValueOptions = {
        int64: 'string',
        decimal: 'string',
        date: 'string',
        timestamp: 'string',
        map: 'object',
      };
      fc.assert(
        fc.property(fc.array(nullableOf(type), { minLength: 1, maxLength: 10 }), (values) => {
          const rows = rowsOf({ c: [type, values] }, options);
          expect(rows).toEqual(values.map((value) => ({ c: t.toUserValue(type, value, options, 'c') })));
          expect(() => JSON.stringify(rows)).not.toThrow();
        }),
        { numRuns: 20 },
      );
    },
  );
});

describe('rows', () => {
  it('column names are own properties, whatever they are', () => {
    const names = ['__proto__', 'constructor', 'toString', 'then', '', 'a b', '\u2028', '"', '😀'];
    const [row] = rowsOf(Object.fromEntries(names.map((name, i) => [name, [t.int32Type, [i]]])));
    expect(Object.keys(row as object)).toEqual(names);
    expect(Object.values(row as object)).toEqual(names.map((_, i) => i));
    expect(Object.getPrototypeOf(row)).toBe(Object.prototype);
  });

  it('two columns of one name are refused', () => {
    const field = t.field('id', t.int32Type);
    const column = t.buildColumn(arena, t.int32Type, [1]);
    expect(() => t.rowsFromBatch(heap, t.structType([field, field]), { rows: 1, columns: [column, column] })).toThrow(
      /COLUMN_ALREADY_EXISTS.*id.*alias/,
    );
  });

  it('no columns, no rows', () => {
    expect(t.rowsFromBatch(heap, t.structType([]), { rows: 2, columns: [] })).toEqual([{}, {}]);
    expect(rowsOf({ a: [t.stringType, []] })).toEqual([]);
  });

  it('a shared dictionary is decoded once', () => {
    const plain = t.buildColumn(arena, t.stringType, ['x', 'y']);
    const codes = arena.alloc(3);
    heap.u8.set([1, 0, 1], codes);
    const dictionary = { id: 7, count: 2, offsets: plain.offsets, data: plain.data };
    const column: t.Column = { ...plain, storage: 'u8', length: 3, data: codes, offsets: 0, dictionary };
    const read = t.rowReader(heap, t.structType([t.field('c', t.stringType)]));
    expect(read({ rows: 3, columns: [column] })).toEqual([{ c: 'y' }, { c: 'x' }, { c: 'y' }]);
    expect(read({ rows: 3, columns: [column] })).toEqual([{ c: 'y' }, { c: 'x' }, { c: 'y' }]);
  });
});

describe('values from the user', () => {
  const take = (type: DataType, value: unknown, zone?: string) => t.fromUserValue(type, value, 'column c, row 3', zone);
  const good: readonly (readonly [DataType, unknown, Scalar])[] = [
    [t.int8Type, 5, 5],
    [t.int8Type, '-128', -128],
    [t.int32Type, 7n, 7],
    [t.int64Type, 5, 5n],
    [t.int64Type, '9223372036854775807', 2n ** 63n - 1n],
    [t.float64Type, 5n, 5],
    [t.float64Type, 'Infinity', Number.POSITIVE_INFINITY],
    [t.float32Type, 0.1, Math.fround(0.1)],
    [t.decimalType(5, 2), 0.1, 10n],
    [t.decimalType(5, 2), '-1.50', -150n],
    [t.decimalType(5, 2), '1.500', 150n],
    [t.decimalType(5, 2), 7n, 700n],
    [t.decimalType(38, 0), 1e21, 10n ** 21n],
    [t.booleanType, true, true],
    [t.stringType, '', ''],
    [t.dateType, new Date('2024-02-29'), 19782],
    [t.dateType, '2024-02-29', 19782],
    [t.timestampType, new Date(1), 1000n],
    [t.timestampType, '1970-01-01T00:00:00.000001Z', 1n],
    [t.timestampType, 7n, 7n],
    [t.timeType, '00:00:01', 1_000_000n],
    [t.yearMonthIntervalType, 'P1Y2M', 14],
    [t.dayTimeIntervalType, '-PT0.5S', -500_000n],
    [t.arrayType(t.int64Type), [1, null, '2'], [1n, null, 2n]],
    [t.arrayType(t.float64Type), Float64Array.of(1, 2), [1, 2]],
    [t.structType([t.field('a', t.int32Type), t.field('b', t.int32Type)]), { b: 2, c: 3 }, [null, 2]],
    [t.structType([t.field('toString', t.stringType)]), {}, [null]],
    [t.mapType(t.stringType, t.int32Type), { k: 1 }, { entries: [['k', 1]] }],
    [t.mapType(t.int32Type, t.int32Type), new Map([[1, 2]]), { entries: [[1, 2]] }],
    [t.stringType, undefined, null],
  ];
  it.each(good)('%o of %o', (type, value, scalar) => expect(take(type, value)).toEqual(scalar));

  const bad: readonly (readonly [DataType, unknown])[] = [
    [t.int8Type, 128],
    [t.int32Type, 1.5],
    [t.int32Type, '1.5'],
    [t.int64Type, 2 ** 53],
    [t.int64Type, 2n ** 63n],
    [t.int32Type, true],
    [t.float64Type, 2n ** 53n + 1n],
    [t.float32Type, 1e300],
    [t.float64Type, 'x'],
    [t.decimalType(5, 2), 0.125],
    [t.decimalType(5, 2), '1000.00'],
    [t.decimalType(5, 2), Number.NaN],
    [t.booleanType, 1],
    [t.stringType, 1],
    [t.binaryType, 'text'],
    [t.dateType, new Date('2024-02-29T12:00:00Z')],
    [t.dateType, new Date(Number.NaN)],
    [t.dateType, '2024-02-30'],
    [t.timestampType, new Date(Number.NaN)],
    [t.timestampType, 5],
    [t.arrayType(t.int32Type), 'abc'],
    [t.arrayType(t.int32Type, false), [null]],
    [t.structType([t.field('a', t.int32Type, false)]), {}],
    [t.mapType(t.stringType, t.int32Type), [['k', 1]]],
    [t.mapType(t.stringType, t.int32Type), new Map([[null, 1]])],
    [
      t.mapType(t.int32Type, t.int32Type),
      new Map<unknown, number>([
        [1, 1],
        ['1', 2],
      ]),
    ],
    [t.nullType, 1],
  ];
  it.each(bad)('%o refuses %o, with the place', (type, value) => {
    expect(() => take(type, value)).toThrow(t.SparrowError);
    expect(() => take(type, value)).toThrow(/column c, row 3/);
  });

  it('text of a timestamp is read in the zone', () => {
    expect(take(t.timestampType, '1970-01-01 00:00:00', 'Europe/Rome')).toBe(-3600_000000n);
  });

  it('a column says which row', () => {
    expect(t.fromUserColumn(t.field('n', t.int32Type), [1, null, 3])).toEqual([1, null, 3]);
    expect(() => t.fromUserColumn(t.field('n', t.int32Type), [1, 'x'], 10)).toThrow(/column n, row 11/);
    expect(() => t.fromUserColumn(t.field('n', t.int32Type, false), [1, null])).toThrow(/NOT_NULL.*column n, row 1/);
  });

  it('what the user got goes back in', () => {
    const options: ValueOptions = { ...t.DEFAULT_VALUE_OPTIONS, int64: 'bigint', date: 'string', timestamp: 'micros' };
    // Variants hold the same value in several encodings, and null values of their own.
    for (const type of ALL_TYPES.filter((each) => !t.simpleString(each).includes('variant'))) {
      fc.assert(
        fc.property(nullableOf(type), (value) => {
          expect(take(type, t.toUserValue(type, value, options, 'c'))).toEqual(value);
        }),
        { numRuns: 30 },
      );
    }
  });
});

describe('inferred schemas', () => {
  const infer = (...rows: object[]) => t.simpleString(t.inferSchema(rows));

  it('of rows', () => {
    expect(infer({ a: 1, b: 'x' }, { a: null, c: true })).toBe('struct<a:bigint,b:string,c:boolean>');
    expect(infer({ a: 1 }, { a: 1.5 })).toBe('struct<a:double>');
    expect(infer({ a: 2 ** 60 })).toBe('struct<a:double>');
    expect(infer({ a: -0 })).toBe('struct<a:double>');
    expect(infer({ a: 1n }, { a: 2 })).toBe('struct<a:bigint>');
    expect(infer({ a: 2n ** 64n }, { a: 1 })).toBe('struct<a:decimal(38,0)>');
    expect(infer({ a: new Date(), b: Uint8Array.of(1), c: null })).toBe('struct<a:timestamp,b:binary,c:void>');
    expect(infer({ a: [1, null] }, { a: [] }, { a: [2.5] })).toBe('struct<a:array<double>>');
    expect(infer({ a: { x: 1 } }, { a: { y: 's' } })).toBe('struct<a:struct<x:bigint,y:string>>');
    expect(infer({ a: new Map([['k', 1]]) })).toBe('struct<a:map<string,bigint>>');
    expect(infer({ ['__proto__']: 1 })).toBe('struct<__proto__:bigint>');
    expect(infer()).toBe('struct<>');
  });

  it('of columns', () => {
    expect(t.inferColumnType('a', new Float32Array(2))).toBe(t.float32Type);
    expect(t.inferColumnType('a', new BigInt64Array(2))).toBe(t.int64Type);
    expect(t.inferColumnType('a', [null, 'x'])).toBe(t.stringType);
  });

  it('refuses what has no type, with the place', () => {
    expect(() => infer({ a: 1 }, { a: 'x' })).toThrow(/CANNOT_MERGE_TYPE.*column a, row 1/);
    expect(() => infer({ a: { b: [() => 1] } })).toThrow(/CANNOT_INFER_TYPE.*column a\.b\[\], row 0/);
    expect(() => infer({ a: 10n ** 38n })).toThrow(/38 digits/);
    expect(() => t.inferSchema([1 as unknown as object])).toThrow(/a row is an object/);
  });
});

describe.skipIf(!corpora)('corpora', () => {
  it('edge/strings.json as values and as names', () => {
    const strings = JSON.parse(readFileSync(join(corpora ?? '', 'edge/strings.json'), 'utf8')) as string[];
    const wellFormed = (text: string) => Buffer.from(text, 'utf8').toString('utf8');
    expect(rowsOf({ s: [t.stringType, strings] })).toEqual(strings.map((s) => ({ s: wellFormed(s) })));
    const names = [...new Set(strings)].filter((name) => !/^\d+$/.test(name));
    const [row] = rowsOf(Object.fromEntries(names.map((name, i) => [name, [t.int32Type, [i]]])));
    expect(Object.entries(row as object)).toEqual(names.map((name, i) => [name, i]));
  });
});
if (!corpora) console.log('SPARROW_CORPORA is not set: 1 corpus check of row values is left out');
