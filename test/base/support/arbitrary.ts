import fc from 'fast-check';
import type { DataType, MapScalar, Scalar } from '../../../src/base/index.js';
import * as t from '../../../src/base/index.js';

/** Scalars of a type, its extremes included; never null itself. */
export function scalarOf(type: DataType): fc.Arbitrary<Scalar> {
  const bounds = t.integerBounds(type);
  switch (type.kind) {
    case 'null':
      return fc.constant(null);
    case 'boolean':
      return fc.boolean();
    case 'float32':
      return fc.oneof(fc.float(), fc.constantFrom(-0, 0, Number.NaN, 2 ** -149, 2 ** 127, Number.POSITIVE_INFINITY));
    case 'float64':
      return fc.oneof(
        fc.double(),
        fc.constantFrom(-0, 0, Number.NaN, Number.MAX_VALUE, 5e-324, Number.NEGATIVE_INFINITY),
      );
    case 'string':
      return fc.oneof(
        fc.string(),
        fc.string({ unit: 'grapheme' }),
        fc.constantFrom('', '😀', '\u0000', 'ｱ', 'a'.repeat(70)),
      );
    case 'binary':
      return fc.uint8Array({ maxLength: 20 });
    case 'time':
      return fc.bigInt({ min: 0n, max: 86_399_999_999n });
    case 'array':
      return fc.array(nullableOf(type.element), { maxLength: 4 });
    case 'struct':
      return fc.tuple(...type.fields.map((f) => nullableOf(f.type)));
    case 'map':
      return fc
        .uniqueArray(fc.tuple(scalarOf(type.key), nullableOf(type.value)), {
          selector: ([key]) => String(key),
          maxLength: 4,
        })
        .map((entries): MapScalar => ({ entries }));
    case 'variant':
      return fc.jsonValue().map((value) => t.writeVariant(value, 'test'));
    default: {
      const [min, max] = bounds as readonly [bigint, bigint];
      const wide = t.carrierOf(type) === 'i64' || t.carrierOf(type) === 'i128';
      const any = fc.oneof(fc.bigInt({ min, max }), fc.constantFrom(min, max, 0n, min === 0n ? 0n : -1n, 1n));
      return wide ? any : any.map(Number);
    }
  }
}

export const nullableOf = (type: DataType): fc.Arbitrary<Scalar> =>
  fc.oneof({ weight: 4, arbitrary: scalarOf(type) }, fc.constant(null));

export const LEAF_TYPES: readonly DataType[] = [
  t.booleanType,
  t.int8Type,
  t.int16Type,
  t.int32Type,
  t.int64Type,
  t.float32Type,
  t.float64Type,
  t.decimalType(9, 2),
  t.decimalType(18, 18),
  t.decimalType(38, 10),
  t.stringType,
  t.binaryType,
  t.dateType,
  t.timeType,
  t.timestampType,
  t.timestampNtzType,
  t.yearMonthIntervalType,
  t.dayTimeIntervalType,
];

const deep = t.structType([
  t.field('a', t.int16Type),
  t.field('list', t.arrayType(t.arrayType(t.stringType))),
  t.field('m', t.mapType(t.stringType, t.structType([t.field('x', t.decimalType(38, 2)), t.field('n', t.nullType)]))),
  t.field('b', t.booleanType),
  t.field('v', t.variantType),
]);

export const NESTED_TYPES: readonly DataType[] = [
  ...LEAF_TYPES.map((type) => t.arrayType(type)),
  t.arrayType(t.nullType),
  t.structType([]),
  t.structType(LEAF_TYPES.map((type, i) => t.field(`f${i}`, type))),
  t.mapType(t.int64Type, t.stringType),
  t.mapType(t.stringType, t.float64Type),
  t.variantType,
  deep,
  t.arrayType(deep),
];

export const ALL_TYPES: readonly DataType[] = [t.nullType, ...LEAF_TYPES, ...NESTED_TYPES];
