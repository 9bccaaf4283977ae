import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Column, DataType, Scalar, Storage } from '../../src/base/index.js';
import * as t from '../../src/base/index.js';
import { ALL_TYPES, NESTED_TYPES, nullableOf, scalarOf } from './support/arbitrary.js';

const heap = t.SharedHeap.create(64 * 2 ** 20);
const name = (type: DataType) => t.simpleString(type).slice(0, 60);

function inArena<T>(use: (arena: t.Arena) => T): T {
  const arena = heap.newArena('test');
  try {
    return use(arena);
  } finally {
    arena.release();
  }
}

describe('columns of scalars', () => {
  it.each(ALL_TYPES.map((type) => [name(type), type] as const))('%s comes back as it was', (_, type) => {
    fc.assert(
      fc.property(fc.array(nullableOf(type), { maxLength: 40 }), (values) =>
        inArena((arena) => {
          const column = t.buildColumn(arena, type, values);
          expect(t.readColumn(heap, column)).toEqual(values);
          expect(values.map((_, row) => t.readScalar(heap, column, row))).toEqual(values);
          expect(column.nullCount).toBe(values.filter((value) => value === null).length);
          checkBounds(column, values);
          // Half of it is a column, too.
          const half = t.sliceColumn(column, 8, Math.max(0, values.length - 8));
          if (values.length > 8) expect(t.readColumn(heap, half)).toEqual(values.slice(8));
        }),
      ),
      { numRuns: 60 },
    );
  });

  function checkBounds(column: Column, values: readonly Scalar[]): void {
    if (t.integerBounds(column.type) === undefined || column.type.kind === 'boolean') return;
    const present = values.filter((value) => value !== null) as (number | bigint)[];
    if (present.length === 0) expect(column.stats).toBeUndefined();
    else {
      const sorted = present.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
      expect(column.stats).toEqual({ min: sorted[0], max: sorted[sorted.length - 1] });
    }
  }

  it('floats keep -0, and any NaN is NaN', () =>
    inArena((arena) => {
      for (const type of [t.float32Type, t.float64Type]) {
        const values = t.readColumn(heap, t.buildColumn(arena, type, [-0, 0, Number.NaN]));
        expect(values.map((value) => Object.is(value, -0))).toEqual([true, false, false]);
        expect(values[2]).toBeNaN();
      }
    }));

  it('lone surrogates become U+FFFD, also where joined strings would pair them', () =>
    inArena((arena) => {
      const column = t.buildColumn(arena, t.stringType, ['\ud83d', '\ude00', 'a\ud800b', '😀']);
      expect(t.readColumn(heap, column)).toEqual(['\ufffd', '\ufffd', 'a\ufffdb', '😀']);
    }));

  it('many strings, ASCII or not', () =>
    inArena((arena) => {
      const values = Array.from({ length: 20_000 }, (_, i) => (i % 9000 === 5 ? `é${i}` : `text ${i}`));
      const column = t.buildColumn(arena, t.stringType, values);
      expect(t.readColumn(heap, column)).toEqual(values);
      expect(column.stats).toEqual({ ascii: false });
      expect(t.buildColumn(arena, t.stringType, ['a', null]).stats).toEqual({ ascii: true });
    }));
});

describe('storages narrower than the type', () => {
  const stores: readonly (readonly [Storage, number, DataType])[] = [
    ['i8', 1, t.int64Type],
    ['i8', 1, t.decimalType(12, 2)],
    ['i8', 1, t.int32Type],
    ['u8', 1, t.int64Type],
    ['i16', 2, t.dateType],
    ['i16', 2, t.timestampType],
    ['i16', 2, t.decimalType(38, 3)],
    ['u16', 2, t.int32Type],
    ['i32', 4, t.int64Type],
    ['i32', 4, t.decimalType(18, 4)],
    ['i64', 8, t.decimalType(38, 4)],
    ['i128', 16, t.decimalType(10, 4)],
  ];
  it.each(stores)('%s (%i bytes) of %o', (storage, bytes, type) =>
    inArena((arena) => {
      const numbers = storage.startsWith('u') ? [0, 1, 200] : [-100, -1, 0, 1, 100];
      const data = arena.alloc(numbers.length * bytes);
      const view = new DataView(heap.memory.buffer);
      numbers.forEach((value, i) => {
        for (let b = 0; b < bytes; b++) {
          view.setUint8(data + i * bytes + b, Number(BigInt.asUintN(8, BigInt(value) >> BigInt(8 * b))));
        }
      });
      const column: Column = { type, storage, length: numbers.length, nullCount: 0, validity: 0, data, offsets: 0 };
      const big = t.carrierOf(type) === 'i64' || t.carrierOf(type) === 'i128';
      const expected = numbers.map((value) => (big ? BigInt(value) : value));
      expect(t.readColumn(heap, column)).toEqual(expected);
      expect(expected.map((_, row) => t.readScalar(heap, column, row))).toEqual(expected);
      const options: t.ValueOptions = { ...t.DEFAULT_VALUE_OPTIONS, timestamp: 'string', date: 'string' };
      const schema = t.structType([t.field('c', type)]);
      const rows = t.rowsFromBatch(heap, schema, { rows: numbers.length, columns: [column] }, options);
      expect(rows).toEqual(expected.map((value) => ({ c: t.toUserValue(type, value, options, 'c') })));
    }),
  );

  it('views and dictionaries', () => {
    const text = fc.array(nullableOf(t.stringType), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(text, fc.constantFrom('u8', 'u16', 'i32'), (values, storage) =>
        inArena((arena) => {
          const plain = t.buildColumn(arena, t.stringType, values);
          const { offsets, data, length, validity, nullCount } = plain;
          const view = arena.alloc(length * 8);
          const codes = arena.alloc(length * 4);
          const target = storage === 'u8' ? heap.u8 : storage === 'u16' ? heap.u16 : heap.i32;
          const width = target.BYTES_PER_ELEMENT;
          for (let i = 0; i < length; i++) {
            const start = heap.i32[offsets / 4 + i] as number;
            heap.u32[view / 4 + 2 * i] = data + start;
            heap.u32[view / 4 + 2 * i + 1] = (heap.i32[offsets / 4 + i + 1] as number) - start;
            // The code of a null is nobody's.
            target[codes / width + i] = values[i] === null ? 99 : i;
          }
          const base = { type: t.stringType, length, validity, nullCount, offsets: 0 };
          const asView: Column = { ...base, storage: 'view', data: view };
          const dictionary = { id: arena.id, count: length, offsets, data };
          const asCodes: Column = { ...base, storage, data: codes, dictionary };
          const sparse: Column = { ...asCodes, length: 1, dictionary: { ...dictionary, count: length } };
          for (const column of [asView, asCodes]) {
            expect(t.readColumn(heap, column)).toEqual(values);
            expect(values.map((_, row) => t.readScalar(heap, column, row))).toEqual(values);
          }
          expect(t.readColumn(heap, sparse)).toEqual(values.slice(0, 1));
        }),
      ),
    );
  });
});

describe('nested encoding', () => {
  it.each(NESTED_TYPES.map((type) => [name(type), type] as const))('%s', (_, type) => {
    fc.assert(
      fc.property(scalarOf(type), fc.nat(200), fc.nat(255), (value, at, byte) => {
        const bytes = t.encodeNested(type, value);
        expect(t.decodeNested(type, bytes)).toEqual(value);
        expect(t.encodeNested(type, t.decodeNested(type, bytes))).toEqual(bytes);
        // Cut or longer bytes are refused; damaged ones never read out of bounds.
        if (bytes.length > 0) expect(() => t.decodeNested(type, bytes.subarray(0, -1))).toThrow(t.SparrowError);
        expect(() => t.decodeNested(type, Uint8Array.of(...bytes, 0))).toThrow(t.SparrowError);
        const damaged = bytes.slice();
        if (at < damaged.length) damaged[at] = byte;
        try {
          t.decodeNested(type, damaged);
        } catch (error) {
          expect(error).toBeInstanceOf(t.SparrowError);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('equal values have equal bytes, whatever NaN they hold', () => {
    const nan = new Float64Array(new BigUint64Array([0xfff8_dead_beef_0001n]).buffer)[0] as number;
    const type = t.arrayType(t.float64Type);
    expect(t.encodeNested(type, [nan])).toEqual(t.encodeNested(type, [Number.NaN]));
    expect(t.encodeNested(type, [-0])).not.toEqual(t.encodeNested(type, [0]));
    expect(t.encodeNested(t.arrayType(t.stringType), ['\ud800'])).toEqual(
      t.encodeNested(t.arrayType(t.stringType), ['\ufffd']),
    );
  });

  it('a writer that grows loses nothing', () => {
    const type = t.arrayType(t.structType([t.field('v', t.variantType), t.field('s', t.stringType)]));
    for (let size = 0; size < 300; size++) {
      const value = [[t.writeVariant({ k: 'x'.repeat(size) }, 'test'), 'y'.repeat(size)]];
      const many = Array.from({ length: 12 }, () => value[0] as Scalar);
      const column = inArena((arena) => t.readColumn(heap, t.buildColumn(arena, type, [many, value])));
      expect(column).toEqual([many, value]);
    }
  });

  it('a nested null has no encoding of its own', () => {
    expect(() => t.encodeNested(t.arrayType(t.int8Type), null)).toThrow(/INTERNAL_ERROR/);
  });
});

describe('variants', () => {
  it('JSON values come back, keys sorted', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const variant = t.writeVariant(value, 'test');
        const user = t.toUserValue(t.variantType, variant, t.DEFAULT_VALUE_OPTIONS, 'v');
        expect(user).toEqual(value);
      }),
    );
  });

  it('text as Spark prints it', () => {
    const text = (value: unknown) => t.formatScalar(t.variantType, t.writeVariant(value, 'test'), 'UTC');
    expect(text({ b: 1, a: [1.5, null, true, 'x"y'], c: 1e300 })).toBe(
      '{"a":[1.5,null,true,"x\\"y"],"b":1,"c":1.0E300}',
    );
    expect(text('str')).toBe('str');
    expect(text(1.5)).toBe('1.5');
    expect(text([new Date(0)])).toBe('["1970-01-01 00:00:00+00:00"]');
    expect(text(2n ** 70n)).toBe('1180591620717411303424');
  });

  it('what is no JSON value, and damaged bytes, are refused', () => {
    expect(() => t.writeVariant({ f() {} }, 'column v, row 3')).toThrow(/column v, row 3/);
    const bytes = t.writeVariant({ a: [1, 'two', { b: null }] }, 'test');
    fc.assert(
      fc.property(fc.nat(), fc.nat(255), fc.boolean(), (at, byte, inMetadata) => {
        const metadata = bytes.metadata.slice();
        const value = bytes.value.slice();
        const target = inMetadata ? metadata : value;
        target[at % target.length] = byte;
        try {
          t.readVariant({ metadata, value });
        } catch (error) {
          expect(error).toBeInstanceOf(t.SparrowError);
        }
      }),
      { numRuns: 500 },
    );
  });
});
