import fc from 'fast-check';
import type { DataType, Scalar } from '../../../src/base/index.js';
import * as base from '../../../src/base/index.js';

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const text = fc.oneof(fc.constantFrom('', 'a', 'b', 'Ünïcode', '𝄞'), fc.string({ unit: 'grapheme', maxLength: 40 }));
/** What DuckDB can show: from year 1 to 9999. */
const micros = fc.bigInt({ min: -62_135_596_800_000_000n, max: 253_402_300_799_999_999n });

const unscaled = (precision: number) => {
  const top = 10n ** BigInt(precision) - 1n;
  return fc.oneof(fc.bigInt({ min: -top, max: top }), fc.constantFrom(0n, top, -top));
};

/** Any value of a type, never null. */
export function anyValue(type: DataType): fc.Arbitrary<Scalar> {
  switch (type.kind) {
    case 'boolean':
      return fc.boolean();
    case 'int8':
      return fc.integer({ min: -128, max: 127 });
    case 'int16':
      return fc.integer({ min: -32768, max: 32767 });
    case 'int32':
    case 'interval_ym':
      return fc.integer();
    case 'int64':
    case 'interval_dt':
      return fc.oneof(int64, fc.constantFrom(0n, 1n, -1n));
    case 'float32':
      return fc.float();
    case 'float64':
      return fc.double();
    case 'decimal':
      return unscaled(type.precision);
    case 'string':
      return text;
    case 'binary':
      return fc.uint8Array({ maxLength: 20 });
    case 'date':
      return fc.integer({ min: -719_162, max: 2_932_896 });
    case 'time':
      return fc.bigInt({ min: 0n, max: 86_399_999_999n });
    case 'timestamp':
    case 'timestamp_ntz':
      return micros;
    case 'array':
      return fc.array(maybe(type.element, type.containsNull), { maxLength: 4 });
    case 'struct':
      return fc.tuple(...type.fields.map((f) => maybe(f.type, f.nullable)));
    case 'map': {
      const entry = fc.tuple(anyValue(type.key), maybe(type.value, type.valueContainsNull));
      const keyText = ([key]: readonly [Scalar, Scalar]) => String(key);
      return fc.uniqueArray(entry, { maxLength: 3, selector: keyText }).map((entries) => ({ entries }));
    }
    default:
      throw new Error(`no values of ${type.kind}`);
  }
}

export function maybe(type: DataType, nullable: boolean): fc.Arbitrary<Scalar> {
  return nullable ? fc.option(anyValue(type), { nil: null, freq: 4 }) : anyValue(type);
}

export const flatTypes: readonly DataType[] = [
  base.booleanType,
  base.int8Type,
  base.int16Type,
  base.int32Type,
  base.int64Type,
  base.float32Type,
  base.float64Type,
  base.decimalType(1, 0),
  base.decimalType(9, 2),
  base.decimalType(10, 10),
  base.decimalType(18, 4),
  base.decimalType(19, 0),
  base.decimalType(38, 17),
  base.stringType,
  base.binaryType,
  base.dateType,
  base.timeType,
  base.timestampType,
  base.timestampNtzType,
];

export const nestedTypes: readonly DataType[] = [
  base.arrayType(base.int32Type),
  base.arrayType(base.stringType, false),
  base.arrayType(base.arrayType(base.decimalType(20, 1))),
  base.structType([base.field('a', base.int64Type), base.field('b', base.stringType, false)]),
  base.structType([
    base.field(
      'list',
      base.arrayType(base.structType([base.field('x', base.booleanType), base.field('y', base.float64Type)])),
    ),
  ]),
  base.mapType(base.stringType, base.int32Type),
  base.mapType(base.int32Type, base.arrayType(base.stringType)),
];
